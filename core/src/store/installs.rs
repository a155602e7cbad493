//! The installs of a store: one live, and those that ended because the store was put back or copied.
//!
//! Two copies of a chain would each go on with the same numbers and other events. So the chain of a copy ends, a new
//! install begins, and what the ended ones wrote stays what *this phone* wrote.

use rusqlite::{Transaction, named_params};
use zeroize::Zeroizing;

use super::Store;
use super::error::{Failure, StoreError};
use super::rows::{check_whole, first, signed, unsigned};
use crate::evidence::Chain;
use crate::record::{EventId, InstallId};

/// An install that writes, or wrote, into this store.
#[derive(Clone)]
pub struct StoredInstall {
    /// Its id.
    pub id: InstallId,
    /// The private half of its signing key.
    pub seed: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for StoredInstall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredInstall").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Bits of `own_event.line` that are the number in the chain.
const SEQ_BITS: u32 = 40;

impl Store {
    /// Every install of this store, the oldest first: the last one is live.
    pub fn installs(&self) -> Result<Vec<StoredInstall>, StoreError> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("select id, seed, tail from install order by number")?;
            let mut rows = statement.query([])?;
            let mut installs = Vec::new();
            while let Some(row) = rows.next()? {
                check_whole(row)?;
                let (id, seed) = (InstallId(row.get("id")?), Zeroizing::new(row.get("seed")?));
                installs.push(StoredInstall { id, seed });
            }
            Ok(installs)
        })
    }

    /// Begins a new install, which is live from here on, and forgets these settings: they were the last one's.
    pub fn begin_install(&self, install: &StoredInstall, forget: &[&str]) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("insert into install (id, seed) values (:id, :seed)")?
                .execute(named_params! { ":id": install.id.0, ":seed": install.seed.as_slice() })?;
            for name in forget {
                transaction
                    .prepare_cached("delete from setting where name = :name")?
                    .execute(named_params! { ":name": name })?;
            }
            Ok(())
        })
    }

    /// Number and id of the last event of an install that is live or has ended here.
    pub fn head_of(&self, install: InstallId) -> Result<Chain, StoreError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "select line, own_event.id from install join own_event
                 on own_event.line between (install.number << 40) and (install.number << 40 | 1099511627775)
                 where install.id = :install order by line desc limit 1",
            )?;
            let mut rows = statement.query(named_params! { ":install": install.0 })?;
            match rows.next()? {
                Some(row) => {
                    Ok(Chain { seq: seq_of(unsigned(row, "line")?), id: Some(EventId(row.get("id")?)) })
                }
                None => Ok(Chain::default()),
            }
        })
    }
}

/// The number of the live install. A store that was never given one writes as the first.
pub(super) fn live(transaction: &Transaction<'_>) -> Result<i64, Failure> {
    Ok(first::<Option<i64>>(transaction, "select max(number) from install")?.flatten().unwrap_or(1))
}

/// Where an event of a chain stands among all chains of this store.
pub(super) fn line(install: i64, seq: u64) -> Result<i64, Failure> {
    if seq >> SEQ_BITS != 0 {
        return Err(StoreError::io("a number beyond every chain").into());
    }
    Ok((install << SEQ_BITS) | signed(seq)?)
}

/// The number in a line.
pub(super) fn seq_of(line: u64) -> u64 {
    line & ((1 << SEQ_BITS) - 1)
}
