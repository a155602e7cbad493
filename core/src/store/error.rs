//! What can go wrong with the store, as a caller can act on it.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::cipher::CipherFault;

/// Why the store did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A store is there, and this key does not open it. Nothing was touched.
    #[error("the store does not open with this key")]
    WrongKey,
    /// A newer app wrote it. Nothing was touched; the app must be updated.
    #[error("the store has layout {found} and this app knows {known}")]
    Newer {
        /// The layout of the file.
        found: u32,
        /// The newest layout that this code knows.
        known: u32,
    },
    /// The file is damaged. At opening it was moved to `set_aside` and the next opening makes a new one; during use
    /// it is left where it is until then.
    #[error("the store is damaged")]
    Corrupt {
        /// Where the damaged file lies now, if it was moved.
        set_aside: Option<PathBuf>,
    },
    /// The disk is full. Nothing of the call was kept, everything before it was.
    #[error("the disk is full")]
    Full,
    /// The store was shut down.
    #[error("the store is closed")]
    Closed,
    /// It does not go with what is held: another came first, or what it names is not here. Nothing of the call was kept;
    /// read again before going on.
    #[error("it does not go with what is held: {what}")]
    Conflict {
        /// What does not go.
        what: &'static str,
    },
    /// Anything else. After a failed write it is *not known* whether the write was kept: read again before
    /// going on, never just repeat.
    #[error("the store could not be read or written: {detail}")]
    Io {
        /// The name of the fault, never content.
        detail: String,
    },
}

/// An error on its way out, and whether the connection it came from can still be trusted.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: StoreError,
    pub(super) connection_lost: bool,
}

impl StoreError {
    pub(super) fn io(detail: impl Into<String>) -> Self {
        Self::Io { detail: detail.into() }
    }
}

impl Failure {
    /// What was read cannot have been written by this code.
    pub(super) fn damaged() -> Self {
        Self { error: StoreError::Corrupt { set_aside: None }, connection_lost: true }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { error, connection_lost: false }
    }
}

impl From<CipherFault> for Failure {
    fn from(fault: CipherFault) -> Self {
        match fault {
            CipherFault::Sqlite(error) => error.into(),
            CipherFault::NoCipher => StoreError::io("the cipher is not at work").into(),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let (code, extended) = match &error {
            rusqlite::Error::SqliteFailure(cause, _) => (cause.code, cause.extended_code),
            rusqlite::Error::SqlInputError { error, .. } => (error.code, error.extended_code),
            // Types, ranges and UTF-8 are ours: another value in a row is damage.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => return Self::damaged(),
            _ => return StoreError::io("a statement was used wrongly").into(),
        };
        let io = StoreError::io(format!("{} ({extended})", rusqlite::ffi::code_to_str(extended)));
        match code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::damaged(),
            // The transaction was rolled back whole, and the connection is as good as before.
            ErrorCode::DiskFull => StoreError::Full.into(),
            // A page that fails its check makes SQLCipher refuse all further work of that connection, under
            // whatever code SQLite then meets. An I/O error leaves unknown what is on disk.
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory
            | ErrorCode::Unknown => Self { error: io, connection_lost: true },
            _ => io.into(),
        }
    }
}
