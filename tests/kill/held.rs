//! What a phone's store holds, read past the app and verified from its bytes: chains, hashes, signatures, numbers.

use std::collections::BTreeSet;
use std::path::Path;

use firsthours_core::evidence::{Chain, Keyring, SignedEvent, check_encounter};
use firsthours_core::record::{EncounterId, Event, EventId, Install};
use firsthours_core::store::{Draft, EncounterRow, Store, StoreKey};
use firsthours_tests::programme::Fault;

/// An event as it is held.
pub(crate) struct Held {
    pub(crate) encounter: EncounterId,
    pub(crate) arrival: u64,
    pub(crate) event: Event,
    /// The text of its body.
    pub(crate) body: String,
    pub(crate) own: bool,
}

/// Everything that a phone holds.
#[derive(Default)]
pub(crate) struct Holds {
    pub(crate) events: Vec<Held>,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) rows: Vec<EncounterRow>,
    /// The install, once it has written something.
    pub(crate) install: Option<Install>,
}

impl Holds {
    /// Reads a store whose app is not running. Anything that is not whole is a fault.
    pub(crate) fn read(folder: &Path, key: &StoreKey, mut ring: Keyring) -> Result<Self, Fault> {
        let store = Store::open(folder, key)?;
        store.check()?;
        for certificate in store.certificates()? {
            ring.admit(&certificate)?;
        }
        let mut holds = Self::default();
        let own = holds.own_chain(&store, &ring)?;
        let mut ids = BTreeSet::new();
        for row in store.encounters()? {
            holds.encounter(&store, &ring, &row, &own, &mut ids)?;
            holds.drafts.extend(store.drafts(&row.id)?);
            holds.rows.push(row);
        }
        if own.len() != holds.events.iter().filter(|held| held.own).count() {
            return Err("an own event is in no record".into());
        }
        Ok(holds)
    }

    /// The ids of all events.
    pub(crate) fn ids(&self) -> BTreeSet<EventId> {
        self.events.iter().map(|held| held.event.id).collect()
    }

    /// Walks the install's own chain from its first event to its head.
    fn own_chain(&mut self, store: &Store, ring: &Keyring) -> Result<BTreeSet<EventId>, Fault> {
        let mut chain = Chain::default();
        let mut own = BTreeSet::new();
        for (_, signed) in store.unsent(0, u32::MAX, usize::MAX)? {
            let event = ring.open_event(&signed)?;
            chain = chain.follow(&event.header, event.id)?;
            let install = *self.install.get_or_insert(event.header.install);
            if install != event.header.install {
                return Err(format!(
                    "the phone became another install: {install}, then {}",
                    event.header.install
                )
                .into());
            }
            own.insert(event.id);
        }
        if chain != store.own_head()? {
            return Err(format!(
                "the own chain ends at {}, its head is {}",
                chain.seq,
                store.own_head()?.seq
            )
            .into());
        }
        Ok(own)
    }

    fn encounter(
        &mut self,
        store: &Store,
        ring: &Keyring,
        row: &EncounterRow,
        own: &BTreeSet<EventId>,
        ids: &mut BTreeSet<EventId>,
    ) -> Result<(), Fault> {
        let begins = self.events.len();
        let fault = |what: &str| -> Fault { format!("record {}: {what}", row.id).into() };
        for (arrival, stored) in (1..).zip(store.events(&row.id)?) {
            let event = ring.open_event(&stored.event)?;
            let SignedEvent { body, .. } = stored.event;
            let fits = stored.arrival == arrival
                && stored.id == event.id
                && event.header.encounter == Some(row.id)
                && event.body.is_some();
            if !fits {
                return Err(fault(&format!("the event that came as number {arrival} is not whole")));
            }
            if !ids.insert(event.id) {
                return Err(fault(&format!("the event {} is there twice", event.id)));
            }
            let own = own.contains(&event.id);
            let body = body.unwrap_or_default();
            self.events.push(Held { encounter: row.id, arrival, event, body, own });
        }
        let held = &self.events[begins..];
        if u64::try_from(held.len())? != row.events {
            return Err(fault(&format!("it counts {} events and holds {}", row.events, held.len())));
        }
        check_encounter(held.iter().map(|held| (held.event.id, &held.event.header)), |_, _| None)
            .map_err(|(author, broken)| fault(&format!("the chain of {author}: {broken}")))?;
        Ok(())
    }
}
