use super::migrate::{Migration, run};
use super::*;
use crate::testing;
use firsthours_core::protocol::Instant;

const ONE: &[Migration] = &[Migration {
    version: 1,
    sql: "-- a table; with a comment\ncreate table word (id {int} primary key, text text not null unique, bytes {blob}) {strict};",
}];

const KEY: [u8; 32] = [7; 32];

fn opened() -> (testing::Folder, Store) {
    let folder = testing::folder();
    let store =
        open(&folder.path().join("a.db"), &StoreKey::new(KEY), ONE, Instant::from_ms(1)).expect("open");
    (folder, store)
}

fn add(store: &Store, id: i64, text: &str) -> Result<usize> {
    store.write(|tx| tx.run("insert into word (id, text) values ($1, $2)", &[id.into(), text.into()]))
}

fn count(store: &Store) -> i64 {
    store.read(|tx| tx.rows("select count(*) from word", &[])).expect("read")[0].int(0).expect("int")
}

#[test]
fn a_wrong_key_is_told_and_changes_nothing() {
    let (folder, store) = opened();
    add(&store, 1, "one").expect("add");
    let path = folder.path().join("a.db");
    assert_eq!(
        open(&path, &StoreKey::new([8; 32]), ONE, Instant::from_ms(2)).err(),
        Some(StoreError::WrongKey)
    );
    drop(store);
    assert_eq!(count(&open(&path, &StoreKey::new(KEY), ONE, Instant::from_ms(3)).expect("open")), 1);
}

#[test]
fn the_file_and_its_log_hold_no_plain_text() {
    let (folder, store) = opened();
    add(&store, 1, "canary-in-the-mine").expect("add");
    for file in std::fs::read_dir(folder.path()).expect("folder") {
        let bytes = std::fs::read(file.expect("file").path()).expect("bytes");
        assert!(!bytes.windows(6).any(|part| part == b"canary"));
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let (folder, store) = opened();
    drop(store);
    let path = folder.path().join("a.db");
    let two = [ONE[0], Migration { version: 2, sql: "create table more (id {int} primary key) {strict}" }];
    drop(open(&path, &StoreKey::new(KEY), &two, Instant::from_ms(2)).expect("open"));
    let refused = open(&path, &StoreKey::new(KEY), ONE, Instant::from_ms(3)).err();
    assert_eq!(refused, Some(StoreError::NewerSchema { found: 2, known: 1 }));
}

#[test]
fn an_altered_migration_is_refused() {
    let (folder, store) = opened();
    drop(store);
    let altered = [Migration { version: 1, sql: "create table word (id {int} primary key) {strict}" }];
    let refused = open(&folder.path().join("a.db"), &StoreKey::new(KEY), &altered, Instant::from_ms(3)).err();
    assert_eq!(refused, Some(StoreError::AlteredMigration { version: 1 }));
}

#[test]
fn a_failed_migration_leaves_the_old_schema() {
    let (folder, store) = opened();
    let broken = [
        ONE[0],
        Migration { version: 2, sql: "create table more (id {int} primary key) {strict}; create nonsense" },
    ];
    assert!(run(&store, &broken, Instant::from_ms(2)).is_err());
    assert_eq!(migrate::version(&store), Ok(1));
    assert!(store.read(|tx| tx.rows("select id from more", &[])).is_err());
    drop(folder);
}

#[test]
fn a_damaged_page_is_a_typed_error() {
    let (folder, store) = opened();
    for id in 0..500 {
        add(&store, id, &format!("a text that fills pages {id}")).expect("add");
    }
    drop(store);
    let path = folder.path().join("a.db");
    let mut bytes = std::fs::read(&path).expect("bytes");
    let pages = bytes.len() / 4096;
    assert!(pages > 4, "the log was written back on close");
    for page in 2..pages {
        bytes[page * 4096 + 100] ^= 1;
    }
    std::fs::write(&path, bytes).expect("write");
    let found = open(&path, &StoreKey::new(KEY), ONE, Instant::from_ms(2))
        .and_then(|store| store.read(|tx| tx.rows("select text from word order by id", &[])))
        .err();
    assert!(matches!(found, Some(StoreError::Corrupt(_))), "{found:?}");
}

#[test]
fn an_error_in_the_work_leaves_no_trace() {
    let (_folder, store) = opened();
    let refused: Result<()> = store.write(|tx| {
        tx.run("insert into word (id, text) values ($1, $2)", &[1.into(), "one".into()])?;
        Err(StoreError::Busy)
    });
    assert_eq!(refused, Err(StoreError::Busy));
    assert_eq!(count(&store), 0);
}

#[test]
fn a_panic_in_the_work_leaves_no_trace_and_a_store_that_works() {
    let (_folder, store) = opened();
    let shared = store.clone();
    let panicked = std::thread::spawn(move || {
        shared.write(|tx| -> Result<()> {
            tx.run("insert into word (id, text) values ($1, $2)", &[1.into(), "one".into()])?;
            panic!("planted")
        })
    })
    .join();
    assert!(panicked.is_err());
    assert_eq!(count(&store), 0);
    add(&store, 2, "two").expect("add");
    assert_eq!(count(&store), 1);
}

#[test]
fn parameters_are_bound_by_their_number() {
    let (_folder, store) = opened();
    let row = store
        .read(|tx| {
            tx.rows(
                "select cast($2 as text), cast($1 as text), cast($2 as text)",
                &["first".into(), "second".into()],
            )
        })
        .expect("read")
        .remove(0);
    assert_eq!((row.text(0), row.text(1), row.text(2)), (Ok("second"), Ok("first"), Ok("second")));
    let missing = store.read(|tx| tx.rows("select cast($3 as text)", &["first".into()]));
    assert!(matches!(missing, Err(StoreError::Statement(_))));
}

#[test]
fn a_second_equal_value_is_a_constraint_and_a_reader_cannot_write() {
    let (_folder, store) = opened();
    add(&store, 1, "one").expect("add");
    assert!(matches!(add(&store, 2, "one"), Err(StoreError::Constraint(_))));
    let written = store.read(|tx| tx.run("delete from word", &[]));
    assert!(matches!(written, Err(StoreError::NotAvailable(_))), "{written:?}");
}

#[test]
fn a_reader_sees_one_snapshot_while_others_write() {
    let (_folder, store) = opened();
    let counts = store
        .read(|tx| {
            let before = tx.rows("select count(*) from word", &[])?[0].int(0)?;
            add(&store, 1, "one")?;
            Ok::<_, StoreError>((before, tx.rows("select count(*) from word", &[])?[0].int(0)?))
        })
        .expect("read");
    assert_eq!(counts, (0, 0));
    assert_eq!(count(&store), 1);
}

#[test]
fn a_sound_file_passes_its_check() {
    let (_folder, store) = testing::store();
    assert_eq!(store.check(), Ok(Vec::new()));
}
