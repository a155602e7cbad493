//! The bundle: its bytes, what `verify` names, and that no change of it goes unseen.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::support::{
    Author, ENCOUNTER, EPOCH, MINUTE, NIGHT, SOME_DEFINITION, answered, fingerprint, fixture_path, golden,
    opened_under, server_key, text, trust,
};
use firsthours_core::bundle::{
    Bundle, BundleFault, BundledEvent, Completeness, MAX_BYTES, Manifest, Receipts, VerifyFault, Wrong, pack,
    read, verify, write,
};
use firsthours_core::evidence::{
    ChainFault, Document, EncounterReceipt, InstallCertificate, NotAuthentic, Purpose, Receipt, Revocation,
    Revoked, Rolling, SignedEvent, Tag,
};
use firsthours_core::protocol::{Phase, Value};
use firsthours_core::record::{
    EncounterId, EntryId, Event, EventId, Hash, HoldReason, Install, InstallId, Kind, Role,
};
use proptest::prelude::*;

/// Header, definition, trust, and the certificates of two.
const BEFORE_EVENTS: usize = 5;

/// A night of two deputies and a supervisor, in the order in which the server received it.
struct Story {
    events: Vec<SignedEvent>,
    authors: Vec<Author>,
    desk: Author,
}

fn story() -> Story {
    let mut one = Author::phone(1, Role::Deputy);
    let mut two = Author::phone(2, Role::Deputy);
    let mut desk = Author::desk(9, Role::Supervisor);
    let call = EntryId([0xaa; 8]);
    let moment = |minute: i64| Some(Value::from(NIGHT + minute * MINUTE));
    let mut stamps = 1..;
    let mut next = || stamps.next().expect("stamps do not end");
    let mut events = vec![
        one.sign(next(), NIGHT, opened_under(SOME_DEFINITION), vec![]),
        one.sign(next(), NIGHT, answered("contact", None, &[("at", moment(0))]), vec![]),
        one.sign(next(), NIGHT, answered("hotline_call", Some(call), &[("called_at", moment(5))]), vec![]),
        two.sign(next(), NIGHT, answered("contact", None, &[("place", Some(text("motel")))]), vec![]),
        one.sign(next(), NIGHT, Kind::Noted { step: None, text: "“quiet”, née".to_owned() }, vec![]),
        two.sign(next(), NIGHT, answered("contact", None, &[("at", moment(-3))]), vec![]),
    ];
    let held = events[3].read().expect("readable").id;
    desk.acting_as(0, Role::Server);
    events.push(desk.sign(next(), NIGHT, Kind::Held { id: held, why: HoldReason::NoGrant }, vec![]));
    desk.acting_as(9, Role::Supervisor);
    events.push(desk.sign(next(), NIGHT, Kind::Commented { step: None, text: "When?".to_owned() }, vec![]));
    events.push(one.sign(
        next(),
        NIGHT,
        Kind::Submitted { phase: Phase::Outcome, covers: [].into() },
        vec![],
    ));
    Story { events, authors: vec![one, two], desk }
}

fn read_all(events: &[SignedEvent]) -> Vec<Arc<Event>> {
    events.iter().map(|event| Arc::new(event.read().expect("readable"))).collect()
}

fn manifest_of(events: &[SignedEvent]) -> Document {
    let definition = Hash::of(SOME_DEFINITION.as_bytes());
    let manifest = Manifest::of("test-county", ENCOUNTER, definition, EPOCH, &read_all(events), NIGHT);
    Document::sign(&manifest, Tag::Manifest, &server_key(Purpose::Receipt))
}

