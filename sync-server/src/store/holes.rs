//! What installs declared that they can no longer send, and what they stored today, as rows.

use firsthours_core::evidence::{Chain, Document, Hole};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{EventId, InstallId};

use super::engine::Tx;
use super::error::Result;
use super::row::{Row, hash, number, stored};

/// A declaration. Its text is sealed under the agency's key.
pub(crate) struct HoleRow {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) id_of_to: EventId,
    pub(crate) text: Vec<u8>,
}

/// Keeps a declaration; `false` if it is here.
pub(crate) fn insert(
    tx: &mut dyn Tx,
    hole: &Hole,
    sealed: Vec<u8>,
    document: &Document,
    received: Instant,
) -> Result<bool> {
    let new = tx.run(
        "insert into hole (install, seq_from, seq_to, id_of_to, text, signature, received_ms) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (install, seq_from, seq_to, id_of_to) do nothing",
        &[
            hole.install.to_string().into(),
            stored(hole.from).into(),
            stored(hole.to).into(),
            hole.id_of_to.to_string().into(),
            sealed.into(),
            document.signature.to_bytes().to_vec().into(),
            received.into(),
        ],
    )?;
    Ok(new > 0)
}

/// The declarations of an install that touch these numbers, by their beginning, then as they came.
pub(crate) fn touching(tx: &mut dyn Tx, install: InstallId, (from, to): (u64, u64)) -> Result<Vec<HoleRow>> {
    tx.rows(
        "select seq_from, seq_to, id_of_to, text from hole where install = $1 and seq_to >= $2 and seq_from <= $3 \
         order by seq_from, received_ms, seq_to, id_of_to",
        &[install.to_string().into(), stored(from).into(), stored(to).into()],
    )?
    .iter()
    .map(hole)
    .collect()
}

/// The far end of the longest declaration that begins where a line stands, or before.
pub(crate) fn end_behind(tx: &mut dyn Tx, install: InstallId, line: u64) -> Result<Option<Chain>> {
    let row = tx.row(
        "select seq_to, id_of_to from hole where install = $1 and seq_from <= $2 and seq_to > $3 \
         order by seq_to desc limit 1",
        &[install.to_string().into(), stored(line + 1).into(), stored(line).into()],
    )?;
    row.map(|row| Ok(Chain { seq: number(row.int(0)?), id: Some(hash(row.text(1)?)?) })).transpose()
}

/// Events and bytes that an install stored on a day.
pub(crate) fn used(tx: &mut dyn Tx, install: InstallId, day: i64) -> Result<Option<(u64, u64)>> {
    let sql = "select events, bytes from used where install = $1 and day = $2";
    let row = tx.row(sql, &[install.to_string().into(), day.into()])?;
    row.map(|row| Ok((number(row.int(0)?), number(row.int(1)?)))).transpose()
}

/// Writes down what an install stored on a day; of the days before nothing is kept.
pub(crate) fn set_used(
    tx: &mut dyn Tx,
    install: InstallId,
    day: i64,
    (events, bytes): (u64, u64),
) -> Result<()> {
    tx.run(
        "insert into used (install, day, events, bytes) values ($1, $2, $3, $4) \
         on conflict (install) do update set day = excluded.day, events = excluded.events, bytes = excluded.bytes",
        &[install.to_string().into(), day.into(), stored(events).into(), stored(bytes).into()],
    )?;
    Ok(())
}

fn hole(row: &Row) -> Result<HoleRow> {
    Ok(HoleRow {
        from: number(row.int(0)?),
        to: number(row.int(1)?),
        id_of_to: hash(row.text(2)?)?,
        text: row.blob(3)?.to_vec(),
    })
}
