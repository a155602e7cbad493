//! One record inside a write transaction: its counter row locked, its events folded, its next position known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firsthours_core::evidence::{Chain, SignedEvent};
use firsthours_core::outside::random_bytes;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{
    Actor, AgencyId, At, AuditEntry, Body, Decision, EncounterId, Epoch, Event, EventId, Hash, HoldReason,
    IncidentId, Install, Kind, PersonId, Place, Role, Sharing, StationId, base_of, bounds, derive, summarise,
};
use serde::Deserialize;

use super::folded::Folded;
use super::hole::Before;
use super::pending::WaitsAt;
use super::place::Standing;
use super::queue::{Order, Queue};
use super::quota::Used;
use super::room::{self, Room};
use super::{Authentic, IngestError, hole, judge};
use crate::programme::keys::DataKey;
use crate::records::Records;
use crate::records::load::{self, Published};
use crate::store::encounters::{self, OpenedRow, WrittenRow};
use crate::store::events::{self, EventRow, HeldRow};
use crate::store::{StoreError, Tx, people, word};

/// How the server itself signs what it adds to a record.
const SERVER_PERSON: &str = "server";

/// What became of an event. Dropping it would acknowledge what was not kept.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// It has a position now.
    New,
    /// It had one already.
    Known,
    /// Its author's event before it is not here, and no declared hole explains that.
    OutOfPlace,
}

/// A record being written. [`Writing::finish`] must follow, or the transaction be rolled back.
pub(crate) struct Writing<'s> {
    pub(super) records: &'s Records,
    pub(crate) encounter: EncounterId,
    /// `None`: destroyed. What comes late then has its header kept and its body dropped.
    key: Option<&'s DataKey>,
    pub(crate) under: Published,
    pub(crate) folded: Folded,
    desk: Chain,
    /// The life of the store, in which it writes.
    epoch: Epoch,
    people: BTreeSet<PersonId>,
    /// Something was accepted that may be the reason of a hold, or a hold is to be looked at again.
    may_release: bool,
    /// What an earlier transaction, or this one, left to do.
    left: Left,
    /// Where it stands in the queues; `None` once it is to be in others.
    order: Option<Order>,
    /// What was appended, to be stored together at the end.
    appended: Vec<EventRow>,
    /// Of which events it is to be listed whether they are held.
    touched: BTreeSet<EventId>,
    now: Instant,
}

/// What one transaction left to do in a record, for the next one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// Holds up to this position were looked at; those behind it are still to be.
    pub(super) looked_to: Option<u64>,
    /// Something was accepted meanwhile, so all of them are to be looked at once more.
    pub(super) again: bool,
    /// Behind this place there may be more that waits for the record.
    pub(super) waiting: Option<WaitsAt>,
}

impl Left {
    /// All holds are still to be looked at.
    pub(super) const HOLDS: Self = Self { looked_to: Some(0), again: false, waiting: None };

    pub(super) fn is_nothing(&self) -> bool {
        self.looked_to.is_none() && self.waiting.is_none()
    }
}

/// A record as one transaction leaves it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(super) folded: Folded,
    pub(super) left: Left,
}

/// What an opening says of its record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening<'e> {
    pub(super) encounter: EncounterId,
    protocol: Hash,
    agency: &'e AgencyId,
    incident: IncidentId,
    letter: &'e str,
    at: Instant,
    by: &'e PersonId,
}

impl<'e> Opening<'e> {
    /// Reads an opening; `None` if the event is none.
    pub(super) fn of(event: &'e Event) -> Option<Self> {
        let (encounter, body) = (event.header.encounter?, event.body.as_ref()?);
        let Kind::Opened { protocol, incident, letter, .. } = &body.kind else { return None };
        let (at, by) = (body.at.wall, &body.actor.person);
        // Until it is accepted, whatever it claims, its record is of its author's own agency and in no station's queue.
        let letter = if bounds::letter_fits(letter) { letter } else { "" };
        let agency = &body.actor.agency;
        Some(Self { encounter, protocol: *protocol, agency, incident: *incident, letter, at, by })
    }
}

#[derive(Deserialize)]
struct Named {
    kind: String,
}

