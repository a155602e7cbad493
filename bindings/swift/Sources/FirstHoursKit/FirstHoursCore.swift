import Dispatch
import FirstHoursBindings
import Foundation

/// First Hours for one deputy on one phone: the only caller of the generated code.
///
/// Every call leaves its caller's actor and comes back when the core is done; none blocks the main thread or Swift's
/// own pool. Acts are done in the order in which they were asked for, on a queue of their own; syncs run beside them,
/// on another. An act that returns is on disk.
///
/// A screen draws from `views(of:)`, which never goes back to an older view. The views that acts return are the same
/// ones, and may reach two callers in either order.
public actor FirstHoursCore {
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let phone: any FirstHoursProtocol
    private let executor: QueueExecutor
    private let link: Link
    private var watches: [String: Watch] = [:]

    /// Who watches a record, and the token of the newest view that they were given.
    private struct Watch {
        var seen: Int64
        var watchers: [UUID: AsyncStream<EncounterView>.Continuation] = [:]
    }

    /// Opens the store in a folder, or makes a new one there. `language` is a code such as `es` or `es-MX`.
    /// `sessionFile` is a file that is excluded from backups: by it the store knows that it was put back from a copy.
    public static func open(
        folder: String, key: consuming StoreKey, language: String, sessionFile: String? = nil
    ) async throws(CoreProblem) -> FirstHoursCore {
        try await open(folder: folder, key: key, language: language) { folder, key, language in
            try FirstHours.open(folder: folder, key: key, language: language, sessionFile: sessionFile)
        }
    }

    /// The same, with a phone of the tests' choice.
    static func open(
        folder: String, key: consuming StoreKey, language: String,
        by opening: @escaping @Sendable (String, Data, String) throws -> any FirstHoursProtocol
    ) async throws(CoreProblem) -> FirstHoursCore {
        // Opening reads the disk and may rescue a store: it is done where the acts will be.
        let executor = QueueExecutor(label: "org.firsthours.store")
        let phone = try await Opener(executor: executor).open(folder: folder, key: key, language: language, by: opening)
        return FirstHoursCore(phone: phone, executor: executor)
    }

    init(phone: any FirstHoursProtocol, executor: QueueExecutor = QueueExecutor(label: "org.firsthours.store")) {
        self.phone = phone
        self.executor = executor
        link = Link(phone: phone)
    }

    // MARK: - Records

    /// Begins a record under the protocol in force. `beside` is another record of the same scene, if there is one.
    @discardableResult
    public func startEncounter(beside: String? = nil) throws(CoreProblem) -> EncounterView {
        show(try ask { try phone.startEncounter(beside: beside) })
    }

    /// Does one thing to a record. `seen` is the token of the view that it was done on.
    @discardableResult
    public func act(_ encounter: String, seen: Int64, _ act: Act) throws(CoreProblem) -> EncounterView {
        show(try ask { try phone.act(encounter: encounter, seen: seen, act: act) })
    }

    /// Keeps a half-written text safe while it is typed; call it at most half a second after the last key. An empty
    /// text drops it. What comes back says whether it would do as the answer; one that would not is kept all the same.
    @discardableResult
    public func draft(
        _ encounter: String, seen: Int64, step: String, entry: String?, field: String, text: String
    ) throws(CoreProblem) -> DraftKept {
        try ask {
            try phone.draft(encounter: encounter, seen: seen, step: step, entry: entry, field: field, text: text)
        }
    }

    /// Copies what this record says of the scene into the other records of the scene on this phone. Nothing that is
    /// written there is replaced.
    @discardableResult
    public func copyToIncident(_ encounter: String) throws(CoreProblem) -> EncounterView {
        show(try ask { try phone.copyToIncident(encounter: encounter) })
    }

    /// Says that a record belongs to the scene of another record on this phone, `beside`.
    @discardableResult
    public func linkIncident(_ encounter: String, seen: Int64, beside: String) throws(CoreProblem) -> EncounterView {
        show(try ask { try phone.linkIncident(encounter: encounter, seen: seen, beside: beside) })
    }

    /// Moves a record to the version of a `moveCard`. Every answer is carried over, or stays in sight.
    @discardableResult
    public func moveRecord(
        _ encounter: String, seen: Int64, protocol version: String, reason: String? = nil
    ) throws(CoreProblem) -> EncounterView {
        show(try ask { try phone.moveRecord(encounter: encounter, seen: seen, protocol: version, reason: reason) })
    }

    /// What moving a record to the newest version of its protocol would change; `nil` when it is under that already.
    public func moveCard(_ encounter: String) throws(CoreProblem) -> MoveCard? {
        try ask { try phone.moveCard(encounter: encounter) }
    }

    /// A sheet of a record, by the id that its view gives. Nothing is sent anywhere.
    public func sheet(_ sheet: String, of encounter: String) throws(CoreProblem) -> SheetView {
        try ask { try phone.sheet(encounter: encounter, sheet: sheet) }
    }

    /// What should ring from now on, the next first, at most 50. Ask again after each act and each sync.
    public func alarms() throws(CoreProblem) -> [Alarm] {
        try ask { try phone.alarms() }
    }

    /// One record, whole.
    @discardableResult
    public func encounter(_ encounter: String) throws(CoreProblem) -> EncounterView {
        show(try ask { try phone.encounter(encounter: encounter) })
    }

    /// One record as it is now, and again whenever this phone changed it, by an act or by a sync. An older view never
    /// follows a newer one, and one that nobody came to draw gives way to the next. It ends at `shutdown`, and when the
    /// record leaves the phone.
    public func views(of encounter: String) throws(CoreProblem) -> AsyncStream<EncounterView> {
        let now = try ask { try phone.encounter(encounter: encounter) }
        let (views, watcher) = AsyncStream.makeStream(of: EncounterView.self, bufferingPolicy: .bufferingNewest(1))
        let name = UUID()
        watcher.onTermination = { [weak self] _ in Task { await self?.leave(encounter, name) } }
        watches[encounter, default: Watch(seen: now.seen)].watchers[name] = watcher
        show(now)
        return views
    }

    /// The first screen.
    public func home() throws(CoreProblem) -> Home {
        try ask { try phone.home() }
    }

    /// One page of a record's history, newest first, at most 50 rows. The first page is 0.
    public func timeline(_ encounter: String, page: Int32) throws(CoreProblem) -> TimelinePage {
        try ask { try phone.timeline(encounter: encounter, page: page) }
    }

    /// Who is to be called for a record, and how that stands.
    public func calls(_ encounter: String) throws(CoreProblem) -> [CallView] {
        try ask { try phone.calls(encounter: encounter) }
    }

    /// The records on this phone whose handle or code has this text in it, at most 50.
    public func search(_ text: String) throws(CoreProblem) -> [HomeRow] {
        try ask { try phone.search(text: text) }
    }

    /// What this phone still holds, and whether the station has it.
    public func holdings() throws(CoreProblem) -> [Holding] {
        try ask { try phone.holdings() }
    }

    /// Every fixed word of the app in a language: titles, buttons, states, by a key that never changes.
    public func words(_ language: String) throws(CoreProblem) -> [WordEntry] {
        try ask { try phone.words(language: language) }
    }

    /// What went wrong lately on this phone, as codes for support, the oldest first, at most 64.
    public func faults() throws(CoreProblem) -> [FaultCode] {
        try ask { try phone.faults() }
    }

    /// Derives every record again from its history and gives how many were not as they should be.
    public func rebuild() throws(CoreProblem) -> Int32 {
        try ask { try phone.rebuild() }
    }

    // MARK: - The station

    /// How this phone stands with the station.
    public func syncState() throws(CoreProblem) -> SyncState {
        try ask { try phone.syncState() }
    }

    /// Asks the station to take this phone, with the one-time code; asked again with the same code, how that stands.
    public nonisolated func enrol(_ server: ServerEndpoint, code: String) async throws(CoreProblem) -> EnrolmentView {
        try await link.run { phone throws(CoreProblem) in
            try attempt { try phone.enrol(server: server, code: code) }
        }
    }

    /// Sends and fetches once, beside the acts. Trouble with the station is told in the report; whatever was sent and
    /// read before it counts, and those who watch a record that it changed see that when this returns.
    ///
    /// Cancelling the task stops the sync soon; the report then says what was done. `progress` is called a few times a
    /// second, and once at the end, never on the main thread.
    @discardableResult
    public nonisolated func sync(
        progress: @escaping @Sendable (SyncProgress) -> Void = { _ in }
    ) async throws(CoreProblem) -> SyncReport {
        let report = try await link.sync(progress: progress)
        await showAgain(report.changed)
        return report
    }

    // MARK: - The end

    /// Ends it, after the acts that were asked for before: stops a running sync, closes the store, drops its key. Every
    /// call that comes later is `locked`, and who watches a record is told that this is over.
    public func shutdown() throws(CoreProblem) {
        defer { for encounter in watches.keys { endWatch(encounter) } }
        try ask { try phone.shutdown() }
    }

    // MARK: - Inside

    /// How many records somebody watches.
    var watched: Int { watches.count }

    private func ask<Answer>(_ call: () throws -> Answer) throws(CoreProblem) -> Answer {
        try attempt(call)
    }

    /// Gives a view to those who watch its record, unless they have a newer one.
    @discardableResult
    private func show(_ view: EncounterView) -> EncounterView {
        guard let watch = watches[view.id], watch.seen <= view.seen else { return view }
        watches[view.id]?.seen = view.seen
        for watcher in watch.watchers.values { watcher.yield(view) }
        return view
    }

    private func showAgain(_ changed: [String]) {
        for encounter in changed where watches[encounter] != nil {
            do {
                show(try attempt { try phone.encounter(encounter: encounter) })
            } catch {
                // It left the phone, or the phone was closed meanwhile; other trouble shows at the screen's next call.
                if error.kind == .gone || error.kind == .locked { endWatch(encounter) }
            }
        }
    }

    private func leave(_ encounter: String, _ name: UUID) {
        watches[encounter]?.watchers[name] = nil
        if watches[encounter]?.watchers.isEmpty == true { watches[encounter] = nil }
    }

    private func endWatch(_ encounter: String) {
        for watcher in watches.removeValue(forKey: encounter)?.watchers.values ?? [:].values { watcher.finish() }
    }
}

/// Calls the core, and tells every error in the one way.
func attempt<Answer>(_ call: () throws -> Answer) throws(CoreProblem) -> Answer {
    do { return try call() } catch { throw CoreProblem(error) }
}

/// Opens a phone on the queue that its `FirstHoursCore` will have.
private actor Opener {
    private let executor: QueueExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(executor: QueueExecutor) { self.executor = executor }

    func open(
        folder: String, key: consuming StoreKey, language: String,
        by opening: (String, Data, String) throws -> any FirstHoursProtocol
    ) throws(CoreProblem) -> any FirstHoursProtocol {
        let key = key
        return try attempt { try key.lend { try opening(folder, $0, language) } }
    }
}
