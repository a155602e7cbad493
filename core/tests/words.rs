//! The app's own words: all there in both languages, pinned where they speak of trouble, and without blame.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::support::golden;
use firsthours_core::protocol::{Author, FieldKind, Misfit, Phase};
use firsthours_core::record::{PhaseStatus, Refusal, Role};
use firsthours_core::words::{Label, Language, Sentence, Trouble, Whole, misfit, refusal};

/// Terms that put the fault on a child or hide who did what, in the words of the app itself: `domain.md`, section 8.
const BLAMING: [&str; 74] = [
    "prostitute",
    "prostituted",
    "prostitution",
    "hooker",
    "sex worker",
    "escort",
    "sex with a minor",
    "sexual activity",
    "sexually active",
    "turning tricks",
    "pimp",
    "boyfriend",
    "daddy",
    "john",
    "johns",
    "customer",
    "customers",
    "client",
    "clients",
    "suspect",
    "arrestee",
    "perpetrator",
    "child pornography",
    "kiddie",
    "in a relationship",
    "associating with",
    "hanging out",
    "herself at risk",
    "himself at risk",
    "themselves at risk",
    "risky",
    "poor choices",
    "lifestyle",
    "bad decisions",
    "promiscuous",
    "provocative",
    "streetwise",
    "willingly",
    "consented",
    "voluntarily",
    "uncooperative",
    "refused to",
    "defiant",
    "hard to reach",
    "disengaged",
    "awol",
    "runaway",
    "absconded",
    "bottom girl",
    "recruiter",
    "stroll",
    "rescued",
    "saved her",
    "historical abuse",
    "illegal",
    "alleges",
    "girl",
    "girls",
    "juvenile",
    "offender",
    "prostituta",
    "prostitución",
    "proxeneta",
    "novio",
    "cliente",
    "clientes",
    "sospechosa",
    "promiscua",
    "provocativa",
    "fugada",
    "fugado",
    "rescatada",
    "ilegal",
    "chica",
];

