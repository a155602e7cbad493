//! The key store: the wrapped key of each record, and which were destroyed; as rows.

use super::engine::Tx;
use super::error::Result;
use firsthours_core::protocol::Instant;

/// The wrapped key of a record.
pub(crate) fn wrapped(tx: &mut dyn Tx, encounter: &str) -> Result<Option<Vec<u8>>> {
    let row = tx.row("select wrapped from data_key where encounter = $1", &[encounter.into()])?;
    row.map(|row| Ok(row.blob(0)?.to_vec())).transpose()
}

/// Whether the key of a record was destroyed.
pub(crate) fn is_shredded(tx: &mut dyn Tx, encounter: &str) -> Result<bool> {
    let sql = "select shredded_ms from shredded_key where encounter = $1";
    Ok(tx.row(sql, &[encounter.into()])?.is_some())
}

/// Stores the wrapped key of a record.
pub(crate) fn insert(tx: &mut dyn Tx, encounter: &str, wrapped: Vec<u8>, made: Instant) -> Result<()> {
    tx.run(
        "insert into data_key (encounter, wrapped, made_ms) values ($1, $2, $3)",
        &[encounter.into(), wrapped.into(), made.into()],
    )?;
    Ok(())
}

/// Destroys the key of a record, and remembers that it was.
pub(crate) fn shred(tx: &mut dyn Tx, encounter: &str, now: Instant) -> Result<()> {
    tx.run("delete from data_key where encounter = $1", &[encounter.into()])?;
    tx.run(
        "insert into shredded_key (encounter, shredded_ms) values ($1, $2) on conflict (encounter) do nothing",
        &[encounter.into(), now.into()],
    )?;
    Ok(())
}
