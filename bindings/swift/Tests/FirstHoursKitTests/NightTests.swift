import FirstHoursBindings
import Foundation
import Night
import Testing

@testable import FirstHoursKit

/// One night: recorded, killed, opened again, synced with the real server, receipted. The same in every language.
@Suite(.timeLimit(.minutes(2))) struct NightTests {
    @Test func aNightSurvivesItsKillAndReachesTheStationWhole() async throws {
        let night = try Night.read()
        let station = try await TestStation()
        let phone = try TestPhone()
        try await phone.enrolled(at: station, as: night.person).shutdown()

        let told = try await recordUntilKilled(phone)

        var core = try await phone.open(night.language)
        var view = try await core.encounter(told.first)
        let acknowledged = try #require(told.seen[told.first])
        #expect(view.seen == acknowledged)
        #expect(try await core.history(told.first).count == Int(acknowledged))
        // What was not acknowledged may be there: the kill came after it was written, or before.
        let remarks = try await core.encounter(told.second).seen
        let acknowledgedRemarks = try #require(told.seen[told.second])
        #expect((0...1).contains(remarks - acknowledgedRemarks))

        let typed = try #require(night.acts.first { $0.what == "draft" })
        let place = try "\(#require(typed.step)).1.\(#require(typed.field))"
        let drafts = try await core.shown(told.first)["drafts"]
        let half = try plain([place: #require(typed.text)])
        #expect(drafts == half, "half a sentence is not lost either")

        for act in night.afterTheKill { view = try await Night.play(act, on: core, view) }
        let before = try await core.encounter(told.first).kept
        var watching = try await core.views(of: told.first).makeAsyncIterator()
        #expect(await watching.next()?.kept == before)

        let report = try await core.sync()
        #expect(report.complete && report.trouble.isEmpty)
        #expect(try await core.syncState().unsent == 0)
        // The receipt: the station says, signed, that it has the record, and the screen that watches says so.
        let english = try await core.shown(told.first)
        let after = try await core.encounter(told.first).kept
        #expect(after != before)
        #expect(await watching.next()?.kept == after)
        #expect(try await core.holdings().first { $0.id == told.first }?.kept == after)
        for record in [told.first, told.second] {
            let here = try await core.history(record).map(\.event)
            #expect(try await station.events(of: record).sorted() == here.sorted(), "0 lost, 0 doubled")
        }
        try await core.shutdown()

        core = try await phone.open("es")
        let spanish = try await core.shown(told.first)
        let refused = try await refusal(night, core, told.first)
        try await core.shutdown()
        try compare(
            shown: ["en": english, "es": spanish], texts: ["before the sync": before, "refused in Spanish": refused])
    }

    private struct Told {
        var begun: [String] = []
        /// The token of the last view of each record that was acknowledged: how many of its events it had.
        var seen: [String: Int64] = [:]
        var first: String { begun[0] }
        var second: String { begun[1] }
    }

    /// Records in a process of its own, and kills it in the midst of the second record.
    private func recordUntilKilled(_ phone: TestPhone) async throws -> Told {
        let child = try Child(Built.recorder, ["night", phone.folder, phone.keyHex])
        var told = Told()
        var killed = false
        while let line = await child.line() {
            let words = line.components(separatedBy: ": ")
            if words[0] == "begun" { told.begun.append(words[1]) } else { told.seen[words[0]] = Int64(words[1]) }
            // It goes on while the kill is on its way; what it still acknowledges counts too.
            if told.begun.count == 2, told.seen[told.second] ?? 0 >= 6, !killed {
                killed = true
                #expect(await child.kill9())
            }
        }
        try #require(killed, "it ended by itself")
        return told
    }

    /// The sentence of an act that the night refuses once it is submitted.
    private func refusal(_ night: Night, _ core: FirstHoursCore, _ record: String) async throws -> String {
        let act = try #require(night.acts.first { $0.refused == "reason_needed" })
        let view = try await core.encounter(record)
        let again = try act.read(on: view)
        do throws(CoreProblem) {
            try await core.act(record, seen: view.seen, again)
            Issue.record("it was not refused")
            return ""
        } catch {
            return error.sentence ?? ""
        }
    }

    private func compare(shown: [String: [String: String]], texts: [String: String]) throws {
        let file = Night.folder.appendingPathComponent("night.expected.json")
        let found = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        let expected = try #require(found as? [String: Any])
        #expect(Set(expected.keys) == Set(shown.keys).union(texts.keys))
        for (language, parts) in shown {
            let expectedParts = try #require(expected[language] as? [String: Any])
            #expect(Set(expectedParts.keys) == Set(parts.keys))
            for (part, text) in parts {
                let expectedText = try plain(#require(expectedParts[part]))
                #expect(text == expectedText, "\(part)")
            }
        }
        for (name, text) in texts { #expect(expected[name] as? String == text, "\(name)") }
    }
}
