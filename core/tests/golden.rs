//! The formats that are out in the world, byte for byte: events, certificates, receipts, messages.
//!
//! Each fixture is what this version writes; an older fixture never changes, a newer format gets a file beside it.

use std::collections::BTreeMap;

use crate::support::{
    Author, ENCOUNTER, EPOCH, NIGHT, SOME_DEFINITION, answered, at, fixture_path, golden, key, opened_under,
    root_key, server_certificate, server_key, text, trust,
};
use firsthours_core::evidence::{
    Checkpoint, Document, EncounterReceipt, HeldEvent, Hole, InstallCertificate, LogHead, Purpose, Receipt,
    Revocation, Revoked, ServerCertificate, Signature, SignedEvent, Tag, Trust,
};
use firsthours_core::protocol::{Phase, Value};
use firsthours_core::record::{
    Directory, EncounterId, EntryId, Event, EventId, Hash, HoldReason, IncidentId, InstallId, Kind, PersonId,
    Role, Sharing, TEXT_BYTES, Unreadable,
};
use firsthours_core::wire::{
    ClockReport, DeviceReport, EncounterCursor, EnrolReply, EnrolRequest, EnrolState, EventsReply,
    EventsRequest, Grant, HelloReply, HelloRequest, Limits, OffersReply, OffersRequest, Page, Policy,
    Positioned, Problem, ProblemKind, ProtocolNotice, ReadMessage, Succession, enrol_message, hello_message,
};
use serde::Serialize;

const ENTRY: EntryId = EntryId([0xaa; 8]);

fn id(byte: u8) -> EventId {
    EventId([byte; 32])
}

/// One event of every kind, each by someone who may make it.
fn one_of_each() -> Vec<(&'static str, SignedEvent)> {
    let mut phone = Author::phone(1, Role::Deputy);
    let mut desk = Author::desk(9, Role::Supervisor);
    let covers = BTreeMap::from([(phone.install, vec![id(3)]), (desk.install, vec![id(4), id(5)])]);
    let values = [
        ("address", Some(text("12 Example Road, “rear”"))),
        ("at", Some(Value::from(NIGHT))),
        ("children", None),
        ("own_records", Some(Value::Flag(false))),
    ];
    let actions = Value::List(vec!["ems_called".to_owned(), "watch".to_owned()]);
    let on_the_phone = [
        ("opened", opened_under(SOME_DEFINITION)),
        ("answered", answered("contact", None, &values)),
        ("answered_entry", answered("hotline_call", Some(ENTRY), &[("outcome", Some(text("reached")))])),
        ("answered_choices", answered("safety_medical", None, &[("actions", Some(actions))])),
        ("cannot", Kind::Cannot { step: "advocate_call".to_owned(), why: "no_line".to_owned(), note: None }),
        ("reopened", Kind::Reopened { step: "advocate_call".to_owned() }),
        ("entry_withdrawn", Kind::EntryWithdrawn { step: "hotline_call".to_owned(), entry: ENTRY }),
        ("noted", Kind::Noted { step: None, text: "Two lines\nof a note".to_owned() }),
        ("submitted", Kind::Submitted { phase: Phase::Scene, covers: covers.clone() }),
        ("voided", Kind::Voided { why: "opened twice".to_owned() }),
        ("unvoided", Kind::Unvoided),
        ("shared", Kind::Shared { how: Sharing::Join, to: PersonId("p-2".to_owned()) }),
        ("accepted", Kind::Accepted { offer: id(6), how: Sharing::Pass }),
        ("declined", Kind::Declined { offer: id(6) }),
        ("replied", Kind::Replied { thread: id(7), text: "Done now.".to_owned() }),
    ];
    let reviewed = [
        ("commented", Kind::Commented { step: Some("handover".to_owned()), text: "To whom?".to_owned() }),
        ("resolved", Kind::Resolved { thread: id(7) }),
        ("returned", Kind::Returned { phase: Phase::FollowUp }),
        ("approved", Kind::Approved { phase: Phase::Outcome, covers }),
    ];
    let by_the_server = [
        ("held", Kind::Held { id: id(8), why: HoldReason::NoGrant }),
        ("released", Kind::Released { id: id(8) }),
        ("gap", Kind::Gap { author: phone.install, enc_from: 3, enc_to: 4, id_of_to: id(9) }),
    ];
    let mut events = Vec::new();
    let mut stamps = 1..;
    let mut next = || stamps.next().expect("stamps do not end");
    for (name, kind) in on_the_phone {
        events.push((name, phone.sign(next(), NIGHT, kind, vec![id(1), id(2)])));
    }
    for (name, kind) in reviewed {
        events.push((name, desk.sign(next(), NIGHT, kind, Vec::new())));
    }
    desk.acting_as(0, Role::Server);
    for (name, kind) in by_the_server {
        events.push((name, desk.sign(next(), NIGHT, kind, Vec::new())));
    }
    desk.acting_as(8, Role::RecordsOfficer);
    let shredded = Kind::Shredded { order: "order 77-0101".to_owned() };
    events.push(("shredded", desk.sign(next(), NIGHT, shredded, Vec::new())));
    let written =
        phone.write(next(), NIGHT, answered("contact", None, &values[1..2]), vec![], Some("late".into()));
    events.push(("answered_late", SignedEvent::sign(written, &phone.key)));
    let Kind::Answered { step, entry, values, .. } = answered("contact", None, &values[1..2]) else {
        unreachable!("it was made as an answer")
    };
    let further = [
        ("moved", Kind::Moved { protocol: Hash::of(b"version 2") }),
        ("incident_linked", Kind::IncidentLinked { incident: IncidentId([2; 16]) }),
        ("answered_copied", Kind::Answered { step, entry, values, copied: Some(EncounterId([0xe2; 16])) }),
    ];
    for (name, kind) in further {
        events.push((name, phone.sign(next(), NIGHT, kind, vec![id(1)])));
    }
    desk.acting_as(9, Role::Supervisor);
    let decided = [
        ("reassigned", Kind::Reassigned { to: PersonId("p-2".to_owned()) }),
        ("same_encounter", Kind::SameEncounter { with: Some(EncounterId([0xe2; 16])) }),
    ];
    for (name, kind) in decided {
        events.push((name, desk.sign(next(), NIGHT, kind, vec![id(1)])));
    }
    events
}

