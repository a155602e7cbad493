//! Acts: what a deputy does to a record. One act, one event, one transaction, one view.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use super::outside::random_bytes;
use super::records::{OpenRecord, Under};
use super::{AppError, FirstHours, Inner};
use crate::evidence::{Chain, SignedEvent};
use crate::protocol::{FieldKind, Phase, Value};
use crate::record::{
    Act, Actor, At, Body, Decision, EncounterId, EntryId, Event, IncidentId, Install, Kind, Place, Record,
    Refusal, State, TimeAnchor, Written, base_of, decide, derive, free_letter,
};
use crate::store::{Append, Draft, DraftKey, Store, StoreError};
use crate::view::EncounterView;
use crate::words::Trouble;

impl FirstHours {
    /// Begins a record under the newest protocol in force; `beside` joins it to the scene of another record here, and
    /// copies what that one says of the scene.
    pub fn start_encounter(&self, beside: Option<&str>) -> Result<EncounterView, AppError> {
        let beside: Option<EncounterId> = beside.map(read_id).transpose()?;
        let mut inner = self.lock();
        let actor = inner.me.actor()?.clone();
        let protocol = inner
            .newest_protocol(&self.store, self.now())?
            .ok_or(AppError::NotReady { trouble: Trouble::NoProtocol })?;
        let definition = inner.definition(&self.store, protocol)?;
        let station = inner
            .directory
            .people
            .iter()
            .find(|person| person.id == actor.person)
            .and_then(|person| person.station.clone())
            .unwrap_or_default();
        let incident = match beside {
            Some(beside) => inner.incident_of(self, beside)?,
            None => IncidentId(random_bytes(self.outside.random.as_ref())),
        };
        let letters = inner.letters_in(self, incident)?;
        let letter = free_letter(letters.iter().map(String::as_str));
        let id = EncounterId(random_bytes(self.outside.random.as_ref()));
        let kind = Kind::Opened { protocol, agency: actor.agency.clone(), station, incident, letter };
        let decision = Decision { kind, base: Vec::new(), reason: None };
        let under = Under { protocol, definition, earlier: Vec::new(), lacks: false };
        inner.records.insert(id, OpenRecord::begin(id, under));
        let view = self.write(&mut inner, id, &actor, decision, Vec::new())?;
        match beside {
            Some(beside) => {
                inner.load_scene(self, id)?;
                self.copy_scene(&mut inner, beside, id)?;
                self.draw(&mut inner, id)
            }
            None => Ok(view),
        }
    }

    /// Does one thing to a record, as seen on the view with this token.
    ///
    /// When it returns, the event is on disk; the view that it returns is the screen. It supersedes only what the view
    /// with the token `seen` showed, and this install's own later writes.
    pub fn act(&self, encounter: &str, seen: i64, act: Act) -> Result<EncounterView, AppError> {
        let id = read_id(encounter)?;
        let seen = read_token(seen)?;
        let mut inner = self.lock();
        let actor = inner.me.actor()?.clone();
        let seen = inner.record(&self.store, id)?.token(seen)?;
        if let Act::Move { protocol, .. } = &act {
            inner.can_move(&self.store, id, *protocol)?;
        }
        if let Act::Submit { phase } = act {
            self.finish_drafts(&mut inner, id, &actor, seen, phase)?;
        }
        self.act_once(&mut inner, id, &actor, seen, act)
    }

    /// Keeps a half-written text: durable, neither signed nor sent. It becomes an answer on leaving the field
    /// ([`Act::Answer`]) or when its phase is submitted.
    pub fn draft(&self, encounter: &str, seen: i64, place: DraftPlace, text: &str) -> Result<(), AppError> {
        let id = read_id(encounter)?;
        let seen = read_token(seen)?;
        let mut inner = self.lock();
        let actor = inner.me.actor()?.clone();
        let me = inner.me.author();
        let DraftPlace { step, entry, field } = place;
        let record = inner.record(&self.store, id)?;
        let seen = record.token(seen)?;
        let refused = |reason| AppError::refused(reason, &record.under.definition, self.language);
        let found = record
            .under
            .definition
            .step(&step)
            .ok_or_else(|| refused(Refusal::NoSuchStep { step: step.clone() }))?;
        let written = found.field(&field).filter(|field| is_written(field.kind));
        if written.is_none() {
            return Err(refused(Refusal::NoSuchField { step, field }));
        }
        let key = DraftKey { encounter: id, step: step.clone(), entry, field: field.clone() };
        if text.is_empty() {
            let dropped = self.store.delete_draft(&key);
            return inner.note_draft(id, &key, None, dropped);
        }
        let kind = Kind::Answered { step, entry, values: BTreeMap::from([(field, None)]), copied: None };
        let visible = |event: &Event| record.showed(event, seen, me);
        // What counts is the screen of the first key: what came in while it was typed was not on it.
        let (base, seen) = match record.drafts.iter().find(|draft| draft.key == key) {
            Some(begun) => (begun.base.clone(), begun.seen),
            None => (base_of(&kind, &record.state, &actor, &visible), seen),
        };
        let draft = Draft { key: key.clone(), text: text.to_owned(), base, seen, at: self.now() };
        let kept = self.store.put_draft(&draft);
        inner.note_draft(id, &key, Some(draft), kept)
    }

