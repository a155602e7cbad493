import FirstHoursBindings
import Foundation
import Testing

@testable import FirstHoursKit

@Suite(.timeLimit(.minutes(1))) struct ViewTests {
    /// Gives the views of a list, one at each reading.
    private final class Scripted: FirstHours, @unchecked Sendable {
        private var views: [EncounterView] = []

        init(_ views: [EncounterView]) {
            self.views = views
            super.init(noHandle: NoHandle())
        }
        required init(unsafeFromHandle handle: UInt64) { super.init(unsafeFromHandle: handle) }

        override func encounter(encounter: String) throws -> EncounterView {
            guard !views.isEmpty else { throw CoreError.NoSuchRecord(sentence: "It is not here any more.") }
            return views.removeFirst()
        }
        override func syncNow() throws -> SyncReport {
            SyncReport(
                complete: true, trouble: "", eventsSent: 0, eventsReceived: 0, changed: ["e"], callAgainAtMs: nil,
                roundTrips: 1)
        }
        override func syncProgress() throws -> SyncProgress { SyncProgress(acknowledged: 0, toSend: 0) }
        override func shutdown() throws {}
    }

    @Test func anOlderViewNeverReplacesANewerOne() async throws {
        let core = FirstHoursCore(phone: Scripted([view(5), view(6, code: "same"), view(3), view(6, code: "again")]))
        var views = try await core.views(of: "e").makeAsyncIterator()
        #expect(await views.next()?.seen == 5)

        try await core.encounter("e")
        try await core.encounter("e")
        #expect(await views.next()?.code == "same", "and not the one with token 3, which came after it")
        try await core.encounter("e")
        #expect(await views.next()?.code == "again", "the same token drawn again is news: a draft, a clock, a receipt")
    }

    @Test func aViewThatNobodyCameToDrawGivesWayToTheNext() async throws {
        let core = FirstHoursCore(phone: Scripted([view(1), view(2), view(3)]))
        var views = try await core.views(of: "e").makeAsyncIterator()
        try await core.encounter("e")
        try await core.encounter("e")
        #expect(await views.next()?.seen == 3)
    }

    @Test func whatASyncChangedIsSeenByWhoWatches() async throws {
        let core = FirstHoursCore(phone: Scripted([view(1), view(2)]))
        var views = try await core.views(of: "e").makeAsyncIterator()
        #expect(await views.next()?.seen == 1)
        try await core.sync()
        #expect(await views.next()?.seen == 2)
        try await core.sync()
        #expect(await views.next() == nil, "the record has left the phone")
    }

    @Test func shutdownEndsTheWatching() async throws {
        let core = FirstHoursCore(phone: Scripted([view(1)]))
        var views = try await core.views(of: "e").makeAsyncIterator()
        #expect(await views.next()?.seen == 1)
        try await core.shutdown()
        #expect(await views.next() == nil)
    }

    @Test func whoWatchesIsForgottenWhenItStops() async throws {
        let core = FirstHoursCore(phone: Scripted([view(1), view(2)]))
        do { for await _ in try await core.views(of: "e") { break } }
        while await core.watched > 0 { await Task.yield() }
        try await core.encounter("e")
    }

    private func view(_ seen: Int64, code: String = "") -> EncounterView {
        EncounterView(
            id: "e", seen: seen, handle: "", code: code, protocol: "", kept: "", phases: [], notices: [], void: false,
            canVoid: false, next: nil, sections: [], clocks: [], calls: [], threads: [], notes: [], offers: [],
            colleagues: [], conflicts: 0, carried: [], newer: nil, incident: [], sheets: [])
    }
}
