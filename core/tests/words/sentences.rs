//! One of every sentence; of those that count things, with none, one and several.

use firsthours_core::words::{
    ClockSentence, EventSentence, Language, PhaseSentence, RecordSentence, SheetSentence, StepSentence,
    SyncSentence,
};

/// What a sentence is given, and what it then says in each language.
pub(super) type Spoken = (String, [String; 2]);

/// Every sentence of every subject.
pub(super) fn sentences() -> Vec<Spoken> {
    [clock(), event(), phase(), record(), sheet(), step(), sync()].concat()
}

const WHO: &str = "WHO";
const WHEN: &str = "WHEN";
const STEP: &str = "STEP";
const PHASE: &str = "PHASE";

/// The samples of one subject. The match keeps the list whole: a new sentence does not compile until it stands here.
macro_rules! every {
    ($subject:ident, [$($sample:expr),+ $(,)?], $all:pat) => {
        [$($sample),+].iter().map(|sentence: &$subject<'_>| {
            match sentence {
                $all => {}
            }
            (format!("{sentence:?}"), Language::ALL.map(|language| sentence.text(language)))
        }).collect()
    };
}

fn clock() -> Vec<Spoken> {
    use ClockSentence as S;
    every!(
        ClockSentence,
        [
            S::Waiting { anchor: "WHAT" },
            S::Running { left: "AFTER", at: "WHEN" },
            S::RunningOpen,
            S::Met { at: "WHEN" },
            S::MetLate { at: "WHEN", late: "AFTER" },
            S::Missed { over: "AFTER", at: "WHEN" },
            S::Excused,
            S::OtherClocks { count: 2 },
            S::AlarmSoon { at: "WHEN" },
            S::AlarmDue,
            S::MetBefore { at: "WHEN" },
            S::FirstEntered { anchor: "WHEN", sentence: "WHAT" },
        ],
        S::Waiting { .. }
            | S::Running { .. }
            | S::RunningOpen
            | S::Met { .. }
            | S::MetLate { .. }
            | S::Missed { .. }
            | S::Excused
            | S::OtherClocks { .. }
            | S::AlarmSoon { .. }
            | S::AlarmDue
            | S::MetBefore { .. }
            | S::FirstEntered { .. }
    )
}

fn event() -> Vec<Spoken> {
    use EventSentence as S;
    every!(
        EventSentence,
        [
            S::Opened { who: WHO },
            S::Answered { who: WHO, step: STEP },
            S::Cannot { who: WHO, step: STEP, reason: "WHAT" },
            S::Reopened { who: WHO, step: STEP },
            S::EntryWithdrawn { who: WHO, step: STEP },
            S::Noted { who: WHO, about: "WHAT" },
            S::Submitted { who: WHO, phase: PHASE },
            S::Voided { who: WHO },
            S::Unvoided { who: WHO },
            S::Shared { who: WHO, to: "OTHER" },
            S::Accepted { who: WHO },
            S::Declined { who: WHO },
            S::Replied { who: WHO },
            S::Commented { who: WHO, about: "WHAT" },
            S::Resolved { who: WHO },
            S::Returned { who: WHO, phase: PHASE },
            S::Approved { who: WHO, phase: PHASE },
            S::Held { why: "WHAT" },
            S::Released,
            S::Gap { count: 2 },
            S::Shredded { who: WHO },
            S::HeldNoGrant,
            S::HeldAuthorMayNot,
            S::HeldRevoked,
            S::HeldOverLimit,
            S::HeldDoesNotFit,
            S::HeldUnknown,
            S::WholeRecord,
            S::Moved { who: "Dep. Moreno" },
            S::IncidentLinked { who: "Dep. Moreno" },
            S::Reassigned { who: "Dep. Moreno", to: "Dep. Okafor" },
            S::Same { who: "Dep. Moreno", code: "7K2QX" },
            S::NotSame { who: "Dep. Moreno" },
            S::Copied { who: "Dep. Moreno", step: "WHAT", code: "7K2QX" },
        ],
        S::Opened { .. }
            | S::Answered { .. }
            | S::Cannot { .. }
            | S::Reopened { .. }
            | S::EntryWithdrawn { .. }
            | S::Noted { .. }
            | S::Submitted { .. }
            | S::Voided { .. }
            | S::Unvoided { .. }
            | S::Shared { .. }
            | S::Accepted { .. }
            | S::Declined { .. }
            | S::Replied { .. }
            | S::Commented { .. }
            | S::Resolved { .. }
            | S::Returned { .. }
            | S::Approved { .. }
            | S::Held { .. }
            | S::Released
            | S::Gap { .. }
            | S::Shredded { .. }
            | S::HeldNoGrant
            | S::HeldAuthorMayNot
            | S::HeldRevoked
            | S::HeldOverLimit
            | S::HeldDoesNotFit
            | S::HeldUnknown
            | S::WholeRecord
            | S::Moved { .. }
            | S::IncidentLinked { .. }
            | S::Reassigned { .. }
            | S::Same { .. }
            | S::NotSame { .. }
            | S::Copied { .. }
    )
}

