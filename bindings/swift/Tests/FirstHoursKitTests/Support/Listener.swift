import Dispatch
import FirstHoursBindings
import Foundation

/// The real core, with a note of each call and of the thread that it came on.
class Listener: FirstHours, @unchecked Sendable {
    struct Heard: Equatable { let call: String, onMain: Bool }

    private let lock = NSLock()
    private var noted: [Heard] = []

    var heard: [Heard] { lock.withLock { noted } }

    init(_ phone: FirstHours) { super.init(unsafeFromHandle: phone.uniffiCloneHandle()) }
    required init(unsafeFromHandle handle: UInt64) { super.init(unsafeFromHandle: handle) }

    private func note(_ call: String = #function) {
        let heard = Heard(call: String(call.prefix { $0 != "(" }), onMain: Main.isHere)
        lock.withLock { noted.append(heard) }
    }

    override func act(encounter: String, seen: Int64, act: Act) throws -> EncounterView {
        note()
        return try super.act(encounter: encounter, seen: seen, act: act)
    }
    override func calls(encounter: String) throws -> [CallView] {
        note()
        return try super.calls(encounter: encounter)
    }
    override func cancelSync() throws {
        note()
        try super.cancelSync()
    }
    override func draft(
        encounter: String, seen: Int64, step: String, entry: String?, field: String, text: String
    ) throws -> DraftKept {
        note()
        return try super.draft(encounter: encounter, seen: seen, step: step, entry: entry, field: field, text: text)
    }
    override func encounter(encounter: String) throws -> EncounterView {
        note()
        return try super.encounter(encounter: encounter)
    }
    override func enrol(server: ServerEndpoint, code: String) throws -> EnrolmentView {
        note()
        return try super.enrol(server: server, code: code)
    }
    override func faults() throws -> [FaultCode] {
        note()
        return try super.faults()
    }
    override func holdings() throws -> [Holding] {
        note()
        return try super.holdings()
    }
    override func home() throws -> Home {
        note()
        return try super.home()
    }
    override func rebuild() throws -> Int32 {
        note()
        return try super.rebuild()
    }
    override func search(text: String) throws -> [HomeRow] {
        note()
        return try super.search(text: text)
    }
    override func shutdown() throws {
        note()
        try super.shutdown()
    }
    override func startEncounter(beside: String?) throws -> EncounterView {
        note()
        return try super.startEncounter(beside: beside)
    }
    override func syncNow() throws -> SyncReport {
        note()
        return try super.syncNow()
    }
    override func syncProgress() throws -> SyncProgress {
        note()
        return try super.syncProgress()
    }
    override func syncState() throws -> SyncState {
        note()
        return try super.syncState()
    }
    override func timeline(encounter: String, page: Int32) throws -> TimelinePage {
        note()
        return try super.timeline(encounter: encounter, page: page)
    }
    override func words(language: String) throws -> [WordEntry] {
        note()
        return try super.words(language: language)
    }
}

/// Where the main actor runs. That need not be the process's first thread: on Linux the main queue moves to another.
enum Main {
    // Never written after it was made.
    private nonisolated(unsafe) static let mark = DispatchSpecificKey<Bool>()
    private static let marked: Void = DispatchQueue.main.setSpecific(key: mark, value: true)

    static var isHere: Bool {
        _ = marked
        return DispatchQueue.getSpecific(key: mark) == true
    }
}