/// One of every sentence. The match keeps the list whole: a new sentence does not compile until it stands here.
#[expect(clippy::too_many_lines, reason = "one list, as long as the catalogue")]
fn sentences() -> Vec<Sentence<'static>> {
    let (who, when, step, phase) = ("WHO", "WHEN", "STEP", "PHASE");
    let all = vec![
        Sentence::NextUrgent,
        Sentence::NextByClock { clock: "WHAT", left: "AFTER" },
        Sentence::NextOverdue { clock: "WHAT", over: "AFTER" },
        Sentence::NextInOrder,
        Sentence::NextComment { who: "Sgt. Rivera" },
        Sentence::StepsDone { done: 3, of: 9 },
        Sentence::AppliesIf { question: "WHAT" },
        Sentence::WaitingFor { partner: "WHO", since: "WHEN" },
        Sentence::Missing { fields: "WHAT" },
        Sentence::SaidBy { who, when },
        Sentence::HappenedAndEntered { happened: "WHEN", entered: "AFTER" },
        Sentence::SaysInstead { who, when, value: "WHAT" },
        Sentence::TookBack { who, when },
        Sentence::CannotBecause { reason: "WHAT" },
        Sentence::ConflictField { field: "WHAT" },
        Sentence::ConflictCannot,
        Sentence::ConflictReasons,
        Sentence::ConflictEntry,
        Sentence::ChangedAfterSubmission { who, when },
        Sentence::ChangedBecause { reason: "WHAT" },
        Sentence::ClockWaiting { anchor: "WHAT" },
        Sentence::ClockRunning { left: "AFTER", at: "WHEN" },
        Sentence::ClockRunningOpen,
        Sentence::ClockMet { at: "WHEN" },
        Sentence::ClockMetLate { at: "WHEN", late: "AFTER" },
        Sentence::ClockMissed { over: "AFTER", at: "WHEN" },
        Sentence::ClockExcused,
        Sentence::OnThisPhone { unsent: 2 },
        Sentence::OnThisPhone { unsent: 0 },
        Sentence::OnThisPhone { unsent: 1 },
        Sentence::StationHasIt,
        Sentence::PhaseOpen,
        Sentence::PhaseSubmitted { when },
        Sentence::PhaseReturned { who, steps: 2 },
        Sentence::PhaseReturned { who, steps: 0 },
        Sentence::PhaseReturned { who, steps: 1 },
        Sentence::PhaseAnswered { when },
        Sentence::PhaseApproved { who },
        Sentence::PhaseStale,
        Sentence::PhaseLine { phase, sentence: "WHAT" },
        Sentence::OfferJoin { who },
        Sentence::StillOpen { steps: "WHAT" },
        Sentence::Synced { when },
        Sentence::Unsent { events: 2 },
        Sentence::Unsent { events: 0 },
        Sentence::Unsent { events: 1 },
        Sentence::ClockWrong { by: "WHAT" },
        Sentence::ProtocolRecalled,
        Sentence::EventOpened { who },
        Sentence::EventAnswered { who, step },
        Sentence::EventCannot { who, step, reason: "WHAT" },
        Sentence::EventReopened { who, step },
        Sentence::EventEntryWithdrawn { who, step },
        Sentence::EventNoted { who, about: "WHAT" },
        Sentence::EventSubmitted { who, phase },
        Sentence::EventVoided { who },
        Sentence::EventUnvoided { who },
        Sentence::EventShared { who, to: "OTHER" },
        Sentence::EventAccepted { who },
        Sentence::EventDeclined { who },
        Sentence::EventReplied { who },
        Sentence::EventCommented { who, about: "WHAT" },
        Sentence::EventResolved { who },
        Sentence::EventReturned { who, phase },
        Sentence::EventApproved { who, phase },
        Sentence::EventHeld { why: "WHAT" },
        Sentence::EventReleased,
        Sentence::EventGap { count: 2 },
        Sentence::EventShredded { who },
        Sentence::HeldNoGrant,
        Sentence::HeldAuthorMayNot,
        Sentence::HeldRevoked,
        Sentence::HeldOverLimit,
        Sentence::HeldDoesNotFit,
        Sentence::HeldUnknown,
        Sentence::WholeRecord,
        Sentence::AtMostChars { max: 2 },
        Sentence::OtherClocks { count: 2 },
        Sentence::StepsNotApplicable { count: 2 },
        Sentence::EntryNumber { number: 2 },
        Sentence::Conflicts { count: 2 },
        Sentence::CommentsOpen { count: 2 },
        Sentence::EntriesHeld { count: 2 },
        Sentence::NewSinceOpened { count: 2 },
        Sentence::PhonesHold { phones: 2, entries: 2, oldest: "WHAT" },
        Sentence::PhonesHoldNothing,
        Sentence::ClocksOff { count: 2 },
        Sentence::WaitsSince { when },
        Sentence::LastSeen { when },
    ];
    for sentence in &all {
        match sentence {
            Sentence::NextUrgent
            | Sentence::NextByClock { .. }
            | Sentence::NextOverdue { .. }
            | Sentence::NextInOrder
            | Sentence::NextComment { .. }
            | Sentence::StepsDone { .. }
            | Sentence::AppliesIf { .. }
            | Sentence::WaitingFor { .. }
            | Sentence::Missing { .. }
            | Sentence::SaidBy { .. }
            | Sentence::HappenedAndEntered { .. }
            | Sentence::SaysInstead { .. }
            | Sentence::TookBack { .. }
            | Sentence::CannotBecause { .. }
            | Sentence::ConflictField { .. }
            | Sentence::ConflictCannot
            | Sentence::ConflictReasons
            | Sentence::ConflictEntry
            | Sentence::ChangedAfterSubmission { .. }
            | Sentence::ChangedBecause { .. }
            | Sentence::ClockWaiting { .. }
            | Sentence::ClockRunning { .. }
            | Sentence::ClockRunningOpen
            | Sentence::ClockMet { .. }
            | Sentence::ClockMetLate { .. }
            | Sentence::ClockMissed { .. }
            | Sentence::ClockExcused
            | Sentence::OnThisPhone { .. }
            | Sentence::StationHasIt
            | Sentence::PhaseOpen
            | Sentence::PhaseSubmitted { .. }
            | Sentence::PhaseReturned { .. }
            | Sentence::PhaseAnswered { .. }
            | Sentence::PhaseApproved { .. }
            | Sentence::PhaseStale
            | Sentence::PhaseLine { .. }
            | Sentence::OfferJoin { .. }
            | Sentence::StillOpen { .. }
            | Sentence::Synced { .. }
            | Sentence::Unsent { .. }
            | Sentence::ClockWrong { .. }
            | Sentence::ProtocolRecalled
            | Sentence::EventOpened { .. }
            | Sentence::EventAnswered { .. }
            | Sentence::EventCannot { .. }
            | Sentence::EventReopened { .. }
            | Sentence::EventEntryWithdrawn { .. }
            | Sentence::EventNoted { .. }
            | Sentence::EventSubmitted { .. }
            | Sentence::EventVoided { .. }
            | Sentence::EventUnvoided { .. }
            | Sentence::EventShared { .. }
            | Sentence::EventAccepted { .. }
            | Sentence::EventDeclined { .. }
            | Sentence::EventReplied { .. }
            | Sentence::EventCommented { .. }
            | Sentence::EventResolved { .. }
            | Sentence::EventReturned { .. }
            | Sentence::EventApproved { .. }
            | Sentence::EventHeld { .. }
            | Sentence::EventReleased
            | Sentence::EventGap { .. }
            | Sentence::EventShredded { .. }
            | Sentence::HeldNoGrant
            | Sentence::HeldAuthorMayNot
            | Sentence::HeldRevoked
            | Sentence::HeldOverLimit
            | Sentence::HeldDoesNotFit
            | Sentence::HeldUnknown
            | Sentence::WholeRecord
            | Sentence::AtMostChars { .. }
            | Sentence::OtherClocks { .. }
            | Sentence::StepsNotApplicable { .. }
            | Sentence::EntryNumber { .. }
            | Sentence::Conflicts { .. }
            | Sentence::CommentsOpen { .. }
            | Sentence::EntriesHeld { .. }
            | Sentence::NewSinceOpened { .. }
            | Sentence::PhonesHold { .. }
            | Sentence::PhonesHoldNothing
            | Sentence::ClocksOff { .. }
            | Sentence::WaitsSince { .. }
            | Sentence::LastSeen { .. } => {}
        }
    }
    all
}

