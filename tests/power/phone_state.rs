//! What a phone's store holds, read past the app and verified from its bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use firsthours_core::evidence::{Chain, Keyring, Rolling, SignedEvent, check_encounter};
use firsthours_core::record::{EventId, Kind};
use firsthours_core::store::{EncounterRow, Store, StoredEvent};
use firsthours_tests::programme::Fault;

use crate::line::Line;
use crate::world::{World, key, note};

/// Everything that counts.
#[derive(Debug, Default)]
pub(crate) struct PhoneState {
    /// This install's events, in order.
    pub(crate) own: Vec<EventId>,
    /// Every event, by id.
    pub(crate) events: BTreeMap<EventId, SignedEvent>,
    /// The texts of notes, each as often as it is there.
    pub(crate) notes: Vec<String>,
    /// The texts of drafts.
    pub(crate) drafts: Vec<String>,
    pub(crate) received_through: u64,
    /// How far the server's positions were read, of all records together.
    pub(crate) positions: u64,
}

impl PhoneState {
    /// Reads a store whose app is not running. Anything that is not whole is a fault.
    pub(crate) fn read(folder: &Path, world: &World) -> Result<Self, Fault> {
        let store = Store::open(folder, &key())?;
        store.check()?;
        let mut ring = world.ring.clone();
        for certificate in store.certificates()? {
            ring.admit(&certificate)?;
        }
        let mut state = Self { received_through: store.received_through()?, ..Self::default() };
        let mut chain = Chain::default();
        for (_, signed) in store.unsent(0, u32::MAX, usize::MAX)? {
            let event = ring.open_event(&signed)?;
            chain = chain.follow(&event.header, event.id)?;
            state.own.push(event.id);
        }
        if chain != store.own_head()? {
            return Err("the install's chain does not end at its head".into());
        }
        for row in store.encounters()? {
            let events = store.events(&row.id)?;
            state.record(&ring, &row, events).map_err(|error| format!("record {}: {error}", row.id))?;
            state.drafts.extend(store.drafts(&row.id)?.into_iter().map(|draft| draft.text));
        }
        if !state.own.iter().all(|id| state.events.contains_key(id)) {
            return Err("an own event is in no record".into());
        }
        if state.received_through > chain.seq {
            return Err("the server holds more than the phone".into());
        }
        Ok(state)
    }

    fn record(&mut self, ring: &Keyring, row: &EncounterRow, stored: Vec<StoredEvent>) -> Result<(), Fault> {
        if u64::try_from(stored.len())? != row.events {
            return Err(format!("it counts {} events and holds {}", row.events, stored.len()).into());
        }
        let mut headers = Vec::new();
        let mut by_position = BTreeMap::new();
        for (arrival, stored) in (1..).zip(stored) {
            let event = ring.open_event(&stored.event)?;
            let whole = stored.arrival == arrival
                && stored.id == event.id
                && event.header.encounter == Some(row.id)
                && event.body.is_some();
            if !whole {
                return Err(format!("the event that came as number {arrival} is not whole").into());
            }
            if let Some(Kind::Noted { text, .. }) = event.kind() {
                self.notes.push(text.clone());
            }
            if let Some(pos) = stored.pos {
                by_position.insert(pos, event.id);
            }
            if self.events.insert(event.id, stored.event).is_some() {
                return Err(format!("the event {} is there twice", event.id).into());
            }
            headers.push((event.id, event.header.clone()));
        }
        check_encounter(headers.iter().map(|(id, header)| (*id, header)), |_, _| None)
            .map_err(|(author, broken)| format!("the chain of {author}: {broken}"))?;
        if let Some(cursor) = &row.cursor {
            self.positions += cursor.pos;
            let mut rolling = Rolling::start(row.id);
            for pos in 1..=cursor.pos {
                let id = by_position.get(&pos).ok_or_else(|| format!("nothing is at position {pos}"))?;
                rolling = rolling.then(*id);
            }
            if rolling.0 != cursor.rolling {
                return Err("its cursor does not fit its events".into());
            }
        }
        Ok(())
    }

    /// The texts of notes, each of which must be there once.
    pub(crate) fn single_notes(&self) -> Result<BTreeSet<&str>, Fault> {
        let single: BTreeSet<&str> = self.notes.iter().map(String::as_str).collect();
        if single.len() == self.notes.len() { Ok(single) } else { Err("a note is there twice".into()) }
    }

    /// That nothing acknowledged is missing and nothing unknown is there, byte for byte: `own` is how many events of
    /// its own the phone had acknowledged, `end` is the phone after the whole run.
    pub(crate) fn fits(&self, own: usize, end: &Self) -> Result<(), Fault> {
        if self.own.len() < own {
            return Err(format!("{own} events were acknowledged and {} are here", self.own.len()).into());
        }
        if !end.own.starts_with(&self.own) {
            return Err("the install's chain went another way".into());
        }
        for (id, event) in &self.events {
            if end.events.get(id) != Some(event) {
                return Err(format!("the event {id} is not what was recorded").into());
            }
        }
        self.single_notes().map(drop)
    }
}

/// The phone goes on: nothing needs to be rebuilt, and one more act is recorded and kept.
pub(crate) fn goes_on(folder: &Path, world: &World) -> Result<(), Fault> {
    let app = world.open_phone(folder, &Line::default(), 99)?;
    if app.rebuild()? != 0 {
        return Err("a summary is not what its events say".into());
    }
    note(&app, &world.encounter, "SYN-after")?;
    app.shutdown();
    drop(app);
    let store = Store::open(folder, &key())?;
    let id = world.encounter.parse()?;
    let last = store.events(&id)?.pop().ok_or("the record is empty")?;
    let event = last.event.read()?;
    match event.kind() {
        Some(Kind::Noted { text, .. }) if text == "SYN-after" => Ok(()),
        _ => Err("what was recorded after the power came back is not here".into()),
    }
}