fn phase() -> Vec<Spoken> {
    use PhaseSentence as S;
    every!(
        PhaseSentence,
        [
            S::Open,
            S::Submitted { when: WHEN },
            S::Returned { who: WHO, steps: 2 },
            S::Returned { who: WHO, steps: 0 },
            S::Returned { who: WHO, steps: 1 },
            S::Answered { when: WHEN },
            S::Approved { who: WHO },
            S::Stale,
            S::Line { phase: PHASE, sentence: "WHAT" },
        ],
        S::Open
            | S::Submitted { .. }
            | S::Returned { .. }
            | S::Answered { .. }
            | S::Approved { .. }
            | S::Stale
            | S::Line { .. }
    )
}

fn record() -> Vec<Spoken> {
    use RecordSentence as S;
    every!(
        RecordSentence,
        [
            S::OfferJoin { who: WHO },
            S::StillOpen { steps: "WHAT" },
            S::ProtocolRecalled,
            S::Conflicts { count: 2 },
            S::CommentsOpen { count: 2 },
            S::DisputeHolder { who: "Dep. Moreno" },
            S::DisputeVoid,
            S::DisputeVersion,
            S::DisputeIncident,
            S::DisputeSame,
            S::DisputePhase { phase: "PHASE", counts_as: "STATUS" },
            S::SupervisorChooses,
            S::SameAs { code: "7K2QX" },
            S::NewerVersion { version: 2 },
            S::VersionNotHere,
            S::UnderVersion { version: 2 },
            S::UnderEarlier,
            S::MoveFrom { from: 1, to: 2 },
            S::MoveKept { answers: 0 },
            S::MoveKept { answers: 1 },
            S::MoveKept { answers: 2 },
            S::MoveCarried { answers: 0 },
            S::MoveCarried { answers: 1 },
            S::MoveCarried { answers: 2 },
            S::MoveAsks { steps: 0 },
            S::MoveAsks { steps: 1 },
            S::MoveAsks { steps: 2 },
            S::IncidentLacks { facts: 0, record: "RECORD" },
            S::IncidentLacks { facts: 1, record: "RECORD" },
            S::IncidentLacks { facts: 2, record: "RECORD" },
            S::IncidentComplete,
        ],
        S::OfferJoin { .. }
            | S::StillOpen { .. }
            | S::ProtocolRecalled
            | S::Conflicts { .. }
            | S::CommentsOpen { .. }
            | S::DisputeHolder { .. }
            | S::DisputeVoid
            | S::DisputeVersion
            | S::DisputeIncident
            | S::DisputeSame
            | S::DisputePhase { .. }
            | S::SupervisorChooses
            | S::SameAs { .. }
            | S::NewerVersion { .. }
            | S::VersionNotHere
            | S::UnderVersion { .. }
            | S::UnderEarlier
            | S::MoveFrom { .. }
            | S::MoveKept { .. }
            | S::MoveCarried { .. }
            | S::MoveAsks { .. }
            | S::IncidentLacks { .. }
            | S::IncidentComplete
    )
}

fn sheet() -> Vec<Spoken> {
    use SheetSentence as S;
    every!(
        SheetSentence,
        [
            S::Made { when: "WHEN", who: "the advocate" },
            S::NotRecorded,
            S::ByHand,
            S::NotApplicable,
            S::Gaps { count: 0, rows: "WHAT" },
            S::Gaps { count: 1, rows: "WHAT" },
            S::Gaps { count: 2, rows: "WHAT" },
            S::NoGaps,
            S::DoneAt { when: "WHEN" },
        ],
        S::Made { .. }
            | S::NotRecorded
            | S::ByHand
            | S::NotApplicable
            | S::Gaps { .. }
            | S::NoGaps
            | S::DoneAt { .. }
    )
}

