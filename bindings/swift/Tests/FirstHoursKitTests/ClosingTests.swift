import FirstHoursBindings
import Foundation
import Testing

@testable import FirstHoursKit

@Suite(.timeLimit(.minutes(1))) struct ClosingTests {
    /// The screen locks in the midst of everything, ten times on one phone.
    @Test func whatWasAcknowledgedBeforeTheLockIsThereAfterIt() async throws {
        let station = try await TestStation()
        let phone = try TestPhone()
        var core = try await phone.enrolled(at: station)
        let record = try await core.startEncounter().id
        var acknowledged: Set<String> = []
        var refused = 0

        for round in 0..<10 {
            let closing = core
            let outcomes = await withTaskGroup(of: [(String, CoreProblem.Kind?)].self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        var told: [(String, CoreProblem.Kind?)] = []
                        for number in 0..<12 {
                            let text = "\(round) \(writer) \(number)"
                            do throws(CoreProblem) {
                                try await closing.act(record, seen: 1, .note(text: text, step: nil))
                                told.append((text, nil))
                            } catch {
                                told.append((text, error.kind))
                            }
                        }
                        return told
                    }
                }
                group.addTask {
                    // Beside them one syncs and one reads.
                    _ = try? await closing.sync()
                    _ = try? await closing.home()
                    return []
                }
                group.addTask {
                    try? await Task.sleep(for: .milliseconds(5 * (round + 1)))
                    try? await closing.shutdown()
                    return []
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            for (text, problem) in outcomes {
                if let problem {
                    #expect(problem == .locked)
                    refused += 1
                } else {
                    acknowledged.insert(text)
                }
            }
            await #expect { _ = try await closing.home() } throws: { ($0 as? CoreProblem)?.kind == .locked }
            core = try await phone.open()
        }

        #expect(!acknowledged.isEmpty && refused > 0, "some came before the lock and some after it")
        let kept = try await core.encounter(record).notes.map(\.text)
        #expect(Set(kept) == acknowledged && kept.count == acknowledged.count, "all that was said to be kept, once")
        #expect(try await core.sync().complete)
        #expect(try await station.events(of: record).count == kept.count + 1)
        try await core.shutdown()
    }

    @Test func shutdownDoesWhatWasAskedForBeforeItAndMayBeRepeated() async throws {
        let station = try await TestStation()
        let phone = try TestPhone()
        let core = try await phone.enrolled(at: station)
        let view = try await core.startEncounter()
        async let first = core.act(view.id, seen: view.seen, .note(text: "kept", step: nil))
        #expect(try await first.notes.count == 1)
        try await core.shutdown()
        try await core.shutdown()
        let again = try await phone.open()
        #expect(try await again.encounter(view.id).notes.map(\.text) == ["kept"])
        try await again.shutdown()
    }
}