/// Every sentence about a whole record; those that count things, with none, one and several.
fn wholes() -> Vec<Whole<'static>> {
    let all = vec![
        Whole::EventMoved { who: "Dep. Moreno" },
        Whole::EventIncidentLinked { who: "Dep. Moreno" },
        Whole::EventReassigned { who: "Dep. Moreno", to: "Dep. Okafor" },
        Whole::EventSame { who: "Dep. Moreno", code: "7K2QX" },
        Whole::EventNotSame { who: "Dep. Moreno" },
        Whole::EventCopied { who: "Dep. Moreno", step: "WHAT", code: "7K2QX" },
        Whole::DisputeHolder { who: "Dep. Moreno" },
        Whole::DisputeVoid,
        Whole::DisputeVersion,
        Whole::DisputeIncident,
        Whole::DisputeSame,
        Whole::DisputePhase { phase: "PHASE", counts_as: "STATUS" },
        Whole::SupervisorChooses,
        Whole::SameAs { code: "7K2QX" },
        Whole::NewerVersion { version: 2 },
        Whole::VersionNotHere,
        Whole::UnderVersion { version: 2 },
        Whole::UnderEarlier,
        Whole::MoveFrom { from: 1, to: 2 },
        Whole::MoveKept { answers: 0 },
        Whole::MoveKept { answers: 1 },
        Whole::MoveKept { answers: 2 },
        Whole::MoveCarried { answers: 0 },
        Whole::MoveCarried { answers: 1 },
        Whole::MoveCarried { answers: 2 },
        Whole::MoveAsks { steps: 0 },
        Whole::MoveAsks { steps: 1 },
        Whole::MoveAsks { steps: 2 },
        Whole::AlarmSoon { at: "WHEN" },
        Whole::AlarmDue,
        Whole::MetBefore { at: "WHEN" },
        Whole::FirstEntered { anchor: "WHEN", sentence: "WHAT" },
        Whole::SheetMade { when: "WHEN", who: "the advocate" },
        Whole::SheetNotRecorded,
        Whole::SheetByHand,
        Whole::SheetNotApplicable,
        Whole::SheetGaps { count: 0, rows: "WHAT" },
        Whole::SheetGaps { count: 1, rows: "WHAT" },
        Whole::SheetGaps { count: 2, rows: "WHAT" },
        Whole::SheetNoGaps,
        Whole::SheetDoneAt { when: "WHEN" },
        Whole::Attempt { when: "WHEN", outcome: "WHAT" },
        Whole::AttemptBy { when: "WHEN", how: "HOW", outcome: "WHAT" },
        Whole::AttemptArrived { when: "WHEN" },
        Whole::AttemptNotComing { because: "WHY" },
        Whole::NotHereYet { since: "WHEN" },
        Whole::SceneLacks { facts: 0, record: "RECORD" },
        Whole::SceneLacks { facts: 1, record: "RECORD" },
        Whole::SceneLacks { facts: 2, record: "RECORD" },
        Whole::SceneComplete,
    ];
    for whole in &all {
        match whole {
            Whole::EventMoved { .. }
            | Whole::EventIncidentLinked { .. }
            | Whole::EventReassigned { .. }
            | Whole::EventSame { .. }
            | Whole::EventNotSame { .. }
            | Whole::EventCopied { .. }
            | Whole::DisputeHolder { .. }
            | Whole::DisputeVoid
            | Whole::DisputeVersion
            | Whole::DisputeIncident
            | Whole::DisputeSame
            | Whole::DisputePhase { .. }
            | Whole::SupervisorChooses
            | Whole::SameAs { .. }
            | Whole::NewerVersion { .. }
            | Whole::VersionNotHere
            | Whole::UnderVersion { .. }
            | Whole::UnderEarlier
            | Whole::MoveFrom { .. }
            | Whole::MoveKept { .. }
            | Whole::MoveCarried { .. }
            | Whole::MoveAsks { .. }
            | Whole::AlarmSoon { .. }
            | Whole::AlarmDue
            | Whole::MetBefore { .. }
            | Whole::FirstEntered { .. }
            | Whole::SheetMade { .. }
            | Whole::SheetNotRecorded
            | Whole::SheetByHand
            | Whole::SheetNotApplicable
            | Whole::SheetGaps { .. }
            | Whole::SheetNoGaps
            | Whole::SheetDoneAt { .. }
            | Whole::Attempt { .. }
            | Whole::AttemptBy { .. }
            | Whole::AttemptArrived { .. }
            | Whole::AttemptNotComing { .. }
            | Whole::NotHereYet { .. }
            | Whole::SceneLacks { .. }
            | Whole::SceneComplete => {}
        }
    }
    all
}

