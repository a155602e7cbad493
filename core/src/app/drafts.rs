//! Drafts: half-written texts, kept as they are typed, and what becomes of them.

use std::collections::BTreeMap;

use super::acts::{body_of, next_place, read_id, read_own, read_token};
use super::{AppError, Session};
use crate::evidence::Chain;
use crate::protocol::{FieldKind, Phase, Value};
use crate::record::{Act, Actor, EncounterId, EntryId, Event, Kind, Record, Refusal, base_of, decide};
use crate::store::{Draft, DraftKey, StoreError};
use crate::view::{FlagView, flags};

/// Which field a draft is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftPlace {
    pub step: String,
    pub entry: Option<EntryId>,
    pub field: String,
}

/// What became of a text that was kept as a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftKept {
    /// How long it is, in characters; 0 where the draft was dropped.
    pub chars: i64,
    /// Whether it would do as the field's answer. One that would not is kept all the same.
    pub fits: bool,
    /// Terms in it that the language guard names, in order. They are the writer's to change or to keep.
    pub flags: Vec<FlagView>,
}

impl Session {
    pub(super) fn draft(
        &mut self,
        encounter: &str,
        seen: i64,
        place: DraftPlace,
        text: &str,
    ) -> Result<DraftKept, AppError> {
        let id = read_id(encounter)?;
        let seen = read_token(seen)?;
        let actor = self.me.actor()?.clone();
        let me = self.me.author();
        let DraftPlace { step, entry, field } = place;
        let seen = self.record(id)?.token(seen)?;
        let record = self.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let refused = |reason| AppError::refused(reason, &record.under.definition, self.language);
        let found = record
            .under
            .definition
            .step(&step)
            .ok_or_else(|| refused(Refusal::NoSuchStep { step: step.clone() }))?;
        let Some(written) = found.field(&field).filter(|field| is_written(field.kind)) else {
            return Err(refused(Refusal::NoSuchField { step, field }));
        };
        let key = DraftKey { encounter: id, step: step.clone(), entry, field: field.clone() };
        if text.is_empty() {
            let dropped = self.store.delete_draft(&key);
            self.note_draft(&key, None, dropped)?;
            return Ok(DraftKept { chars: 0, fits: true, flags: Vec::new() });
        }
        let kept = DraftKept {
            chars: i64::try_from(text.chars().count()).unwrap_or(i64::MAX),
            fits: Value::Text(text.to_owned()).fits(written).is_ok(),
            flags: flags(text, self.language),
        };
        let kind = Kind::Answered { step, entry, values: BTreeMap::from([(field, None)]), copied: None };
        let visible = |event: &Event| record.showed(event, seen, me);
        // What counts is the screen of the first key: what came in while it was typed was not on it.
        let (base, seen) = match record.drafts.iter().find(|draft| draft.key == key) {
            Some(begun) => (begun.base.clone(), begun.seen),
            None => (base_of(&kind, &record.state, &actor, &visible), seen),
        };
        let draft = Draft { key: key.clone(), text: text.to_owned(), base, seen, at: self.now() };
        let outcome = self.store.put_draft(&draft);
        self.note_draft(&key, Some(draft), outcome)?;
        Ok(kept)
    }

    /// Takes up in memory what became of a draft on disk.
    fn note_draft(
        &mut self,
        key: &DraftKey,
        draft: Option<Draft>,
        outcome: Result<(), StoreError>,
    ) -> Result<(), AppError> {
        if let Err(error) = outcome {
            self.forget(key.encounter);
            return Err(error.into());
        }
        self.record_in_memory(key.encounter)?.keep_draft(key, draft);
        Ok(())
    }

    /// Every draft of a phase becomes an answer before the phase is submitted: nothing typed is left behind. A submission
    /// that would be refused even then changes nothing.
    pub(super) fn finish_drafts(
        &mut self,
        id: EncounterId,
        actor: &Actor,
        seen: u64,
        phase: Phase,
    ) -> Result<(), AppError> {
        let record = self.record(id)?;
        let of_phase = |draft: &&Draft| {
            record.under.definition.step(&draft.key.step).is_some_and(|step| step.phase == phase)
        };
        let drafts: Vec<Draft> = record.drafts.iter().filter(of_phase).cloned().collect();
        if drafts.is_empty() {
            return Ok(());
        }
        self.rehearse(id, actor, seen, phase, &drafts)?;
        for draft in drafts {
            self.act_once(id, actor, draft.seen, answer_of(&draft))?;
        }
        Ok(())
    }

    /// Whether a phase could be submitted once these drafts are answers: tried on a copy of the record in memory.
    fn rehearse(
        &mut self,
        id: EncounterId,
        actor: &Actor,
        seen: u64,
        phase: Phase,
        drafts: &[Draft],
    ) -> Result<(), AppError> {
        let me = self.me.author();
        let clock = self.outside.clock.read();
        self.record(id)?;
        let record = self.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let refused = |reason| AppError::refused(reason, &record.under.definition, self.language);
        let mut state = record.state.clone();
        let acts = drafts.iter().map(|draft| (draft.seen, answer_of(draft)));
        for (shown, act) in acts.chain([(seen, Act::Submit { phase })]) {
            let visible = |event: &Event| record.showed(event, shown, me);
            let tried = Record { definition: &record.under.definition, state: &state };
            let decision = decide(act, tried, actor, me, EntryId([0; 8]), &visible).map_err(refused)?;
            let place = next_place(&state, me, Chain::default(), id);
            let written = body_of(clock, actor, decision, None).write(&place, [0; 16]);
            state.add(read_own(&written)?);
        }
        Ok(())
    }
}

/// The answer that a draft becomes.
fn answer_of(draft: &Draft) -> Act {
    let DraftKey { step, entry, field, .. } = draft.key.clone();
    let values = BTreeMap::from([(field, Some(Value::Text(draft.text.clone())))]);
    Act::Answer { step, entry, values, reason: None }
}

fn is_written(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Code | FieldKind::Text | FieldKind::Note)
}
