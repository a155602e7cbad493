import FirstHoursBindings
import Foundation
import Night
import Testing

@testable import FirstHoursKit

@Suite(.timeLimit(.minutes(1))) struct SyncTests {
    @Test func aCancelledSyncStopsBetweenTwoBatchesAndTheNextOneEndsIt() async throws {
        let station = try await TestStation()
        let phone = try TestPhone()
        let core = try await phone.enrolled(at: station)
        let view = try await core.startEncounter()
        for number in 0..<150 {
            try await core.act(view.id, seen: view.seen, .note(text: "note \(number)", step: nil))
        }
        let unsent = try await core.syncState().unsent
        #expect(unsent == 151)

        try await station.slow(ms: 2_000)
        let before = try await station.uploads()
        let sync = Task { try await core.sync() }
        while try await station.uploads() == before { try await Task.sleep(for: .milliseconds(5)) }
        sync.cancel()
        // Acts do not wait for it.
        try await core.act(view.id, seen: view.seen, .note(text: "meanwhile", step: nil))
        #expect(try await core.syncState().running)
        let report = try await sync.value

        #expect(!report.complete && !report.trouble.isEmpty)
        #expect(report.eventsSent > 0 && report.eventsSent < unsent, "one batch was on its way, and it counts")
        #expect(try await station.uploads() == before + 1)

        try await station.slow(ms: 0)
        let last = OneOf<SyncProgress>()
        #expect(try await core.sync { _ = last.set($0) }.complete)
        #expect(last.get().acknowledged == last.get().toSend && last.get().toSend > 0)
        let held = try await station.events(of: view.id)
        #expect(held.count == 152 && Set(held).count == 152, "nothing is lost, and nothing is there twice")
        #expect(try await core.history(view.id).map(\.event).sorted() == held.sorted())
        try await core.shutdown()
    }

    /// A core that forgets a wish to stop if its sync has not quite begun, and then waits for the next one.
    private final class Forgetful: FirstHours, @unchecked Sendable {
        let begun = DispatchSemaphore(value: 0)
        private let stop = DispatchSemaphore(value: 0)

        init() { super.init(noHandle: NoHandle()) }
        required init(unsafeFromHandle handle: UInt64) { super.init(unsafeFromHandle: handle) }

        override func cancelSync() throws { stop.signal() }
        override func syncProgress() throws -> SyncProgress { SyncProgress(acknowledged: 0, toSend: 1) }
        override func syncNow() throws -> SyncReport {
            begun.signal()
            let forgotten = stop.wait(timeout: .now() + 10) == .success
            let stopped = stop.wait(timeout: .now() + 10) == .success
            return SyncReport(
                complete: !(forgotten && stopped), trouble: "", eventsSent: 0, eventsReceived: 0, changed: [],
                callAgainAtMs: nil, roundTrips: 0)
        }
        func waitUntilBegun() { begun.wait() }
    }

    @Test func aWishToStopIsSaidUntilItIsHeard() async throws {
        let phone = Forgetful()
        let core = FirstHoursCore(phone: phone)
        let sync = Task { try await core.sync() }
        await Task.detached { phone.waitUntilBegun() }.value
        sync.cancel()
        #expect(try await sync.value.complete == false)
    }

    @Test func aSyncThatIsCancelledBeforeItsTurnStopsNoOther() async throws {
        let phone = Forgetful()
        let core = FirstHoursCore(phone: phone)
        let first = Task { try await core.sync() }
        await Task.detached { phone.waitUntilBegun() }.value
        let second = Task { try await core.sync() }
        second.cancel()
        first.cancel()
        #expect(try await first.value.complete == false)
        let outcome = await second.result
        #expect(throws: CoreProblem(kind: .cancelled, sentence: nil)) { try outcome.get() }
        #expect(phone.begun.wait(timeout: .now()) == .timedOut, "it never began")
    }

    @Test func aStationThatIsNotThereIsToldInTheReport() async throws {
        let station = try await TestStation()
        let phone = try TestPhone()
        let core = try await phone.open("es")
        let gone = ServerEndpoint(address: "http://127.0.0.1:9", fingerprint: station.server.fingerprint, caPem: nil)
        await #expect { _ = try await core.enrol(gone, code: "0000-0000-0000-0000") } throws: { error in
            (error as? CoreProblem)?.kind == .station(tryAgain: true)
        }
        let report = try await core.sync()
        #expect(!report.complete && !report.trouble.isEmpty)
        try await core.shutdown()
    }
}
