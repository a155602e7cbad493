//! Events with their positions, as rows.

use firsthours_core::evidence::{Rolling, Signature};
use firsthours_core::record::{EncounterId, EventId, Install};

use super::engine::{Result, Tx};
use super::many;
use super::row::stored;

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
    pub(crate) received_ms: i64,
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
            event.received_ms.into(),
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
