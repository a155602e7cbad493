import FirstHoursBindings

/// Why a call did not do what it was asked: what the app does about it, and the sentence for the person.
public struct CoreProblem: Error, Equatable, Sendable {
    /// What the app does about it.
    public enum Kind: Equatable, Sendable {
        /// The store is closed, or the key does not open it: unlock again.
        case locked
        /// A newer app wrote the store: this one must be updated.
        case outdated
        /// The store is damaged. If it was set aside, it lies there now, and opening again makes a new one.
        case damaged(setAside: String?)
        /// Nothing of the call was kept: the phone is full.
        case full
        /// The phone could not read or write: read the view again before going on, and never just repeat the call.
        case unsure
        /// It was submitted already: ask for a reason, and do the same act with it.
        case reasonNeeded
        /// These steps are still open.
        case stillOpen(steps: [String])
        /// What was entered must be changed, in this field where it is one of several.
        case doesNotFit(field: String?)
        /// Not possible as the record stands, or not for this person. Nothing was changed.
        case notPossible
        /// There is no such record on this phone, or not any more: leave its screen.
        case gone
        /// Enrolled: one sync brings what is missing. Else the station must first approve this phone.
        case notReady(enrolled: Bool)
        /// The station could not be reached or did not agree; the same call may work later, or not.
        case station(tryAgain: Bool)
        /// The task was cancelled before its sync began. Nothing is wrong.
        case cancelled
        /// A fault of this app or of the core, to be reported. What was recorded is safe; read the view again.
        case fault
    }

    public let kind: Kind

    /// In the app's language, to be shown as it is. None where the core had nothing to say: `cancelled`, and a `fault`
    /// in which the core itself broke off.
    public let sentence: String?

    init(kind: Kind, sentence: String?) {
        self.kind = kind
        self.sentence = sentence
    }

    /// There is no `default`: an error that is new in the core does not compile here until it has its place.
    init(_ error: any Error) {
        // A panic in Rust is thrown too, and is none of the core's errors. Its text is for developers and stays out of
        // here.
        guard let error = error as? CoreError else {
            self = error as? CoreProblem ?? CoreProblem(kind: .fault, sentence: nil)
            return
        }
        switch error {
        case .WrongKey(let sentence), .Closed(let sentence):
            self.init(kind: .locked, sentence: sentence)
        case .NewerStore(let sentence):
            self.init(kind: .outdated, sentence: sentence)
        case .CorruptStore(let setAside, let sentence):
            self.init(kind: .damaged(setAside: setAside), sentence: sentence)
        case .DiskFull(let sentence):
            self.init(kind: .full, sentence: sentence)
        case .StoreFault(_, let sentence):
            self.init(kind: .unsure, sentence: sentence)
        case .Refused(let because, let steps, let field, let sentence):
            self.init(kind: Kind(refused: because, steps: steps, field: field), sentence: sentence)
        case .NoSuchRecord(let sentence):
            self.init(kind: .gone, sentence: sentence)
        case .NotReady(let enrolled, let sentence):
            self.init(kind: .notReady(enrolled: enrolled), sentence: sentence)
        case .Station(let tryAgain, let sentence):
            self.init(kind: .station(tryAgain: tryAgain), sentence: sentence)
        }
    }
}

extension CoreProblem.Kind {
    fileprivate init(refused because: RefusedBecause, steps: [String], field: String?) {
        switch because {
        case .reasonNeeded: self = .reasonNeeded
        case .stillOpen: self = .stillOpen(steps: steps)
        case .doesNotFit: self = .doesNotFit(field: field)
        case .notPossible: self = .notPossible
        case .badInput: self = .fault
        }
    }
}
