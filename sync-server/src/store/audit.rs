//! The log, as rows. The columns beside an entry's text are copies for searching.

use firsthours_core::protocol::Instant;
use firsthours_core::record::EncounterId;

use super::engine::Tx;
use super::error::Result;
use super::row::Row;

/// An entry of the log.
pub(crate) struct EntryRow {
    pub(crate) seq: i64,
    /// The hash of the entry before it in the chain of its replica.
    pub(crate) prev: String,
    pub(crate) hash: String,
    pub(crate) at: Instant,
    pub(crate) what: String,
    pub(crate) who: String,
    pub(crate) encounter: Option<String>,
    pub(crate) text: String,
}

/// Appends an entry to the chain of a replica.
pub(crate) fn append(tx: &mut dyn Tx, replica: &str, entry: EntryRow) -> Result<()> {
    tx.run(
        "insert into audit (replica, seq, prev, hash, at_ms, what, who, encounter, text) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            replica.into(),
            entry.seq.into(),
            entry.prev.into(),
            entry.hash.into(),
            entry.at.into(),
            entry.what.into(),
            entry.who.into(),
            entry.encounter.into(),
            entry.text.into(),
        ],
    )?;
    Ok(())
}

/// The number and hash of a replica's last entry.
pub(crate) fn head(tx: &mut dyn Tx, replica: &str) -> Result<Option<(i64, String)>> {
    let sql = "select seq, hash from audit where replica = $1 order by seq desc limit 1";
    tx.row(sql, &[replica.into()])?.map(|row| Ok((row.int(0)?, row.string(1)?))).transpose()
}

/// When the last but so many entries of a kind about somebody were written.
pub(crate) fn at_before(tx: &mut dyn Tx, who: &str, what: &str, skipped: i64) -> Result<Option<Instant>> {
    let row = tx.row(
        "select at_ms from audit where who = $1 and what = $2 order by at_ms desc limit 1 offset $3",
        &[who.into(), what.into(), skipped.into()],
    )?;
    row.map(|row| row.instant(0)).transpose()
}

/// The first replica behind another in the order of their names.
pub(crate) fn next_replica(tx: &mut dyn Tx, after: &str) -> Result<Option<String>> {
    let row = tx.row("select min(replica) from audit where replica > $1", &[after.into()])?;
    row.map_or(Ok(None), |row| row.opt_string(0))
}

/// The entries of a replica behind a number, so many at most.
pub(crate) fn page(tx: &mut dyn Tx, replica: &str, after: i64, most: i64) -> Result<Vec<EntryRow>> {
    tx.rows(
        "select seq, prev, hash, at_ms, what, who, encounter, text from audit where replica = $1 and seq > $2 \
         order by seq limit $3",
        &[replica.into(), after.into(), most.into()],
    )?
    .iter()
    .map(entry)
    .collect()
}

/// The hash of an entry.
pub(crate) fn hash_at(tx: &mut dyn Tx, replica: &str, seq: i64) -> Result<Option<String>> {
    let row =
        tx.row("select hash from audit where replica = $1 and seq = $2", &[replica.into(), seq.into()])?;
    row.map(|row| row.string(0)).transpose()
}

/// When the latest entry was written; 0 if there is none.
pub(crate) fn latest(tx: &mut dyn Tx) -> Result<Option<Instant>> {
    let row = tx.row("select max(at_ms) from audit", &[])?;
    Ok(row.map(|row| row.opt_instant(0)).transpose()?.flatten())
}

/// Whether there is an entry of a kind.
pub(crate) fn has(tx: &mut dyn Tx, what: &str) -> Result<bool> {
    Ok(tx.row("select seq from audit where what = $1 limit 1", &[what.into()])?.is_some())
}

/// The looks at a record, the newest first, so many at most.
pub(crate) fn looks(tx: &mut dyn Tx, encounter: EncounterId, most: i64) -> Result<Vec<EntryRow>> {
    tx.rows(
        "select seq, prev, hash, at_ms, what, who, encounter, text from audit where encounter = $1 \
         and what in ('record_opened', 'fields_unmasked', 'record_served', 'sheet_made') \
         order by at_ms desc, replica, seq desc limit $2",
        &[encounter.to_string().into(), most.into()],
    )?
    .iter()
    .map(entry)
    .collect()
}

fn entry(row: &Row) -> Result<EntryRow> {
    Ok(EntryRow {
        seq: row.int(0)?,
        prev: row.string(1)?,
        hash: row.string(2)?,
        at: row.instant(3)?,
        what: row.string(4)?,
        who: row.string(5)?,
        encounter: row.opt_string(6)?,
        text: row.string(7)?,
    })
}
