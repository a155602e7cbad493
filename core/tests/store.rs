//! The store, seen from outside: what it keeps, and what it does when a file is not what it was.

#![cfg(feature = "device")]

use std::fs;
use std::path::{Path, PathBuf};

use firsthours_core::evidence::{Chain, Document, SecretKey, SignedEvent, Tag};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{EncounterId, EntryId, Epoch, EventId, Hash};
use firsthours_core::store::{
    Append, Confirmed, Draft, DraftKey, EncounterRow, NewEvent, Received, Store, StoreError, StoreKey,
    StoredEvent,
};
use firsthours_core::wire::EncounterCursor;
use serde_json::json;
use tempfile::TempDir;

/// Stands for everything that must never be readable in a file.
const MARKER: &str = "plain-words-of-a-child";

const ONE: EncounterId = EncounterId([1; 16]);
const TWO: EncounterId = EncounterId([2; 16]);

fn key() -> StoreKey {
    StoreKey::new([7; 32])
}

fn open(folder: &TempDir) -> Store {
    Store::open(folder.path(), &key()).expect("the store opens")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn signed(name: &str, bytes: usize) -> SignedEvent {
    let header = format!(r#"{{"v":1,"install":"{name}"}}"#);
    let body = format!(r#"{{"kind":"noted","text":"{MARKER} {name} {}"}}"#, "x".repeat(bytes));
    let signature = SecretKey::from_seed(&[3; 32]).sign(Tag::Event, header.as_bytes());
    SignedEvent { header, body: Some(body), signature }
}

fn id_of(event: &SignedEvent) -> EventId {
    EventId(Hash::of(event.header.as_bytes()).0)
}

fn tap(encounter: EncounterId, arrival: u64, seq: u64, bytes: usize) -> Append {
    let event = signed(&format!("own {seq}"), bytes);
    Append {
        encounter,
        arrival,
        id: id_of(&event),
        seq,
        wall: Instant::from_ms(1_700_000_000_000) + i64::try_from(seq).expect("small"),
        summary: format!("{MARKER} after {arrival}").into_bytes(),
        event,
        drafts_done: Vec::new(),
    }
}

fn foreign(arrival: u64, pos: u64) -> NewEvent {
    let event = signed(&format!("foreign {pos}"), 200);
    NewEvent { arrival, id: id_of(&event), pos: Some(pos), event }
}

fn cursor(encounter: EncounterId, epoch: u8, pos: u64) -> EncounterCursor {
    EncounterCursor { id: encounter, epoch: Epoch([epoch; 16]), pos, rolling: Hash::of(&pos.to_be_bytes()) }
}

fn page(events: Vec<NewEvent>, positions: Vec<(EventId, u64)>, cursor: EncounterCursor) -> Received {
    Received {
        encounter: cursor.id,
        events,
        positions,
        certificates: vec![certificate(1)],
        cursor,
        void_positions: false,
        summary: None,
    }
}

fn certificate(install: u8) -> Document {
    let install = hex::encode([install; 16]);
    Document::sign(&json!({ "v": 1, "install": install }), Tag::Cert, &SecretKey::from_seed(&[4; 32]))
}

fn receipt(server: &str, through: u64) -> Document {
    let text = json!({ "server": server, "received_through": through });
    Document::sign(&text, Tag::Receipt, &SecretKey::from_seed(&[5; 32]))
}

fn draft_key(field: &str, entry: Option<EntryId>) -> DraftKey {
    DraftKey { encounter: ONE, step: "meet".to_owned(), entry, field: field.to_owned() }
}

fn draft(field: &str, text: &str, base: Vec<EventId>, seen: u64) -> Draft {
    Draft { key: draft_key(field, None), text: text.to_owned(), base, seen, at: Instant::from_ms(5) }
}

/// Everything that can be read, so that two stores can be compared whole.
#[derive(Debug, PartialEq, Eq)]
struct Everything {
    events: Vec<Vec<StoredEvent>>,
    encounters: Vec<EncounterRow>,
    drafts: Vec<Draft>,
    head: Chain,
    unsent: Vec<(u64, SignedEvent)>,
    protocols: Vec<Option<String>>,
    certificates: Vec<Document>,
    receipt: Option<Document>,
    setting: Option<String>,
}

fn everything(store: &Store) -> Result<Everything, StoreError> {
    Ok(Everything {
        events: vec![store.events(&ONE)?, store.events(&TWO)?],
        encounters: store.encounters()?,
        drafts: store.drafts(&ONE)?,
        head: store.own_head()?,
        unsent: store.unsent(0, 1_000, usize::MAX)?,
        protocols: store.protocols()?.iter().map(|hash| store.protocol(hash)).collect::<Result<_, _>>()?,
        certificates: store.certificates()?,
        receipt: store.receipt()?,
        setting: store.setting("long")?,
    })
}

/// A store with something in every table, and with rows longer than a page in most.
fn fill(store: &Store) {
    for seq in 1..=40 {
        let mut commit = tap(ONE, seq, seq, if seq % 8 == 0 { 9_000 } else { 600 });
        commit.summary = MARKER.repeat(300).into_bytes();
        store.append(&commit).expect("appended");
    }
    store.append(&tap(TWO, 1, 41, 0)).expect("appended");
    store.receive(&page(vec![foreign(2, 1)], Vec::new(), cursor(TWO, 9, 1))).expect("received");
    store.put_draft(&draft("note", &MARKER.repeat(400), vec![EventId([1; 32])], 3)).expect("drafted");
    let text = format!("{{\"title\":\"{}\"}}", MARKER.repeat(1_000));
    store.put_protocol(&Hash::of(text.as_bytes()), &text).expect("kept");
    store.put_receipt(&receipt("hall", 12), 12, &[]).expect("kept");
    store.set_setting("long", &MARKER.repeat(500)).expect("set");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        fs::copy(&file, to.join(file.file_name().expect("a name"))).expect("copied");
    }
}

fn database(folder: &TempDir) -> PathBuf {
    folder.path().join("store.db")
}

#[test]
fn what_was_saved_is_there_byte_for_byte_after_opening_again() {
    let folder = folder();
    let store = open(&folder);
    fill(&store);
    let before = everything(&store).expect("readable");
    assert_eq!(before.events[0].len(), 40);
    assert_eq!(before.events[0][7].event, signed("own 8", 9_000));
    store.shutdown();
    assert_eq!(everything(&open(&folder)).expect("readable"), before);
}

#[test]
fn what_was_saved_is_there_when_the_app_ends_without_closing() {
    let (folder, after_the_end) = (folder(), self::folder());
    let store = open(&folder);
    fill(&store);
    let before = everything(&store).expect("readable");
    copy(folder.path(), after_the_end.path());
    assert!(after_the_end.path().join("store.db-wal").metadata().expect("a log").len() > 0);
    assert_eq!(everything(&open(&after_the_end)).expect("readable"), before);
}

#[test]
fn a_wrong_key_is_told_from_damage_and_changes_nothing() {
    let folder = folder();
    fill(&open(&folder));
    let bytes = fs::read(database(&folder)).expect("readable");
    let names = files(folder.path());
    let wrong = StoreKey::new([8; 32]);
    assert_eq!(Store::open(folder.path(), &wrong).err(), Some(StoreError::WrongKey));
    assert_eq!(fs::read(database(&folder)).expect("readable"), bytes);
    assert_eq!(files(folder.path()).iter().filter(|file| file.extension() == Some("db".as_ref())).count(), 1);
    assert!(names.iter().all(|name| name.exists()));
    assert_eq!(open(&folder).own_head().expect("readable").seq, 41);
}

#[test]
fn a_lost_or_damaged_mark_does_not_lock_the_owner_out() {
    for text in [None, Some("no mark at all"), Some("00 made\n")] {
        let folder = folder();
        fill(&open(&folder));
        let mark = folder.path().join("store.mark");
        let whole = fs::read(&mark).expect("readable");
        match text {
            Some(text) => fs::write(&mark, text).expect("written"),
            None => fs::remove_file(&mark).expect("removed"),
        }
        let wrong = StoreKey::new([8; 32]);
        assert_eq!(Store::open(folder.path(), &wrong).err(), Some(StoreError::WrongKey), "{text:?}");
        assert_eq!(open(&folder).own_head().expect("readable").seq, 41);
        assert_eq!(fs::read(&mark).expect("readable"), whole, "the mark is made again");
    }
}

#[test]
fn a_store_of_a_newer_app_is_left_untouched_byte_for_byte() {
    let folder = folder();
    let store = open(&folder);
    let known = store.layout().expect("readable");
    store.shutdown();
    let newer = rusqlite::Connection::open(database(&folder)).expect("opens");
    newer.execute_batch(&format!("pragma key = \"x'{}'\"", "07".repeat(32))).expect("keyed");
    newer.execute_batch(&format!("pragma user_version = {}", known + 1)).expect("written");
    newer.close().expect("closed");
    let bytes = fs::read(database(&folder)).expect("readable");
    for _ in 0..2 {
        let error = Store::open(folder.path(), &key()).err();
        assert_eq!(error, Some(StoreError::Newer { found: known + 1, known }));
        assert_eq!(fs::read(database(&folder)).expect("readable"), bytes);
    }
}

#[test]
fn damage_anywhere_is_found_and_the_file_is_set_aside_whole() {
    let whole = folder();
    let store = open(&whole);
    fill(&store);
    let before = everything(&store).expect("readable");
    store.shutdown();
    drop(store);
    let bytes = fs::read(database(&whole)).expect("readable");
    let page_bytes = 4_096;
    let (mut at_opening, mut while_reading, mut by_checking) = (0, 0, 0);
    for page in 0..bytes.len() / page_bytes {
        // The content's beginning, middle and end, and the check itself; the first 16 bytes are a salt that is not read.
        let within = [16, 2_000, 4_015, 4_090][page % 4];
        let folder = folder();
        copy(whole.path(), folder.path());
        let mut damaged = bytes.clone();
        damaged[page * page_bytes + within] ^= 0x10;
        fs::write(database(&folder), &damaged).expect("written");

        let error = match Store::open(folder.path(), &key()) {
            Err(error) => {
                at_opening += 1;
                error
            }
            Ok(store) => {
                // Read it all: right, or refused. Never wrong.
                match everything(&store) {
                    Ok(read) => assert_eq!(read, before, "page {page} is wrong in silence"),
                    Err(error) => {
                        assert_eq!(error, StoreError::Corrupt { set_aside: None }, "page {page}");
                        while_reading += 1;
                    }
                }
                assert_eq!(store.check(), Err(StoreError::Corrupt { set_aside: None }), "page {page}");
                by_checking += 1;
                store.shutdown();
                Store::open(folder.path(), &key()).expect_err("the next opening refuses it")
            }
        };
        let StoreError::Corrupt { set_aside: Some(aside) } = error else { panic!("page {page}: {error:?}") };
        assert_eq!(aside, folder.path().join("store.corrupt-1.db"));
        assert_eq!(fs::read(aside).expect("still there"), damaged);
        assert_eq!(open(&folder).own_head(), Ok(Chain::default()), "a new one begins");
    }
    assert!(
        at_opening > 0 && while_reading > 0 && by_checking > 0,
        "{at_opening} {while_reading} {by_checking}"
    );
}

#[test]
fn the_salt_in_the_file_is_not_needed_to_read_it() {
    let folder = folder();
    let store = open(&folder);
    fill(&store);
    let before = everything(&store);
    store.shutdown();
    let mut bytes = fs::read(database(&folder)).expect("readable");
    bytes[..16].fill(0);
    fs::write(database(&folder), bytes).expect("written");
    let store = open(&folder);
    assert_eq!(everything(&store), before);
    assert_eq!(store.check(), Ok(()));
}

#[test]
fn what_is_still_whole_can_be_read_beside_the_damage() {
    let folder = folder();
    let store = open(&folder);
    for seq in 1..=200 {
        store.append(&tap(ONE, seq, seq, 900)).expect("appended");
    }
    store.append(&tap(TWO, 1, 201, 0)).expect("appended");
    store.shutdown();
    let whole = fs::read(database(&folder)).expect("readable");
    let mut beside = 0;
    for page in 0..whole.len() / 4_096 {
        let damaged = self::folder();
        copy(folder.path(), damaged.path());
        let mut bytes = whole.clone();
        bytes[page * 4_096 + 100] ^= 1;
        fs::write(database(&damaged), bytes).expect("written");
        let Ok(store) = Store::open(damaged.path(), &key()) else { continue };
        let read = store.events(&ONE);
        if let Ok(events) = read {
            assert_eq!(events.len(), 200, "page {page}");
            continue;
        }
        assert!(read == Err(StoreError::Corrupt { set_aside: None }), "page {page}");
        // That connection would refuse everything from here on; another one takes its place.
        let mut pages_read = 0;
        for after in 0..200 {
            pages_read += usize::from(store.events_page(&ONE, after, 1).is_ok());
        }
        assert!(pages_read < 200, "page {page}");
        beside += usize::from(pages_read >= 190);
    }
    assert!(beside > 40, "{beside}");
}

#[test]
fn a_store_cut_short_or_gone_is_said_to_be_damaged_once() {
    for length in [Some(5_000), Some(100), Some(0), None] {
        let folder = folder();
        fill(&open(&folder));
        match length {
            Some(length) => {
                let file = fs::OpenOptions::new().write(true).open(database(&folder)).expect("opens");
                file.set_len(length).expect("cut");
            }
            None => fs::remove_file(database(&folder)).expect("removed"),
        }
        let outcome = Store::open(folder.path(), &key());
        let error = match outcome {
            Err(error) => error,
            Ok(store) => {
                assert!(matches!(everything(&store), Err(StoreError::Corrupt { .. })), "{length:?}");
                store.shutdown();
                Store::open(folder.path(), &key()).expect_err("the next opening refuses it")
            }
        };
        assert!(matches!(error, StoreError::Corrupt { .. }), "{length:?}: {error:?}");
        assert_eq!(open(&folder).own_head(), Ok(Chain::default()));
    }
}

#[test]
fn several_damaged_stores_are_all_kept() {
    let folder = folder();
    for round in 1..=3_u8 {
        fill(&open(&folder));
        fs::write(database(&folder), [round; 9_000]).expect("written");
        let error = Store::open(folder.path(), &key()).err();
        let aside = folder.path().join(format!("store.corrupt-{round}.db"));
        assert_eq!(error, Some(StoreError::Corrupt { set_aside: Some(aside) }));
    }
    for round in 1..=3_u8 {
        let aside = folder.path().join(format!("store.corrupt-{round}.db"));
        assert_eq!(fs::read(aside).expect("still there"), [round; 9_000]);
    }
}

#[test]
fn a_store_that_was_never_finished_is_made_again() {
    let folder = folder();
    open(&folder).shutdown();
    let mark = folder.path().join("store.mark");
    let making = fs::read_to_string(&mark).expect("readable").replace("made", "making");
    fs::write(&mark, making).expect("written");
    fs::write(database(&folder), [0xAA; 4_096]).expect("written");
    assert_eq!(open(&folder).own_head(), Ok(Chain::default()));
    assert_eq!(fs::read(folder.path().join("store.corrupt-1.db")).expect("kept"), [0xAA; 4_096]);
}

#[test]
fn after_shutdown_every_call_says_closed() {
    let folder = folder();
    let store = open(&folder);
    fill(&store);
    store.shutdown();
    store.shutdown();
    assert_eq!(store.append(&tap(ONE, 41, 42, 0)), Err(StoreError::Closed));
    assert_eq!(store.events(&ONE), Err(StoreError::Closed));
    assert_eq!(store.setting::<String>("long"), Err(StoreError::Closed));
    assert_eq!(store.check(), Err(StoreError::Closed));
    assert!(!folder.path().join("store.db-wal").exists(), "the log is in the database");
}

#[test]
fn an_event_that_does_not_come_next_is_refused_and_leaves_nothing() {
    let folder = folder();
    let store = open(&folder);
    store.append(&tap(ONE, 1, 1, 0)).expect("appended");
    let before = everything(&store).expect("readable");
    let refused = [
        tap(ONE, 1, 2, 0),
        tap(ONE, 3, 2, 0),
        tap(TWO, 2, 2, 0),
        tap(ONE, 2, 1, 0),
        tap(ONE, 2, 3, 0),
        tap(TWO, 1, 3, 0),
    ];
    for commit in refused {
        let outcome = store.append(&commit);
        assert!(matches!(outcome, Err(StoreError::Conflict { .. })), "{} {}", commit.arrival, commit.seq);
        assert_eq!(everything(&store).expect("readable"), before);
    }
    store.append(&tap(ONE, 2, 2, 0)).expect("the next one is taken");
}

#[test]
fn a_tap_writes_event_chain_and_summary_and_ends_its_drafts() {
    let folder = folder();
    let store = open(&folder);
    store.append(&tap(ONE, 1, 1, 0)).expect("appended");
    store.put_draft(&draft("note", "a", Vec::new(), 1)).expect("drafted");
    store.put_draft(&draft("other", "b", Vec::new(), 1)).expect("drafted");
    let mut commit = tap(ONE, 2, 2, 0);
    commit.drafts_done = vec![draft_key("note", None)];
    store.append(&commit).expect("appended");
    assert_eq!(store.own_head(), Ok(Chain { seq: 2, id: Some(commit.id) }));
    let row = store.encounter(&ONE).expect("readable").expect("held");
    assert_eq!((row.events, row.unpositioned, row.summary), (2, 2, commit.summary));
    assert_eq!(store.drafts(&ONE).expect("readable").len(), 1);
    assert_eq!(store.count_drafts(), Ok(1));
    store.set_summary(&ONE, b"again").expect("written");
    assert_eq!(store.encounter(&ONE).expect("readable").expect("held").summary, b"again");
    assert!(store.set_summary(&TWO, b"none").is_err());
}

#[test]
fn a_draft_keeps_the_base_of_its_first_key() {
    let folder = folder();
    let store = open(&folder);
    store.append(&tap(ONE, 1, 1, 0)).expect("appended");
    let first = vec![EventId([1; 32]), EventId([2; 32])];
    store.put_draft(&draft("note", "H", first.clone(), 1)).expect("drafted");
    let later = Draft { at: Instant::from_ms(9), ..draft("note", "He said", vec![EventId([3; 32])], 7) };
    store.put_draft(&later).expect("drafted");
    let in_an_entry = Draft { key: draft_key("note", Some(EntryId([4; 8]))), ..later.clone() };
    store.put_draft(&in_an_entry).expect("drafted");
    let kept = store.drafts(&ONE).expect("readable");
    assert_eq!(kept, [Draft { base: first, seen: 1, ..later }, in_an_entry.clone()]);
    store.delete_draft(&in_an_entry.key).expect("deleted");
    store.delete_draft(&in_an_entry.key).expect("deleted before");
    assert_eq!(store.count_drafts(), Ok(1));
    let unknown = DraftKey { encounter: TWO, ..in_an_entry.key };
    assert!(store.put_draft(&Draft { key: unknown, ..in_an_entry }).is_err());
}

#[test]
fn a_page_received_twice_changes_nothing_the_second_time() {
    let folder = folder();
    let store = open(&folder);
    let own = tap(ONE, 1, 1, 0);
    store.append(&own).expect("appended");
    let mut received = page(vec![foreign(2, 1), foreign(3, 3)], vec![(own.id, 2)], cursor(ONE, 9, 3));
    received.summary = Some(b"folded".to_vec());
    store.receive(&received).expect("received");
    let once = everything(&store).expect("readable");
    assert_eq!(once.events[0].iter().map(|event| event.pos).collect::<Vec<_>>(), [Some(2), Some(1), Some(3)]);
    assert_eq!(once.encounters[0].cursor, Some(received.cursor));
    assert_eq!((once.encounters[0].events, once.encounters[0].unpositioned), (3, 0));
    assert_eq!(once.encounters[0].summary, b"folded");
    assert_eq!(once.certificates, [certificate(1)]);
    store.receive(&received).expect("received again");
    assert_eq!(everything(&store).expect("readable"), once);
}

#[test]
fn a_new_epoch_forgets_the_positions_of_the_old_one() {
    let folder = folder();
    let store = open(&folder);
    let own = tap(ONE, 1, 1, 0);
    store.append(&own).expect("appended");
    store.receive(&page(vec![foreign(2, 2)], vec![(own.id, 1)], cursor(ONE, 9, 2))).expect("received");
    let mut restored = page(Vec::new(), vec![(own.id, 1)], cursor(ONE, 10, 1));
    restored.void_positions = true;
    store.receive(&restored).expect("received");
    let row = store.encounter(&ONE).expect("readable").expect("held");
    assert_eq!((row.cursor, row.unpositioned), (Some(restored.cursor), 1));
    let positions: Vec<_> = store.events(&ONE).expect("readable").iter().map(|event| event.pos).collect();
    assert_eq!(positions, [Some(1), None]);
}

#[test]
fn a_page_that_does_not_fit_is_refused_whole() {
    let folder = folder();
    let store = open(&folder);
    store.append(&tap(ONE, 1, 1, 0)).expect("appended");
    let before = everything(&store).expect("readable");
    let unknown = vec![(EventId([0xEE; 32]), 1)];
    for refused in [
        page(vec![foreign(3, 1)], Vec::new(), cursor(ONE, 9, 1)),
        page(vec![foreign(2, 1)], unknown, cursor(ONE, 9, 1)),
    ] {
        assert!(matches!(store.receive(&refused), Err(StoreError::Conflict { .. })));
        assert_eq!(everything(&store).expect("readable"), before);
    }
}

#[test]
fn what_is_unsent_comes_in_order_and_within_its_limits() {
    let folder = folder();
    let store = open(&folder);
    assert_eq!(store.count_unsent(0), Ok((0, None)));
    // Two encounters in turn, so that order by chain and order by place differ.
    for seq in 1..=6_u64 {
        let encounter = if seq % 2 == 1 { TWO } else { ONE };
        store.append(&tap(encounter, seq.div_ceil(2), seq, 100)).expect("appended");
    }
    let sequence = |after, events, bytes| -> Vec<u64> {
        store.unsent(after, events, bytes).expect("readable").iter().map(|(seq, _)| *seq).collect()
    };
    let one = signed("own 1", 100);
    let size = one.header.len() + one.body.expect("whole").len();
    assert_eq!(sequence(0, 100, usize::MAX), [1, 2, 3, 4, 5, 6]);
    assert_eq!(sequence(4, 100, usize::MAX), [5, 6]);
    assert_eq!(sequence(6, 100, usize::MAX), [0_u64; 0]);
    assert_eq!(sequence(0, 2, usize::MAX), [1, 2]);
    assert_eq!(sequence(0, 100, 3 * size), [1, 2, 3], "just fits");
    assert_eq!(sequence(0, 100, 3 * size - 1), [1, 2], "one byte short");
    assert_eq!(sequence(0, 100, 0), [1], "at least one");
    assert_eq!(sequence(0, 0, 0), [1], "at least one");
    assert_eq!(store.count_unsent(4), Ok((2, Some(Instant::from_ms(1_700_000_000_005)))));
    assert_eq!(store.unsent(5, 1, 0).expect("readable"), [(6, signed("own 6", 100))]);
}

#[test]
fn events_come_in_pages_by_arrival() {
    let folder = folder();
    let store = open(&folder);
    for seq in 1..=5 {
        store.append(&tap(ONE, seq, seq, 0)).expect("appended");
    }
    let arrivals = |after, limit| -> Vec<u64> {
        store.events_page(&ONE, after, limit).expect("readable").iter().map(|event| event.arrival).collect()
    };
    assert_eq!(arrivals(0, 2), [1, 2]);
    assert_eq!(arrivals(2, 2), [3, 4]);
    assert_eq!(arrivals(4, 2), [5]);
    assert_eq!(arrivals(5, 2), [0_u64; 0]);
    assert_eq!(store.events(&TWO), Ok(Vec::new()));
}

#[test]
fn the_newest_receipt_is_kept_whole_with_what_it_confirms() {
    let folder = folder();
    let store = open(&folder);
    assert_eq!((store.receipt(), store.received_through()), (Ok(None), Ok(0)));
    store.append(&tap(ONE, 1, 1, 0)).expect("appended");
    let confirmed = Confirmed { epoch: Epoch([9; 16]), pos: 3, durable_pos: 2 };
    store.put_receipt(&receipt("hall", 1), 1, &[(ONE, confirmed), (TWO, confirmed)]).expect("kept");
    store.put_receipt(&receipt("annex", 4), 4, &[]).expect("kept");
    store.put_receipt(&receipt("hall", 3), 3, &[]).expect("kept");
    assert_eq!(store.receipt(), Ok(Some(receipt("hall", 3))));
    assert_eq!(store.received_through(), Ok(3), "the last one heard counts, even if it says less");
    let rows = store.encounters().expect("readable");
    assert_eq!(rows.len(), 1, "what is not held is passed over");
    assert_eq!(rows[0].confirmed, Some(confirmed));
}

#[test]
fn certificates_are_kept_once_and_in_order() {
    let folder = folder();
    let store = open(&folder);
    store.put_certificates(&[certificate(2), certificate(1), certificate(2)]).expect("kept");
    store.put_certificates(&[certificate(1)]).expect("kept");
    assert_eq!(store.certificates(), Ok(vec![certificate(2), certificate(1)]));
}

#[test]
fn a_definition_is_kept_under_its_own_hash_only() {
    let folder = folder();
    let store = open(&folder);
    let hash = Hash::of(b"{}");
    assert!(store.put_protocol(&hash, "{ }").is_err());
    store.put_protocol(&hash, "{}").expect("kept");
    store.put_protocol(&hash, "{}").expect("kept already");
    assert_eq!(store.protocols(), Ok(vec![hash]));
    assert_eq!(store.protocol(&hash), Ok(Some("{}".to_owned())));
    assert_eq!(store.protocol(&Hash([0; 32])), Ok(None));
}

#[test]
fn settings_are_set_and_set_again() {
    let folder = folder();
    let store = open(&folder);
    assert_eq!(store.setting::<u32>("limit"), Ok(None));
    store.set_setting("limit", &1).expect("set");
    store.set_setting("limit", &2).expect("set");
    assert_eq!(store.setting("limit"), Ok(Some(2)));
    assert!(matches!(store.setting::<String>("limit"), Err(StoreError::Io { .. })));
}

#[test]
fn no_file_holds_a_readable_word() {
    let folder = folder();
    let store = open(&folder);
    fill(&store);
    let none_readable = || {
        let files = files(folder.path());
        assert!(files.len() >= 2);
        for file in files {
            let bytes = fs::read(&file).expect("readable");
            for word in [MARKER.as_bytes(), b"SQLite format", b"create table", b"own_event", &[7; 32]] {
                assert!(!bytes.windows(word.len()).any(|window| window == word), "{file:?}");
            }
        }
    };
    none_readable();
    store.shutdown();
    none_readable();
}

#[test]
fn threads_share_a_store_and_a_reader_sees_whole_commits() {
    let folder = folder();
    let store = open(&folder);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for seq in 1..=100 {
                store.append(&tap(ONE, seq, seq, 0)).expect("appended");
            }
        });
        scope.spawn(|| {
            for _ in 0..100 {
                let rows = store.encounters().expect("readable");
                for row in rows {
                    let said = format!("{MARKER} after {}", row.events);
                    assert_eq!(row.summary, said.into_bytes());
                }
            }
        });
    });
    assert_eq!(store.events(&ONE).expect("readable").len(), 100);
}
