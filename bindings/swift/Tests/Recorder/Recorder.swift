import FirstHoursBindings
import FirstHoursKit
import Foundation
import Night

/// A phone in a process of its own, so that a test can kill it, or break the core in it.
///
///     recorder night FOLDER KEY     records the night up to its kill, then remarks in a second record until the kill
///     recorder panic FOLDER KEY     makes the core panic in two calls
///
/// It prints a line for each call that came back, after it did.
@main
struct Recorder {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let core = try await open(folder: arguments[2], key: arguments[3]) else {
            fatalError("see the comment in Recorder.swift")
        }
        switch arguments[1] {
        case "night": try await night(core)
        case "panic": try await panic(core, folder: URL(fileURLWithPath: arguments[2]))
        default: fatalError("see the comment in Recorder.swift")
        }
        try await core.shutdown()
    }

    private static func open(folder: String, key: String) async throws -> FirstHoursCore? {
        var bytes = Data()
        for start in stride(from: 0, to: key.count, by: 2) {
            guard let byte = UInt8(key.dropFirst(start).prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return try await FirstHoursCore.open(folder: folder, key: StoreKey(wiping: &bytes), language: "en")
    }

    private static func night(_ core: FirstHoursCore) async throws {
        var view = try await core.startEncounter()
        say("begun", view.id)
        for act in try Night.read().beforeTheKill {
            view = try await Night.play(act, on: core, view)
            say(view.id, "\(view.seen)")
        }
        view = try await core.startEncounter(beside: view.id)
        say("begun", view.id)
        while true {
            view = try await core.act(view.id, seen: view.seen, .note(text: "Remark after \(view.seen).", step: nil))
            say(view.id, "\(view.seen)")
        }
    }

    private static func panic(_ core: FirstHoursCore, folder: URL) async throws {
        // The library of `proof` looks for this file at each look at the clock.
        let request = folder.appendingPathComponent("panic")
        try Data().write(to: request)
        say("home", await outcome { _ = try await core.home() })
        say("home", await outcome { _ = try await core.home() })
        try Data().write(to: request)
        say("sync", await outcome { try await core.sync() })
        say("home", await outcome { _ = try await core.home() })
    }

    private static func outcome(_ call: () async throws -> Void) async -> String {
        do {
            try await call()
            return "well"
        } catch let problem as CoreProblem {
            return "\(problem.kind) \(problem.sentence.map { "with the sentence \($0)" } ?? "without a sentence")"
        } catch {
            return "\(error)"
        }
    }

    /// One line, on its way at once: whoever reads it may kill this process for it.
    private static func say(_ what: String, _ outcome: String) {
        FileHandle.standardOutput.write(Data("\(what): \(outcome)\n".utf8))
    }
}
