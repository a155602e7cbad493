import FirstHoursBindings
import FirstHoursKit
import Foundation

/// The night of night.json, which every language plays. Its format is told in the README of the bindings.
public struct Night: Decodable, Sendable {
    public let language: String
    public let person: String
    public let acts: [NightAct]

    /// Where the bindings' own files are; `test` says so.
    public static let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["FIRSTHOURS_BINDINGS"] ?? "..")

    public static func read() throws -> Night {
        try JSONDecoder().decode(Night.self, from: Data(contentsOf: folder.appendingPathComponent("night.json")))
    }

    public var beforeTheKill: ArraySlice<NightAct> { acts.prefix { $0.what != "kill" } }
    public var afterTheKill: ArraySlice<NightAct> { acts.drop { $0.what != "kill" }.dropFirst() }

    /// Does one act on a view and gives the next one. An act that must be refused leaves it as it was.
    public static func play(
        _ act: NightAct, on phone: FirstHoursCore, _ view: EncounterView
    ) async throws -> EncounterView {
        if act.what == "draft" {
            try await phone.draft(
                view.id, seen: view.seen, step: try given(act.step), entry: nil, field: try given(act.field),
                text: try given(act.text))
            return try await phone.encounter(view.id)
        }
        let does = try act.read(on: view)
        let after: EncounterView
        do throws(CoreProblem) {
            after = try await phone.act(view.id, seen: view.seen, does)
        } catch {
            guard let refused = act.refused, refused == word(for: error.kind) else { throw error }
            return try await phone.encounter(view.id)
        }
        guard act.refused == nil else { throw NotOfTheNight(what: "an act that was not refused") }
        return after
    }

    /// The night's word for a refusal.
    private static func word(for kind: CoreProblem.Kind) -> String? {
        switch kind {
        case .stillOpen: "still_open"
        case .reasonNeeded: "reason_needed"
        default: nil
        }
    }
}

/// One act of the night.
public struct NightAct: Decodable, Sendable {
    public let what: String
    public let step: String?
    public let entry: String?
    public let field: String?
    public let text: String?
    public let refused: String?
    private let values: [NightAnswer]?
    private let why: String?
    private let note: String?
    private let reason: String?
    private let phase: String?

    private enum CodingKeys: String, CodingKey {
        case what = "do"
        case step, entry, field, text, refused, values, why, note, reason, phase
    }

    /// The act as the core takes it.
    public func read(on view: EncounterView) throws -> Act {
        switch what {
        case "answer":
            .answer(
                step: try given(step), entry: entryToGoOnWith(in: view),
                values: try given(values).map { try $0.read() }, reason: reason)
        case "cannot": .cannot(step: try given(step), why: try given(why), note: note, reason: reason)
        case "reopen": .reopen(step: try given(step), reason: reason)
        case "note": .note(text: try given(text), step: step)
        case "submit": .submit(phase: try given(["scene": Phase.scene, "follow_up": .followUp][phase ?? ""]))
        default: throw NotOfTheNight(what: what)
        }
    }

    /// The last entry of the step, if the act goes on with it.
    private func entryToGoOnWith(in view: EncounterView) -> String? {
        guard entry == "last" else { return nil }
        return view.steps.first { $0.id == step }?.entries.last?.id
    }
}

/// A field and its value, by the kind of the value.
private struct NightAnswer: Decodable, Sendable {
    let field: String
    let choice: String?
    let choices: [String]?
    let flag: Bool?
    /// In minutes from now.
    let moment: Int64?
    let count: Int64?
    let text: String?

    func read() throws -> FieldAnswer {
        FieldAnswer(field: field, value: try given(value))
    }

    private var value: AnswerValue? {
        if let choice { return .choice(option: choice) }
        if let choices { return .choices(options: choices) }
        if let flag { return .flag(yes: flag) }
        if let moment { return .moment(atMs: Int64(Date().timeIntervalSince1970 * 1_000) + moment * 60_000) }
        if let count { return .count(count: count) }
        return text.map { .text(text: $0) }
    }
}

/// night.json says something that this file does not know.
public struct NotOfTheNight: Error { let what: String }

private func given<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw NotOfTheNight(what: "\(Value.self)") }
    return value
}

extension EncounterView {
    var steps: [StepView] { sections.flatMap(\.steps) }
}