impl<'s> Writing<'s> {
    /// Locks a record and folds it; `None` if it does not exist. The update of the counter row orders writers until
    /// the commit, so the state read after it is the newest there is.
    pub(crate) fn open(
        records: &'s Records,
        tx: &mut dyn Tx,
        encounter: EncounterId,
        keys: &'s BTreeMap<EncounterId, Option<DataKey>>,
        now: Instant,
    ) -> Result<Option<Self>, IngestError> {
        let Some(locked) = encounters::lock(tx, encounter)? else { return Ok(None) };
        let key = keys.get(&encounter).ok_or(IngestError::NoKeyYet(encounter))?.as_ref();
        let protocol = locked.protocol;
        let at = (locked.pos, locked.rolling);
        let mut writing = Self {
            records,
            encounter,
            key,
            under: Published::none(protocol),
            folded: records.folded.take(tx, encounter, key, at)?,
            desk: locked.desk,
            epoch: locked.epoch,
            people: BTreeSet::new(),
            may_release: false,
            left: Left::default(),
            order: Some(locked.order),
            appended: Vec::new(),
            touched: BTreeSet::new(),
            now,
        };
        writing.under = records.definitions.under(tx, &writing.folded.state, protocol)?;
        writing.people = encounters::people(tx, encounter)?.into_iter().collect();
        Ok(Some(writing))
    }

    /// Makes the row of a record from its opening, and opens it. The opening itself is still to be taken.
    pub(super) fn begin(
        records: &'s Records,
        tx: &mut dyn Tx,
        opening: &Opening<'_>,
        keys: &'s BTreeMap<EncounterId, Option<DataKey>>,
        now: Instant,
    ) -> Result<Self, IngestError> {
        let Opening { encounter, protocol, agency, incident, letter, at, by } = *opening;
        let station = &StationId::default();
        let row = OpenedRow { protocol, agency, station, incident, letter, opened: at, opened_by: by };
        encounters::begin(tx, encounter, &row)?;
        let begun = Self::open(records, tx, encounter, keys, now)?;
        let lost = || StoreError::Corrupt("a record that was just begun is not there".to_owned());
        Ok(Self { order: None, ..begun.ok_or_else(lost)? })
    }

    /// Takes an event in: at its place in its author's chain, behind a hold if it cannot be accepted.
    pub(super) fn take(
        &mut self,
        tx: &mut dyn Tx,
        item: &Authentic,
        standing: Standing,
        used: &mut Used,
    ) -> Result<Placed, IngestError> {
        let event = &item.event;
        if self.folded.state.event(&event.id).is_some() {
            return Ok(Placed::Known);
        }
        if !self.folded.follows(event) {
            let last = Before::in_record(&self.folded, event);
            let Some(gap) = hole::excuse(tx, last, event)? else { return Ok(Placed::OutOfPlace) };
            self.say(gap)?;
        }
        // Counted once it has its place, and never again.
        let beyond = used.count(tx, item)?;
        let why = judge::arrival(self, tx, event, judge::AuthorStanding { standing, beyond })?;
        if let Some(why) = why
            && self.folded.state.held(&event.id).is_none()
        {
            self.say(Kind::Held { id: event.id, why })?;
        }
        self.append(&item.signed, Arc::clone(event));
        if self.folded.held_once {
            self.touched.insert(event.id);
        }
        // Earlier words of the server's come back in offers, and the reason of a hold may have gone since.
        self.may_release |= why.is_none() && self.folded.state.held(&event.id).is_some();
        if let Some(Kind::Held { id, .. } | Kind::Released { id }) = event.kind() {
            self.touched.insert(*id);
            self.may_release = true;
        }
        if why.is_none() {
            self.accept(tx, event)?;
        }
        Ok(Placed::New)
    }

    /// Writes an event of the server in the name of `actor`, who acts at a desk; `audit` is where the log tells of it.
    pub(crate) fn act(
        &mut self,
        actor: Actor,
        decision: Decision,
        audit: Option<AuditEntry>,
    ) -> Result<Arc<Event>, IngestError> {
        let place = Place {
            install: self.desk_install(),
            seq: None,
            prev: None,
            encounter: Some(self.encounter),
            enc_seq: Some(self.desk.seq + 1),
            enc_prev: self.desk.id,
            stamp: self.folded.state.next_stamp(),
        };
        let at = At { wall: self.now, offset: 0, mono: 0, boot: 0, anchor: None };
        let Decision { kind, base, reason } = decision;
        let body = Body { kind, actor, at, base, reason, audit };
        let written = body.write(&place, random_bytes(&*self.records.random));
        let id = written.id;
        let signed = SignedEvent::sign(written, &self.records.trust.event);
        let event = signed.read().map_err(|_| load::LoadError::Damaged { pos: self.folded.pos + 1 })?;
        let event = Arc::new(event);
        self.append(&signed, Arc::clone(&event));
        self.desk = Chain { seq: self.desk.seq + 1, id: Some(id) };
        Ok(event)
    }

    /// Goes on with looking at holds where an earlier transaction stopped.
    pub(super) fn go_on_with(&mut self, left: Left) {
        self.left.looked_to = left.looked_to;
        self.may_release |= left.again;
    }

