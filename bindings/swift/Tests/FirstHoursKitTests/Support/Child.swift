import Foundation

@testable import FirstHoursKit

/// A program that a test starts, speaks with line by line, and ends.
///
/// What it does blocks, so it has a queue of its own: two tests that wait must not stop all others.
actor Child {
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let executor = QueueExecutor(label: "org.firsthours.child")
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread = Data()

    init(_ program: URL, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// The next line, or none when there will be no more.
    func line() -> String? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread = Data(unread[(end + 1)...]) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            unread += more
        }
    }

    func say(_ line: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
    }

    /// Ends it as a battery does, and waits until it is gone.
    func kill9() -> Bool {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
    }

    /// Waits until it ends by itself.
    func exitCode() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}

/// Where what the tests need has been built; `test` says so.
enum Built {
    static let station = file("FIRSTHOURS_STATION")
    /// The folder of the library with the clock that breaks on request.
    static let proof = file("FIRSTHOURS_PROOF")
    static let recorder = file("FIRSTHOURS_RECORDER")

    private static func file(_ variable: String) -> URL {
        guard let path = ProcessInfo.processInfo.environment[variable], FileManager.default.fileExists(atPath: path)
        else { fatalError("\(variable) names nothing that is there; run bindings/swift/test") }
        return URL(fileURLWithPath: path)
    }
}
