//! The embedded engine: one SQLCipher file, one writer, readers beside it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use firsthours_core::cipher::{self, CipherFault, Opening, StoreKey};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::engine::{Dialect, Engine, Outcome, Tx};
use super::error::{Result, StoreError};
use super::row::{Row, Value};
use super::turn::Turns;

/// Readers kept open between requests; more are opened under load and closed after.
const IDLE_READERS: usize = 8;
/// A log of so many bytes is copied into the database: a thousand pages.
const LONG_LOG: u64 = 4 * 1024 * 1024;
/// Prepared statements kept for each connection.
const STATEMENTS: usize = 128;
/// How long a reader or writer waits for a lock that another process holds.
const BUSY: Duration = Duration::from_secs(10);

/// One SQLCipher file.
pub(super) struct Lite {
    path: PathBuf,
    key: StoreKey,
    writer: Mutex<Connection>,
    /// Who is next to write.
    turns: Turns,
    /// Copies the log into the database while others write on.
    copier: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// Set when a write to disk failed: what the file holds is then unknown until it is opened anew.
    failed: AtomicBool,
}

impl Lite {
    /// Opens the file, or makes it. The first read proves the key.
    pub(super) fn open(path: &Path, key: &StoreKey) -> Result<Self> {
        let key = key.clone();
        let writer = connect(path, &key, Access::Write)?;
        let copier = connect(path, &key, Access::Copy)?;
        Ok(Self {
            path: path.to_owned(),
            key,
            writer: Mutex::new(writer),
            turns: Turns::default(),
            copier: Mutex::new(copier),
            readers: Mutex::new(Vec::new()),
            failed: AtomicBool::new(false),
        })
    }

    /// Copies the log into the database once it is long. SQLite would do it in the commit that makes it long, while every
    /// other writer waits; here only the one that asks does.
    fn copy_log(&self) {
        let mut name = self.path.clone().into_os_string();
        name.push("-wal");
        if std::fs::metadata(name).map_or(0, |log| log.len()) < LONG_LOG {
            return;
        }
        // Whoever finds another at it need not do it again.
        let Ok(copier) = self.copier.try_lock() else { return };
        let done = copier.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
        if let Err(error) = done {
            tracing::error!(%error, "the log of the store could not be copied");
            if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
                self.failed.store(true, Ordering::SeqCst);
            }
        }
    }

    fn reader(&self) -> Result<Connection> {
        let idle = lock(&self.readers).pop();
        idle.map_or_else(|| connect(&self.path, &self.key, Access::Read), Ok)
    }
}

impl Engine for Lite {
    fn write(&self, work: &mut dyn FnMut(&mut dyn Tx) -> Outcome) -> Result<()> {
        let turn = self.turns.wait();
        let mut connection = lock(&self.writer);
        if self.failed.load(Ordering::SeqCst) {
            return Err(StoreError::NotAvailable(
                "a write to disk failed; check the disk, then restart the server".to_owned(),
            ));
        }
        // Dropped without a commit (an error, a panic), the transaction is rolled back.
        let ended = (|| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            match work(&mut LiteTx(&transaction)) {
                Outcome::Commit => transaction.commit(),
                // A full disk makes SQLite roll back by itself; what went wrong is in the answer of the work.
                Outcome::RollBack if transaction.is_autocommit() => Ok(()),
                Outcome::RollBack => transaction.rollback(),
            }
        })();
        drop(connection);
        drop(turn);
        self.copy_log();
        ended.map_err(|error| {
            if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
                // After a failed fsync the system may report success for data it has dropped: never go on.
                self.failed.store(true, Ordering::SeqCst);
            }
            typed(&error)
        })
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Tx)) -> Result<()> {
        let mut connection = self.reader()?;
        let transaction = connection.transaction().map_err(|error| typed(&error))?;
        work(&mut LiteTx(&transaction));
        transaction.finish().map_err(|error| typed(&error))?;
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        Ok(())
    }

    fn dialect(&self) -> Dialect {
        Dialect { int: "integer", blob: "blob", strict: "strict" }
    }

    fn built_of(&self) -> Result<Vec<String>> {
        let connection = self.reader()?;
        let ask = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0));
        let asked = (|| {
            Ok(vec![
                format!("SQLite {}", ask("select sqlite_version()")?),
                format!("SQLCipher {}", ask("pragma cipher_version")?),
                ask("pragma cipher_provider_version")?,
            ])
        })();
        asked.map_err(|error| typed(&error))
    }

    fn check(&self) -> Result<Vec<String>> {
        // SQLCipher checks the pages as they lie in the file, and a page that a power cut tore in the middle of being
        // copied there is whole in the log.
        empty_log(&lock(&self.writer)).map_err(|error| typed(&error))?;
        let connection = self.reader()?;
        let mut found = Vec::new();
        for pragma in ["pragma cipher_integrity_check", "pragma integrity_check"] {
            let mut statement = connection.prepare(pragma).map_err(|error| typed(&error))?;
            let lines = statement
                .query_map([], |row| row.get::<_, String>(0))
                .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
                .map_err(|error| typed(&error))?;
            found.extend(lines.into_iter().filter(|line| line != "ok"));
        }
        Ok(found)
    }
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    /// Nothing but copying the log.
    Copy,
}