fn receipt_at(events: &[SignedEvent], pos: usize, install: u8) -> Document {
    let here = read_all(&events[..pos]);
    let author = Install::Phone(InstallId([install; 16]));
    let last = here.iter().rfind(|event| event.header.install == author);
    let rolling = here.iter().fold(Rolling::start(ENCOUNTER), |rolling, event| rolling.then(event.id));
    let pos = u64::try_from(pos).expect("a small number");
    let receipt = Receipt {
        server: "test-county".to_owned(),
        epoch: EPOCH,
        install: InstallId([install; 16]),
        received_through: last.map_or(0, |event| event.header.seq.unwrap_or(0)),
        received_id: last.map(|event| event.id),
        durable_through: 0,
        held: vec![],
        holes: vec![],
        encounters: vec![EncounterReceipt { id: ENCOUNTER, pos, durable_pos: 0, rolling: rolling.0 }],
        time: NIGHT,
    };
    Document::sign(&receipt, Tag::Receipt, &server_key(Purpose::Receipt))
}

/// What the server exports: everything, with its manifest.
fn exported_of(story: &Story, events: &[SignedEvent]) -> Bundle {
    let mut bundle = Bundle {
        encounter: ENCOUNTER,
        definition: SOME_DEFINITION.to_owned(),
        trust: trust(),
        certificates: story.authors.iter().map(Author::signed_certificate).collect(),
        revocations: vec![],
        events: (1..)
            .zip(events)
            .map(|(pos, event)| BundledEvent { event: event.clone(), pos: Some(pos) })
            .collect(),
        receipts: vec![receipt_at(events, 5, 1), receipt_at(events, 6, 2)],
        manifest: Some(manifest_of(events)),
    };
    bundle.arrange();
    bundle
}

fn exported() -> Bundle {
    let story = story();
    exported_of(&story, &story.events)
}

/// What a phone passes on: no positions, no manifest.
fn passed_on() -> Bundle {
    let mut bundle = exported();
    bundle.manifest = None;
    bundle.receipts.clear();
    bundle.events.iter_mut().for_each(|event| event.pos = None);
    bundle.arrange();
    bundle
}

/// What is wrong with a bundle; the definition stays out of messages.
fn wrong(bundle: &Bundle) -> (usize, Wrong) {
    match verify(bundle, &fingerprint()) {
        Ok(_) => panic!("nothing wrong was found"),
        Err(VerifyFault { line, wrong }) => (line, wrong),
    }
}

/// The line of the event with this number, from 1.
const fn event_line(number: usize) -> usize {
    3 + 2 + number
}

#[test]
fn a_bundle_is_written_in_exactly_these_bytes() {
    for (bundle, name) in [(exported(), "bundle/exported.jsonl"), (passed_on(), "bundle/passed_on.jsonl")] {
        let made = String::from_utf8(write(&bundle)).expect("it is text");
        golden(name, &made);
        let kept = std::fs::read(fixture_path(name)).expect("it was just compared");
        assert_eq!(read(&kept), Ok(bundle.clone()));
        assert_eq!(read(&pack(&bundle)), Ok(bundle), "packed, it is the same bundle");
    }
}

#[test]
fn a_whole_bundle_verifies_up_to_its_manifest() {
    let bundle = exported();
    let verified = verify(&bundle, &fingerprint()).expect("nothing is wrong");
    let whole = Completeness::UpTo { epoch: EPOCH, pos: 9, time: NIGHT, later: 0 };
    assert_eq!(verified.completeness, whole);
    assert_eq!(verified.state.len(), 9);
    assert_eq!(verified.receipts, Receipts { agree: 2, not_compared: 0 });
}

#[test]
fn without_a_manifest_it_is_complete_only_up_to_each_authors_last_event() {
    let mut bundle = passed_on();
    let last = |bundle: &Bundle| match verify(bundle, &fingerprint()).expect("nothing is wrong").completeness
    {
        Completeness::UpToLastShown { last } => last,
        other @ Completeness::UpTo { .. } => panic!("{other:?}"),
    };
    let before = last(&bundle);
    assert_eq!(before.len(), 3, "two phones and the server");
    // The last event of an author can be left out unseen, and the words say just that.
    bundle.events.pop();
    assert_ne!(last(&bundle), before);
}