fn troubles() -> Vec<Trouble> {
    use Trouble as T;
    let all = vec![
        T::WrongKey,
        T::NewerStore,
        T::CorruptStore,
        T::DiskFull,
        T::StoreFault,
        T::Closed,
        T::NoConnection,
        T::StationUnwell,
        T::NotTheStation,
        T::OtherProgramme,
        T::EnrolledElsewhere,
        T::NotEnrolledYet,
        T::EnrolmentRefused,
        T::CodeNotValid,
        T::Revoked,
        T::UpdateNeeded,
        T::NotAuthentic,
        T::CopyOfPhone,
        T::StationPutBack,
        T::HistoryDiffers,
        T::Cancelled,
        T::NoProtocol,
        T::BadProtocol { faults: 2 },
        T::EntryLost,
        T::NoSuchRecord,
        T::BadText,
        T::NewerProtocol,
        T::OtherProtocol,
    ];
    for trouble in &all {
        match trouble {
            T::WrongKey
            | T::NewerStore
            | T::CorruptStore
            | T::DiskFull
            | T::StoreFault
            | T::Closed
            | T::NoConnection
            | T::StationUnwell
            | T::NotTheStation
            | T::OtherProgramme
            | T::EnrolledElsewhere
            | T::NotEnrolledYet
            | T::EnrolmentRefused
            | T::CodeNotValid
            | T::Revoked
            | T::UpdateNeeded
            | T::NotAuthentic
            | T::CopyOfPhone
            | T::StationPutBack
            | T::HistoryDiffers
            | T::Cancelled
            | T::NoProtocol
            | T::BadProtocol { .. }
            | T::EntryLost
            | T::NoSuchRecord
            | T::BadText
            | T::NewerProtocol
            | T::OtherProtocol => {}
        }
    }
    all
}