    /// There may be more that waits, behind this place.
    pub(super) fn leave_waiting(&mut self, behind: Option<WaitsAt>) {
        self.left.waiting = behind;
    }

    /// As which install the server writes in this life of its store.
    pub(crate) fn desk_install(&self) -> Install {
        Install::Server(self.epoch)
    }

    /// Whether the person has a part in the record.
    pub(super) fn has_part(&self, person: &PersonId) -> bool {
        self.people.contains(person)
    }

    /// Releases what need no longer be held, stores what was appended, writes the summary, and moves the counter row on.
    #[must_use = "it is to be kept once the transaction is committed"]
    pub(crate) fn finish(mut self, tx: &mut dyn Tx, room: &mut Room) -> Result<Written, IngestError> {
        self.release(tx, room)?;
        events::insert(tx, std::mem::take(&mut self.appended))?;
        self.list_holds(tx)?;
        let said = self.under.definition.as_ref().filter(|_| self.key.is_some()).map(|definition| {
            let derived = derive(definition, &self.folded.state);
            let summary =
                summarise(self.encounter, self.under.protocol, definition, &self.folded.state, &derived);
            let queue = Queue::of(&summary, &derived);
            (summary, queue)
        });
        let (summary, queue) = said.unzip();
        let text = summary.as_ref().and_then(|summary| String::from_utf8(summary.to_bytes()).ok());
        let queue = queue.unwrap_or_default();
        let [asks_detective, asks_county] = queue.asks;
        let row = WrittenRow {
            pos: self.folded.pos,
            rolling: self.folded.rolling,
            desk: self.desk,
            protocol: self.under.protocol,
            summary: text,
            summary_version: summary.as_ref().map_or(0, |summary| i64::from(summary.version)),
            phase_state: &queue.phase_state,
            queue_rank: queue.rank,
            waiting_since: queue.waiting_since,
            due: queue.due,
            conflicts: queue.conflicts,
            threads_open: queue.threads_open,
            voided: queue.voided,
            asks_detective,
            asks_county,
        };
        encounters::written(tx, self.encounter, row)?;
        if self.order != Some(queue.order()) {
            encounters::enter_queues(tx, self.encounter)?;
        }
        Ok(Written { folded: self.folded, left: self.left })
    }

    /// The server's own word on an event.
    fn say(&mut self, kind: Kind) -> Result<(), IngestError> {
        let actor = Actor {
            person: PersonId(SERVER_PERSON.to_owned()),
            role: Role::Server,
            agency: AgencyId::default(),
        };
        let base = base_of(&kind, &self.folded.state, &actor, &|_| true);
        self.act(actor, Decision { kind, base, reason: None }, None)?;
        Ok(())
    }

    fn append(&mut self, signed: &SignedEvent, event: Arc<Event>) {
        let pos = self.folded.pos + 1;
        let rolling = self.folded.rolling.then(event.id);
        let text = signed.body.as_deref().unwrap_or_default();
        let open = event.header.install.is_server()
            && matches!(event.kind(), Some(Kind::Held { .. } | Kind::Released { .. } | Kind::Gap { .. }));
        let body = match self.key {
            _ if open => Some(text.as_bytes().to_vec()),
            Some(key) => Some(key.seal(&*self.records.random, &event.id.to_string(), text.as_bytes())),
            None => None,
        };
        let header = &event.header;
        self.appended.push(EventRow {
            encounter: self.encounter,
            pos,
            id: event.id,
            install: header.install,
            seq: header.seq,
            enc_seq: header.enc_seq.unwrap_or(0),
            stamp: header.stamp,
            kind: serde_json::from_str::<Named>(text).map(|named| named.kind).unwrap_or_default(),
            header: signed.header.clone(),
            body,
            signature: signed.signature,
            rolling,
            received: self.now,
        });
        self.folded.add(pos, event);
        (self.folded.pos, self.folded.rolling) = (pos, rolling);
    }

