//! Events that cannot have a position yet: the opening of their record has not come, or they belong to no record.

use std::sync::Arc;

use firsthours_core::evidence::{Signature, SignedEvent};
use firsthours_core::record::{EncounterId, Event, EventId, Header};

use super::hole::{self, Before};
use super::place::arranged;
use super::quota::Used;
use super::{Authentic, IngestError};
use crate::keys::Keys;
use crate::load::LoadError;
use crate::store::{StoreError, Tx, number, stored};

/// What became of an event that waits.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It waits now.
    New,
    /// It waited already.
    Known,
}

/// Keeps an event, sealed under the agency key. It counts for its author's day now, not when it gets its position.
pub(super) fn keep(
    tx: &mut dyn Tx,
    keys: &Keys,
    item: &Authentic,
    used: &mut Used,
    now_ms: i64,
) -> Result<Kept, StoreError> {
    if has(tx, item.event.id)? {
        return Ok(Kept::Known);
    }
    let beyond = used.count(tx, item)?;
    let header = &item.event.header;
    let id = item.event.id.to_string();
    let body = keys.seal_agency(&bound(&id), item.signed.body.as_deref().unwrap_or_default().as_bytes());
    tx.run(
        "insert into pending (id, install, seq, encounter, enc_seq, stamp, header, body, signature, beyond, received_ms) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            id.into(),
            header.install.to_string().into(),
            header.seq.map(stored).into(),
            header.encounter.map(|id| id.to_string()).into(),
            header.enc_seq.map(stored).into(),
            stored(header.stamp).into(),
            (&item.signed.header).into(),
            body.into(),
            item.signed.signature.to_bytes().to_vec().into(),
            beyond.into(),
            now_ms.into(),
        ],
    )?;
    Ok(Kept::New)
}

/// A place among what waits for a record. An author's events come one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitsAt(u64, EventId);

impl WaitsAt {
    /// Before the first.
    pub(super) const START: Self = Self(0, EventId([0; 32]));
}

/// What waits for a record behind a place, so many at most, each author's events in their order; and the place of the last
/// one, if there may be more.
pub(super) fn waiting(
    tx: &mut dyn Tx,
    keys: &Keys,
    used: &mut Used,
    encounter: EncounterId,
    (after, most): (WaitsAt, usize),
) -> Result<(Vec<Authentic>, Option<WaitsAt>), IngestError> {
    let rows = tx.rows(
        "select id, header, body, signature, beyond from pending where encounter = $1 \
         and (enc_seq > $2 or enc_seq = $2 and id > $3) order by enc_seq, id limit $4",
        &[
            encounter.to_string().into(),
            stored(after.0).into(),
            after.1.to_string().into(),
            i64::try_from(most).unwrap_or(i64::MAX).into(),
        ],
    )?;
    let waiting: Vec<Authentic> = rows
        .iter()
        .map(|row| {
            let corrupt = || StoreError::Corrupt("a waiting event cannot be read".to_owned());
            let body = keys.open_agency(&bound(row.text(0)?), row.blob(2)?)?;
            let signed = SignedEvent {
                header: row.string(1)?,
                body: Some(String::from_utf8(body.to_vec()).map_err(|_| corrupt())?),
                signature: Signature::from_bytes(row.blob(3)?.try_into().map_err(|_| corrupt())?),
            };
            let event = signed.read().map_err(|_| LoadError::Damaged { pos: 0 })?;
            used.counted_before(event.id, row.flag(4)?);
            Ok(Authentic { event: Arc::new(event), signed })
        })
        .collect::<Result<_, IngestError>>()?;
    let last = waiting.last().filter(|_| waiting.len() == most);
    let last = last.map(|item| WaitsAt(item.event.header.enc_seq.unwrap_or(0), item.event.id));
    Ok((arranged(waiting), last))
}

/// Forgets an event that has its position now.
pub(super) fn forget(tx: &mut dyn Tx, item: &Authentic) -> Result<(), StoreError> {
    tx.run("delete from pending where id = $1", &[item.event.id.to_string().into()])?;
    Ok(())
}

/// Whether the event waits already.
pub(super) fn has(tx: &mut dyn Tx, id: EventId) -> Result<bool, StoreError> {
    Ok(tx.row("select install from pending where id = $1", &[id.to_string().into()])?.is_some())
}

/// Whether an event has its place among those that wait: its author's event before it waits too, or nothing comes
/// before it, or what does was declared lost.
pub(super) fn follows(tx: &mut dyn Tx, event: &Event) -> Result<bool, StoreError> {
    if is_next(tx, &event.header)? {
        return Ok(true);
    }
    let last = before(tx, &event.header)?;
    Ok(hole::excuse(tx, last, event)?.is_some())
}

/// The author's last event before this one among those that wait for its record.
fn before(tx: &mut dyn Tx, header: &Header) -> Result<Before, StoreError> {
    let (Some(encounter), Some(enc_seq), Some(seq)) = (header.encounter, header.enc_seq, header.seq) else {
        return Ok(Before::default());
    };
    let row = tx.row(
        "select seq, enc_seq from pending where encounter = $1 and install = $2 and enc_seq < $3 and seq < $4 \
         order by seq desc, enc_seq desc limit 1",
        &[
            encounter.to_string().into(),
            header.install.to_string().into(),
            stored(enc_seq).into(),
            stored(seq).into(),
        ],
    )?;
    row.map_or(Ok(Before::default()), |row| {
        Ok(Before { seq: number(row.int(0)?), enc_seq: number(row.int(1)?) })
    })
}

/// Whether the event's author's event before it waits, or nothing comes before it.
pub(super) fn is_next(tx: &mut dyn Tx, header: &Header) -> Result<bool, StoreError> {
    let Some(prev) = header.enc_prev else { return Ok(true) };
    let row = tx.row("select install, enc_seq from pending where id = $1", &[prev.to_string().into()])?;
    let Some(row) = row else { return Ok(false) };
    let before = header.enc_seq.map(|seq| stored(seq - 1));
    Ok(row.text(0)? == header.install.to_string() && row.opt_int(1)? == before)
}

fn bound(id: &str) -> String {
    format!("pending/{id}")
}