fn misfits() -> Vec<Misfit> {
    vec![
        Misfit::WrongKind { kind: FieldKind::Flag },
        Misfit::NoSuchOption { option: "x".to_owned() },
        Misfit::TooLong { chars: 41, max: 40 },
        Misfit::OutOfRange { value: 51, min: 1, max: 50 },
        Misfit::SeveralLines { kind: FieldKind::Text },
        Misfit::Empty,
        Misfit::Unsorted,
    ]
}

fn refusals() -> Vec<Refusal> {
    let step = || "STEP".to_owned();
    let statuses = [
        PhaseStatus::Open,
        PhaseStatus::Submitted,
        PhaseStatus::Returned,
        PhaseStatus::Answered,
        PhaseStatus::Approved,
        PhaseStatus::Stale,
    ];
    let authors = [Author::Deputy, Author::Detective, Author::Supervisor, Author::County];
    let mut all = vec![
        Refusal::NoSuchStep { step: step() },
        Refusal::NoSuchField { step: step(), field: "x".to_owned() },
        Refusal::DoesNotFit { field: "x".to_owned(), misfit: Misfit::Empty },
        Refusal::NothingGiven,
        Refusal::NoSuchEntry { step: step() },
        Refusal::Fixed { step: step() },
        Refusal::NoSuchReason { step: step(), why: "x".to_owned() },
        Refusal::ReasonNeeded { phase: Phase::Scene },
        Refusal::StillOpen { steps: vec![step(), step()] },
        Refusal::MayNot { role: Role::Auditor },
        Refusal::OwnWork { steps: vec![step()] },
        Refusal::NoSuchThread,
        Refusal::EmptyText,
        Refusal::TooLong { chars: 41, max: 40 },
        Refusal::NotShared { step: step() },
        Refusal::SameVersion,
        Refusal::ItsOwn,
        Refusal::Void,
        Refusal::RecordFull,
        Refusal::ChangedTooOften,
    ];
    all.extend(authors.map(|by| Refusal::NotYours { step: step(), by }));
    all.extend(statuses.map(|status| Refusal::NotNow { status }));
    for refusal in &all {
        match refusal {
            Refusal::NoSuchStep { .. }
            | Refusal::NoSuchField { .. }
            | Refusal::NotYours { .. }
            | Refusal::DoesNotFit { .. }
            | Refusal::NothingGiven
            | Refusal::NoSuchEntry { .. }
            | Refusal::Fixed { .. }
            | Refusal::NoSuchReason { .. }
            | Refusal::ReasonNeeded { .. }
            | Refusal::StillOpen { .. }
            | Refusal::NotNow { .. }
            | Refusal::MayNot { .. }
            | Refusal::OwnWork { .. }
            | Refusal::NoSuchThread
            | Refusal::EmptyText
            | Refusal::TooLong { .. }
            | Refusal::NotShared { .. }
            | Refusal::SameVersion
            | Refusal::ItsOwn
            | Refusal::Void
            | Refusal::RecordFull
            | Refusal::ChangedTooOften => {}
        }
    }
    all
}

