import FirstHoursBindings
import FirstHoursKit
import Foundation

extension FirstHoursCore {
    /// What a record shows, in the form of night.expected.json: less what differs from night to night, which are ids,
    /// times and the sentences that have them. Each part is JSON, written in one way.
    public func shown(_ encounter: String) throws -> [String: String] {
        let view = try self.encounter(encounter)
        var answers: [String: String] = [:]
        var drafts: [String: String] = [:]
        for step in view.steps {
            for (number, entry) in step.entries.enumerated() {
                for field in entry.fields {
                    let place = "\(step.id).\(number + 1).\(field.id)"
                    if !field.valueText.isEmpty && field.kind != .moment { answers[place] = field.valueText }
                    drafts[place] = field.draft
                }
            }
        }
        let parts: [String: Any] = [
            "kept": view.kept,
            "protocol": view.protocol,
            "notices": view.notices,
            "next": orNull(view.next.map { [$0.step, $0.title, $0.because] }),
            "phases": view.phases.map { [$0.title, "\($0.status)", orNull($0.submit), orNull($0.stillOpen)] },
            "sections": view.sections.map { [$0.title, $0.progress] },
            "steps": Dictionary(uniqueKeysWithValues: view.steps.map { ($0.id, [$0.title, $0.stateText]) }),
            "answers": answers,
            "drafts": drafts,
            "notes": view.notes.map(\.text),
            "clocks": view.clocks.map { [$0.title, $0.stateText] },
            "calls": view.calls.map { [$0.partner, $0.stateText, $0.attempts.count, $0.numbers.map(\.number)] },
            "history": try history(encounter).map(\.sentence).sorted(),
        ]
        return try parts.mapValues(plain)
    }

    /// Every row of a record's history, newest first.
    public func history(_ encounter: String) throws -> [TimelineRow] {
        var rows: [TimelineRow] = []
        var page: Int32? = 0
        while let number = page {
            let part = try timeline(encounter, page: number)
            rows += part.rows
            page = part.next
        }
        return rows
    }
}

/// A value as JSON, written so that equal values have equal texts.
public func plain(_ value: Any) throws -> String {
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .prettyPrinted, .fragmentsAllowed]
    return String(decoding: try JSONSerialization.data(withJSONObject: value, options: options), as: UTF8.self)
}

private func orNull(_ value: Any?) -> Any { value ?? NSNull() }