#[test]
fn events_after_the_manifest_are_counted_as_later() {
    let mut story = story();
    let covered = story.events.clone();
    let late = story.authors[1].sign(20, NIGHT, Kind::Noted { step: None, text: "late".to_owned() }, vec![]);
    let mut bundle = exported_of(&story, &covered);
    bundle.events.push(BundledEvent { event: late, pos: None });
    bundle.arrange();
    let verified = verify(&bundle, &fingerprint()).expect("nothing is wrong");
    assert_eq!(verified.completeness, Completeness::UpTo { epoch: EPOCH, pos: 9, time: NIGHT, later: 1 });
    bundle.events[9].pos = Some(10);
    assert_eq!(wrong(&bundle), (18, Wrong::NotOfManifest { what: "the number of events" }));
}

#[test]
fn the_wrong_root_is_named_first() {
    let fault = verify(&exported(), &"00".repeat(32)).expect_err("this root is not trusted");
    assert_eq!(fault, VerifyFault { line: 3, wrong: Wrong::NotAuthentic(NotAuthentic::Root) });
    assert_eq!(fault.to_string(), "line 3: the root key does not have the trusted fingerprint");
}

#[test]
fn a_certificate_that_is_missing_foreign_or_not_needed_is_named() {
    let mut missing = exported();
    missing.certificates.remove(1);
    assert_eq!(wrong(&missing), (4 + 1 + 3, Wrong::NotAuthentic(NotAuthentic::NoCertificate)));

    let mut foreign = exported();
    let stranger = Author::phone(1, Role::Deputy).certificate();
    foreign.certificates[0] = Document::sign(&stranger, Tag::Cert, &crate::support::key(77));
    foreign.arrange();
    assert_eq!(wrong(&foreign).1, Wrong::NotAuthentic(NotAuthentic::Signature));

    let mut unneeded = exported();
    unneeded.certificates.push(Author::phone(3, Role::Deputy).signed_certificate());
    unneeded.arrange();
    assert_eq!(wrong(&unneeded), (6, Wrong::NotNeeded));
}

#[test]
fn a_changed_removed_or_moved_event_is_named() {
    let mut changed = exported();
    changed.events[4].event.body =
        changed.events[4].event.body.take().map(|body| body.replace("quiet", "angry"));
    let other_body = Wrong::NotAuthentic(firsthours_core::record::Unreadable::OtherBody.into());
    assert_eq!(wrong(&changed), (event_line(5), other_body));

    let mut removed = exported();
    removed.events.remove(1);
    assert_eq!(wrong(&removed), (event_line(2), Wrong::Position));
    (1..).zip(&mut removed.events).for_each(|(pos, event)| event.pos = Some(pos));
    let gap = ChainFault::Gap { expected: 2, found: 3 };
    let author = Install::Phone(InstallId([1; 16]));
    assert_eq!(wrong(&removed), (event_line(2), Wrong::Chain { author, fault: gap }));

    let mut cut = exported();
    cut.events.pop();
    assert_eq!(wrong(&cut), (16, Wrong::NotOfManifest { what: "the number of events" }));

    let mut moved = exported();
    let (a, b) = (moved.events[3].event.clone(), moved.events[4].event.clone());
    (moved.events[3].event, moved.events[4].event) = (b, a);
    assert_eq!(wrong(&moved), (17, Wrong::NotOfManifest { what: "the history" }));

    // What has a place stands before what waits for one.
    let mut between = exported();
    between.events[3].pos = None;
    assert_eq!(wrong(&between), (event_line(5), Wrong::Order));
}

#[test]
fn another_definition_or_another_record_is_named() {
    let mut other = exported();
    other.definition = other.definition.replacen("test", "best", 1);
    assert_eq!(wrong(&other), (event_line(1), Wrong::OtherDefinition));

    let mut renamed = exported();
    renamed.encounter = EncounterId([3; 16]);
    assert_eq!(wrong(&renamed), (event_line(1), Wrong::OtherEncounter));

    let mut no_opening = passed_on();
    no_opening.events.retain(|event| {
        let is_desk = event.event.header.contains("server/");
        is_desk || event.event.header.contains(&"02".repeat(16))
    });
    no_opening.certificates.retain(|certificate| certificate.text.contains(&"02".repeat(16)));
    assert_eq!(wrong(&no_opening).1, Wrong::NotOpened);
}

