//! The fold: state is a pure function of the *set* of events.
//!
//! Each register keeps every write ever made to it. Its heads are the writes that no other write to it in the
//! set names in `base`. Adding an event is therefore putting it into a set, and so commutative, associative and
//! idempotent by construction; what is derived is computed from the heads, never stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Content, Event, EventId, HoldReason, Install, Kind, Register, bounds};

/// All that is known of one encounter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    events: BTreeMap<EventId, Arc<Event>>,
    /// The same events in the order of their stamps, ties by id: the order of reading, which every view asks for.
    order: Vec<Arc<Event>>,
    writes: BTreeMap<Register, Writes>,
    /// Which events name an event in `base`: so whether a write is superseded is asked of those alone.
    named_by: BTreeMap<EventId, BTreeSet<EventId>>,
    /// Events whose author may not make them: kept, without effect.
    refused: BTreeSet<EventId>,
    /// What is held now, and why: the heads of the registers of holds, kept because it is asked of every event.
    holds: BTreeMap<EventId, HoldReason>,
    /// See [`State::greatest_stamp`]: kept, because each event that comes is measured against it.
    greatest: u64,
}

/// What was ever written to a register.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Writes {
    all: BTreeMap<EventId, Content>,
    /// Those that no other one names, whether either counts: the heads of a register of which everything counts.
    unnamed: BTreeSet<EventId>,
}

/// A write that no other write to its register has seen.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    pub event: &'a Event,
    pub content: &'a Content,
}

impl State {
    /// Folds a set of events, in any order.
    pub fn fold(events: impl IntoIterator<Item = Arc<Event>>) -> Self {
        let mut state = Self::default();
        for event in events {
            state.add(event);
        }
        state
    }

    /// Adds one event; adding it again changes nothing. A body that was withheld may come later.
    pub fn add(&mut self, event: Arc<Event>) {
        let known_with_body = self.events.get(&event.id).is_some_and(|known| known.body.is_some());
        if known_with_body {
            return;
        }
        // A hold or a release changes whether another event counts.
        let about = match event.kind() {
            Some(Kind::Held { id, .. } | Kind::Released { id }) => Some(*id),
            _ => None,
        };
        let counted = about.map(|id| self.counts_here(&id));
        if let Some(body) = &event.body {
            if body.kind.may_be_made_by(event.header.install, body.actor.role) {
                for (register, content) in body.kind.writes(&body.actor.person) {
                    let writes = self.writes.entry(register).or_default();
                    for named in body.base.iter().filter(|named| **named != event.id) {
                        writes.unnamed.remove(named);
                    }
                    let mut namers = self.named_by.get(&event.id).into_iter().flatten();
                    if !namers.any(|namer| writes.all.contains_key(namer)) {
                        writes.unnamed.insert(event.id);
                    }
                    writes.all.insert(event.id, content);
                }
                for named in body.base.iter().filter(|named| **named != event.id) {
                    self.named_by.entry(*named).or_default().insert(event.id);
                }
            } else {
                self.refused.insert(event.id);
            }
        }
        let place = |known: &Arc<Event>| (known.header.stamp, known.id).cmp(&(event.header.stamp, event.id));
        match self.order.binary_search_by(place) {
            // It was here without its body.
            Ok(at) => self.order[at] = Arc::clone(&event),
            Err(at) => self.order.insert(at, Arc::clone(&event)),
        }
        let added = Arc::clone(&event);
        self.events.insert(event.id, event);
        if let Some(id) = about {
            self.hold_or_release(id);
        }
        match about.map(|id| (id, self.counts_here(&id))) {
            // What counted no longer does: the others may not reach as far without it.
            Some((_, false)) if counted == Some(true) => {
                self.greatest = 0;
                self.reach(0);
            }
            Some((id, true)) => {
                let stamp = self.events.get(&id).map_or(0, |event| event.header.stamp);
                self.reach(stamp);
            }
            Some((_, false)) | None => {}
        }
        if self.counts(&added) {
            self.reach(added.header.stamp);
        }
    }

