//! Events with their positions, as rows.

use firsthours_core::evidence::{Rolling, Signature};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{EncounterId, EventId, HoldReason, Install, InstallId};

use super::engine::Tx;
use super::error::{Result, StoreError};
use super::many;
use super::row::{Row, hash, number, signature, stored};

/// An event as it is stored.
pub(crate) struct EventRow {
    pub(crate) encounter: EncounterId,
    pub(crate) pos: u64,
    pub(crate) id: EventId,
    pub(crate) install: Install,
    /// `None`: the server wrote it.
    pub(crate) seq: Option<u64>,
    pub(crate) enc_seq: u64,
    pub(crate) stamp: u64,
    /// Its kind's name; empty if the body cannot be read.
    pub(crate) kind: String,
    pub(crate) header: String,
    /// Sealed, or as it was written; `None`: destroyed.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) signature: Signature,
    /// Of the record up to this position.
    pub(crate) rolling: Rolling,
    pub(crate) received: Instant,
}

/// Stores events.
pub(crate) fn insert(tx: &mut dyn Tx, events: Vec<EventRow>) -> Result<()> {
    let rows = events.into_iter().map(|event| {
        [
            event.encounter.to_string().into(),
            stored(event.pos).into(),
            event.id.to_string().into(),
            event.install.to_string().into(),
            event.seq.map(stored).into(),
            stored(event.enc_seq).into(),
            stored(event.stamp).into(),
            event.kind.into(),
            event.header.into(),
            event.body.into(),
            event.signature.to_bytes().to_vec().into(),
            event.rolling.0.to_string().into(),
            event.received.into(),
        ]
    });
    let into = "insert into event (encounter, pos, id, install, seq, enc_seq, stamp, kind, header, body, signature, \
                rolling, received_ms)";
    many::insert(tx, (into, ""), rows.collect())
}

/// A hold as it is listed.
pub(crate) struct HeldRow {
    pub(crate) id: EventId,
    pub(crate) encounter: EncounterId,
    /// Who wrote what is held.
    pub(crate) install: Install,
    /// The reason's name.
    pub(crate) why: String,
}

/// Lists holds, so that a receipt can say them without reading their records.
pub(crate) fn list_held(tx: &mut dyn Tx, held: Vec<HeldRow>) -> Result<()> {
    let rows = held.into_iter().map(|row| {
        [
            row.id.to_string().into(),
            row.encounter.to_string().into(),
            row.install.to_string().into(),
            row.why.into(),
        ]
    });
    let into = "insert into held (id, encounter, install, why)";
    many::insert(tx, (into, " on conflict (id) do update set why = excluded.why"), rows.collect())
}

/// Strikes a hold off the list.
pub(crate) fn strike_held(tx: &mut dyn Tx, id: EventId) -> Result<()> {
    tx.run("delete from held where id = $1", &[id.to_string().into()])?;
    Ok(())
}

/// The holds of an install's events, so many at most, by the events' ids.
pub(crate) fn held_of(tx: &mut dyn Tx, install: InstallId, most: i64) -> Result<Vec<(EventId, HoldReason)>> {
    let sql = "select id, why from held where install = $1 order by id limit $2";
    let rows = tx.rows(sql, &[install.to_string().into(), most.into()])?;
    rows.iter()
        .map(|row| {
            let why = serde_json::from_value(row.text(1)?.into());
            let why = why.map_err(|_| StoreError::Corrupt("a reason cannot be read".to_owned()))?;
            Ok((hash(row.text(0)?)?, why))
        })
        .collect()
}

/// The records in which something is held for a reason that may go.
pub(crate) fn records_with_holds(tx: &mut dyn Tx) -> Result<Vec<EncounterId>> {
    let sql = "select distinct encounter from held where why in ('no_grant', 'does_not_fit')";
    tx.rows(sql, &[])?.iter().map(|row| hash(row.text(0)?)).collect()
}

/// An event as it is read to be folded.
pub(crate) struct StoredRow {
    pub(crate) pos: u64,
    pub(crate) id: String,
    pub(crate) header: String,
    pub(crate) body: Option<Vec<u8>>,
}

/// An event as it travels.
pub(crate) struct PageRow {
    pub(crate) pos: u64,
    pub(crate) id: EventId,
    pub(crate) install: String,
    pub(crate) header: String,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) signature: Signature,
    pub(crate) rolling: Rolling,
}

/// The events of a record behind a position.
pub(crate) fn behind(tx: &mut dyn Tx, encounter: EncounterId, pos: u64) -> Result<Vec<StoredRow>> {
    tx.rows(
        "select pos, id, header, body from event where encounter = $1 and pos > $2 order by pos",
        &[encounter.to_string().into(), stored(pos).into()],
    )?
    .iter()
    .map(|row| {
        Ok(StoredRow {
            pos: number(row.int(0)?),
            id: row.string(1)?,
            header: row.string(2)?,
            body: row.opt_blob(3)?.map(<[u8]>::to_vec),
        })
    })
    .collect()
}

/// The same with all that travels, so many at most.
pub(crate) fn page(tx: &mut dyn Tx, encounter: EncounterId, pos: u64, most: i64) -> Result<Vec<PageRow>> {
    tx.rows(
        "select pos, id, install, header, body, signature, rolling from event \
         where encounter = $1 and pos > $2 order by pos limit $3",
        &[encounter.to_string().into(), stored(pos).into(), most.into()],
    )?
    .iter()
    .map(page_row)
    .collect()
}

/// The rolling hash of a record up to a position, if there is an event.
pub(crate) fn rolling_at(tx: &mut dyn Tx, encounter: EncounterId, pos: u64) -> Result<Option<Rolling>> {
    let row = tx.row(
        "select rolling from event where encounter = $1 and pos = $2",
        &[encounter.to_string().into(), stored(pos).into()],
    )?;
    row.map(|row| Ok(Rolling(hash(row.text(0)?)?))).transpose()
}

/// An event of an install by its number there: its id, and its header.
pub(crate) struct NumberedRow {
    pub(crate) seq: u64,
    pub(crate) id: EventId,
    pub(crate) header: String,
}

/// The events of an install with these numbers, with a position or waiting. Two forms of one number may be here.
pub(crate) fn numbered(
    tx: &mut dyn Tx,
    install: InstallId,
    (from, to): (u64, u64),
) -> Result<Vec<NumberedRow>> {
    let mut found = Vec::new();
    for sql in [
        "select seq, id, header from event where install = $1 and seq >= $2 and seq <= $3",
        "select seq, id, header from pending where install = $1 and seq >= $2 and seq <= $3",
    ] {
        for row in &tx.rows(sql, &[install.to_string().into(), stored(from).into(), stored(to).into()])? {
            found.push(NumberedRow {
                seq: number(row.int(0)?),
                id: hash(row.text(1)?)?,
                header: row.string(2)?,
            });
        }
    }
    Ok(found)
}

fn page_row(row: &Row) -> Result<PageRow> {
    Ok(PageRow {
        pos: number(row.int(0)?),
        id: hash(row.text(1)?)?,
        install: row.string(2)?,
        header: row.string(3)?,
        body: row.opt_blob(4)?.map(<[u8]>::to_vec),
        signature: signature(row.blob(5)?)?,
        rolling: Rolling(hash(row.text(6)?)?),
    })
}