#[test]
fn a_receipt_of_another_history_or_record_is_named() {
    let story = story();
    let mut turned = story.events.clone();
    turned.swap(3, 4);
    let mut bundle = exported();
    bundle.receipts = vec![receipt_at(&turned, 4, 1)];
    assert_eq!(wrong(&bundle), (15, Wrong::OtherHistory));
    bundle.receipts = vec![receipt_at(&turned, 5, 1)];
    assert_eq!(wrong(&bundle), (15, Wrong::OtherHistory));
}

#[test]
fn a_receipt_that_cannot_be_compared_is_counted_as_such_and_ends_where_its_install_does() {
    let story = story();
    let signed = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt: Receipt = receipt_at(&story.events, 5, 1).peek().expect("readable");
        change(&mut receipt);
        Document::sign(&receipt, Tag::Receipt, &server_key(Purpose::Receipt))
    };
    let with = |receipt: Document| Bundle { receipts: vec![receipt], ..exported() };
    let seen = |bundle: &Bundle| verify(bundle, &fingerprint()).expect("nothing is wrong").receipts;
    let uncompared = Receipts { agree: 0, not_compared: 1 };

    let other_epoch = signed(&|receipt| receipt.epoch = firsthours_core::record::Epoch([7; 16]));
    assert_eq!(seen(&with(other_epoch)), uncompared);
    let later = signed(&|receipt| receipt.encounters[0].pos = 10);
    assert_eq!(seen(&with(later)), uncompared);
    let bare = Bundle { receipts: vec![receipt_at(&story.events, 5, 1)], ..passed_on() };
    assert_eq!(seen(&bare), uncompared);

    let id = |index: usize| Some(story.events[index].read().expect("readable").id);
    let right = signed(&|receipt| receipt.received_id = id(4));
    assert_eq!(seen(&with(right)), Receipts { agree: 1, not_compared: 0 });
    let wrong_id = signed(&|receipt| receipt.received_id = id(2));
    assert_eq!(wrong(&with(wrong_id)), (15, Wrong::OtherHistory));
}

#[test]
fn the_servers_certificates_stand_in_one_order_and_once() {
    let mut turned = exported();
    turned.trust.server.swap(0, 1);
    assert_eq!(wrong(&turned), (3, Wrong::Order));
    let mut twice = exported();
    let again = twice.trust.server[0].clone();
    twice.trust.server.insert(0, again);
    assert_eq!(wrong(&twice), (3, Wrong::Order));
}

#[test]
fn a_shredded_record_still_pins_its_definition() {
    let mut story = story();
    story.desk.acting_as(8, Role::RecordsOfficer);
    let order = Kind::Shredded { order: "order 77-0101".to_owned() };
    story.events.push(story.desk.sign(20, NIGHT, order, vec![]));
    let mut events = story.events.clone();
    events.iter_mut().filter(|event| !event.header.contains("server/")).for_each(|event| event.body = None);
    let mut bundle = exported_of(&story, &events);
    assert!(verify(&bundle, &fingerprint()).is_ok());
    bundle.definition.push(' ');
    assert_eq!(wrong(&bundle), (18, Wrong::NotOfManifest { what: "the definition" }));
}