    /// Looks anew whether an event is held. Only a write to its hold, which has just come, can change that.
    fn hold_or_release(&mut self, id: EventId) {
        let heads = self.heads(&Register::Hold(id));
        let why = heads.into_iter().find_map(|head| match head.content {
            Content::Hold(why) => *why,
            _ => None,
        });
        match why {
            Some(why) => self.holds.insert(id, why),
            None => self.holds.remove(&id),
        };
    }

    fn counts_here(&self, id: &EventId) -> bool {
        self.events.get(id).is_some_and(|event| self.counts(event))
    }

    /// Moves the greatest stamp on, now that an event with this one counts: as far as stamps go on from one another.
    fn reach(&mut self, stamp: u64) {
        if stamp > self.greatest.saturating_add(bounds::STAMP_STEP) || (stamp > 0 && stamp <= self.greatest) {
            return;
        }
        let from = self.order.partition_point(|event| event.header.stamp <= self.greatest);
        let mut greatest = self.greatest;
        for event in self.order[from..].iter().filter(|event| self.counts(event)) {
            if event.header.stamp > greatest.saturating_add(bounds::STAMP_STEP) {
                break;
            }
            greatest = event.header.stamp;
        }
        self.greatest = greatest;
    }

    /// Adds everything that the other one knows.
    pub fn merge(&mut self, other: &Self) {
        for event in other.events.values() {
            self.add(Arc::clone(event));
        }
    }

    /// Every event, by id.
    pub fn events(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.events.values()
    }

    /// The event with this id.
    pub fn event(&self, id: &EventId) -> Option<&Arc<Event>> {
        self.events.get(id)
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing is known yet.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The greatest stamp that the next one follows; 0 when there is none.
    ///
    /// Of the events that count, and only as far as their stamps go on from one another: one that is further ahead than
    /// anybody may go drags nobody behind it.
    pub fn greatest_stamp(&self) -> u64 {
        self.greatest.min(bounds::STAMP)
    }

    /// The stamp of the next event.
    pub fn next_stamp(&self) -> u64 {
        (self.greatest_stamp() + 1).min(bounds::STAMP)
    }

    /// The heads of a register, the one to show first in front.
    pub fn heads(&self, register: &Register) -> Vec<Head<'_>> {
        if !self.holds.is_empty() && !is_hold(register) {
            return self.heads_among(register, |_| true);
        }
        // All of it counts.
        let Some(writes) = self.writes.get(register) else { return Vec::new() };
        shown_first(
            writes
                .unnamed
                .iter()
                .filter_map(|id| Some(Head { event: self.events.get(id)?, content: writes.all.get(id)? })),
        )
    }

