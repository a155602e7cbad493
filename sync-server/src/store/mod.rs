//! Everything that knows SQL: one narrow engine, its schema, and the rows it gives back.
//!
//! The text of every statement is the same for SQLite and PostgreSQL: lower case, `$n` parameters bound by
//! their number, no functions that only one of them knows.

pub(crate) mod audit;
pub(crate) mod data_keys;
pub(crate) mod directory;
pub(crate) mod documents;
pub(crate) mod encounters;
mod engine;
pub(crate) mod enrolments;
mod error;
pub(crate) mod events;
pub(crate) mod holes;
pub(crate) mod installs;
pub(crate) mod lists;
mod lite;
mod many;
pub(crate) mod meta;
pub mod migrate;
pub(crate) mod pending;
pub(crate) mod people;
pub(crate) mod protocols;
mod row;
pub(crate) mod scope;
pub(crate) mod sessions;
mod turn;

pub use engine::{Dialect, Engine, Outcome, Store, Tx};
pub use error::{Result, StoreError};
pub use firsthours_core::cipher::StoreKey;
pub use row::{Row, Value};
pub(crate) use row::{hash, number, stored, word};

use firsthours_core::protocol::Instant;
use std::path::Path;

/// Opens (and makes, if it is not there) an encrypted SQLite store and brings its schema up to date.
pub fn open(path: &Path, key: &StoreKey, schema: &[migrate::Migration], now: Instant) -> Result<Store> {
    let store = Store::new(lite::Lite::open(path, key)?);
    migrate::run(&store, schema, now)?;
    Ok(store)
}

#[cfg(test)]
mod tests;