fn connect(path: &Path, key: &StoreKey, access: Access) -> Result<Connection> {
    let opening = Opening {
        salt: b"fh1-server-salt",
        create: access == Access::Write,
        keeps_log: false,
        statements: STATEMENTS,
    };
    let connection = cipher::open(path, key, opening).map_err(|fault| match fault {
        CipherFault::Sqlite(error) => typed(&error),
        CipherFault::NoCipher => StoreError::NotAvailable(fault.to_string()),
    })?;
    prepare(&connection, access).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::WrongKey,
        _ => typed(&error),
    })?;
    Ok(connection)
}

fn prepare(connection: &Connection, access: Access) -> rusqlite::Result<()> {
    // The first read decrypts page one, and so proves the key before anything else is set.
    connection.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
    connection.busy_timeout(BUSY)?;
    match access {
        Access::Write => {
            // Once it is copied the log begins anew and is cut to a megabyte, so that its length says what is to be copied.
            connection.execute_batch(
                "pragma journal_mode = wal; pragma journal_size_limit = 1048576; pragma synchronous = full; pragma secure_delete = on;
                 pragma foreign_keys = on; pragma temp_store = memory; pragma wal_autocheckpoint = 0;",
            )?;
            // What lies in the log may be in the system's cache alone: written before a sync that failed, by a process
            // that ended then. Nothing is appended to it before it is durable, or a cut would take both. Where another
            // process has the file open, that one has done it.
            empty_log(connection)
        }
        Access::Copy => connection.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0;",
        ),
        Access::Read => connection.execute_batch("pragma query_only = on; pragma temp_store = memory;"),
    }
}

/// Copies what the log holds into the database, syncs it there, and begins the log anew, unless another is at it.
fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
}

struct LiteTx<'a>(&'a Connection);

/// The one server over an embedded store.
const REPLICA: &str = "main";

impl Tx for LiteTx<'_> {
    fn replica(&self) -> &'static str {
        REPLICA
    }

    fn rows(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
        let mut statement = self.0.prepare_cached(sql).map_err(|error| typed(&error))?;
        let columns = statement.column_count();
        bind(&mut statement, args)?;
        let mut found = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(|error| typed(&error))? {
            let mut values = Vec::with_capacity(columns);
            for column in 0..columns {
                values.push(value(row.get_ref(column).map_err(|error| typed(&error))?)?);
            }
            rows.push(Row::new(values));
        }
        Ok(rows)
    }

    fn run(&mut self, sql: &str, args: &[Value]) -> Result<usize> {
        let mut statement = self.0.prepare_cached(sql).map_err(|error| typed(&error))?;
        bind(&mut statement, args)?;
        statement.raw_execute().map_err(|error| typed(&error))
    }
}

/// `$3` is a named parameter to SQLite, numbered by first appearance; the number in its name is what counts.
fn bind(statement: &mut rusqlite::CachedStatement<'_>, args: &[Value]) -> Result<()> {
    for place in 1..=statement.parameter_count() {
        let number = statement
            .parameter_name(place)
            .and_then(|name| name.strip_prefix('$'))
            .and_then(|number| number.parse::<usize>().ok())
            .filter(|number| *number > 0)
            .ok_or_else(|| StoreError::Statement("a parameter is not written as a number".to_owned()))?;
        let bound = match args.get(number - 1) {
            Some(Value::Null) => statement.raw_bind_parameter(place, rusqlite::types::Null),
            Some(Value::Int(value)) => statement.raw_bind_parameter(place, value),
            Some(Value::Text(value)) => statement.raw_bind_parameter(place, value),
            Some(Value::Blob(value)) => statement.raw_bind_parameter(place, value),
            None => return Err(StoreError::Statement(format!("parameter ${number} has no value"))),
        };
        bound.map_err(|error| typed(&error))?;
    }
    Ok(())
}

fn value(value: ValueRef<'_>) -> Result<Value> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(value) => Ok(Value::Int(value)),
        ValueRef::Text(value) => std::str::from_utf8(value)
            .map(|text| Value::Text(text.to_owned()))
            .map_err(|_| StoreError::Corrupt("a text is not UTF-8".to_owned())),
        ValueRef::Blob(value) => Ok(Value::Blob(value.to_vec())),
        ValueRef::Real(_) => Err(StoreError::Corrupt("a column holds a fraction".to_owned())),
    }
}

/// The error as something a caller can act on. Messages of SQLite name tables and columns, never values.
fn typed(error: &rusqlite::Error) -> StoreError {
    let text = match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(text),
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::ConstraintViolation) => StoreError::Constraint(text),
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied,
        ) => StoreError::NotAvailable(text),
        _ => StoreError::Statement(text),
    }
}

/// A panic inside a transaction has rolled it back, so the connection behind a poisoned lock is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_compiled_once_whatever_is_bound_to_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, key) = (folder.path().join("a.db"), StoreKey::new([7; 32]));
        let writer = connect(&path, &key, Access::Write).expect("opens");
        writer
            .execute_batch("create table word (id text, place integer, primary key (id, place)) strict")
            .expect("a table");
        for access in [Access::Write, Access::Read] {
            let connection = connect(&path, &key, access).expect("opens");
            let sql = "select id, place from word where id = $1 order by place";
            for id in ["a", "b", "c"] {
                let mut statement = connection.prepare_cached(sql).expect("prepares");
                bind(&mut statement, &[id.into()]).expect("binds");
                assert!(statement.raw_query().next().expect("reads").is_none());
                assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
            }
        }
    }
}