/// Four lines: id, header, body, signature.
fn event_file(event: &SignedEvent) -> String {
    let read = event.read().expect("our own event is readable");
    let body = event.body.as_deref().expect("a new event has its body");
    format!("{}\n{}\n{body}\n{}\n", read.id, event.header, event.signature)
}

fn lines(name: &str) -> Vec<String> {
    let file = std::fs::read_to_string(fixture_path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    file.lines().map(str::to_owned).collect()
}

#[test]
fn an_event_of_every_kind_is_written_in_exactly_these_bytes() {
    let events = one_of_each();
    for (name, event) in &events {
        golden(&format!("event/{name}.txt"), &event_file(event));
    }
    let written: Vec<String> =
        events.iter().filter_map(|(_, event)| Some(kind_name(&event.read().ok()?))).collect();
    for name in Kind::NAMES {
        assert!(written.iter().any(|kind| kind == name), "no golden event of kind {name}");
    }
}

fn kind_name(event: &Event) -> String {
    let kind = event.kind().expect("it has a body");
    let json = serde_json::to_value(kind).expect("a kind that is known serialises");
    json["kind"].as_str().expect("the kind is a name").to_owned()
}

#[test]
fn an_event_in_these_bytes_is_read_as_what_was_written() {
    let desk_key = server_key(Purpose::Event).public();
    let phone_key = Author::phone(1, Role::Deputy).key.public();
    for (name, event) in one_of_each() {
        let [id, header, body, signature] =
            <[String; 4]>::try_from(lines(&format!("event/{name}.txt"))).expect("four lines");
        let signature: Signature = signature.parse().expect("a signature in hex");
        let kept = SignedEvent { header, body: Some(body), signature };
        let key = if kept.header.contains("server/") { &desk_key } else { &phone_key };
        let read = kept.open(key).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(read.id.to_string(), id, "{name}");
        assert_eq!(Ok(&read), event.read().as_ref(), "{name}");
        assert!(!matches!(read.kind(), Some(Kind::Unknown { .. })), "{name} is a kind that we know");
        let shredded = SignedEvent { body: None, ..kept };
        let read = shredded.open(key).expect("the signature covers the header alone");
        assert_eq!((read.id.to_string(), read.body), (id, None), "{name}");
    }
}

/// An event as a newer version may write it: fields that we do not know in both parts.
fn of_a_newer_version(body_kind: &str) -> SignedEvent {
    let phone = Author::phone(1, Role::Deputy);
    let actor = serde_json::to_string(&phone.actor).expect("an actor serialises");
    let at = serde_json::to_string(&at(NIGHT)).expect("a time serialises");
    let body = format!(
        r#"{{{body_kind},"actor":{actor},"at":{at},"base":[],"mood":{{"deep":[1,"é"]}},"salt":"00000000000000000000000000000000"}}"#
    );
    let header = format!(
        r#"{{"v":1,"install":"{}","seq":1,"encounter":"{ENCOUNTER}","enc_seq":1,"stamp":1,"body_hash":"{}","lamp":"on"}}"#,
        phone.install,
        Hash::of(body.as_bytes())
    );
    let signature = phone.key.sign(Tag::Event, header.as_bytes());
    SignedEvent { header, body: Some(body), signature }
}

#[test]
fn what_a_newer_version_added_survives_byte_for_byte() {
    let event = of_a_newer_version(r#""kind":"noted","text":"seen","weather":"rain""#);
    golden("event/newer_fields.txt", &event_file(&event));
    let read = event.open(&Author::phone(1, Role::Deputy).key.public()).expect("unknown fields are no fault");
    assert_eq!(read.kind(), Some(&Kind::Noted { step: None, text: "seen".to_owned() }));

    let sent = serde_json::to_string(&event).expect("an event serialises");
    let received = SignedEvent::read_message(&sent);
    assert_eq!(received, event, "header and body travel as texts, so nothing of them is lost");
}

#[test]
fn a_kind_of_a_newer_version_is_kept_as_unknown() {
    let event = of_a_newer_version(r#""kind":"weighed","grams":3"#);
    golden("event/newer_kind.txt", &event_file(&event));
    let read = event.open(&Author::phone(1, Role::Deputy).key.public()).expect("an unknown kind is no fault");
    assert_eq!(read.kind(), Some(&Kind::Unknown { kind: "weighed".to_owned() }));
    assert!(read.kind().is_some_and(|kind| kind.writes(&PersonId("p-1".to_owned())).is_empty()));
}

#[test]
fn a_known_kind_in_an_unknown_shape_is_kept_as_unknown() {
    let event = of_a_newer_version(r#""kind":"answered","step":"contact","values":{"at":{"from":1,"to":2}}"#);
    let read = event.read().expect("it is an event");
    assert_eq!(read.kind(), Some(&Kind::Unknown { kind: "answered".to_owned() }));
}

#[test]
fn an_event_that_is_not_one_is_refused_with_the_reason() {
    let event = one_of_each().remove(0).1;
    let body = event.body.clone().expect("it has its body");
    let read = |header: &str, body: &str| Event::read(header, Some(body));

    assert_eq!(read(&event.header, &body.replace("century", "compton")), Err(Unreadable::OtherBody));
    let twice = event.header.replace(r#""v":1"#, r#""v":1,"v":1"#);
    assert!(matches!(read(&twice, &body), Err(Unreadable::Json { part: "header", .. })));
    let newer = event.header.replace(r#""v":1"#, r#""v":2"#);
    assert_eq!(read(&newer, &body), Err(Unreadable::NewerFormat { found: 2, known: 1 }));
    let upper = event.header.replace("01010101", "0101010A");
    assert!(matches!(read(&upper, &body), Err(Unreadable::Shape { part: "header", .. })));
    let long = format!("{}{}", event.header, " ".repeat(TEXT_BYTES));
    assert_eq!(read(&long, &body), Err(Unreadable::TooLarge { part: "header" }));
    let nameless = of_a_newer_version(r#""kin":"noted""#);
    assert!(matches!(nameless.read(), Err(Unreadable::Shape { part: "body", .. })));
}

/// Two lines: the text and its signature.
fn document_file(document: &Document) -> String {
    format!("{}\n{}\n", document.text, document.signature)
}

fn kept_document(name: &str) -> Document {
    let [text, signature] = <[String; 2]>::try_from(lines(name)).expect("two lines");
    Document { text, signature: signature.parse().expect("a signature in hex") }
}

/// A text with one more field at its end, signed again: what a newer version would send.
fn with_one_more(document: &Document, tag: Tag, key: &firsthours_core::evidence::SecretKey) -> Document {
    let open = document.text.strip_suffix('}').expect("an object");
    let text = format!(r#"{open},"zz_new":{{"a":1}}}}"#);
    let signature = key.sign(tag, text.as_bytes());
    Document { text, signature }
}

#[test]
fn server_certificates_are_written_in_exactly_these_bytes() {
    for (purpose, name) in [(Purpose::Event, "event"), (Purpose::Receipt, "receipt"), (Purpose::Cert, "cert")]
    {
        let certificate = server_certificate(purpose);
        let document = Document::sign(&certificate, Tag::Cert, &root_key());
        let file = format!("certificate/server_{name}.txt");
        golden(&file, &document_file(&document));
        let kept = kept_document(&file);
        let root = root_key().public();
        assert_eq!(kept.open::<ServerCertificate>(Tag::Cert, &root).as_ref(), Ok(&certificate));
        let newer = with_one_more(&kept, Tag::Cert, &root_key());
        assert_eq!(newer.open::<ServerCertificate>(Tag::Cert, &root), Ok(certificate));
    }
}

#[test]
fn an_install_certificate_is_written_in_exactly_these_bytes() {
    let plain = Author::phone(1, Role::Deputy).certificate();
    let sealing = InstallCertificate { sealing_key: Some("ab".repeat(32)), ..plain.clone() };
    let key = server_key(Purpose::Cert);
    for (certificate, file) in
        [(plain, "certificate/install.txt"), (sealing, "certificate/install_sealing.txt")]
    {
        let document = Document::sign(&certificate, Tag::Cert, &key);
        golden(file, &document_file(&document));
        let kept = kept_document(file);
        assert_eq!(kept.open::<InstallCertificate>(Tag::Cert, &key.public()).as_ref(), Ok(&certificate));
        let newer = with_one_more(&kept, Tag::Cert, &key);
        assert_eq!(newer.open::<InstallCertificate>(Tag::Cert, &key.public()), Ok(certificate));
    }
}

fn hole() -> Hole {
    Hole { install: InstallId([1; 16]), from: 4, to: 5, id_of_to: id(5), raw: Some("7b22".to_owned()) }
}

fn receipt() -> Receipt {
    Receipt {
        server: "test-county".to_owned(),
        epoch: EPOCH,
        install: InstallId([1; 16]),
        received_through: 7,
        received_id: Some(id(7)),
        durable_through: 3,
        held: vec![HeldEvent { id: id(6), why: HoldReason::Revoked }],
        holes: vec![hole()],
        encounters: vec![EncounterReceipt {
            id: ENCOUNTER,
            pos: 9,
            durable_pos: 4,
            rolling: Hash([0x0f; 32]),
        }],
        time: NIGHT,
    }
}

fn signed_receipt() -> Document {
    Document::sign(&receipt(), Tag::Receipt, &server_key(Purpose::Receipt))
}

#[test]
fn a_receipt_is_written_in_exactly_these_bytes() {
    let key = server_key(Purpose::Receipt);
    let first = Receipt {
        received_through: 0,
        received_id: None,
        durable_through: 0,
        held: vec![],
        holes: vec![],
        encounters: vec![],
        ..receipt()
    };
    for (receipt, file) in [(receipt(), "receipt/receipt.txt"), (first, "receipt/first.txt")] {
        let document = Document::sign(&receipt, Tag::Receipt, &key);
        golden(file, &document_file(&document));
        let kept = kept_document(file);
        assert_eq!(kept.open::<Receipt>(Tag::Receipt, &key.public()).as_ref(), Ok(&receipt));
        let newer = with_one_more(&kept, Tag::Receipt, &key);
        assert_eq!(newer.open::<Receipt>(Tag::Receipt, &key.public()), Ok(receipt));
    }
}

#[test]
fn a_hole_is_written_in_exactly_these_bytes() {
    let key = key(101);
    let document = Document::sign(&hole(), Tag::Hole, &key);
    golden("receipt/hole.txt", &document_file(&document));
    assert_eq!(kept_document("receipt/hole.txt").open::<Hole>(Tag::Hole, &key.public()), Ok(hole()));
}

/// Reads a message as the other side does.
trait Readable: Sized {
    fn read_message(text: &str) -> Self;
}

impl<T: ReadMessage> Readable for T {
    fn read_message(text: &str) -> Self {
        T::read(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {text}"))
    }
}

/// Checks one message: its bytes, that it is read, and that fields of a newer version at every level of it are no
/// fault.
fn message<T: Serialize + ReadMessage + PartialEq + std::fmt::Debug>(name: &str, message: &T) {
    let text = serde_json::to_string(message).expect("a message serialises");
    golden(&format!("wire/{name}.json"), &format!("{text}\n"));
    assert_eq!(T::read_message(text.trim()), *message, "{name}");
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("a message is JSON");
    add_to_objects(&mut json);
    assert_eq!(T::read_message(&json.to_string()), *message, "{name} with fields of a newer version");
}

fn add_to_objects(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Object(map) => {
            map.values_mut().for_each(add_to_objects);
            map.insert("zz_new".to_owned(), serde_json::json!({"a": [1]}));
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(add_to_objects),
        _ => {}
    }
}

#[test]
fn enrolment_speaks_in_exactly_these_bytes() {
    let key = key(101);
    let code = "7KQ2M4XT9RB3W5YZ";
    let root = "5a".repeat(32);
    let request = EnrolRequest {
        code: code.to_owned(),
        install: InstallId([1; 16]),
        key: key.public(),
        device: "Phone 7".to_owned(),
        proof: key.sign(Tag::Enrol, &enrol_message(code, InstallId([1; 16]), &key.public(), &root)),
        follows: None,
        certificate: None,
    };
    message("enrol_request", &request);
    let (old, author) = (crate::support::key(102), Author::phone(1, Role::Deputy));
    let succession = Succession {
        follows: InstallId([1; 16]),
        head: Some((7, id(7))),
        install: InstallId([2; 16]),
        key: key.public(),
    };
    let follows = EnrolRequest {
        code: String::new(),
        install: succession.install,
        proof: key.sign(Tag::Enrol, &enrol_message("", succession.install, &key.public(), &root)),
        follows: Some(Document::sign(&succession, Tag::Succession, &old)),
        certificate: Some(author.signed_certificate()),
        ..request
    };
    message("enrol_request_follows", &follows);
    let waiting = EnrolReply {
        state: EnrolState::Waiting,
        fingerprint: key.public().fingerprint(),
        trust: trust(),
        certificate: None,
    };
    message("enrol_reply_waiting", &waiting);
    let certificate = Some(Author::phone(1, Role::Deputy).signed_certificate());
    message("enrol_reply_approved", &EnrolReply { state: EnrolState::Approved, certificate, ..waiting });
    assert_eq!(EnrolState::read_message(r#""postponed""#), EnrolState::Unknown);
}

#[test]
fn hello_speaks_in_exactly_these_bytes() {
    let request = HelloRequest {
        versions: (1, 1),
        app_version: "0.1.0".to_owned(),
        head: Some((7, id(7))),
        device: DeviceReport {
            unsent: 2,
            drafts: 1,
            oldest_unsent: Some(NIGHT),
            free_disk: Some(1_000_000_000),
        },
        clock: ClockReport { wall: NIGHT, offset: -480, mono: 3_600_000, boot: 7 },
        protocols: vec![Hash([0x11; 32])],
        encounters: vec![EncounterCursor { id: ENCOUNTER, epoch: EPOCH, pos: 9, rolling: Hash([0x0f; 32]) }],
        directory: Some("\"d-4\"".to_owned()),
        policy: Some("\"p-1\"".to_owned()),
        proof: None,
        checkpoints: vec![],
    };
    message("hello_request", &request);
    let first = HelloRequest {
        head: None,
        device: DeviceReport { unsent: 0, drafts: 0, oldest_unsent: None, free_disk: None },
        protocols: vec![],
        encounters: vec![],
        directory: None,
        policy: None,
        ..request.clone()
    };
    message("hello_request_first", &first);
    message("hello_request_proof", &HelloRequest { proof: Some(signed_receipt()), ..request });
    let reply = HelloReply {
        version: 1,
        token: "token".to_owned(),
        next_nonce: "nonce".to_owned(),
        server: "test-county".to_owned(),
        epoch: EPOCH,
        time: NIGHT,
        receipt: signed_receipt(),
        grants: vec![Grant { encounter: ENCOUNTER, pos: 9, rolling: Hash([0x0f; 32]) }],
        limits: Limits::default(),
        backoff_ms: 0,
        protocols: vec![ProtocolNotice {
            sha256: Hash([0x11; 32]),
            id: "us-ca-los-angeles".to_owned(),
            version: 1,
            effective: "2026-01-01".to_owned(),
            recalled: false,
        }],
        directory: "\"d-5\"".to_owned(),
        policy: "\"p-1\"".to_owned(),
        min_app_version: "0.1.0".to_owned(),
        send_only: false,
        followed: false,
        checkpoint: None,
        trust: trust(),
    };
    message("hello_reply", &reply);
    message("policy", &Policy::default());
    let checkpoint = Checkpoint {
        v: 1,
        server: "test-county".to_owned(),
        epoch: EPOCH,
        time: NIGHT,
        heads: vec![LogHead { replica: "main".to_owned(), seq: 812, hash: Hash([0x0c; 32]) }],
    };
    let checkpoint = Document::sign(&checkpoint, Tag::Checkpoint, &server_key(Purpose::Receipt));
    message("hello_reply_checkpoint", &HelloReply { checkpoint: Some(checkpoint.clone()), ..reply });
    message("hello_request_checkpoint", &HelloRequest { checkpoints: vec![checkpoint], ..first });
    let signed = hello_message("nonce", b"{}");
    golden("wire/hello_signed.txt", &format!("{}\n", String::from_utf8(signed).expect("it is text")));
}

fn signed_revocation() -> Document {
    let revocation = Revocation {
        v: 1,
        server: "test-county".to_owned(),
        install: InstallId([1; 16]),
        last_seq: 7,
        last_id: Some(id(7)),
        at: NIGHT,
        why: Revoked::Phone,
    };
    Document::sign(&revocation, Tag::Revocation, &server_key(Purpose::Cert))
}

#[test]
fn events_offers_and_pages_speak_in_exactly_these_bytes() {
    let event = one_of_each().remove(0).1;
    let receipt = signed_receipt();
    let certificate = Author::phone(1, Role::Deputy).signed_certificate();
    let read = event.read().expect("our own event is readable");
    message("events_request", &EventsRequest { events: vec![event.clone()] });
    message("events_reply", &EventsReply { receipt: receipt.clone(), backoff_ms: 250 });
    let request = OffersRequest {
        encounter: ENCOUNTER,
        certificates: vec![certificate.clone()],
        revocations: vec![signed_revocation()],
        events: vec![event.clone()],
    };
    message("offers_request", &request);
    message("offers_reply", &OffersReply { taken: 1, known: 2, refused: vec![id(6)], receipt });
    let bodiless = SignedEvent { body: None, ..event.clone() };
    let page = Page {
        encounter: ENCOUNTER,
        epoch: EPOCH,
        events: vec![
            Positioned { pos: 1, id: read.id, event: Some(event) },
            Positioned { pos: 2, id: id(2), event: None },
            Positioned { pos: 3, id: read.id, event: Some(bodiless) },
        ],
        certificates: vec![certificate],
        revocations: vec![signed_revocation()],
        bodiless: [].into(),
        rolling: Hash([0x0f; 32]),
        head: 9,
    };
    message("page", &page);
    message("page_bodiless", &Page { bodiless: [3].into(), ..page });
}

#[test]
fn a_position_without_its_event_is_no_word_on_who_wrote_it() {
    let text = std::fs::read_to_string(fixture_path("wire/page.json")).expect("the golden page");
    assert!(Page::read(text.as_bytes()).is_ok());
    // As a flipped bit on the way leaves it: the name is another one, and nobody knows that.
    let damaged = text.replacen("\"event\":{", "\"evenu\":{", 1);
    assert_ne!(damaged, text);
    assert!(Page::read(damaged.as_bytes()).is_err());
}

#[test]
fn problems_speak_in_exactly_these_bytes() {
    let problems = [
        ("fresh_nonce", 401, ProblemKind::FreshNonce { next_nonce: "nonce".to_owned() }),
        ("token_expired", 401, ProblemKind::TokenExpired),
        ("not_enrolled", 403, ProblemKind::NotEnrolled { state: EnrolState::Waiting }),
        ("send_only", 403, ProblemKind::SendOnly),
        ("not_found", 404, ProblemKind::NotFound),
        ("gap", 409, ProblemKind::Gap { expected: 4 }),
        ("fork", 409, ProblemKind::Fork { seq: 4, id: id(4) }),
        ("too_large", 413, ProblemKind::TooLarge),
        (
            "not_authentic",
            422,
            ProblemKind::NotAuthentic { seq: 4, detail: "the signature does not fit".into() },
        ),
        ("malformed", 400, ProblemKind::Malformed { detail: "this is not JSON".into() }),
        ("try_later", 503, ProblemKind::TryLater { after_ms: 1_000 }),
        ("update_needed", 426, ProblemKind::UpdateNeeded { min_app_version: "0.2.0".to_owned() }),
    ];
    for (name, status, kind) in problems {
        let urn = format!("urn:first-hours:problem:{name}");
        message(&format!("problem_{name}"), &Problem { urn, title: "Title".to_owned(), status, kind });
    }
    let newer =
        r#"{"type":"urn:first-hours:problem:full","title":"T","status":507,"problem":"full","left":1}"#;
    assert_eq!(Problem::read_message(newer).kind, ProblemKind::Unknown);
}

#[test]
fn the_trust_and_the_directory_speak_in_exactly_these_bytes() {
    message::<Trust>("trust", &trust());
    let directory = r#"{"programme":"test-county","stations":[{"id":"century","agency":"sheriff","title":"Century"}],"people":[{"id":"p-1","name":"Dep. Example","role":"deputy","agency":"sheriff","station":"century"}],"numbers":[{"partner":"hotline","channel":"telephone","number":"555-0100","hours":[1320,360]}]}"#;
    message("directory", &Directory::read_message(directory));
    golden("wire/directory.json", &format!("{directory}\n"));
}

#[test]
fn ids_of_the_fixtures_are_the_hashes_of_their_headers() {
    for (name, _) in one_of_each() {
        let lines = lines(&format!("event/{name}.txt"));
        assert_eq!(Hash::of(lines[1].as_bytes()).to_string(), lines[0], "{name}");
        let header: serde_json::Value = serde_json::from_str(&lines[1]).expect("JSON");
        assert_eq!(header["body_hash"], Hash::of(lines[2].as_bytes()).to_string(), "{name}");
    }
}
