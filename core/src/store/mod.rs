//! The store on the phone: one SQLCipher file, encrypted, in which everything that was saved is durable.
//!
//! A call that returned `Ok` is on disk (`synchronous = full`, on Apple's systems also `fullfsync`). A tap is one
//! transaction of few pages. There is one writer, and one reader beside it that never waits for the writer.
//!
//! **After an I/O error** at a commit nobody knows what is on disk: the system may have thrown the pages away and
//! call them written. So nothing is repeated. Both connections are closed, the file is opened again, the log is
//! copied and synced anew, every page is checked, and the caller gets [`StoreError::Io`]: it must read what is there
//! before it goes on.
//!
//! **Damage** is never silent: each page carries a check that is verified as it is read. Found at opening, the file
//! is set aside, whole, and the next opening makes a new one. Found by a read, that read fails and all else goes on,
//! for a deputy must not be stopped by a page of an old record; found by a write, the file gets no more writes.
//! Either way the next opening checks every page and sets the file aside.

mod documents;
mod drafts;
mod encounters;
mod error;
mod events;
mod files;
mod installs;
mod open;
mod rows;
mod session;
mod settings;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use crate::cipher::StoreKey;
pub use drafts::{Draft, DraftKey};
pub use encounters::{Confirmed, EncounterRow, Standing};
pub use error::StoreError;
pub use events::{Append, NewEvent, Received, StoredEvent};
pub use installs::StoredInstall;

use error::Failure;
use files::Files;

/// One deputy's store on one phone.
///
/// The locks are taken in the order writer, reader, and are held for one transaction only: never over the network,
/// never over a call to a shell.
#[derive(Debug)]
pub struct Store {
    files: Files,
    /// A mutex, because SQLite has one writer at a time anyway: here they queue in order, instead of finding the
    /// file busy and trying again.
    writer: Mutex<Writer>,
    /// A mutex, because a connection serves one thread at a time. `None` when closed, or lost and not opened again.
    reader: Mutex<Option<Connection>>,
}

#[derive(Debug)]
enum Writer {
    Open {
        connection: Connection,
        key: StoreKey,
    },
    /// An error left unknown what is on disk, or the disk was full; opened again, and checked, before the next write.
    Lost {
        key: StoreKey,
    },
    Closed,
}

impl Store {
    /// Opens the store in a folder, or makes it.
    ///
    /// A store that is there and does not open with this key is [`StoreError::WrongKey`]; one that a newer app wrote
    /// is [`StoreError::Newer`]; both stay untouched. A damaged one is moved aside, never deleted:
    /// [`StoreError::Corrupt`] says where to, and the next call makes a new one.
    pub fn open(folder: &Path, key: &StoreKey) -> Result<Self, StoreError> {
        let files = Files::new(folder)?;
        let key = key.clone();
        let writer = match open::open(&files, &key)? {
            Some(connection) => Writer::Open { connection, key: key.clone() },
            None => Writer::Lost { key: key.clone() },
        };
        let reader = open::open_reader(&files, &key).map_err(|failure| failure.error)?;
        Ok(Self { files, writer: Mutex::new(writer), reader: Mutex::new(Some(reader)) })
    }

    /// Waits for a running call, closes the file and wipes the key. After it every call is [`StoreError::Closed`].
    pub fn shutdown(&self) {
        let mut writer = lock(&self.writer);
        // The reader first: the connection that closes last moves the log into the database.
        drop(lock(&self.reader).take());
        *writer = Writer::Closed;
    }

    /// Checks every page of the file and every row. It takes long and taps wait for it: for an idle moment, or after
    /// the phone was switched off hard.
    pub fn check(&self) -> Result<(), StoreError> {
        let mut writer = lock(&self.writer);
        let outcome = self.revived(&mut writer).and_then(|connection| open::check(connection));
        self.settle(&mut writer, outcome)
    }

    /// Runs one write transaction: all of it is durable when this returns `Ok`, and nothing of it was kept when it
    /// returns an error other than `Io`.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T, StoreError> {
        let mut writer = lock(&self.writer);
        let outcome = self.revived(&mut writer).and_then(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        });
        self.settle(&mut writer, outcome)
    }

    /// Runs one read transaction: all its statements see the same moment.
    fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T, StoreError> {
        let mut reader = self.open_reader()?;
        let Some(connection) = reader.as_mut() else { return Err(StoreError::Closed) };
        let outcome = connection
            .transaction_with_behavior(TransactionBehavior::Deferred)
            .map_err(Failure::from)
            .and_then(|transaction| work(&transaction));
        outcome.map_err(|failure| {
            if failure.connection_lost {
                *reader = None;
            }
            self.note(&failure);
            failure.error
        })
    }

    fn open_reader(&self) -> Result<MutexGuard<'_, Option<Connection>>, StoreError> {
        let reader = lock(&self.reader);
        if reader.is_some() {
            return Ok(reader);
        }
        drop(reader);
        let writer = lock(&self.writer);
        let key = match &*writer {
            Writer::Open { key, .. } | Writer::Lost { key } => key,
            Writer::Closed => return Err(StoreError::Closed),
        };
        // Still under the writer's lock, so that a shutdown cannot come between.
        let mut reader = lock(&self.reader);
        if reader.is_none() {
            *reader = Some(open::open_reader(&self.files, key).map_err(|failure| failure.error)?);
        }
        Ok(reader)
    }

    /// The writer's connection, opened again if it was lost.
    fn revived<'w>(&self, writer: &'w mut Writer) -> Result<&'w mut Connection, Failure> {
        if let Writer::Lost { key } = writer {
            // A reader would keep the log from beginning anew.
            drop(lock(&self.reader).take());
            let connection = open::reopen(&self.files, key)?;
            *writer = Writer::Open { connection, key: key.clone() };
        }
        match writer {
            Writer::Open { connection, .. } => Ok(connection),
            Writer::Lost { .. } | Writer::Closed => Err(StoreError::Closed.into()),
        }
    }

    /// Ends a call on the writer: a connection that cannot be trusted is closed, opened again and checked.
    fn settle<T>(&self, writer: &mut Writer, outcome: Result<T, Failure>) -> Result<T, StoreError> {
        let failure = match outcome {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        self.note(&failure);
        if failure.connection_lost {
            self.lose(writer);
            if !matches!(failure.error, StoreError::Corrupt { .. })
                && let Err(again) = self.revived(writer)
            {
                self.note(&again);
            }
        }
        Err(failure.error)
    }

    fn lose(&self, writer: &mut Writer) {
        if let Writer::Open { connection, key } = writer {
            // Closing must not write: what is in the log is looked at first.
            let _ = open::checkpoint_on_close(connection, false);
            *writer = Writer::Lost { key: key.clone() };
            drop(lock(&self.reader).take());
        }
    }

    fn note(&self, failure: &Failure) {
        if matches!(failure.error, StoreError::Corrupt { .. }) {
            self.files.suspect();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// A panic in a transaction rolls it back, so that what the lock guards is whole even then.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
