//! The messages of sync, in both directions, and every type that they are made of.
//!
//! The first byte chooses the message: `A` is the first of a table, `B` the second, and so on.

use firsthours_core::bundle::Manifest;
use firsthours_core::evidence::{
    Checkpoint, Document, EncounterReceipt, HeldEvent, Hole, InstallCertificate, LogHead, Purpose, Receipt,
    Revocation, Revoked, ServerCertificate, SignedEvent, Trust, check_encounter,
};
use firsthours_core::protocol::{Channel, Outcome, Phase, Value};
use firsthours_core::record::{
    Actor, At, ClockSummary, Directory, DirectoryPerson, DirectoryStation, Header, HoldReason, Kind, Next,
    Opened, PartnerNumber, PersonId, PhaseStatus, PhaseSummary, Role, Sharing, StepState, Summary,
    ThreadState, TimeAnchor,
};
use firsthours_core::wire::{
    ClockReport, DeviceReport, EncounterCursor, EnrolReply, EnrolRequest, EnrolState, EventsReply,
    EventsRequest, Grant, HelloReply, HelloRequest, LEASE_MS, LOCK_MS, LOCK_WITH_CLOCK_MS, LOGIN_MS, Limits,
    OffersReply, OffersRequest, Page, Policy, Positioned, Problem, ProblemKind, ProtocolNotice, Quota,
    ReadMessage, Succession, hello_message,
};
use firsthours_core::words::Language;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::known::{self, known};
use crate::signed::genuine;
use crate::within;