/// Every text of the app: what it is and in which language, and the text.
fn all_texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for language in Language::ALL {
        let mut put = |what: String, text: String| texts.push((format!("{} {what}", language.code()), text));
        for label in Label::ALL {
            put(format!("label {}", label.key()), label.text(language).to_owned());
        }
        for sentence in sentences() {
            put(format!("{sentence:?}"), sentence.text(language));
        }
        for whole in wholes() {
            put(format!("{whole:?}"), whole.text(language));
        }
        for (what, text) in error_texts(language) {
            put(what, text);
        }
    }
    texts
}

/// What is said when something goes wrong.
fn error_texts(language: Language) -> Vec<(String, String)> {
    let title = |step: &str| format!("title of {step}");
    let troubles = troubles().into_iter().map(|trouble| (format!("{trouble:?}"), trouble.text(language)));
    let misfits = misfits().into_iter().map(|fault| (format!("{fault:?}"), misfit(&fault, language)));
    let refusals =
        refusals().into_iter().map(|fault| (format!("{fault:?}"), refusal(&fault, language, &title)));
    troubles.chain(misfits).chain(refusals).collect()
}

#[test]
fn every_word_is_there_in_both_languages() {
    for (what, text) in all_texts() {
        assert!(!text.trim().is_empty(), "{what} says nothing");
        assert_eq!(text.trim(), text, "{what} has spaces around it");
        assert!(!text.contains("  "), "{what} has two spaces");
        assert!(!text.contains(['{', '}', '\n', '\t']), "{what} is not filled in: {text}");
    }
}

#[test]
fn a_sentence_says_in_both_languages_what_it_was_given() {
    for sentence in sentences() {
        let given = |text: &str| -> BTreeSet<&'static str> {
            let marks = ["WHO", "WHEN", "STEP", "PHASE", "WHAT", "AFTER", "OTHER"];
            marks.into_iter().filter(|mark| text.contains(mark)).collect()
        };
        let [en, es] = Language::ALL.map(|language| sentence.text(language));
        assert_eq!(given(&en), given(&format!("{sentence:?}")), "{sentence:?}: {en}");
        assert_eq!(given(&es), given(&en), "{sentence:?}: {es}");
    }
}

#[test]
fn what_is_said_in_trouble_is_pinned() {
    let mut table = String::new();
    for ((what, en), (_, es)) in error_texts(Language::En).into_iter().zip(error_texts(Language::Es)) {
        writeln!(table, "{what}\n  en: {en}\n  es: {es}").expect("a text can be written to");
    }
    golden("words/errors.txt", &table);
}

#[test]
fn what_is_said_in_trouble_says_it_in_whole_sentences() {
    for language in Language::ALL {
        for (what, text) in error_texts(language) {
            let ends = text.ends_with(['.', '!', '?']);
            assert!(ends, "{what}: {text}");
            assert!(text.chars().count() <= 200, "{what} is too long to be read at night: {text}");
        }
    }
}

#[test]
fn no_word_of_the_app_blames_a_child() {
    for (what, text) in all_texts() {
        let lower = text.to_lowercase();
        let words: Vec<&str> =
            lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let line = format!(" {} ", words.join(" "));
        for term in BLAMING {
            assert!(!line.contains(&format!(" {term} ")), "{what} says “{term}”: {text}");
        }
    }
}