    fn act_once(
        &self,
        inner: &mut Inner,
        id: EncounterId,
        actor: &Actor,
        seen: u64,
        act: Act,
    ) -> Result<EncounterView, AppError> {
        let me = inner.me.author();
        let new_entry = EntryId(random_bytes(self.outside.random.as_ref()));
        let record = inner.record(&self.store, id)?;
        let drafts: Vec<&Draft> = record.drafts.iter().filter(|draft| becomes_fact(draft, &act)).collect();
        // What arrived while the text was typed was not on the screen when its author began.
        let seen = drafts.iter().map(|draft| draft.seen).fold(seen, u64::min);
        let drafts_done = drafts.into_iter().map(|draft| draft.key.clone()).collect();
        let visible = |event: &Event| record.showed(event, seen, me);
        let decision = decide(act, record.folded(), actor, me, new_entry, &visible)
            .map_err(|reason| AppError::refused(reason, &record.under.definition, self.language))?;
        self.write(inner, id, actor, decision, drafts_done)
    }

    /// Every draft of a phase becomes an answer before the phase is submitted: nothing typed is left behind. A submission
    /// that would be refused even then changes nothing.
    fn finish_drafts(
        &self,
        inner: &mut Inner,
        id: EncounterId,
        actor: &Actor,
        seen: u64,
        phase: Phase,
    ) -> Result<(), AppError> {
        let record = inner.record(&self.store, id)?;
        let of_phase = |draft: &&Draft| {
            record.under.definition.step(&draft.key.step).is_some_and(|step| step.phase == phase)
        };
        let drafts: Vec<Draft> = record.drafts.iter().filter(of_phase).cloned().collect();
        if drafts.is_empty() {
            return Ok(());
        }
        self.rehearse(inner, id, actor, seen, phase, &drafts)?;
        for draft in drafts {
            self.act_once(inner, id, actor, draft.seen, answer_of(&draft))?;
        }
        Ok(())
    }

    /// Whether a phase could be submitted once these drafts are answers: tried on a copy of the record in memory.
    fn rehearse(
        &self,
        inner: &mut Inner,
        id: EncounterId,
        actor: &Actor,
        seen: u64,
        phase: Phase,
        drafts: &[Draft],
    ) -> Result<(), AppError> {
        let me = inner.me.author();
        let record = inner.record(&self.store, id)?;
        let refused = |reason| AppError::refused(reason, &record.under.definition, self.language);
        let mut state = record.state.clone();
        let acts = drafts.iter().map(|draft| (draft.seen, answer_of(draft)));
        for (shown, act) in acts.chain([(seen, Act::Submit { phase })]) {
            let visible = |event: &Event| record.showed(event, shown, me);
            let tried = Record { definition: &record.under.definition, state: &state };
            let decision = decide(act, tried, actor, me, EntryId([0; 8]), &visible).map_err(refused)?;
            let place = next_place(&state, me, Chain::default(), id);
            let written = self.body(actor, decision, None).write(&place, [0; 16]);
            state.add(read_own(&written)?);
        }
        Ok(())
    }

    /// What an event says, at the time of the phone's clocks.
    fn body(&self, actor: &Actor, decision: Decision, anchor: Option<TimeAnchor>) -> Body {
        let clock = self.outside.clock.read();
        Body {
            kind: decision.kind,
            actor: actor.clone(),
            at: At { wall: clock.wall, offset: clock.offset, mono: clock.mono, boot: clock.boot, anchor },
            base: decision.base,
            reason: decision.reason,
            audit: None,
        }
    }

