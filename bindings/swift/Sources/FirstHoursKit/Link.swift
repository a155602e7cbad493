import Dispatch
import FirstHoursBindings

/// The calls that go out to the station, one at a time, on a queue of their own.
final class Link: Sendable {
    private let phone: any FirstHoursProtocol
    private let queue = DispatchQueue(label: "org.firsthours.link", qos: .utility)

    init(phone: any FirstHoursProtocol) { self.phone = phone }

    /// Runs one such call when those before it are over.
    func run<Answer: Sendable>(
        _ call: @escaping @Sendable (any FirstHoursProtocol) throws(CoreProblem) -> Answer
    ) async throws(CoreProblem) -> Answer {
        let outcome: Result<Answer, CoreProblem> = await withCheckedContinuation { done in
            queue.async { [phone] in
                done.resume(returning: Result { () throws(CoreProblem) in try call(phone) })
            }
        }
        return try outcome.get()
    }

    /// Syncs once; the task that waits for it can cancel it at any time.
    func sync(progress: @escaping @Sendable (SyncProgress) -> Void) async throws(CoreProblem) -> SyncReport {
        let turn = SyncTurn(phone: phone, progress: progress)
        let outcome: Result<SyncReport, CoreProblem> = await withTaskCancellationHandler {
            await withCheckedContinuation { done in
                queue.async { done.resume(returning: Result { () throws(CoreProblem) in try turn.run() }) }
            }
        } onCancel: {
            turn.cancel()
        }
        return try outcome.get()
    }
}

/// One sync: waits for its turn, runs, and is watched from a queue beside it while it does.
private final class SyncTurn: @unchecked Sendable {
    private enum Stage { case waiting, running, over }

    private static let pollEvery = DispatchTimeInterval.milliseconds(250)

    private let phone: any FirstHoursProtocol
    private let progress: @Sendable (SyncProgress) -> Void
    /// What is below is read and written on this queue only; hence `@unchecked`.
    private let control = DispatchQueue(label: "org.firsthours.link.control", qos: .utility)
    private var stage = Stage.waiting
    private var cancelled = false
    private var clock: (any DispatchSourceTimer)?

    init(phone: any FirstHoursProtocol, progress: @escaping @Sendable (SyncProgress) -> Void) {
        self.phone = phone
        self.progress = progress
    }

    /// Blocks until the core has returned.
    func run() throws(CoreProblem) -> SyncReport {
        guard control.sync(execute: begin) else { throw CoreProblem(kind: .cancelled, sentence: nil) }
        defer { control.sync(execute: end) }
        return try attempt { try phone.syncNow() }
    }

    /// Comes on whatever thread cancels the task, perhaps the main one: the core is not called from here.
    func cancel() {
        control.async { [self] in
            cancelled = true
            tick()
        }
    }

    private func begin() -> Bool {
        guard !cancelled else { return false }
        stage = .running
        let clock = DispatchSource.makeTimerSource(queue: control)
        clock.setEventHandler { [weak self] in self?.tick() }
        clock.schedule(deadline: .now() + Self.pollEvery, repeating: Self.pollEvery)
        clock.resume()
        self.clock = clock
        return true
    }

    private func tick() {
        guard stage == .running else { return }
        // Again at each tick: the core forgets a wish to stop that comes in the instant before its sync begins.
        if cancelled { try? phone.cancelSync() }
        tell()
    }

    private func tell() {
        if let now = try? phone.syncProgress() { progress(now) }
    }

    private func end() {
        stage = .over
        clock?.cancel()
        clock = nil
        tell()
    }
}
