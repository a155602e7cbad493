//! Records in memory: what is read from the store once, folded once, and then only added to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AppError, Session};
use crate::protocol::{Definition, load};
use crate::record::{
    Derived, EncounterId, Event, EventId, Hash, Install, Record, State, Under, derive, summarise, under,
    versions,
};
use crate::store::{Draft, DraftKey};
use crate::words::Trouble;

/// One record, folded. Arrivals are dense from 1.
pub(super) struct OpenRecord {
    pub(super) id: EncounterId,
    pub(super) under: Under,
    pub(super) state: State,
    pub(super) arrivals: BTreeMap<EventId, u64>,
    /// The drafts of this record as they are on disk, in the store's order.
    pub(super) drafts: Vec<Draft>,
    /// The last arrival; an event that the disk has damaged keeps its number.
    last: u64,
}

impl OpenRecord {
    /// A record that begins under this version.
    pub(super) fn begin(id: EncounterId, under: Under) -> Self {
        let (state, arrivals, drafts) = (State::default(), BTreeMap::new(), Vec::new());
        Self { id, under, state, arrivals, drafts, last: 0 }
    }

    /// How many events are folded in: the token of a view made now.
    pub(super) fn seen(&self) -> u64 {
        self.last
    }

    /// The token of a view, if a view of this record can have had it: another claims to have seen what nobody saw.
    pub(super) fn token(&self, seen: u64) -> Result<u64, AppError> {
        if seen <= self.seen() { Ok(seen) } else { Err(AppError::BadInput { what: "view token" }) }
    }

    pub(super) fn add(&mut self, event: Arc<Event>) {
        if !self.arrivals.contains_key(&event.id) {
            self.last += 1;
            self.arrivals.insert(event.id, self.last);
        }
        self.state.add(event);
    }

    /// Whether a screen made at `seen` showed the event: it had arrived, or it is this install's own and later.
    pub(super) fn showed(&self, event: &Event, seen: u64, me: Install) -> bool {
        event.header.install == me || self.arrivals.get(&event.id).is_some_and(|arrival| *arrival <= seen)
    }

    /// The bytes of the summary as the record stands.
    pub(super) fn summary(&self) -> Vec<u8> {
        let derived = derive(&self.under.definition, &self.state);
        self.summary_of(&derived)
    }

    /// The bytes of the summary, from what was derived already.
    pub(super) fn summary_of(&self, derived: &Derived<'_>) -> Vec<u8> {
        let Under { protocol, definition, .. } = &self.under;
        summarise(self.id, *protocol, definition, &self.state, derived).to_bytes()
    }

    /// The record under its definition, for what decides.
    pub(super) fn folded(&self) -> Record<'_> {
        Record { definition: &self.under.definition, state: &self.state }
    }

    /// A draft was written, or dropped, on disk.
    pub(super) fn keep_draft(&mut self, key: &DraftKey, draft: Option<Draft>) {
        let order = |key: &DraftKey| (key.step.clone(), key.entry, key.field.clone());
        self.drafts.retain(|known| known.key != *key);
        if let Some(draft) = draft {
            let at = self.drafts.partition_point(|known| order(&known.key) < order(key));
            self.drafts.insert(at, draft);
        }
    }
}

impl Session {
    /// The definition with this hash, read and checked once.
    pub(super) fn definition(&mut self, sha: Hash) -> Result<Arc<Definition>, AppError> {
        if let Some(definition) = self.definitions.get(&sha) {
            return Ok(Arc::clone(definition));
        }
        let missing = AppError::NotReady { trouble: Trouble::NewerProtocol };
        let text = self.store.protocol(&sha)?.ok_or(missing)?;
        let faults = |faults: crate::protocol::Faults| AppError::NotReady {
            trouble: Trouble::BadProtocol { faults: faults.0.len() },
        };
        let definition = Arc::new(load(text.as_bytes()).map_err(faults)?);
        self.definitions.insert(sha, Arc::clone(&definition));
        Ok(definition)
    }

