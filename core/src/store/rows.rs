//! Between rows and values: what every other file here reads and binds.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use super::error::{Failure, StoreError};
use crate::evidence::{Document, Signature, SignedEvent};
use crate::protocol::Instant;
use crate::record::EncounterId;

/// An instant is its milliseconds.
impl ToSql for Instant {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.ms().into())
    }
}

impl FromSql for Instant {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_ms)
    }
}

/// What the last column of a long row always holds: see the first migration.
const TAIL: i64 = 2;

/// An encounter's number in this file, and how many of its events are held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) number: i64,
    pub(super) events: u64,
}

/// Where an event lies: its encounter's number in the upper half, its arrival in the lower.
pub(super) fn place(number: i64, arrival: u64) -> Result<i64, Failure> {
    let arrival = u32::try_from(arrival).map_err(|_| StoreError::io("too many events in one encounter"))?;
    Ok((number << 32) | i64::from(arrival))
}

/// The arrival in a place.
pub(super) fn arrival(place: i64) -> u64 {
    u64::from(u32::MAX) & u64::from_ne_bytes(place.to_ne_bytes())
}

/// An unsigned number as SQLite's signed one. Ours stay below 2^53.
pub(super) fn signed(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| StoreError::io("a number is out of range").into())
}

/// A number that is never negative.
pub(super) fn unsigned(row: &Row<'_>, column: &str) -> Result<u64, Failure> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| Failure::damaged())
}

/// The same, where there may be none.
pub(super) fn maybe_unsigned(row: &Row<'_>, column: &str) -> Result<Option<u64>, Failure> {
    row.get::<_, Option<i64>>(column)?.map(u64::try_from).transpose().map_err(|_| Failure::damaged())
}

/// Bytes of a fixed length, where there may be none.
pub(super) fn maybe_bytes<const N: usize>(row: &Row<'_>, column: &str) -> Result<Option<[u8; N]>, Failure> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        value => Ok(Some(<[u8; N]>::column_result(value).map_err(|_| Failure::damaged())?)),
    }
}

/// Checks that a long row was read to its end: see the first migration.
pub(super) fn check_whole(row: &Row<'_>) -> Result<(), Failure> {
    if row.get::<_, i64>("tail")? == TAIL { Ok(()) } else { Err(Failure::damaged()) }
}

/// `header`, `body` and `signature` of a row.
pub(super) fn signed_event(row: &Row<'_>) -> Result<SignedEvent, Failure> {
    check_whole(row)?;
    Ok(SignedEvent { header: row.get("header")?, body: row.get("body")?, signature: signature(row)? })
}

/// `text` and `signature` of a row.
pub(super) fn document(row: &Row<'_>) -> Result<Document, Failure> {
    check_whole(row)?;
    Ok(Document { text: row.get("text")?, signature: signature(row)? })
}

/// Finds an encounter.
pub(super) fn held(transaction: &Transaction<'_>, id: &EncounterId) -> Result<Option<Slot>, Failure> {
    let mut statement = transaction.prepare_cached("select number, events from encounter where id = :id")?;
    let mut rows = statement.query(named_params! { ":id": id.0 })?;
    match rows.next()? {
        Some(row) => Ok(Some(Slot { number: row.get("number")?, events: unsigned(row, "events")? })),
        None => Ok(None),
    }
}

/// One value, if there is a row.
pub(super) fn first<T: FromSql>(transaction: &Transaction<'_>, sql: &str) -> Result<Option<T>, Failure> {
    Ok(transaction.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?)
}

fn signature(row: &Row<'_>) -> Result<Signature, Failure> {
    Ok(Signature::from_bytes(&row.get::<_, [u8; 64]>("signature")?))
}
