//! Events that cannot have a position yet: the opening of their record has not come, or they belong to no record.

use std::sync::Arc;

use firsthours_core::evidence::SignedEvent;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{EncounterId, Event, EventId, Header};

use super::hole::{self, Before};
use super::place::arranged;
use super::quota::Used;
use super::{Authentic, IngestError};
use crate::programme::keys::Keys;
use crate::records::load::LoadError;
use crate::store::pending::{self as rows, NewPendingRow};
use crate::store::{StoreError, Tx};

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
    now: Instant,
) -> Result<Kept, StoreError> {
    if has(tx, item.event.id)? {
        return Ok(Kept::Known);
    }
    let beyond = used.count(tx, item)?;
    let id = item.event.id;
    let text = item.signed.body.as_deref().unwrap_or_default();
    let new = NewPendingRow {
        id,
        header: &item.event.header,
        header_text: &item.signed.header,
        body: keys.seal_agency(&bound(&id.to_string()), text.as_bytes()),
        signature: item.signed.signature,
        beyond,
        received: now,
    };
    rows::insert(tx, new)?;
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
    let waiting = rows::page(tx, encounter, (after.0, after.1), most)?
        .into_iter()
        .map(|row| {
            let corrupt = || StoreError::Corrupt("a waiting event cannot be read".to_owned());
            let body = keys.open_agency(&bound(&row.id), &row.body)?;
            let signed = SignedEvent {
                header: row.header,
                body: Some(String::from_utf8(body.to_vec()).map_err(|_| corrupt())?),
                signature: row.signature,
            };
            let event = signed.read().map_err(|_| LoadError::Damaged { pos: 0 })?;
            used.counted_before(event.id, row.beyond);
            Ok(Authentic { event: Arc::new(event), signed })
        })
        .collect::<Result<Vec<Authentic>, IngestError>>()?;
    let last = waiting.last().filter(|_| waiting.len() == most);
    let last = last.map(|item| WaitsAt(item.event.header.enc_seq.unwrap_or(0), item.event.id));
    Ok((arranged(waiting), last))
}

/// Forgets an event that has its position now.
pub(super) fn forget(tx: &mut dyn Tx, item: &Authentic) -> Result<(), StoreError> {
    rows::delete(tx, item.event.id)
}

/// Whether the event waits already.
pub(super) fn has(tx: &mut dyn Tx, id: EventId) -> Result<bool, StoreError> {
    rows::has(tx, id)
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
    let before = rows::last_before(tx, encounter, &header.install.to_string(), (seq, enc_seq))?;
    Ok(before.map_or_else(Before::default, |(seq, enc_seq)| Before { seq, enc_seq }))
}

/// Whether the event's author's event before it waits, or nothing comes before it.
pub(super) fn is_next(tx: &mut dyn Tx, header: &Header) -> Result<bool, StoreError> {
    let Some(prev) = header.enc_prev else { return Ok(true) };
    let Some((install, enc_seq)) = rows::place(tx, prev)? else { return Ok(false) };
    Ok(install == header.install.to_string() && enc_seq == header.enc_seq.map(|seq| seq - 1))
}

fn bound(id: &str) -> String {
    format!("pending/{id}")
}