#[test]
fn a_body_may_be_missing_only_where_it_was_shredded() {
    let mut bundle = passed_on();
    bundle.events[2].event.body = None;
    assert_eq!(wrong(&bundle), (event_line(3), Wrong::BodyMissing));

    let mut story = story();
    story.desk.acting_as(8, Role::RecordsOfficer);
    let order = Kind::Shredded { order: "order 77-0101".to_owned() };
    let mut events = story.events.clone();
    events.push(story.desk.sign(20, NIGHT, order, vec![]));
    let shred = |events: &mut [SignedEvent]| {
        events
            .iter_mut()
            .filter(|event| !event.header.contains("server/"))
            .for_each(|event| event.body = None);
    };
    shred(&mut events);
    let bundle = exported_of(&story, &events);
    let verified = verify(&bundle, &fingerprint()).expect("the chain of headers is whole");
    assert_eq!(verified.state.len(), 10);

    // A supervisor is not a records officer: this shredding counts for nothing.
    let mut events = story.events.clone();
    story.desk = Author::desk(9, Role::Supervisor);
    story.desk.sign(7, NIGHT, Kind::Unvoided, vec![]);
    story.desk.sign(8, NIGHT, Kind::Unvoided, vec![]);
    shred(&mut events);
    assert_eq!(wrong(&exported_of(&story, &events)), (event_line(1), Wrong::BodyMissing));

    // One more body taken out of a shredded record is not what the manifest says.
    let mut bundle = bundle;
    bundle.events[7].event.body = None;
    assert_eq!(wrong(&bundle), (18, Wrong::NotOfManifest { what: "what was shredded" }));
}

#[test]
fn a_declared_gap_excuses_what_is_lost_and_nothing_else() {
    let mut story = story();
    let lost = story.events.remove(2);
    let id_of_to = lost.read().expect("readable").id;
    let author = story.authors[0].install;
    story.desk.acting_as(0, Role::Server);
    let declared = |enc_from, enc_to| {
        let mut events = story.events.clone();
        let gap = Kind::Gap { author, enc_from, enc_to, id_of_to };
        events.push(story.desk.clone().sign(20, NIGHT, gap, vec![]));
        exported_of(&story, &events)
    };
    let bundle = declared(3, 3);
    assert!(verify(&bundle, &fingerprint()).is_ok());
    assert!(
        verify(&declared(2, 3), &fingerprint()).is_ok(),
        "an original came after all and took its beginning"
    );
    assert!(matches!(wrong(&declared(1, 2)).1, Wrong::Chain { .. }), "a gap that ends before what is missed");
    assert!(matches!(wrong(&declared(3, 4)).1, Wrong::Chain { .. }), "a gap that swallows what is there");
}

fn revocation_of(install: u8, last_seq: u64, last_id: Option<EventId>) -> Document {
    let revocation = Revocation {
        v: 1,
        server: "test-county".to_owned(),
        install: InstallId([install; 16]),
        last_seq,
        last_id,
        at: NIGHT,
        why: Revoked::Phone,
    };
    Document::sign(&revocation, Tag::Revocation, &server_key(Purpose::Cert))
}

#[test]
fn what_a_revoked_author_wrote_beyond_the_statement_is_named_unless_it_is_held() {
    let story = story();
    let ids: Vec<EventId> = read_all(&story.events).iter().map(|event| event.id).collect();
    // The second author wrote events 4 (held) and 6.
    let with = |last_seq, last_id| {
        let mut bundle = exported();
        bundle.revocations = vec![revocation_of(2, last_seq, last_id)];
        bundle
    };
    assert!(verify(&with(2, Some(ids[5])), &fingerprint()).is_ok(), "all of it had come");
    assert_eq!(wrong(&with(1, Some(ids[3]))).1, Wrong::Revoked, "the second one had not");
    assert_eq!(wrong(&with(2, Some(ids[3]))).1, Wrong::Revoked, "another stood in its place");
    assert_eq!(wrong(&with(0, None)).1, Wrong::Revoked, "a back-dated one is no head for a stranger");
    let bytes = write(&with(2, Some(ids[5])));
    assert_eq!(read(&bytes).expect("a bundle"), with(2, Some(ids[5])));

    // Of one who wrote nothing here; under another tag or key.
    let mut bundle = exported();
    bundle.revocations = vec![revocation_of(7, 0, None)];
    assert_eq!(wrong(&bundle).1, Wrong::NotNeeded);
    let statement = revocation_of(2, 2, Some(ids[5]));
    bundle.revocations = vec![Document { signature: manifest_of(&story.events).signature, ..statement }];
    assert!(matches!(wrong(&bundle).1, Wrong::NotAuthentic(_)));
}

