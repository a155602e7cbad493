import Dispatch

/// Runs an actor's jobs on a dispatch queue of its own, in the order in which they arrive.
///
/// Calls into the core block. On Swift's cooperative pool, which has one thread for each processor core, two slow ones
/// would stop every `await` of the app.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String, qos: DispatchQoS = .userInitiated) {
        queue = DispatchQueue(label: label, qos: qos)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
