//! Single facts of a server, by name.

use firsthours_core::record::Epoch;

use super::engine::Tx;
use super::error::{Result, StoreError};

/// A fact.
pub(crate) fn get(tx: &mut dyn Tx, name: &str) -> Result<Option<String>> {
    tx.row("select value from meta where key = $1", &[name.into()])?.map(|row| row.string(0)).transpose()
}

/// Writes a fact.
pub(crate) fn set(tx: &mut dyn Tx, name: &str, value: &str) -> Result<()> {
    tx.run(
        "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
        &[name.into(), value.into()],
    )?;
    Ok(())
}

/// The life of this store. It stands here alone: whoever writes under it reads it in the same transaction.
pub(crate) fn epoch(tx: &mut dyn Tx) -> Result<Epoch> {
    let epoch = get(tx, "epoch")?.and_then(|text| text.parse().ok());
    epoch.ok_or_else(|| StoreError::Corrupt("the store does not name its epoch".to_owned()))
}

/// The server's own chains begin anew in every record: it has another name in its next epoch.
pub(crate) fn begin_desk_chains(tx: &mut dyn Tx) -> Result<()> {
    tx.run("update encounter set desk_seq = 0, desk_prev = null where desk_seq > 0", &[])?;
    Ok(())
}