    /// Whether the definition with this hash is here and without faults.
    pub(super) fn has(&mut self, sha: Hash) -> bool {
        self.definition(sha).is_ok()
    }

    /// What a record of these versions is read under.
    pub(super) fn under(&mut self, versions: &[Hash]) -> Result<Under, AppError> {
        let mut missing = None;
        let found = under(versions, |version| match self.definition(version) {
            Ok(definition) => Ok(Some(definition)),
            Err(error @ AppError::NotReady { .. }) => {
                missing.get_or_insert(error);
                Ok(None)
            }
            Err(error) => Err(error),
        })?;
        found.ok_or_else(|| missing.unwrap_or(AppError::NoSuchRecord))
    }

    /// The record, read from the store if it is not in memory.
    pub(super) fn record(&mut self, id: EncounterId) -> Result<&mut OpenRecord, AppError> {
        if !self.records.contains_key(&id) {
            let record = self.read_record(id)?;
            self.records.insert(id, record);
        }
        self.record_in_memory(id)
    }

    pub(super) fn record_in_memory(&mut self, id: EncounterId) -> Result<&mut OpenRecord, AppError> {
        self.records.get_mut(&id).ok_or(AppError::NoSuchRecord)
    }

    fn read_record(&mut self, id: EncounterId) -> Result<OpenRecord, AppError> {
        let stored = self.store.events(&id)?;
        if stored.is_empty() {
            return Err(AppError::NoSuchRecord);
        }
        let mut state = State::default();
        let mut arrivals = BTreeMap::new();
        let mut last = 0;
        let mut damaged = Vec::new();
        for stored in stored {
            last = stored.arrival;
            // It was checked before it was stored; if it does not read now, the disk has changed it.
            match stored.event.read() {
                Ok(event) if event.id == stored.id => {
                    arrivals.insert(event.id, stored.arrival);
                    state.add(Arc::new(event));
                }
                _ => damaged.push(stored.id),
            }
        }
        // An author's chain can go on over a damaged event only if its next one is here to say where.
        let followed = |id: &EventId| state.events().any(|event| event.header.enc_prev == Some(*id));
        if !damaged.iter().all(followed) {
            return Err(AppError::CorruptStore { set_aside: None });
        }
        let under = self.under(&versions(&state))?;
        let drafts = self.store.drafts(&id)?;
        Ok(OpenRecord { id, under, state, arrivals, drafts, last })
    }

    /// Reads a record under the version that its events now say, if that is here.
    pub(super) fn read_under(&mut self, id: EncounterId) -> Result<(), AppError> {
        let Some(record) = self.records.get(&id) else { return Ok(()) };
        let versions = versions(&record.state);
        if versions.first() != Some(&record.under.protocol) {
            let under = self.under(&versions)?;
            self.record_in_memory(id)?.under = under;
        }
        Ok(())
    }

    /// Folds events that came into a record and gives its new summary; `known` says whether the store had it.
    pub(super) fn fold_in(
        &mut self,
        id: EncounterId,
        known: bool,
        events: Vec<Arc<Event>>,
    ) -> Result<Option<Vec<u8>>, AppError> {
        if known {
            let record = self.record(id)?;
            for event in events {
                record.add(event);
            }
            self.read_under(id)?;
            return Ok(self.records.get(&id).map(OpenRecord::summary));
        }
        self.incidents = None;
        let state = State::fold(events.iter().cloned());
        // A first page without its beginning, or under a definition that could not be fetched, is kept unfolded.
        if state.opened().is_none() {
            return Ok(None);
        }
        let Ok(under) = self.under(&versions(&state)) else { return Ok(None) };
        let mut record = OpenRecord::begin(id, under);
        for event in events {
            record.add(event);
        }
        let summary = record.summary();
        self.records.insert(id, record);
        Ok(Some(summary))
    }

    /// Forgets what is in memory of a record: after a failed write nobody knows what was kept.
    pub(super) fn forget(&mut self, id: EncounterId) {
        self.records.remove(&id);
        self.own = None;
    }
}
