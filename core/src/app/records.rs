//! Records in memory: what is read from the store once, folded once, and then only added to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AppError, Inner};
use crate::evidence::Chain;
use crate::protocol::{Definition, load};
use crate::record::{EncounterId, Event, EventId, Hash, Install, Kind, Record, State, derive, summarise};
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
}

/// One record, folded. Arrivals are dense from 1.
pub(super) struct OpenRecord {
    pub(super) id: EncounterId,
    pub(super) definition: Arc<Definition>,
    pub(super) protocol: Hash,
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
        let protocol = protocol_of(&state).ok_or(AppError::NoSuchRecord)?;
        let definition = definitions.get(store, protocol)?;
        let drafts = store.drafts(&id)?;
        Ok(Self { id, definition, protocol, state, arrivals, drafts, last })
    }

    /// A record that begins with this definition.
    pub(super) fn begin(id: EncounterId, protocol: Hash, definition: Arc<Definition>) -> Self {
        let (state, arrivals, drafts) = (State::default(), BTreeMap::new(), Vec::new());
        Self { id, definition, protocol, state, arrivals, drafts, last: 0 }
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
        let derived = derive(&self.definition, &self.state);
        summarise(self.id, &self.definition, &self.state, &derived).to_bytes()
    }

    /// The record under its definition, for what decides.
    pub(super) fn folded(&self) -> Record<'_> {
        Record { definition: &self.definition, state: &self.state }
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

/// The definition that the record is pinned to.
pub(super) fn protocol_of(state: &State) -> Option<Hash> {
    match state.opened()?.kind() {
        Some(Kind::Opened { protocol, .. }) => Some(*protocol),
        _ => None,
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
