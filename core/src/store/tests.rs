//! What can only be provoked from inside.

use rusqlite::StatementStatus;

use super::*;
use crate::evidence::{SecretKey, SignedEvent, Tag};
use crate::protocol::Instant;
use crate::record::{EncounterId, EventId};

const ENCOUNTER: EncounterId = EncounterId([1; 16]);

fn tap(seq: u64, bytes: usize) -> Append {
    let header = format!("header {seq}");
    let signature = SecretKey::from_seed(&[3; 32]).sign(Tag::Event, header.as_bytes());
    Append {
        encounter: ENCOUNTER,
        arrival: seq,
        id: EventId([u8::try_from(seq).expect("few"); 32]),
        seq,
        wall: Instant::default(),
        event: SignedEvent { header, body: Some("x".repeat(bytes)), signature },
        summary: Vec::new(),
        drafts_done: Vec::new(),
    }
}

fn on_writer<T>(store: &Store, work: impl FnOnce(&Connection) -> T) -> T {
    match &*lock(&store.writer) {
        Writer::Open { connection, .. } => work(connection),
        other => panic!("not open: {other:?}"),
    }
}

#[test]
fn a_full_disk_keeps_nothing_of_the_call_and_all_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), &StoreKey::new([7; 32])).expect("opens");
    store.append(&tap(1, 100)).expect("appended");
    on_writer(&store, |connection| {
        let pages: i64 = connection.query_row("pragma page_count", [], |row| row.get(0)).expect("counted");
        connection.execute_batch(&format!("pragma max_page_count = {pages}")).expect("set");
    });
    assert_eq!(store.append(&tap(2, 100_000)), Err(StoreError::Full));
    assert_eq!(store.events(&ENCOUNTER).expect("readable").len(), 1);
    assert_eq!(store.encounter(&ENCOUNTER).expect("readable").expect("held").events, 1);
    on_writer(&store, |connection| {
        connection.execute_batch("pragma max_page_count = 100000").expect("set");
    });
    store.append(&tap(2, 100_000)).expect("there is room again");
}

#[test]
fn after_an_io_error_the_file_is_opened_again_and_the_log_begins_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), &StoreKey::new([7; 32])).expect("opens");
    for seq in 1..=20 {
        store.append(&tap(seq, 900)).expect("appended");
    }
    let log = folder.path().join("store.db-wal");
    assert!(log.metadata().expect("a log").len() > 0);
    let fsync_failed =
        || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC), None);
    let outcome = store.write(|_| Err::<(), _>(fsync_failed().into()));
    assert!(matches!(&outcome, Err(StoreError::Io { detail }) if detail.contains("1034")), "{outcome:?}");
    assert_eq!(log.metadata().expect("a log").len(), 0, "what it held was synced into the database");
    assert_eq!(store.events(&ENCOUNTER).expect("readable").len(), 20);
    store.append(&tap(21, 900)).expect("goes on");
    assert!(!store.files.is_suspect());
}

#[test]
fn durability_rests_on_settings_that_hold_on_both_connections() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), &StoreKey::new([7; 32])).expect("opens");
    let number = |connection: &Connection, name: &str| -> i64 {
        connection.query_row(&format!("pragma {name}"), [], |row| row.get(0)).expect("a number")
    };
    let check = |connection: &Connection| {
        assert_eq!(number(connection, "synchronous"), 2, "full");
        assert_eq!(number(connection, "secure_delete"), 1);
        assert_eq!(number(connection, "temp_store"), 2, "memory");
        assert_eq!(number(connection, "foreign_keys"), 1);
        let journal: String =
            connection.query_row("pragma journal_mode", [], |row| row.get(0)).expect("a word");
        assert_eq!(journal, "wal");
        let cipher: String =
            connection.query_row("pragma cipher_version", [], |row| row.get(0)).expect("a word");
        assert!(!cipher.is_empty());
    };
    on_writer(&store, check);
    let reader = lock(&store.reader);
    check(reader.as_ref().expect("open"));
    assert_eq!(number(reader.as_ref().expect("open"), "query_only"), 1);
}

#[test]
fn a_statement_is_compiled_once_whatever_is_bound_to_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), &StoreKey::new([7; 32])).expect("opens");
    let check = |connection: &Connection| {
        let sql = "select place, id from event where place > ?1 order by place limit ?2";
        for first in 0..5 {
            let mut statement = connection.prepare_cached(sql).expect("prepares");
            assert!(!statement.exists((first, first + 10)).expect("reads"));
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    };
    on_writer(&store, check);
    check(lock(&store.reader).as_ref().expect("open"));
}

#[test]
fn a_tap_writes_four_pages() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), &StoreKey::new([7; 32])).expect("opens");
    let log = folder.path().join("store.db-wal");
    let mut frames = Vec::new();
    for seq in 1..=60 {
        let before = log.metadata().map_or(0, |data| data.len());
        store.append(&tap(seq, 900)).expect("appended");
        frames.push((log.metadata().expect("a log").len() - before) / 4_120);
    }
    frames.sort_unstable();
    // Event, chain, encounter; every third or fourth tap one page more, and with it the page that counts pages.
    assert!(frames[frames.len() / 2] <= 3, "{frames:?}");
    assert!(frames.iter().sum::<u64>() <= 4 * 60, "{frames:?}");
}

#[test]
fn a_store_can_go_from_thread_to_thread() {
    fn assert_shared<T: Send + Sync>() {}
    assert_shared::<Store>();
}
