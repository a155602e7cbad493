//! A disk that never loses proves nothing: here it is shown to lose, keep, tear, reorder and fail.

use std::path::Path;

use rusqlite::{Connection, ErrorCode};
use tempfile::TempDir;

use crate::{Call, Damage, Disk, Fault, Image, Survivors};

const ROWS: i64 = 40;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("some.db")).expect("opens");
    connection.execute_batch("pragma journal_mode = wal; pragma synchronous = full;").expect("set");
    connection
}

fn write(connection: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    for row in from..to {
        connection.execute("insert into t values (?1, zeroblob(900))", [row])?;
    }
    Ok(())
}

/// A table with rows written since it was made; gives the disk with the power off after the last call.
fn used(folder: &Path, synchronous: &str) -> Disk {
    let disk = Disk::watch(folder).expect("watched");
    let connection = open(folder);
    connection.execute_batch("create table t (n integer primary key, b blob)").expect("made");
    let then = format!("pragma wal_checkpoint(truncate); pragma synchronous = {synchronous};");
    connection.execute_batch(&then).expect("copied");
    disk.record();
    write(&connection, 0, ROWS).expect("written");
    disk.halt();
    disk
}

fn rows(folder: &Path) -> rusqlite::Result<i64> {
    let connection = Connection::open(folder.join("some.db"))?;
    let sound: String = connection.query_row("pragma integrity_check", [], |row| row.get(0))?;
    assert_eq!(sound, "ok");
    connection.query_row("select count(*) from t", [], |row| row.get(0))
}

#[test]
fn what_was_not_synced_is_lost_and_what_was_synced_is_not() {
    let (lazy, full) = (folder(), folder());
    for (folder, synchronous, expected) in [(&lazy, "off", 0), (&full, "full", ROWS)] {
        let disk = used(folder.path(), synchronous);
        disk.reboot(&disk.platter().image(Survivors::Nothing)).expect("restarted");
        assert_eq!(rows(folder.path()).expect("read"), expected, "synchronous = {synchronous}");
    }
}

#[test]
fn everything_can_survive_too() {
    let folder = folder();
    let disk = used(folder.path(), "off");
    assert!(!disk.platter().is_clean());
    disk.reboot(&disk.platter().image(Survivors::Everything)).expect("restarted");
    assert!(disk.platter().is_clean());
    assert_eq!(rows(folder.path()).expect("read"), ROWS);
}

#[test]
fn some_images_lose_some_tear_some_scribble_and_some_reorder() {
    let folder = folder();
    let disk = used(folder.path(), "off");
    let platter = disk.platter();
    let mut damage = Damage::default();
    let mut held = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let image = platter.image(Survivors::Some { seed });
        assert_eq!(image, platter.image(Survivors::Some { seed }), "the same seed gives the same image");
        damage.add(image.damage);
        disk.reboot(&image).expect("restarted");
        held.insert(rows(folder.path()).expect("a log is whole up to its first damaged frame"));
        disk.reboot(&platter.image(Survivors::Nothing)).expect("restarted");
    }
    assert!(damage.lost > 0 && damage.torn > 0 && damage.junk > 0 && damage.reordered > 0, "{damage:?}");
    assert!(held.len() > 2, "{held:?}");
}

/// Writes over pages in place, with no log to repair them from.
#[test]
fn a_torn_page_is_really_torn() {
    let folder = folder();
    let disk = Disk::watch(folder.path()).expect("watched");
    let connection = Connection::open(folder.path().join("some.db")).expect("opens");
    connection.execute_batch("create table t (n integer primary key, b blob)").expect("made");
    connection.execute_batch("pragma journal_mode = off; pragma synchronous = full;").expect("set");
    write(&connection, 0, ROWS).expect("written");
    connection.execute_batch("pragma synchronous = off; update t set b = randomblob(900);").expect("written");
    disk.halt();
    drop(connection);
    let platter = disk.platter();
    let (old, new) = (platter.image(Survivors::Nothing), platter.image(Survivors::Everything));
    let page = |image: &Image, page: usize| image.files["some.db"][page * 4096..][..4096].to_vec();
    let torn = (0..20).any(|seed| {
        let image = platter.image(Survivors::Some { seed });
        (1..10).any(|n| page(&image, n) != page(&old, n) && page(&image, n) != page(&new, n))
    });
    assert!(torn);
}

#[test]
fn a_name_is_lost_until_its_folder_is_synced() {
    let folder = folder();
    let disk = Disk::watch(folder.path()).expect("watched");
    let connection = Connection::open(folder.path().join("some.db")).expect("opens");
    connection.execute_batch("pragma journal_mode = off; create table t (n);").expect("made");
    assert!(
        !disk.platter().image(Survivors::Nothing).files.contains_key("some.db"),
        "synced, but without a name"
    );
    connection.execute_batch("pragma journal_mode = delete; create table u (n);").expect("made");
    assert!(
        disk.platter().image(Survivors::Nothing).files.contains_key("some.db"),
        "its journal was synced by name"
    );
}