fn step() -> Vec<Spoken> {
    use StepSentence as S;
    every!(
        StepSentence,
        [
            S::NextUrgent,
            S::NextByClock { clock: "WHAT", left: "AFTER" },
            S::NextOverdue { clock: "WHAT", over: "AFTER" },
            S::NextInOrder,
            S::NextComment { who: "Sgt. Rivera" },
            S::StepsDone { done: 3, of: 9 },
            S::AppliesIf { question: "WHAT" },
            S::WaitingFor { partner: "WHO", since: "WHEN" },
            S::Missing { fields: "WHAT" },
            S::SaidBy { who: WHO, when: WHEN },
            S::HappenedAndEntered { happened: "WHEN", entered: "AFTER" },
            S::SaysInstead { who: WHO, when: WHEN, value: "WHAT" },
            S::TookBack { who: WHO, when: WHEN },
            S::CannotBecause { reason: "WHAT" },
            S::ConflictField { field: "WHAT" },
            S::ConflictCannot,
            S::ConflictReasons,
            S::ConflictEntry,
            S::ChangedAfterSubmission { who: WHO, when: WHEN },
            S::ChangedBecause { reason: "WHAT" },
            S::AtMostChars { max: 2 },
            S::Flagged { term: "WHAT", why: "WHY", suggestion: "AFTER" },
            S::StepsNotApplicable { count: 2 },
            S::EntryNumber { number: 2 },
            S::Attempt { when: "WHEN", outcome: "WHAT" },
            S::AttemptBy { when: "WHEN", how: "HOW", outcome: "WHAT" },
            S::AttemptArrived { when: "WHEN" },
            S::AttemptNotComing { because: "WHY" },
            S::NotHereYet { since: "WHEN" },
        ],
        S::NextUrgent
            | S::NextByClock { .. }
            | S::NextOverdue { .. }
            | S::NextInOrder
            | S::NextComment { .. }
            | S::StepsDone { .. }
            | S::AppliesIf { .. }
            | S::WaitingFor { .. }
            | S::Missing { .. }
            | S::SaidBy { .. }
            | S::HappenedAndEntered { .. }
            | S::SaysInstead { .. }
            | S::TookBack { .. }
            | S::CannotBecause { .. }
            | S::ConflictField { .. }
            | S::ConflictCannot
            | S::ConflictReasons
            | S::ConflictEntry
            | S::ChangedAfterSubmission { .. }
            | S::ChangedBecause { .. }
            | S::AtMostChars { .. }
            | S::Flagged { .. }
            | S::StepsNotApplicable { .. }
            | S::EntryNumber { .. }
            | S::Attempt { .. }
            | S::AttemptBy { .. }
            | S::AttemptArrived { .. }
            | S::AttemptNotComing { .. }
            | S::NotHereYet { .. }
    )
}

fn sync() -> Vec<Spoken> {
    use SyncSentence as S;
    every!(
        SyncSentence,
        [
            S::OnThisPhone { unsent: 2 },
            S::OnThisPhone { unsent: 0 },
            S::OnThisPhone { unsent: 1 },
            S::StationHasIt,
            S::Synced { when: WHEN },
            S::Unsent { events: 2 },
            S::Unsent { events: 0 },
            S::Unsent { events: 1 },
            S::ClockWrong { by: "WHAT" },
            S::EntriesHeld { count: 2 },
            S::NewSinceOpened { count: 2 },
            S::PhonesHold { phones: 2, entries: 2, oldest: "WHAT" },
            S::PhonesHoldNothing,
            S::ClocksOff { count: 2 },
            S::WaitsSince { when: WHEN },
            S::LastSeen { when: WHEN },
        ],
        S::OnThisPhone { .. }
            | S::StationHasIt
            | S::Synced { .. }
            | S::Unsent { .. }
            | S::ClockWrong { .. }
            | S::EntriesHeld { .. }
            | S::NewSinceOpened { .. }
            | S::PhonesHold { .. }
            | S::PhonesHoldNothing
            | S::ClocksOff { .. }
            | S::WaitsSince { .. }
            | S::LastSeen { .. }
    )
}
