//! Records in memory: what is read from the store once, folded once, and then only added to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AppError, Inner};
use crate::evidence::Chain;
use crate::protocol::{Definition, load};
use crate::record::{
    Derived, EncounterId, Event, EventId, Hash, Install, Record, State, derive, summarise, versions,
};
use crate::store::{Draft, DraftKey, Store};
use crate::words::Trouble;

/// Definitions that were read and checked, by hash.
#[derive(Default)]
pub(super) struct Definitions(BTreeMap<Hash, Arc<Definition>>);

impl Definitions {
    pub(super) fn get(&mut self, store: &Store, sha: Hash) -> Result<Arc<Definition>, AppError> {
        if let Some(definition) = self.0.get(&sha) {
            return Ok(Arc::clone(definition));
        }
        let missing = AppError::NotReady { trouble: Trouble::NewerProtocol };
        let text = store.protocol(&sha)?.ok_or(missing)?;
        let faults = |faults: crate::protocol::Faults| AppError::NotReady {
            trouble: Trouble::BadProtocol { faults: faults.0.len() },
        };
        let definition = Arc::new(load(text.as_bytes()).map_err(faults)?);
        self.0.insert(sha, Arc::clone(&definition));
        Ok(definition)
    }

    /// What a record is read under: the version that it was moved to last, or the latest before that one that is here.
    pub(super) fn under(&mut self, store: &Store, state: &State) -> Result<Under, AppError> {
        let wanted = versions(state);
        let mut here = Vec::new();
        let mut missing = None;
        for version in &wanted {
            match self.get(store, *version) {
                Ok(definition) => here.push((*version, definition)),
                Err(error @ AppError::NotReady { .. }) => missing = missing.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        let mut here = here.into_iter();
        match here.next() {
            Some((protocol, definition)) => {
                let lacks = wanted.first() != Some(&protocol);
                let earlier = here.map(|(_, definition)| definition).collect();
                Ok(Under { protocol, definition, earlier, lacks })
            }
            None => Err(missing.unwrap_or(AppError::NoSuchRecord)),
        }
    }
}

/// The versions of its protocol that a record is read under.
pub(super) struct Under {
    pub(super) protocol: Hash,
    pub(super) definition: Arc<Definition>,
    /// Those that it was under before, as far as they are here: for the words of what they asked.
    pub(super) earlier: Vec<Arc<Definition>>,
    /// The version that it was moved to is not here.
    pub(super) lacks: bool,
}

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
    /// Reads a record from the store.
    fn read(store: &Store, id: EncounterId, definitions: &mut Definitions) -> Result<Self, AppError> {
        let stored = store.events(&id)?;
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
        let under = definitions.under(store, &state)?;
        let drafts = store.drafts(&id)?;
        Ok(Self { id, under, state, arrivals, drafts, last })
    }

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

impl Inner {
    /// The record, read from the store if it is not in memory.
    pub(super) fn record(&mut self, store: &Store, id: EncounterId) -> Result<&mut OpenRecord, AppError> {
        match self.records.entry(id) {
            std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => {
                Ok(entry.insert(OpenRecord::read(store, id, &mut self.definitions)?))
            }
        }
    }

    /// Reads a record under the version that its events now say, if that is here.
    pub(super) fn read_under(&mut self, store: &Store, id: EncounterId) -> Result<(), AppError> {
        if let Some(record) = self.records.get_mut(&id)
            && versions(&record.state).first() != Some(&record.under.protocol)
        {
            record.under = self.definitions.under(store, &record.state)?;
        }
        Ok(())
    }

    /// Forgets what is in memory of a record: after a failed write nobody knows what was kept.
    pub(super) fn forget(&mut self, id: EncounterId) {
        self.records.remove(&id);
        self.own = None;
    }

    /// The end of this install's chain: only acts move it, and each says where to.
    pub(super) fn own_head(&mut self, store: &Store) -> Result<Chain, AppError> {
        let author = self.me.author();
        if let Some((of, head)) = self.own
            && of == author
        {
            debug_assert_eq!(store.own_head().ok(), Some(head), "the disk has what is in memory");
            return Ok(head);
        }
        let head = store.own_head()?;
        self.own = Some((author, head));
        Ok(head)
    }
}