/// Nothing here remedies it, and so what a later sync acknowledged is lost: what a store must take care of.
#[test]
fn after_a_failed_sync_what_was_written_is_gone_although_it_can_be_read() {
    let mut lost = 0;
    for at in 1..=8 {
        let folder = folder();
        let disk = Disk::watch(folder.path()).expect("watched");
        let connection = open(folder.path());
        connection.execute_batch("create table t (n integer primary key, b blob)").expect("made");
        disk.plan(Fault::Fail { call: Call::Sync, at, forever: false });
        let refused = write(&connection, 0, 10).expect_err("the sync failed");
        assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::SystemIoFailure));
        disk.halt();
        drop(connection);
        disk.restart().expect("restarted");
        let connection = open(folder.path());
        let seen: i64 = connection.query_row("select count(*) from t", [], |row| row.get(0)).expect("read");
        assert_eq!(u64::try_from(seen), Ok(at), "the page cache has what was refused");
        write(&connection, 100, 101).expect("the sync after it is told that all is well");
        disk.halt();
        drop(connection);
        disk.reboot(&disk.platter().image(Survivors::Nothing)).expect("restarted");
        lost += seen + 1 - rows(folder.path()).expect("read");
    }
    assert!(lost > 0);
}

#[test]
fn every_fault_happens_once_or_for_ever_and_is_counted() {
    let folder = folder();
    let disk = Disk::watch(folder.path()).expect("watched");
    let connection = open(folder.path());
    connection.execute_batch("create table t (n integer primary key, b blob)").expect("made");
    let mut n = 0;
    let mut try_with = |fault: Fault| {
        disk.plan(fault);
        let codes = [0, 1].map(|_| {
            n += 1;
            write(&connection, n, n + 1).err().and_then(|error| error.sqlite_error_code())
        });
        disk.lift();
        codes
    };
    let (io, full) = (Some(ErrorCode::SystemIoFailure), Some(ErrorCode::DiskFull));
    assert_eq!(try_with(Fault::Fail { call: Call::Write, at: 1, forever: false }), [io, None]);
    assert_eq!(try_with(Fault::Fail { call: Call::Write, at: 2, forever: true }), [io, io]);
    assert_eq!(try_with(Fault::Fail { call: Call::Sync, at: 1, forever: false }), [io, None]);
    assert_eq!(try_with(Fault::Fail { call: Call::Sync, at: 1, forever: true }), [io, io]);
    assert_eq!(try_with(Fault::Short { at: 1 }), [io, None]);
    assert_eq!(try_with(Fault::Full { at: 1, forever: false }), [full, None]);
    assert_eq!(try_with(Fault::Full { at: 1, forever: true }), [full, full]);
    let counts = disk.counts();
    assert_eq!(counts.faults, 10);
    assert!(
        counts.calls[&Call::Write] > 0 && counts.calls[&Call::Sync] > 0 && counts.calls[&Call::Create] > 0
    );
    disk.plan(Fault::Fail { call: Call::Truncate, at: 1, forever: false });
    assert!(connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).is_err());
    disk.plan(Fault::Fail { call: Call::Delete, at: 1, forever: false });
    drop(connection);
    assert_eq!(disk.counts().faults, 12);
}

#[test]
fn a_cut_stops_everything_and_what_the_process_writes_later_is_not_on_disk() {
    let folder = folder();
    let disk = used(folder.path(), "full");
    disk.reboot(&disk.platter().image(Survivors::Everything)).expect("restarted");
    let connection = open(folder.path());
    disk.plan(Fault::Cut { at: 3 });
    assert!(write(&connection, ROWS, ROWS + 1).is_err());
    assert!(disk.is_stopped());
    std::fs::write(folder.path().join("note"), "too late").expect("written");
    assert!(connection.query_row("select count(*) from t", [], |_| Ok(())).is_err(), "reads fail too");
    drop(connection);
    disk.reboot(&disk.platter().image(Survivors::Everything)).expect("restarted");
    assert!(!folder.path().join("note").exists());
    assert_eq!(rows(folder.path()).expect("read"), ROWS);
}

#[test]
fn a_trace_gives_the_same_disk_as_a_cut() {
    let folder = folder();
    let disk = used(folder.path(), "full");
    let trace = disk.trace().expect("recorded");
    let cuts = trace.cuts();
    let (last, end) = cuts.last().expect("the end is one");
    assert_eq!(*last, trace.calls() + 1);
    for survivors in [Survivors::Nothing, Survivors::Everything, Survivors::Some { seed: 7 }] {
        assert_eq!(end.image(survivors), disk.platter().image(survivors));
    }
    assert!(cuts.iter().any(|(_, platter)| !platter.is_clean()));
}

#[test]
fn a_restarted_process_sees_its_page_cache_and_a_plug_pulled_later_does_not() {
    let folder = folder();
    let disk = used(folder.path(), "off");
    disk.restart().expect("restarted");
    assert_eq!(rows(folder.path()).expect("read"), ROWS);
}