    /// Builds the event, writes it in one transaction, and draws the record with it. What is derived serves both the
    /// summary that is written and the view.
    pub(super) fn write(
        &self,
        inner: &mut Inner,
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
            inner.load_scene(self, id)?;
            inner.newer_for(&self.store, id, self.now())?
        };
        let own = inner.own_head(&self.store)?;
        let (author, anchor) = (inner.me.author(), inner.me.anchor);
        let key = inner.me.key.clone();
        let record = inner.record_in_memory(id)?;
        let place = next_place(&record.state, author, own, id);
        let body = self.body(actor, decision, anchor);
        let wall = body.at.wall;
        let written = body.write(&place, random_bytes(self.outside.random.as_ref()));
        let event = read_own(&written)?;
        let arrival = record.seen() + 1;
        record.add(event);
        for done in &drafts_done {
            record.keep_draft(done, None);
        }
        if let Err(error) = inner.read_under(&self.store, id) {
            inner.forget(id);
            return Err(error);
        }
        let own = Chain { seq: own.seq + 1, id: Some(written.id) };
        inner.own = Some((author, own));
        let record = inner.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let derived = derive(&record.under.definition, &record.state);
        let append = Append {
            encounter: id,
            arrival,
            id: written.id,
            seq: own.seq,
            wall,
            event: SignedEvent::sign(written, &key),
            summary: record.summary_of(&derived),
            drafts_done,
        };
        match self.store.append(&append) {
            Ok(_) if is_redrawn => {
                drop(derived);
                inner.scenes = None;
                self.draw(inner, id)
            }
            Ok(standing) => self.drawn(inner, record, &derived, standing.unsent(), newer),
            Err(error) => {
                drop(derived);
                // Nobody knows whether it was kept; the disk does. The next call reads it from there.
                inner.forget(id);
                Err(error.into())
            }
        }
    }
}

/// Where the next event of an install goes in a record.
fn next_place(state: &State, author: Install, own: Chain, id: EncounterId) -> Place {
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

fn read_own(written: &Written) -> Result<Arc<Event>, AppError> {
    let event = Event::read(&written.header, Some(&written.body));
    event.map(Arc::new).map_err(|error| AppError::StoreFault { detail: error.to_string() })
}

/// The answer that a draft becomes.
fn answer_of(draft: &Draft) -> Act {
    let DraftKey { step, entry, field, .. } = draft.key.clone();
    let values = BTreeMap::from([(field, Some(Value::Text(draft.text.clone())))]);
    Act::Answer { step, entry, values, reason: None }
}

/// Which field a draft is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftPlace {
    pub step: String,
    pub entry: Option<EntryId>,
    pub field: String,
}

/// Whether the act answers the field that the draft is of.
fn becomes_fact(draft: &Draft, act: &Act) -> bool {
    matches!(act, Act::Answer { step, entry, values, .. }
        if draft.key.step == *step && draft.key.entry == *entry && values.contains_key(&draft.key.field))
}

fn is_written(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Code | FieldKind::Text | FieldKind::Note)
}

/// Reads the token of a view that a shell gives back.
fn read_token(seen: i64) -> Result<u64, AppError> {
    u64::try_from(seen).map_err(|_| AppError::BadInput { what: "view token" })
}

/// Reads an id that a shell gives back.
pub(super) fn read_id<T: FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::BadInput { what: "id" })
}

impl Inner {
    /// Takes up in memory what became of a draft on disk.
    fn note_draft(
        &mut self,
        id: EncounterId,
        key: &DraftKey,
        draft: Option<Draft>,
        outcome: Result<(), StoreError>,
    ) -> Result<(), AppError> {
        match (outcome, self.records.get_mut(&id)) {
            (Ok(()), Some(record)) => record.keep_draft(key, draft),
            (Ok(()), None) => {}
            (Err(error), _) => {
                self.forget(id);
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn record_in_memory(&mut self, id: EncounterId) -> Result<&mut OpenRecord, AppError> {
        self.records.get_mut(&id).ok_or(AppError::NoSuchRecord)
    }

    /// The newest version that is here, in force today and not recalled. One that was only announced is not here yet,
    /// or had faults: the one before stays in force.
    pub(super) fn newest_protocol(
        &self,
        store: &Store,
        now: i64,
    ) -> Result<Option<crate::record::Hash>, AppError> {
        let today = crate::protocol::local(now, crate::protocol::zone("UTC")).date;
        let held = store.protocols()?;
        let usable =
            self.me.notices.iter().filter(|notice| !notice.recalled && held.contains(&notice.sha256));
        let in_force =
            usable.clone().filter(|notice| notice.effective <= today).max_by_key(|notice| notice.version);
        // One that begins tomorrow is better than none.
        Ok(in_force.or_else(|| usable.min_by_key(|notice| notice.version)).map(|notice| notice.sha256))
    }
}
