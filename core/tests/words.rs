//! The app's own words: all there in both languages, pinned where they speak of trouble, and without blame.

mod sentences;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::support::golden;
use firsthours_core::protocol::{Author, FieldKind, Misfit, Phase};
use firsthours_core::record::{PhaseStatus, Refusal, Role};
use firsthours_core::words::{Label, Language, Trouble, misfit, refusal};
use sentences::sentences;

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
pub(crate) fn all_texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for language in Language::ALL {
        let mut put = |what: String, text: String| texts.push((format!("{} {what}", language.code()), text));
        for label in Label::ALL {
            put(format!("label {}", label.key()), label.text(language).to_owned());
        }
        for (given, [en, es]) in sentences() {
            put(given, if language == Language::En { en } else { es });
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
    for (sentence, [en, es]) in sentences() {
        let given = |text: &str| -> BTreeSet<&'static str> {
            let marks = ["WHO", "WHEN", "STEP", "PHASE", "WHAT", "AFTER", "OTHER"];
            marks.into_iter().filter(|mark| text.contains(mark)).collect()
        };
        assert_eq!(given(&en), given(&sentence), "{sentence}: {en}");
        assert_eq!(given(&es), given(&en), "{sentence}: {es}");
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
