import FirstHoursBindings
import Foundation
import Testing

@testable import FirstHoursKit

/// Everything here is asked for on the main thread, as a screen asks.
@MainActor @Suite(.timeLimit(.minutes(1))) struct ThreadTests {
    @Test func noCallRunsOnTheMainThread() async throws {
        let station = try await TestStation()
        let phone = try TestPhone()
        let opened = OneOf<Listener>()
        try #require(Main.isHere, "this test must itself be on the main thread")

        let core = try await phone.open { opened.set(Listener($0)) }
        try await phone.enrol(core, at: station)
        let view = try await core.startEncounter()
        try await core.act(view.id, seen: view.seen, .note(text: "Synthetic.", step: nil))
        try await core.draft(
            view.id, seen: view.seen, step: "hotline_call", entry: nil, field: "reference", text: "SYN")
        try await core.encounter(view.id)
        for await _ in try await core.views(of: view.id) { break }
        _ = try await core.home()
        _ = try await core.timeline(view.id, page: 0)
        _ = try await core.calls(view.id)
        _ = try await core.search("")
        _ = try await core.holdings()
        _ = try await core.words("es")
        _ = try await core.rebuild()
        _ = try await core.faults()
        _ = try await core.syncState()
        try await station.slow(ms: 2_000)
        let sync = Task { try await core.sync() }
        while try await station.uploads() == 0 { try await Task.sleep(for: .milliseconds(10)) }
        // On this very thread, as a button does it.
        sync.cancel()
        _ = try await sync.value
        try await core.shutdown()

        let heard = opened.get().heard
        let everyCall: Set = [
            "act", "calls", "cancelSync", "draft", "encounter", "enrol", "faults", "holdings", "home", "rebuild",
            "search", "shutdown", "startEncounter", "syncNow", "syncProgress", "syncState", "timeline", "words",
        ]
        #expect(Set(heard.map(\.call)) == everyCall, "every call was made")
        #expect(heard.filter(\.onMain) == [])
        #expect(opened.wasSetOnMain == false, "and so was the opening")
    }

    @Test func tapsAreDoneInTheirOrder() async throws {
        let station = try await TestStation()
        let phone = try TestPhone()
        let core = try await phone.enrolled(at: station)
        let view = try await core.startEncounter()

        // Each tap is a task of its own, and none waits for the one before.
        let taps = (0..<60).map { number in
            Task { try await core.act(view.id, seen: view.seen, .note(text: "tap \(number)", step: nil)) }
        }
        var tokens: [Int64] = []
        for tap in taps { tokens.append(try await tap.value.seen) }

        #expect(tokens == tokens.sorted() && Set(tokens).count == 60)
        let notes = try await core.encounter(view.id).notes.map(\.text)
        #expect(notes == (0..<60).map { "tap \($0)" })
        try await core.shutdown()
    }
}

/// Holds what another thread made, and says on which.
final class OneOf<Thing: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var thing: Thing?
    private(set) var wasSetOnMain: Bool?

    func set(_ made: Thing) -> Thing {
        lock.withLock {
            thing = made
            wasSetOnMain = Main.isHere
        }
        return made
    }

    func get() -> Thing { lock.withLock { thing! } }
}
