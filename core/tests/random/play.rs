//! One to four devices that write one record, each with its own part of what the others wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firsthours_core::protocol::Instant;
use firsthours_core::record::{
    Act, Actor, EntryId, Event, EventId, Hash, PersonId, Record, Refusal, Role, State, decide,
};

use super::Drawn;
use super::acts::Ground;
use super::choices::Choices;
use crate::support::{Author, MINUTE, NIGHT, opened_under, read};

/// Nights to act in: two of them before the clocks of Los Angeles are changed.
pub(crate) const NIGHTS: [Instant; 3] =
    [NIGHT, Instant::from_ms(1_772_910_000_000), Instant::from_ms(1_793_480_400_000)];

/// A record in the making.
pub(crate) struct Play<'d> {
    pub(crate) drawn: &'d Drawn,
    pub(crate) devices: Vec<Device>,
    /// In the order in which they were made.
    pub(crate) events: Vec<Arc<Event>>,
    /// What the author of an event had been shown, or had written, when it acted.
    pub(crate) shown: BTreeMap<EventId, BTreeSet<EventId>>,
    pub(crate) night: Instant,
    pub(crate) people: Vec<PersonId>,
    pub(crate) versions: Vec<Hash>,
}

/// A phone, or the desk.
pub(crate) struct Device {
    pub(crate) author: Author,
    /// In the order of arrival.
    pub(crate) held: Vec<Arc<Event>>,
    pub(crate) state: State,
}

impl<'d> Play<'d> {
    /// A record that the first phone opened and everybody has.
    pub(crate) fn new(drawn: &'d Drawn, choices: &mut Choices<'_>) -> Self {
        let devices = [
            Author::phone(1, Role::Deputy),
            Author::desk(9, Role::Supervisor),
            Author::phone(2, Role::Deputy),
            Author::phone(3, Role::Detective),
        ];
        let count = *choices.pick(&[1, 2, 3, 4, 3, 4]);
        let devices = devices.into_iter().take(count).map(Device::new).collect();
        let mut play = Self {
            drawn,
            devices,
            events: Vec::new(),
            shown: BTreeMap::new(),
            night: *choices.pick(&NIGHTS),
            people: ["p-1", "p-2", "p-3"].map(|id| PersonId(id.to_owned())).into(),
            versions: Vec::new(),
        };
        let opened = opened_under(&drawn.text);
        let written = play.devices[0].author.write(1, play.night, opened, Vec::new(), None);
        play.shown.insert(written.id, BTreeSet::new());
        play.events.push(read(&written));
        play.devices.iter_mut().for_each(|device| device.take(&play.events));
        play
    }

    /// Everybody does something, meets others in part, and acts on screens that are more or less old.
    pub(crate) fn played(drawn: &'d Drawn, bytes: &[u8]) -> Self {
        let mut choices = Choices::new(bytes);
        let mut play = Self::new(drawn, &mut choices);
        while !choices.is_spent() && play.events.len() < 24 {
            let at = choices.below(play.devices.len());
            if choices.one_in(2) {
                let until = play.events.len() - choices.below(3).min(play.events.len() - 1);
                play.devices[at].take(&play.events[..until]);
            }
            play.devices[at].sits_down(&mut choices);
            let old = choices.below(4);
            let act = play.ground(at).act(&mut choices);
            // What is refused leaves no trace.
            play.act(at, act, old).ok();
        }
        play
    }

    /// The same, but everybody has everything before each act.
    pub(crate) fn played_in_line(drawn: &'d Drawn, bytes: &[u8], mut after: impl FnMut(&Self)) -> Self {
        let mut choices = Choices::new(bytes);
        let mut play = Self::new(drawn, &mut choices);
        while !choices.is_spent() && play.events.len() < 24 {
            let at = choices.below(play.devices.len());
            play.devices[at].take(&play.events);
            play.devices[at].sits_down(&mut choices);
            let act = play.ground(at).act(&mut choices);
            if play.act(at, act, 0).is_ok() {
                after(&play);
            }
        }
        play
    }

    pub(crate) fn ground(&self, device: usize) -> Ground<'_> {
        let Device { author, state, .. } = &self.devices[device];
        Ground {
            definition: &self.drawn.definition,
            state,
            actor: &author.actor,
            night: self.night,
            people: &self.people,
            versions: &self.versions,
        }
    }

    /// Acts from a screen that lacks the last arrivals from others, so many as `old` says.
    pub(crate) fn act(&mut self, device: usize, act: Act, old: usize) -> Result<Arc<Event>, Refusal> {
        let device = &mut self.devices[device];
        let seen = device.held.len().saturating_sub(old).max(1);
        let install = device.author.install;
        let shown: BTreeSet<EventId> = device
            .held
            .iter()
            .enumerate()
            .filter(|(arrival, event)| *arrival < seen || event.header.install == install)
            .map(|(_, event)| event.id)
            .collect();
        let record = Record { definition: &self.drawn.definition, state: &device.state };
        let actor: Actor = device.author.actor.clone();
        let count = self.events.len() as u64;
        let visible = |event: &Event| shown.contains(&event.id);
        let decision = decide(act, record, &actor, install, EntryId(count.to_be_bytes()), &visible)?;
        let stamp = device.state.next_stamp();
        let wall = self.night + i64::from(u32::try_from(count).unwrap_or(0)) * MINUTE;
        let written = device.author.write(stamp, wall, decision.kind, decision.base, decision.reason);
        let event = read(&written);
        self.shown.insert(event.id, shown);
        self.events.push(Arc::clone(&event));
        device.take(std::slice::from_ref(&event));
        Ok(event)
    }
}

impl Device {
    pub(crate) fn new(author: Author) -> Self {
        Self { author, held: Vec::new(), state: State::default() }
    }

    pub(crate) fn take(&mut self, events: &[Arc<Event>]) {
        for event in events {
            if self.state.event(&event.id).is_none() {
                self.held.push(Arc::clone(event));
                self.state.add(Arc::clone(event));
            }
        }
    }

    /// At a desk many people act; a phone is one person's.
    pub(crate) fn sits_down(&mut self, choices: &mut Choices<'_>) {
        if self.author.install.is_server() {
            // In a small office one person does both.
            let people = [(9, Role::Supervisor), (8, Role::Supervisor), (7, Role::County), (8, Role::County)];
            let (n, role) = *choices.pick(&people);
            self.author.acting_as(n, role);
        }
    }
}
