//! Acts: what a deputy does to a record. One act, one event, one transaction, one view.

use std::str::FromStr;
use std::sync::Arc;

use super::records::OpenRecord;
use super::{AppError, Session};
use crate::evidence::{Chain, SignedEvent};
use crate::record::{
    Act, Actor, At, Body, Decision, EncounterId, EntryId, Event, IncidentId, Install, Kind, Place, State,
    TimeAnchor, Under, Written, decide, derive, free_letter,
};
use crate::store::{Append, Draft, DraftKey};
use crate::view::EncounterView;
use crate::wire::ClockReport;
use crate::words::Trouble;

impl Session {
    pub(super) fn start_encounter(&mut self, beside: Option<&str>) -> Result<EncounterView, AppError> {
        let beside: Option<EncounterId> = beside.map(read_id).transpose()?;
        let actor = self.me.actor()?.clone();
        let protocol = self.newest_protocol()?.ok_or(AppError::NotReady { trouble: Trouble::NoProtocol })?;
        let definition = self.definition(protocol)?;
        let station = self
            .directory
            .people
            .iter()
            .find(|person| person.id == actor.person)
            .and_then(|person| person.station.clone())
            .unwrap_or_default();
        let incident = match beside {
            Some(beside) => self.incident_of(beside)?,
            None => IncidentId(self.random()),
        };
        let letters = self.letters_in(incident)?;
        let letter = free_letter(letters.iter().map(String::as_str));
        let id = EncounterId(self.random());
        let kind = Kind::Opened { protocol, agency: actor.agency.clone(), station, incident, letter };
        let decision = Decision { kind, base: Vec::new(), reason: None };
        self.records.insert(id, OpenRecord::begin(id, Under::new(protocol, definition)));
        let view = self.write(id, &actor, decision, Vec::new())?;
        match beside {
            Some(beside) => {
                self.load_incident(id)?;
                self.copy_within_incident(beside, id)?;
                self.draw(id)
            }
            None => Ok(view),
        }
    }

    pub(super) fn act(&mut self, encounter: &str, seen: i64, act: Act) -> Result<EncounterView, AppError> {
        let id = read_id(encounter)?;
        let seen = read_token(seen)?;
        let actor = self.me.actor()?.clone();
        let seen = self.record(id)?.token(seen)?;
        if let Act::Move { protocol, .. } = &act {
            self.can_move(id, *protocol)?;
        }
        if let Act::Submit { phase } = act {
            self.finish_drafts(id, &actor, seen, phase)?;
        }
        self.act_once(id, &actor, seen, act)
    }

    pub(super) fn act_once(
        &mut self,
        id: EncounterId,
        actor: &Actor,
        seen: u64,
        act: Act,
    ) -> Result<EncounterView, AppError> {
        let me = self.me.author();
        let new_entry = EntryId(self.random());
        self.record(id)?;
        let record = self.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let drafts: Vec<&Draft> = record.drafts.iter().filter(|draft| becomes_fact(draft, &act)).collect();
        // What arrived while the text was typed was not on the screen when its author began.
        let seen = drafts.iter().map(|draft| draft.seen).fold(seen, u64::min);
        let drafts_done = drafts.into_iter().map(|draft| draft.key.clone()).collect();
        let visible = |event: &Event| record.showed(event, seen, me);
        let decision = decide(act, record.folded(), actor, me, new_entry, &visible)
            .map_err(|reason| AppError::refused(reason, &record.under.definition, self.language))?;
        self.write(id, actor, decision, drafts_done)
    }

    /// Builds the event, writes it in one transaction, and draws the record with it. What is derived serves both the
    /// summary that is written and the view.
    pub(super) fn write(
        &mut self,
        id: EncounterId,
        actor: &Actor,
        decision: Decision,
        drafts_done: Vec<DraftKey>,
    ) -> Result<EncounterView, AppError> {
        // What these change is more than one fold: which records belong together, and what they are read under.
        let is_redrawn =
            matches!(decision.kind, Kind::Opened { .. } | Kind::Moved { .. } | Kind::IncidentLinked { .. });
        let newer = if is_redrawn {
            None
        } else {
            self.load_incident(id)?;
            self.newer_for(id)?
        };
        let own = self.own_head()?;
        let (author, anchor) = (self.me.author(), self.me.anchor);
        let clock = self.outside.clock.read();
        let salt = self.random();
        let record = self.record_in_memory(id)?;
        let place = next_place(&record.state, author, own, id);
        let written = body_of(clock, actor, decision, anchor).write(&place, salt);
        let event = read_own(&written)?;
        let arrival = record.seen() + 1;
        record.add(event);
        for done in &drafts_done {
            record.keep_draft(done, None);
        }
        if let Err(error) = self.read_under(id) {
            self.forget(id);
            return Err(error);
        }
        let own = Chain { seq: own.seq + 1, id: Some(written.id) };
        self.own = Some((author, own));
        let record = self.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let derived = derive(&record.under.definition, &record.state);
        let append = Append {
            encounter: id,
            arrival,
            id: written.id,
            seq: own.seq,
            wall: clock.wall,
            event: SignedEvent::sign(written, &self.me.key),
            summary: record.summary_of(&derived),
            drafts_done,
        };
        match self.store.append(&append) {
            Ok(_) if is_redrawn => {
                drop(derived);
                self.incidents = None;
                self.draw(id)
            }
            Ok(standing) => self.drawn(record, &derived, standing.unsent(), newer),
            Err(error) => {
                drop(derived);
                // Nobody knows whether it was kept; the disk does. The next call reads it from there.
                self.forget(id);
                Err(error.into())
            }
        }
    }
}

/// What an event says, at the time of the phone's clocks.
pub(super) fn body_of(
    clock: ClockReport,
    actor: &Actor,
    decision: Decision,
    anchor: Option<TimeAnchor>,
) -> Body {
    Body {
        kind: decision.kind,
        actor: actor.clone(),
        at: At { wall: clock.wall, offset: clock.offset, mono: clock.mono, boot: clock.boot, anchor },
        base: decision.base,
        reason: decision.reason,
        audit: None,
    }
}

/// Where the next event of an install goes in a record.
pub(super) fn next_place(state: &State, author: Install, own: Chain, id: EncounterId) -> Place {
    let last = state.last_of(author);
    Place {
        install: author,
        seq: Some(own.seq + 1),
        prev: own.id,
        encounter: Some(id),
        enc_seq: Some(last.and_then(|event| event.header.enc_seq).unwrap_or(0) + 1),
        enc_prev: last.map(|event| event.id),
        stamp: state.next_stamp(),
    }
}

pub(super) fn read_own(written: &Written) -> Result<Arc<Event>, AppError> {
    let event = Event::read(&written.header, Some(&written.body));
    event.map(Arc::new).map_err(|error| AppError::StoreFault { detail: error.to_string() })
}

/// Whether the act answers the field that the draft is of.
fn becomes_fact(draft: &Draft, act: &Act) -> bool {
    matches!(act, Act::Answer { step, entry, values, .. }
        if draft.key.step == *step && draft.key.entry == *entry && values.contains_key(&draft.key.field))
}

/// Reads the token of a view that a shell gives back.
pub(super) fn read_token(seen: i64) -> Result<u64, AppError> {
    u64::try_from(seen).map_err(|_| AppError::BadInput { what: "view token" })
}

/// Reads an id that a shell gives back.
pub(super) fn read_id<T: FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::BadInput { what: "id" })
}