#[test]
fn a_revocation_that_was_taken_out_is_missed() {
    let story = story();
    let read = read_all(&story.events);
    let definition = Hash::of(SOME_DEFINITION.as_bytes());
    let manifest = Manifest {
        revoked: vec![InstallId([2; 16])],
        ..Manifest::of("test-county", ENCOUNTER, definition, EPOCH, &read, NIGHT)
    };
    let mut bundle = exported();
    bundle.manifest = Some(Document::sign(&manifest, Tag::Manifest, &server_key(Purpose::Receipt)));
    assert_eq!(wrong(&bundle).1, Wrong::RevocationMissing);
    bundle.revocations = vec![revocation_of(2, 2, Some(read[5].id))];
    assert!(verify(&bundle, &fingerprint()).is_ok());
}

#[test]
fn what_came_before_its_author_s_certificate_began_is_named() {
    let story = story();
    let mut bundle = exported();
    let late = InstallCertificate { from: NIGHT + 1, ..story.authors[1].certificate() };
    bundle.certificates = vec![
        story.authors[0].signed_certificate(),
        Document::sign(&late, Tag::Cert, &server_key(Purpose::Cert)),
    ];
    bundle.arrange();
    let fault = wrong(&bundle);
    assert_eq!(fault, (BEFORE_EVENTS + 4, Wrong::BeforeCertificate), "its first event");
}

#[test]
fn the_server_s_key_speaks_for_nobody_who_has_no_desk() {
    let mut story = story();
    story.desk.acting_as(1, Role::Deputy);
    let answer = answered("contact", None, &[("place", Some(text("street")))]);
    let mut events = story.events.clone();
    events.push(story.desk.sign(30, NIGHT, answer, vec![]));
    let bundle = exported_of(&story, &events);
    assert_eq!(wrong(&bundle), (BEFORE_EVENTS + events.len(), Wrong::NoDesk));
}

#[test]
fn two_manifests_of_one_position_that_differ_contradict_each_other() {
    let story = story();
    let definition = Hash::of(SOME_DEFINITION.as_bytes());
    let of = |events: &[SignedEvent], time| {
        Manifest::of("test-county", ENCOUNTER, definition, EPOCH, &read_all(events), time)
    };
    let one = of(&story.events, NIGHT);
    assert!(!one.contradicts(&of(&story.events, NIGHT + 1)), "the same, said later");
    assert!(!one.contradicts(&of(&story.events[..5], NIGHT)), "of an earlier position");
    let mut swapped = story.events.clone();
    swapped.swap(1, 4);
    assert!(one.contradicts(&of(&swapped, NIGHT)));
}