    /// The heads of a register as they stand among the events that `visible` lets through.
    pub fn heads_among(&self, register: &Register, visible: impl Fn(&Event) -> bool) -> Vec<Head<'_>> {
        let Some(writes) = self.writes.get(register) else { return Vec::new() };
        let counted = |id: &EventId| {
            let event = self.events.get(id)?;
            let counts = visible(event) && (is_hold(register) || self.held(id).is_none());
            counts.then_some(event.as_ref())
        };
        let superseded = |id: &EventId| {
            let mut namers = self.named_by.get(id).into_iter().flatten();
            namers.any(|namer| writes.all.contains_key(namer) && counted(namer).is_some())
        };
        // A head is named by nobody, or only by writes that do not count.
        let uncounted =
            writes.all.keys().filter(|id| counted(id).is_none()).filter_map(|id| self.events.get(id));
        let named = uncounted.filter_map(|event| event.body.as_ref()).flat_map(|body| &body.base);
        let named = named.filter(|id| writes.all.contains_key(*id) && !superseded(id));
        let candidates: BTreeSet<&EventId> = writes.unnamed.iter().chain(named).collect();
        shown_first(candidates.into_iter().filter_map(|id| {
            let content = writes.all.get(id)?;
            Some(Head { event: counted(id)?, content })
        }))
    }

    /// How often a register was written, whether it counts or not.
    pub(super) fn written(&self, register: &Register) -> usize {
        self.writes.get(register).map_or(0, |writes| writes.all.len())
    }

    /// The events that count and wrote a register, by id: superseded ones too.
    pub fn writers<'s>(&'s self, register: &Register) -> impl Iterator<Item = &'s Event> + use<'s> {
        let ids = self.writes.get(register).into_iter().flat_map(|writes| writes.all.keys());
        ids.filter_map(|id| self.events.get(id)).map(Arc::as_ref).filter(|event| self.counts(event))
    }

    /// The registers that have been written, in order.
    pub fn registers(&self) -> impl Iterator<Item = &Register> {
        self.writes.keys()
    }

    /// Why the event is held, if it is.
    pub fn held(&self, id: &EventId) -> Option<HoldReason> {
        self.holds.get(id).copied()
    }

    /// Every event that is held, by id, and why.
    pub fn holds(&self) -> impl Iterator<Item = (&EventId, HoldReason)> {
        self.holds.iter().map(|(id, why)| (id, *why))
    }

    /// Events whose author may not make them.
    pub fn refused(&self, id: &EventId) -> bool {
        self.refused.contains(id)
    }

    /// Whether the event counts: it has a body, its author may make it, and it is not held.
    pub fn counts(&self, event: &Event) -> bool {
        event.body.is_some() && !self.refused(&event.id) && self.held(&event.id).is_none()
    }

    /// The last event in the order of stamps (ties by id), whether it counts or not.
    pub fn last(&self) -> Option<&Event> {
        self.order.last().map(Arc::as_ref)
    }

    /// The events that count, in the order of their stamps (ties by id): the order of reading, not of truth.
    pub fn counting(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.order.iter().map(Arc::as_ref).filter(|event| self.counts(event))
    }

    /// The events of some kinds that count, in the order of their stamps. Whether an event counts is asked of those alone.
    pub fn counting_of(&self, wanted: impl Fn(&Kind) -> bool) -> impl DoubleEndedIterator<Item = &Event> {
        let order = self.order.iter().map(Arc::as_ref);
        order.filter(move |event| event.kind().is_some_and(&wanted)).filter(|event| self.counts(event))
    }

    /// The record's first event, if it has arrived. A forged second one loses to the lower stamp.
    pub fn opened(&self) -> Option<&Event> {
        self.counting_of(|kind| matches!(kind, Kind::Opened { .. })).next()
    }

    /// The last event of an author's chain in this encounter: by greatest `enc_seq`, ties by id.
    pub fn last_of(&self, author: Install) -> Option<&Event> {
        self.events()
            .map(Arc::as_ref)
            .filter(|event| event.header.install == author)
            .max_by_key(|event| (event.header.enc_seq, event.id))
    }

    /// Every author's last events among those that `visible` lets through: no other visible event of theirs follows.
    /// More than one = a fork, or a gap.
    pub fn tips(&self, visible: impl Fn(&Event) -> bool) -> BTreeMap<Install, Vec<EventId>> {
        let shown: Vec<&Event> = self.events().map(Arc::as_ref).filter(|event| visible(event)).collect();
        let followed: BTreeSet<(Install, EventId)> =
            shown.iter().filter_map(|event| Some((event.header.install, event.header.enc_prev?))).collect();
        let mut tips: BTreeMap<Install, Vec<EventId>> = BTreeMap::new();
        for event in shown.iter().filter(|event| !followed.contains(&(event.header.install, event.id))) {
            tips.entry(event.header.install).or_default().push(event.id);
        }
        tips
    }

    /// The events that `covers` names, and every one before them by `enc_prev`.
    pub fn covered<'c>(&self, covers: impl IntoIterator<Item = &'c EventId>) -> BTreeSet<EventId> {
        let mut covered = BTreeSet::new();
        for tip in covers {
            let mut at = Some(*tip);
            while let Some(id) = at.filter(|id| covered.insert(*id)) {
                at = self.events.get(&id).and_then(|event| event.header.enc_prev);
            }
        }
        covered
    }
}

/// The heads, the one to show first in front.
fn shown_first<'s>(heads: impl Iterator<Item = Head<'s>>) -> Vec<Head<'s>> {
    let mut heads: Vec<Head<'s>> = heads.collect();
    heads.sort_by_key(|head| head.event.rank());
    heads
}

fn is_hold(register: &Register) -> bool {
    matches!(register, Register::Hold(_))
}