    /// What an accepted event brings about beyond the record itself: who has a part in it, and what it is called.
    pub(crate) fn accept(&mut self, tx: &mut dyn Tx, event: &Event) -> Result<(), IngestError> {
        let Some(body) = &event.body else { return Ok(()) };
        // Whoever has a part now, whatever was offered, and under whichever version: that is what a hold may have waited for.
        self.may_release |= matches!(
            body.kind,
            Kind::Opened { .. } | Kind::Shared { .. } | Kind::Reassigned { .. } | Kind::Moved { .. }
        );
        match &body.kind {
            Kind::Opened { protocol, agency, station, incident, letter } => {
                self.under = self.records.definitions.under(tx, &self.folded.state, *protocol)?;
                self.order = None;
                let row = OpenedRow {
                    protocol: *protocol,
                    agency,
                    station,
                    incident: *incident,
                    letter,
                    opened: body.at.wall,
                    opened_by: &body.actor.person,
                };
                encounters::opened(tx, self.encounter, &row)?;
                self.give_part(tx, &body.actor.person, &body.actor.agency, "opened")
            }
            Kind::Shared { how, to } => match people::agency_of(tx, to)? {
                Some(agency) => self.give_part(
                    tx,
                    to,
                    &agency,
                    match how {
                        Sharing::Pass => "pass",
                        Sharing::Join => "join",
                    },
                ),
                None => Ok(()),
            },
            // Nothing is sent to the new holder before they ask; then the record comes like any other of theirs.
            Kind::Reassigned { to } => match people::agency_of(tx, to)? {
                Some(agency) => self.give_part(tx, to, &agency, "pass"),
                None => Ok(()),
            },
            Kind::Moved { .. } => {
                self.under = self.records.definitions.under(tx, &self.folded.state, self.under.protocol)?;
                Ok(())
            }
            Kind::IncidentLinked { incident } => Ok(encounters::set_incident(tx, self.encounter, *incident)?),
            Kind::Answered { .. }
            | Kind::Cannot { .. }
            | Kind::Reopened { .. }
            | Kind::EntryWithdrawn { .. }
            | Kind::Noted { .. }
            | Kind::Submitted { .. }
            | Kind::Voided { .. }
            | Kind::Unvoided
            | Kind::Accepted { .. }
            | Kind::Declined { .. }
            | Kind::Replied { .. }
            | Kind::Commented { .. }
            | Kind::Resolved { .. }
            | Kind::Returned { .. }
            | Kind::SameEncounter { .. }
            | Kind::Approved { .. }
            | Kind::Held { .. }
            | Kind::Released { .. }
            | Kind::Gap { .. }
            | Kind::Shredded { .. }
            | Kind::Unknown { .. } => Ok(()),
        }
    }

    fn give_part(
        &mut self,
        tx: &mut dyn Tx,
        person: &PersonId,
        agency: &AgencyId,
        role: &str,
    ) -> Result<(), IngestError> {
        encounters::give_part(tx, self.encounter, (person, agency, role), self.now)?;
        self.people.insert(person.clone());
        self.order = None;
        Ok(())
    }

    /// Releases every hold whose reason has gone, until nothing more follows from that or there is no more room.
    fn release(&mut self, tx: &mut dyn Tx, room: &mut Room) -> Result<(), IngestError> {
        let mut looked_to = match self.left.looked_to.take() {
            Some(looked_to) => looked_to,
            None if std::mem::take(&mut self.may_release) => 0,
            None => return Ok(()),
        };
        loop {
            for (pos, event, why) in self.held_behind(looked_to) {
                if !room.take(room::LOOK) {
                    self.left.looked_to = Some(looked_to);
                    self.left.again = self.may_release;
                    return Ok(());
                }
                looked_to = pos;
                // A revoked phone stays revoked, and a limit stays a limit.
                if !matches!(why, HoldReason::NoGrant | HoldReason::DoesNotFit)
                    || judge::in_record(self, tx, &event)?.is_some()
                {
                    continue;
                }
                room.take(room::TAKE);
                self.say(Kind::Released { id: event.id })?;
                self.touched.insert(event.id);
                self.accept(tx, &event)?;
                self.may_release = true;
            }
            if !std::mem::take(&mut self.may_release) {
                return Ok(());
            }
            looked_to = 0;
        }
    }

    /// What is held now behind a position, in order.
    fn held_behind(&self, after: u64) -> Vec<(u64, Arc<Event>, HoldReason)> {
        let state = &self.folded.state;
        let held = state.holds().filter_map(|(id, why)| {
            let pos = self.folded.positions.get(id).filter(|pos| **pos > after)?;
            Some((*pos, Arc::clone(state.event(id)?), why))
        });
        let mut held: Vec<_> = held.collect();
        held.sort_by_key(|(pos, ..)| *pos);
        held
    }

    /// Lists what is held now of what was held or released here, and strikes off the rest.
    fn list_holds(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let state = &self.folded.state;
        let mut held = Vec::new();
        for id in std::mem::take(&mut self.touched) {
            match state.event(&id).zip(state.held(&id)) {
                Some((event, why)) => held.push(HeldRow {
                    id,
                    encounter: self.encounter,
                    install: event.header.install,
                    why: word(&why),
                }),
                None => events::strike_held(tx, id)?,
            }
        }
        events::list_held(tx, held)
    }
}