#[test]
fn what_is_no_bundle_is_refused_with_its_line() {
    let text = write(&exported());
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let without = |number: usize| {
        let kept = lines.iter().enumerate().filter(|(index, _)| index + 1 != number);
        kept.flat_map(|(_, line)| line.iter().copied()).collect::<Vec<u8>>()
    };
    assert_eq!(read(b""), Err(BundleFault::NotABundle));
    assert_eq!(read(b"{}\n"), Err(BundleFault::NotABundle));
    assert_eq!(read(&without(1)), Err(BundleFault::NotABundle));
    assert_eq!(read(&without(2)), Err(BundleFault::Unexpected { line: 2, expected: "definition" }));
    assert_eq!(read(&without(5)), Err(BundleFault::Unexpected { line: 5, expected: "certificate" }));
    assert_eq!(read(&without(17)), Err(BundleFault::Unexpected { line: 17, expected: "manifest" }));
    assert_eq!(read(&text[..text.len() - 1]), Err(BundleFault::Cut));
    let more = [text.as_slice(), b"{}\n"].concat();
    assert_eq!(read(&more), Err(BundleFault::Unexpected { line: 18, expected: "end" }));
    let spaced =
        String::from_utf8(text.clone()).expect("text").replacen("{\"certificate\"", "{ \"certificate\"", 1);
    assert_eq!(read(spaced.as_bytes()), Err(BundleFault::NotAsWritten { line: 4 }));
    let newer = String::from_utf8(text).expect("text").replacen("\"v\":1", "\"v\":2", 1);
    assert_eq!(read(newer.as_bytes()), Err(BundleFault::NewerFormat { found: 2 }));
    let older = String::from_utf8(write(&exported())).expect("text").replacen("\"v\":1", "\"v\":0", 1);
    assert_eq!(read(older.as_bytes()), Err(BundleFault::NotABundle), "there was no version 0");
    let bomb = zstd_of_zeroes(MAX_BYTES + 1);
    assert_eq!(read(&bomb), Err(BundleFault::Unpack));
}

fn zstd_of_zeroes(size: usize) -> Vec<u8> {
    firsthours_core::wire::compress(vec![b' '; size]).bytes().to_vec()
}

/// One change of the file's bytes.
#[derive(Debug, Clone)]
enum Change {
    Flip {
        at: prop::sample::Index,
        bit: u8,
    },
    Byte {
        at: prop::sample::Index,
        to: u8,
    },
    Insert {
        at: prop::sample::Index,
        byte: u8,
    },
    Cut {
        at: prop::sample::Index,
    },
    Swap {
        a: prop::sample::Index,
        b: prop::sample::Index,
    },
    Drop {
        line: prop::sample::Index,
    },
    Double {
        line: prop::sample::Index,
    },
    /// A line of another record's bundle in the place of ours.
    Foreign {
        line: prop::sample::Index,
    },
}

fn changes() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        4 => (at(), 0_u8..8).prop_map(|(at, bit)| Change::Flip { at, bit }),
        2 => (at(), any::<u8>()).prop_map(|(at, to)| Change::Byte { at, to }),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Insert { at, byte }),
        1 => at().prop_map(|at| Change::Cut { at }),
        2 => (at(), at()).prop_map(|(a, b)| Change::Swap { a, b }),
        2 => at().prop_map(|line| Change::Drop { line }),
        2 => at().prop_map(|line| Change::Double { line }),
        2 => at().prop_map(|line| Change::Foreign { line }),
    ]
}

fn apply(change: &Change, text: &[u8], other: &[u8]) -> Vec<u8> {
    let lines = |text: &[u8]| -> Vec<Vec<u8>> {
        text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    };
    let mut bytes = text.to_vec();
    let mut parts = lines(text);
    match change {
        Change::Flip { at, bit } => {
            let place = at.index(bytes.len());
            bytes[place] ^= 1 << bit;
            return bytes;
        }
        Change::Byte { at, to } => {
            let place = at.index(bytes.len());
            bytes[place] = *to;
            return bytes;
        }
        Change::Insert { at, byte } => {
            bytes.insert(at.index(bytes.len()), *byte);
            return bytes;
        }
        Change::Cut { at } => {
            bytes.truncate(at.index(bytes.len()));
            return bytes;
        }
        Change::Swap { a, b } => {
            let (a, b) = (a.index(parts.len()), b.index(parts.len()));
            parts.swap(a, b);
        }
        Change::Drop { line } => {
            parts.remove(line.index(parts.len()));
        }
        Change::Double { line } => {
            let index = line.index(parts.len());
            parts.insert(index, parts[index].clone());
        }
        Change::Foreign { line } => {
            let index = line.index(parts.len());
            parts[index].clone_from(&lines(other)[index]);
        }
    }
    parts.concat()
}

