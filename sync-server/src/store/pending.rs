//! Events that have no position yet, as rows.

use firsthours_core::evidence::Signature;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{EncounterId, EventId, Header};

use super::engine::Tx;
use super::error::Result;
use super::row::{Row, number, signature, stored};

/// An event that comes to wait. Its body is sealed under the agency's key.
pub(crate) struct NewPendingRow<'a> {
    pub(crate) id: EventId,
    pub(crate) header: &'a Header,
    pub(crate) header_text: &'a str,
    pub(crate) body: Vec<u8>,
    pub(crate) signature: Signature,
    /// Its author had stored as much that day as one may.
    pub(crate) beyond: bool,
    pub(crate) received: Instant,
}

/// An event that waits.
pub(crate) struct PendingRow {
    pub(crate) id: String,
    pub(crate) header: String,
    pub(crate) body: Vec<u8>,
    pub(crate) signature: Signature,
    pub(crate) beyond: bool,
}

/// Lets an event wait that does not yet.
pub(crate) fn insert(tx: &mut dyn Tx, new: NewPendingRow<'_>) -> Result<()> {
    let header = new.header;
    tx.run(
        "insert into pending (id, install, seq, encounter, enc_seq, stamp, header, body, signature, beyond, received_ms) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            new.id.to_string().into(),
            header.install.to_string().into(),
            header.seq.map(stored).into(),
            header.encounter.map(|id| id.to_string()).into(),
            header.enc_seq.map(stored).into(),
            stored(header.stamp).into(),
            new.header_text.into(),
            new.body.into(),
            new.signature.to_bytes().to_vec().into(),
            new.beyond.into(),
            new.received.into(),
        ],
    )?;
    Ok(())
}

/// Whether the event waits.
pub(crate) fn has(tx: &mut dyn Tx, id: EventId) -> Result<bool> {
    Ok(tx.row("select install from pending where id = $1", &[id.to_string().into()])?.is_some())
}

/// Forgets an event that has its position now.
pub(crate) fn delete(tx: &mut dyn Tx, id: EventId) -> Result<()> {
    tx.run("delete from pending where id = $1", &[id.to_string().into()])?;
    Ok(())
}

/// What waits for a record behind an event (its author's number in the record, and its id), so many at most. An author's
/// events come one behind the other.
pub(crate) fn page(
    tx: &mut dyn Tx,
    encounter: EncounterId,
    (enc_seq, id): (u64, EventId),
    most: usize,
) -> Result<Vec<PendingRow>> {
    tx.rows(
        "select id, header, body, signature, beyond from pending where encounter = $1 \
         and (enc_seq > $2 or enc_seq = $2 and id > $3) order by enc_seq, id limit $4",
        &[
            encounter.to_string().into(),
            stored(enc_seq).into(),
            id.to_string().into(),
            i64::try_from(most).unwrap_or(i64::MAX).into(),
        ],
    )?
    .iter()
    .map(pending)
    .collect()
}

/// Whose a waiting event is, and its number in their chain within its record.
pub(crate) fn place(tx: &mut dyn Tx, id: EventId) -> Result<Option<(String, Option<u64>)>> {
    let row = tx.row("select install, enc_seq from pending where id = $1", &[id.to_string().into()])?;
    row.map(|row| Ok((row.string(0)?, row.opt_int(1)?.map(number)))).transpose()
}

/// The numbers, in both chains, of an author's last waiting event before two numbers; `None` if none waits.
pub(crate) fn last_before(
    tx: &mut dyn Tx,
    encounter: EncounterId,
    install: &str,
    (seq, enc_seq): (u64, u64),
) -> Result<Option<(u64, u64)>> {
    let row = tx.row(
        "select seq, enc_seq from pending where encounter = $1 and install = $2 and enc_seq < $3 and seq < $4 \
         order by seq desc, enc_seq desc limit 1",
        &[encounter.to_string().into(), install.into(), stored(enc_seq).into(), stored(seq).into()],
    )?;
    row.map(|row| Ok((number(row.int(0)?), number(row.int(1)?)))).transpose()
}

fn pending(row: &Row) -> Result<PendingRow> {
    Ok(PendingRow {
        id: row.string(0)?,
        header: row.string(1)?,
        body: row.blob(2)?.to_vec(),
        signature: signature(row.blob(3)?)?,
        beyond: row.flag(4)?,
    })
}
