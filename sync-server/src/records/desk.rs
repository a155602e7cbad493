//! Acts at a desk: what a person at a browser does to a record, written by the server in their name.
//!
//! Whether this person may act on this record is the caller's question; what the act does to it is decided here, on
//! the record as it stands inside the transaction, never on what a page was drawn from.

use std::collections::BTreeSet;
use std::sync::Arc;

use firsthours_core::outside::random_bytes;
use firsthours_core::record::{Act, Actor, EncounterId, EntryId, Event, EventId, Record, Refusal, decide};

use crate::programme::audit::{self, Entry, Source, What, Who};
use crate::programme::keys::KeyError;
use crate::records::Records;
use crate::records::ingest::{self, IngestError, Room, Writing};
use crate::store::{StoreError, encounters, stored};

/// Why an act was not written.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such record.
    #[error("there is no such record")]
    NoRecord,
    /// Its protocol version is not published here, or it was shredded: nothing can be decided on it.
    #[error("the record cannot be acted on")]
    Closed,
    /// The record does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store, a key, or the record itself.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl From<StoreError> for DeskError {
    fn from(error: StoreError) -> Self {
        Self::Ingest(error.into())
    }
}

impl From<KeyError> for DeskError {
    fn from(error: KeyError) -> Self {
        Self::Ingest(error.into())
    }
}

/// What an act became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// The event.
    pub event: Arc<Event>,
    /// Where it stands in the record.
    pub pos: u64,
}

/// Writes an act. `seen_pos` is the position up to which the page showed the record: the event supersedes only what
/// stood there, and this person's own later acts at a desk.
pub fn act(
    records: &Records,
    actor: &Actor,
    encounter: EncounterId,
    seen_pos: u64,
    act: &Act,
    source: &Source,
) -> Result<Acted, DeskError> {
    let now = records.now();
    let id = encounter.to_string();
    if !records.store.read(|tx| encounters::exists(tx, encounter))? {
        return Err(DeskError::NoRecord);
    }
    let keys = ingest::keyset(records, [encounter])?;
    if keys.get(&encounter).is_none_or(Option::is_none) {
        return Err(DeskError::Closed);
    }
    ingest::warm(records, &keys)?;
    let new_entry = EntryId(random_bytes(&*records.random));
    let (acted, written) = records.store.write(|tx| {
        let mut writing = Writing::open(records, tx, encounter, &keys, now)?.ok_or(DeskError::NoRecord)?;
        let definition = writing.under.definition.clone().ok_or(DeskError::Closed)?;
        let install = writing.desk_install();
        let shown: BTreeSet<EventId> = writing
            .folded
            .positions
            .iter()
            .filter(|(id, pos)| **pos <= seen_pos || own(&writing, id, actor))
            .map(|(id, _)| *id)
            .collect();
        let record = Record { definition: &definition, state: &writing.folded.state };
        let visible = |event: &Event| shown.contains(&event.id);
        let decision = decide(act.clone(), record, actor, install, new_entry, &visible)?;
        let told = audit::next(tx)?;
        let event = writing.act(actor.clone(), decision, Some(told.clone()))?;
        writing.accept(tx, &event)?;
        let pos = writing.folded.pos;
        let written = writing.finish(tx, &mut Room::of(records.together))?;
        let entry = Entry::new(now, Who::Person(&actor.person, source), what(act))
            .about(&id)
            .with("event", event.id.to_string())
            .with("seen", stored(seen_pos));
        // The event and its entry name each other.
        if audit::append(tx, &entry)? != stored(told.seq) {
            return Err(StoreError::Corrupt("the log went on between an act and its entry".to_owned()).into());
        }
        Ok::<_, DeskError>((Acted { event, pos }, written))
    })?;
    ingest::committed(records, written)?;
    Ok(acted)
}

/// Whether the person wrote it at a desk.
fn own(writing: &Writing<'_>, id: &EventId, actor: &Actor) -> bool {
    writing.folded.state.event(id).is_some_and(|event| {
        event.header.install.is_server()
            && event.body.as_ref().is_some_and(|body| body.actor.person == actor.person)
    })
}

/// What the log calls an act.
fn what(act: &Act) -> What {
    match act {
        Act::Comment { .. } => What::Commented,
        Act::Resolve { .. } => What::Resolved,
        Act::Return { .. } => What::Returned,
        Act::Reassign { .. } => What::Reassigned,
        Act::SameEncounter { .. } => What::SaidSame,
        Act::Approve { .. } => What::Approved,
        Act::Answer { .. }
        | Act::Cannot { .. }
        | Act::Reopen { .. }
        | Act::WithdrawEntry { .. }
        | Act::Note { .. }
        | Act::Copy { .. }
        | Act::Move { .. }
        | Act::LinkIncident { .. }
        | Act::Submit { .. }
        | Act::Void { .. }
        | Act::Unvoid
        | Act::Share { .. }
        | Act::Accept { .. }
        | Act::Decline { .. }
        | Act::Reply { .. } => What::Answered,
    }
}