/// A message: its name, how it is read, and the fixtures that are seeds of it.
type Message = (&'static str, fn(&[u8]) -> bool, &'static [&'static str]);

/// What phones send.
pub const TO_STATION: [Message; 11] = [
    ("EnrolRequest", reads::<EnrolRequest>, &["enrol_request", "enrol_request_follows"]),
    (
        "HelloRequest",
        hello,
        &["hello_request", "hello_request_first", "hello_request_proof", "hello_request_checkpoint"],
    ),
    ("EventsRequest", events, &["events_request"]),
    ("OffersRequest", offers, &["offers_request"]),
    // A hole is declared by a document.
    ("Document", reads::<Document>, &[]),
    ("Hole", reads::<Hole>, &[]),
    ("SignedEvent", reads::<SignedEvent>, &[]),
    ("DeviceReport", reads::<DeviceReport>, &[]),
    ("ClockReport", reads::<ClockReport>, &[]),
    ("EncounterCursor", reads::<EncounterCursor>, &[]),
    ("Succession", reads::<Succession>, &[]),
];

/// What stations answer.
pub const TO_PHONE: [Message; 17] = [
    ("EnrolReply", reads::<EnrolReply>, &["enrol_reply_approved", "enrol_reply_waiting"]),
    ("HelloReply", reads::<HelloReply>, &["hello_reply", "hello_reply_checkpoint"]),
    ("EventsReply", reads::<EventsReply>, &["events_reply"]),
    ("OffersReply", reads::<OffersReply>, &["offers_reply"]),
    ("Page", page, &["page"]),
    (
        "Problem",
        reads::<Problem>,
        &[
            "problem_fork",
            "problem_fresh_nonce",
            "problem_gap",
            "problem_malformed",
            "problem_not_authentic",
            "problem_not_enrolled",
            "problem_not_found",
            "problem_send_only",
            "problem_token_expired",
            "problem_too_large",
            "problem_try_later",
            "problem_update_needed",
        ],
    ),
    ("ProblemKind", reads::<ProblemKind>, &[]),
    ("EnrolState", reads::<EnrolState>, &[]),
    ("Grant", reads::<Grant>, &[]),
    ("Limits", reads::<Limits>, &[]),
    ("ProtocolNotice", reads::<ProtocolNotice>, &[]),
    ("Positioned", reads::<Positioned>, &[]),
    ("Directory", directory, &["directory"]),
    ("Trust", reads::<Trust>, &["trust"]),
    ("Receipt", reads::<Receipt>, &[]),
    ("Policy", policy, &["policy"]),
    ("Quota", reads::<Quota>, &[]),
];

/// What events, documents and summaries are made of.
pub const PARTS: [Message; 33] = [
    ("Actor", reads::<Actor>, &[]),
    ("At", reads::<At>, &[]),
    ("TimeAnchor", reads::<TimeAnchor>, &[]),
    ("Header", reads::<Header>, &[]),
    ("Kind", reads::<Kind>, &[]),
    ("Value", reads::<Value>, &[]),
    ("PersonId", reads::<PersonId>, &[]),
    ("Role", reads::<Role>, &[]),
    ("Sharing", reads::<Sharing>, &[]),
    ("HoldReason", reads::<HoldReason>, &[]),
    ("Phase", reads::<Phase>, &[]),
    ("Channel", reads::<Channel>, &[]),
    ("Outcome", reads::<Outcome>, &[]),
    ("DirectoryPerson", reads::<DirectoryPerson>, &[]),
    ("DirectoryStation", reads::<DirectoryStation>, &[]),
    ("PartnerNumber", reads::<PartnerNumber>, &[]),
    ("InstallCertificate", reads::<InstallCertificate>, &[]),
    ("ServerCertificate", reads::<ServerCertificate>, &[]),
    ("Purpose", reads::<Purpose>, &[]),
    ("EncounterReceipt", reads::<EncounterReceipt>, &[]),
    ("HeldEvent", reads::<HeldEvent>, &[]),
    ("Manifest", reads::<Manifest>, &[]),
    ("Summary", summary, &[]),
    ("PhaseSummary", reads::<PhaseSummary>, &[]),
    ("ClockSummary", reads::<ClockSummary>, &[]),
    ("Opened", reads::<Opened>, &[]),
    ("StepState", reads::<(StepState, PhaseStatus, ThreadState)>, &[]),
    ("Language", reads::<Language>, &[]),
    ("Next", reads::<Next>, &[]),
    ("Revocation", reads::<Revocation>, &[]),
    ("Revoked", reads::<Revoked>, &[]),
    ("Checkpoint", checkpoint, &[]),
    ("LogHead", reads::<LogHead>, &[]),
];

/// A message to the station.
pub fn check_to_station(input: &[u8]) -> bool {
    let Some((choice, rest)) = input.split_first() else { return false };
    if *choice >= b'a' {
        chosen(&PARTS, *choice - b'a', rest)
    } else {
        chosen(&TO_STATION, choice.wrapping_sub(b'A'), rest)
    }
}

/// A message to a phone.
pub fn check_to_phone(input: &[u8]) -> bool {
    let Some((choice, rest)) = input.split_first() else { return false };
    chosen(&TO_PHONE, choice.wrapping_sub(b'A'), rest)
}

fn chosen(table: &[Message], choice: u8, rest: &[u8]) -> bool {
    let (_, read, _) = table[usize::from(choice) % table.len()];
    within(rest.len(), 1 << 20, 200, || read(rest))
}

/// What is read is written, and that is read as the same.
fn reads<T: Serialize + DeserializeOwned + PartialEq>(input: &[u8]) -> bool {
    message::<T>(input).is_some()
}

fn message<T: Serialize + DeserializeOwned + PartialEq>(input: &[u8]) -> Option<T> {
    let message = T::read(input).ok()?;
    let text = serde_json::to_vec(&message).expect("a message is JSON");
    assert!(T::read(&text).as_ref() == Ok(&message), "written and read again, it is another");
    Some(message)
}

/// Whatever a station says, a phone's times are within their bounds.
fn policy(input: &[u8]) -> bool {
    let Some(said) = message::<Policy>(input) else { return false };
    let bounded = said.bounded();
    assert!((LOCK_MS.0..=LOCK_MS.1).contains(&bounded.lock_ms));
    assert!(
        bounded.lock_with_clock_ms >= bounded.lock_ms && bounded.lock_with_clock_ms <= LOCK_WITH_CLOCK_MS.1
    );
    assert!((LOGIN_MS.0..=LOGIN_MS.1).contains(&bounded.login_ms));
    assert!((LEASE_MS.0..=LEASE_MS.1).contains(&bounded.lease_ms));
    true
}

/// A checkpoint continues itself.
fn checkpoint(input: &[u8]) -> bool {
    let Some(said) = message::<Checkpoint>(input) else { return false };
    assert!(said.continues(&said));
    true
}

fn hello(input: &[u8]) -> bool {
    let Some(said) = message::<HelloRequest>(input) else { return false };
    // What is signed covers nonce and body.
    assert_ne!(hello_message("nonce", input), hello_message(&said.app_version, b""));
    true
}

fn events(input: &[u8]) -> bool {
    let Some(sent) = message::<EventsRequest>(input) else { return false };
    judged(&sent.events);
    true
}

fn offers(input: &[u8]) -> bool {
    let Some(sent) = message::<OffersRequest>(input) else { return false };
    let mut ring = known().ring.clone();
    for certificate in &sent.certificates {
        genuine(ring.admit(certificate).is_ok(), &certificate.text);
    }
    judged(&sent.events);
    true
}

/// As the station judges them: each by its signature, together by their chain.
fn judged(events: &[SignedEvent]) {
    let mut read = Vec::new();
    for event in events.iter().take(8) {
        genuine(known().ring.open_event(event).is_ok(), &event.header);
        read.extend(event.read());
    }
    let _ = check_encounter(read.iter().map(|event| (event.id, &event.header)), |_, _| None);
}

fn page(input: &[u8]) -> bool {
    let Some(page) = message::<Page>(input) else { return false };
    let id_of = |event: &SignedEvent| {
        firsthours_core::record::EventId(firsthours_core::record::sha256(event.header.as_bytes()))
    };
    let taken = crate::session::check_page(&page, page.encounter, page.epoch, None, id_of);
    if let Ok((cursor, rolling)) = taken {
        assert_eq!(usize::try_from(cursor.pos), Ok(page.events.len()), "positions are dense from 1");
        assert_eq!(rolling.len(), page.events.len());
        assert_eq!(cursor.rolling, page.rolling);
    }
    true
}

fn directory(input: &[u8]) -> bool {
    let Some(directory) = message::<Directory>(input) else { return false };
    for number in &directory.numbers {
        for minute in [0, 719, 1_439] {
            let here = directory.numbers_of(&number.partner, &"century".into(), minute);
            assert!(here.iter().all(|number| number.holds_at(minute)));
        }
    }
    true
}

/// Summaries are read from the server's and the phone's own store, and not as strictly.
fn summary(input: &[u8]) -> bool {
    let Some(summary) = Summary::from_bytes(input) else { return false };
    assert_eq!(Summary::from_bytes(&summary.to_bytes()), Some(summary));
    true
}

/// Seeds of what phones send, and of parts.
pub fn station_seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = seeds(&TO_STATION, b'A');
    let event = known::events().swap_remove(1);
    let hole = known::documents("receipt").swap_remove(1);
    let parts: [(&str, String); 10] = [
        ("Succession", succession()),
        ("Document", json(&Document { text: hole.0.clone(), signature: hole.1 })),
        ("Hole", hole.0),
        ("SignedEvent", json(&event)),
        ("DeviceReport", r#"{"unsent":2,"drafts":1,"oldest_unsent":1,"free_disk":1}"#.to_owned()),
        ("ClockReport", r#"{"wall":1,"offset":-480,"mono":1,"boot":7}"#.to_owned()),
        ("Header", event.header.clone()),
        ("Kind", event.body.unwrap_or_default()),
        ("Value", r#"["ems_called","watch"]"#.to_owned()),
        ("StepState", r#"["may_apply","stale","replied"]"#.to_owned()),
    ];
    for (name, text) in parts {
        let at = |table: &[Message], first: u8| {
            let found = table.iter().position(|(known, ..)| *known == name)?;
            Some(first + u8::try_from(found).ok()?)
        };
        let choice = at(&TO_STATION, b'A').or_else(|| at(&PARTS, b'a')).expect("a message of the tables");
        seeds.push((name.to_lowercase(), [&[choice], text.as_bytes()].concat()));
    }
    seeds
}

/// What an ended install says of the next one, from the fixture of the request that carries it.
fn succession() -> String {
    let file = known::fixtures().join("wire/enrol_request_follows.json");
    let request: EnrolRequest =
        ReadMessage::read(&std::fs::read(file).expect("a fixture")).expect("a request");
    request.follows.expect("it carries one").text
}

/// Seeds of what stations answer.
pub fn phone_seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = seeds(&TO_PHONE, b'A');
    let receipt = known::documents("receipt").swap_remove(2).0;
    let at = TO_PHONE.iter().position(|(name, ..)| *name == "Receipt").expect("it is there");
    let choice = b'A' + u8::try_from(at).expect("a short table");
    seeds.push(("receipt".to_owned(), [&[choice], receipt.as_bytes()].concat()));
    seeds
}

fn seeds(table: &[Message], first: u8) -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (choice, (_, _, fixtures)) in (first..).zip(table) {
        for name in *fixtures {
            let file = known::fixtures().join(format!("wire/{name}.json"));
            let text = std::fs::read(file).expect("a fixture");
            seeds.push(((*name).to_owned(), [&[choice], text.trim_ascii_end()].concat()));
        }
    }
    seeds
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("it is JSON")
}
