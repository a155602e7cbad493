//! Opening: the key, the settings of SQLite that durability rests on, the layout, and damage.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use super::error::{Failure, StoreError};
use super::files::{Files, Mark};
use crate::cipher::{self, Opening, StoreKey};

/// The layouts, oldest first. A layout's number is its place here, counted from 1.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_init.sql")];

/// Statements that stay prepared on each connection: all of them.
const STATEMENTS: usize = 64;

/// The newest layout that this code knows.
pub(super) fn known_layout() -> u32 {
    u32::try_from(MIGRATIONS.len()).expect("there are few migrations")
}

/// Opens or makes the store and returns its writer; `None` where it can be read, and written once the disk has room.
pub(super) fn open(files: &Files, key: &StoreKey) -> Result<Option<Connection>, StoreError> {
    let mark = files.mark(key)?;
    if !files.has_database()? {
        return match mark {
            // There was a store, and it is gone: that must be said once, not covered up by a new one.
            Mark::Made { fits: true } => Err(StoreError::Corrupt { set_aside: files.set_aside()? }),
            Mark::Made { fits: false } => Err(StoreError::WrongKey),
            Mark::Making { .. } | Mark::Missing => make(files, key),
        };
    }
    match open_existing(files, key) {
        Ok(writer) => {
            if mark != (Mark::Made { fits: true }) {
                files.write_mark(key, true)?;
            }
            Ok(writer)
        }
        Err(StoreError::Corrupt { .. }) => match mark {
            Mark::Made { fits: true } => Err(StoreError::Corrupt { set_aside: files.set_aside()? }),
            // Never finished, so that nothing in it was ever acknowledged to anyone.
            Mark::Making { fits: true } => make(files, key),
            // Without a mark of this key the file may be whole: it is not for us to touch.
            Mark::Missing | Mark::Making { fits: false } | Mark::Made { fits: false } => {
                Err(StoreError::WrongKey)
            }
        },
        Err(other) => Err(other),
    }
}

/// Opens a connection beside the writer that only reads.
pub(super) fn open_reader(files: &Files, key: &StoreKey) -> Result<Connection, Failure> {
    let reader = connect(files, key)?;
    reader.execute_batch("pragma query_only = on")?;
    Ok(reader)
}

/// Opens the writer again after an I/O error.
///
/// After a failed fsync the system may hold pages that it calls written and that are not on disk. So what the log
/// holds is copied into the database and synced there, and the log begins anew, before anything is appended; and
/// every page is checked. Whether the write that failed is in it is for the caller to read.
pub(super) fn reopen(files: &Files, key: &StoreKey) -> Result<Connection, Failure> {
    if !files.has_database()? {
        return Err(Failure::damaged());
    }
    let writer = connect(files, key)?;
    layout(&writer)?;
    check(&writer)?;
    checkpoint_on_close(&writer, true)?;
    Ok(writer)
}

/// Copies what the log holds into the database, syncs it there, and begins the log anew.
fn empty_log(writer: &Connection) -> Result<(), Failure> {
    let busy: i64 = writer.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))?;
    if busy == 0 { Ok(()) } else { Err(StoreError::io("the log is in use").into()) }
}

/// Checks every page of the file and every row.
///
/// The log is emptied first: SQLCipher checks the pages as they lie in the file, and a page that a power cut tore in
/// the middle of being copied there is whole in the log.
pub(super) fn check(connection: &Connection) -> Result<(), Failure> {
    empty_log(connection)?;
    let mut pages = connection.prepare("pragma cipher_integrity_check")?;
    if pages.query([])?.next()?.is_some() {
        return Err(Failure::damaged());
    }
    let found: String = connection.query_row("pragma integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Failure::damaged()) }
}

/// Whether closing the last connection moves the log into the database. It must not while we do not know whether
/// the file is ours to write.
pub(super) fn checkpoint_on_close(connection: &Connection, on: bool) -> Result<(), Failure> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !on)?;
    Ok(())
}

fn make(files: &Files, key: &StoreKey) -> Result<Option<Connection>, StoreError> {
    if files.has_database()? || files.has_siblings() {
        files.set_aside()?;
    }
    files.write_mark(key, false)?;
    let writer = open_existing(files, key)?;
    // The mark is renamed into the same folder and the folder synced, which makes the database's name durable too.
    files.write_mark(key, true)?;
    Ok(writer)
}

fn open_existing(files: &Files, key: &StoreKey) -> Result<Option<Connection>, StoreError> {
    let prepared = || -> Result<Option<Connection>, Failure> {
        let mut writer = connect(files, key)?;
        let found = layout(&writer)?;
        if found > known_layout() {
            return Err(StoreError::Newer { found, known: known_layout() }.into());
        }
        if files.is_suspect() {
            check(&writer)?;
            files.clear_suspicion();
        }
        writer.execute_batch("pragma journal_mode = wal")?;
        // What lies in the log may be in the system's cache alone: written before a sync that failed, by a process
        // that ended then. Nothing is appended to it before it is durable, or a cut would take both.
        match empty_log(&writer) {
            // What is in the log can be read; the next write empties it first.
            Err(Failure { error: StoreError::Full, .. }) if found == known_layout() => return Ok(None),
            emptied => emptied?,
        }
        migrate(&mut writer, found)?;
        checkpoint_on_close(&writer, true)?;
        Ok(Some(writer))
    };
    prepared().map_err(|failure| failure.error)
}

fn connect(files: &Files, key: &StoreKey) -> Result<Connection, Failure> {
    let opening = Opening { salt: b"fh-store-salt", create: true, keeps_log: true, statements: STATEMENTS };
    let connection = cipher::open(&files.database(), key, opening)?;
    connection.execute_batch(
        "pragma synchronous = full;
         pragma temp_store = memory;
         pragma secure_delete = on;
         pragma foreign_keys = on;
         pragma trusted_schema = off;
         pragma cell_size_check = on;
         pragma journal_size_limit = 4194304;",
    )?;
    // On Apple's systems fsync leaves data in the drive's cache; only F_FULLFSYNC does not.
    if cfg!(target_vendor = "apple") {
        connection.execute_batch("pragma fullfsync = on; pragma checkpoint_fullfsync = on;")?;
    }
    Ok(connection)
}

/// The layout's number. The first read of the file: a wrong key or a damaged first page shows here.
fn layout(connection: &Connection) -> Result<u32, Failure> {
    let found: i64 = connection.query_row("pragma user_version", [], |row| row.get(0))?;
    u32::try_from(found).map_err(|_| Failure::damaged())
}

fn migrate(writer: &mut Connection, found: u32) -> Result<(), Failure> {
    for (number, sql) in (1_u32..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}