/// Another record by the same people, as long as ours.
fn another() -> Bundle {
    let mut story = story();
    let last = story.events.len() - 1;
    // The last event was never sent; another stands in its place.
    let mut one = Author::phone(1, Role::Deputy);
    for kind in [opened_under(SOME_DEFINITION), Kind::Unvoided, Kind::Unvoided, Kind::Unvoided] {
        one.sign(1, NIGHT + MINUTE, kind, vec![]);
    }
    story.events[last] = one.sign(9, NIGHT, Kind::Noted { step: None, text: "other".to_owned() }, vec![]);
    let mut bundle = exported_of(&story, &story.events);
    bundle.receipts = vec![receipt_at(&story.events, 9, 1), receipt_at(&story.events, 9, 2)];
    bundle
}

/// The bytes of our bundle and of the other one, with and without a manifest.
fn texts(with_manifest: bool) -> &'static [Vec<u8>; 2] {
    static TEXTS: OnceLock<[[Vec<u8>; 2]; 2]> = OnceLock::new();
    let texts = TEXTS.get_or_init(|| {
        let other = another();
        let bare = Bundle { manifest: None, ..other.clone() };
        [[write(&passed_on()), write(&bare)], [write(&exported()), write(&other)]]
    });
    &texts[usize::from(with_manifest)]
}

fn holds(bytes: &[u8]) -> bool {
    read(bytes).is_ok_and(|bundle| verify(&bundle, &fingerprint()).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::with_cases(2_000) })]

    /// With a manifest nothing goes unseen: there is no change of bytes that leaves a bundle that verifies.
    #[test]
    fn no_change_of_the_file_goes_unseen(change in changes()) {
        let [text, other] = texts(true);
        let changed = apply(&change, text, other);
        prop_assume!(changed != *text);
        prop_assert!(!holds(&changed), "{change:?}");
    }

    /// Without one, only what the words admit: an author's last events may be missing, once the counts of the first
    /// line, which nobody signs, are changed with them.
    #[test]
    fn without_a_manifest_nothing_goes_unseen_either_as_long_as_the_counts_stand(change in changes()) {
        let [text, other] = texts(false);
        let changed = apply(&change, text, other);
        prop_assume!(changed != *text);
        prop_assert!(!holds(&changed), "{change:?}");
    }
}

#[test]
fn one_who_also_corrects_the_counts_can_leave_out_receipts_and_nothing_else() {
    let whole = exported();
    let mut unseen = BTreeSet::new();
    let mut check = |name: &'static str, change: &dyn Fn(&mut Bundle)| {
        let mut bundle = whole.clone();
        change(&mut bundle);
        assert_ne!(bundle, whole, "{name} is a change");
        if holds(&write(&bundle)) {
            unseen.insert(name);
        }
    };
    for index in 0..whole.events.len() {
        check("an event", &|bundle| drop(bundle.events.remove(index)));
        check("an event, positions corrected", &|bundle| {
            bundle.events.remove(index);
            (1..).zip(&mut bundle.events).for_each(|(pos, event)| event.pos = Some(pos));
        });
        check("a position", &|bundle| bundle.events[index].pos = None);
        check("a body", &|bundle| bundle.events[index].event.body = None);
    }
    for index in 0..whole.certificates.len() {
        check("a certificate", &|bundle| drop(bundle.certificates.remove(index)));
    }
    for index in 0..whole.receipts.len() {
        check("a receipt", &|bundle| drop(bundle.receipts.remove(index)));
    }
    check("the definition", &|bundle| bundle.definition.push(' '));
    check("the manifest", &|bundle| bundle.manifest = None);
    assert_eq!(unseen, BTreeSet::from(["a receipt"]));
}

#[test]
fn the_definition_is_the_one_that_the_opening_pins() {
    let protocol = Hash::of(exported().definition.as_bytes());
    assert!(
        matches!(opened_under(SOME_DEFINITION), Kind::Opened { protocol: pinned, .. } if pinned == protocol)
    );
}
