//! Records as they were last folded, kept in memory so that one more event costs what one event costs.
//!
//! What is kept is never trusted: a record is taken out of here only if the store has, at the position up to which it was
//! folded, the very rolling hash that it had then; what came after is folded on top. It is taken *out*, changed by one
//! transaction, and put back once that is committed, so nothing half done is ever found here, and losing it costs time only.
//!
//! It is taken by whoever holds the store's one writer: taken before that, it would be missing to the writer ahead, who would
//! have to read the whole record while all others wait. A transaction that is run again finds it gone and reads the record:
//! that, and definitions that were read meanwhile, is all that is left in memory of a run that was not committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use firsthours_core::evidence::Rolling;
use firsthours_core::record::{EncounterId, Event, EventId, Install, Kind, State};

use crate::programme::keys::DataKey;
use crate::records::load::{self, LoadError};
use crate::store::{StoreError, Tx, events};

/// Events that are kept folded, over all records: some forty megabytes, and more than are written in a county's night.
const KEPT_EVENTS: usize = 40_000;

/// A record's events up to a position, folded.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    pub(crate) encounter: EncounterId,
    pub(crate) pos: u64,
    pub(crate) rolling: Rolling,
    pub(crate) state: State,
    /// Where each event stands.
    pub(crate) positions: BTreeMap<EventId, u64>,
    /// Whether anything here was ever held.
    pub(super) held_once: bool,
    /// The numbers of each author's events, in their own chain and in this record. A copied phone may have used one twice.
    numbers: BTreeMap<Install, BTreeSet<(u64, u64)>>,
    /// What was declared lost: whose, and the number and id of its last.
    gaps: Vec<(Install, u64, EventId)>,
}

impl Folded {
    /// A record before its first event.
    pub(crate) fn empty(encounter: EncounterId) -> Self {
        Self {
            encounter,
            pos: 0,
            rolling: Rolling::start(encounter),
            state: State::default(),
            positions: BTreeMap::new(),
            held_once: false,
            numbers: BTreeMap::new(),
            gaps: Vec::new(),
        }
    }

    /// Folds what the store has beyond this, up to what its counter row says.
    pub(crate) fn read_on(
        &mut self,
        tx: &mut dyn Tx,
        key: Option<&DataKey>,
        (pos, rolling): (u64, Rolling),
    ) -> Result<(), LoadError> {
        for (pos, event) in load::events_behind(tx, self.encounter, self.pos, key)? {
            self.add(pos, event);
        }
        // They are the store's words, not reckoned again: the pages and receipts compare them.
        (self.pos, self.rolling) = (pos, rolling);
        Ok(())
    }

    /// Folds the next event.
    pub(super) fn add(&mut self, pos: u64, event: Arc<Event>) {
        match event.kind() {
            Some(Kind::Held { .. } | Kind::Released { .. }) => self.held_once = true,
            Some(Kind::Gap { author, enc_to, id_of_to, .. }) if event.header.install.is_server() => {
                self.gaps.push((*author, *enc_to, *id_of_to));
            }
            _ => {}
        }
        if let (Some(enc_seq), Some(seq)) = (event.header.enc_seq, event.header.seq) {
            self.numbers.entry(event.header.install).or_default().insert((seq, enc_seq));
        }
        self.positions.insert(event.id, pos);
        self.state.add(event);
    }

    /// Whether the author's event before this one is here, or was declared lost.
    pub(super) fn follows(&self, event: &Event) -> bool {
        let header = &event.header;
        let (Some(seq), Some(prev)) = (header.enc_seq, header.enc_prev) else {
            return header.enc_seq == Some(1);
        };
        let before = |before: &Arc<Event>| {
            before.header.install == header.install && before.header.enc_seq == Some(seq - 1)
        };
        self.state.event(&prev).is_some_and(before) || self.gaps.contains(&(header.install, seq - 1, prev))
    }

    /// The author's last event before this one in both of its chains, by its numbers in its own and in this record.
    pub(super) fn last_before(&self, event: &Event) -> Option<(u64, u64)> {
        let (enc_seq, seq) = (event.header.enc_seq?, event.header.seq?);
        let before = self.numbers.get(&event.header.install)?.range(..(seq, 0)).rev();
        before.copied().find(|(_, number)| *number < enc_seq)
    }
}

/// The records that were folded last.
#[derive(Debug, Default)]
pub struct FoldedRecords(Mutex<KeptRecords>);

#[derive(Debug, Default)]
struct KeptRecords {
    records: BTreeMap<EncounterId, (u64, Folded)>,
    events: usize,
    /// Counts the times that something was put here.
    turn: u64,
}

impl KeptRecords {
    fn take(&mut self, encounter: EncounterId) -> Option<Folded> {
        let (_, folded) = self.records.remove(&encounter)?;
        self.events -= folded.state.len();
        Some(folded)
    }
}

impl FoldedRecords {
    /// The record folded to its end, as the transaction sees it. `at` is what its counter row says.
    pub(crate) fn take(
        &self,
        tx: &mut dyn Tx,
        encounter: EncounterId,
        key: Option<&DataKey>,
        at: (u64, Rolling),
    ) -> Result<Folded, LoadError> {
        let kept = self.lock(|kept| kept.take(encounter));
        let mut folded = match kept {
            Some(kept) if is_of(tx, &kept, at)? => kept,
            _ => Folded::empty(encounter),
        };
        folded.read_on(tx, key, at)?;
        Ok(folded)
    }

    /// Whether something of the record is kept.
    pub(crate) fn has(&self, encounter: EncounterId) -> bool {
        self.lock(|kept| kept.records.contains_key(&encounter))
    }

    /// Keeps records as they are now in the store, committed; the ones that were put here longest ago make room.
    pub(crate) fn put(&self, folded: impl IntoIterator<Item = Folded>) {
        self.lock(|kept| {
            for folded in folded {
                kept.take(folded.encounter);
                kept.turn += 1;
                kept.events += folded.state.len();
                kept.records.insert(folded.encounter, (kept.turn, folded));
            }
            while kept.events > KEPT_EVENTS {
                let oldest = kept.records.iter().min_by_key(|(_, (turn, _))| *turn).map(|(id, _)| *id);
                let Some(oldest) = oldest else { break };
                kept.take(oldest);
            }
        });
    }

    fn lock<T>(&self, work: impl FnOnce(&mut KeptRecords) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether what is kept is a beginning of what the store has.
fn is_of(tx: &mut dyn Tx, kept: &Folded, (pos, rolling): (u64, Rolling)) -> Result<bool, StoreError> {
    if kept.pos >= pos {
        return Ok((kept.pos, kept.rolling) == (pos, rolling));
    }
    Ok(events::rolling_at(tx, kept.encounter, kept.pos)?.is_some_and(|rolling| rolling == kept.rolling))
}
