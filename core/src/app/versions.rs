//! Newer versions of the protocol: what moving a record to one would change, and moving it.

use super::acts::read_id;
use super::{Act, AppError, Session};
use crate::protocol::{Author, Phase, Weight, diff, local, zone};
use crate::record::{EncounterId, Hash, StepState, derive};
use crate::view::EncounterView;
use crate::words::{RecordSentence, Trouble, change_sentence};

/// What a deputy reads before moving a record to a newer version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveCard {
    /// The fingerprint of the newer version.
    pub protocol: String,
    /// `From version 1 to version 2`.
    pub title: String,
    /// What a deputy must know of the change, in the words of the county.
    pub changes: String,
    /// What is different, a sentence each.
    pub differences: Vec<String>,
    /// What becomes of the answers, and what is asked further.
    pub effects: Vec<String>,
    /// The phase was submitted: moving needs a reason.
    pub needs_reason: bool,
}

impl Session {
    pub(super) fn move_card(&mut self, encounter: &str) -> Result<Option<MoveCard>, AppError> {
        let id: EncounterId = read_id(encounter)?;
        self.record(id)?;
        let Some((protocol, _)) = self.newer_for(id)? else { return Ok(None) };
        let newer = self.definition(protocol)?;
        let record = self.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let older = &record.under.definition;
        let (before, after) = (derive(older, &record.state), derive(&newer, &record.state));
        let answers = |derived: &crate::record::Derived<'_>| -> usize {
            let entries = derived.steps.iter().flat_map(|step| step.entries.iter().chain(&step.withdrawn));
            entries.map(|entry| entry.fields.len()).sum()
        };
        let open = |derived: &crate::record::Derived<'_>, step: &str| {
            derived.step(step).is_some_and(|found| {
                found.step.by == Author::Deputy && matches!(found.state, StepState::Todo | StepState::Started)
            })
        };
        let further =
            newer.steps.iter().filter(|step| open(&after, &step.id) && !open(&before, &step.id)).count();
        let carried = after.carried.len().saturating_sub(before.carried.len());
        let effects = [
            RecordSentence::MoveKept { answers: answers(&after) },
            RecordSentence::MoveCarried { answers: carried },
            RecordSentence::MoveAsks { steps: further },
        ];
        Ok(Some(MoveCard {
            protocol: protocol.to_string(),
            title: RecordSentence::MoveFrom { from: older.version, to: newer.version }.text(self.language),
            changes: newer.changes.get(self.language.code()).to_owned(),
            differences: diff(older, &newer)
                .iter()
                .filter(|change| change.weight() == Weight::Duty)
                .map(|change| change_sentence(change, older, &newer, self.language))
                .collect(),
            effects: effects.iter().map(|effect| effect.text(self.language)).collect(),
            needs_reason: Phase::ALL
                .into_iter()
                .any(|phase| crate::record::phase_status(&record.state, older, phase).is_settled()),
        }))
    }

    pub(super) fn move_record(
        &mut self,
        encounter: &str,
        seen: i64,
        protocol: &str,
        reason: Option<String>,
    ) -> Result<EncounterView, AppError> {
        self.act(encounter, seen, Act::Move { protocol: read_id(protocol)?, reason })
    }
}

impl Session {
    /// Whether a record may be moved to this version: it is here, without faults, and a version of the same protocol.
    pub(super) fn can_move(&mut self, id: EncounterId, protocol: Hash) -> Result<(), AppError> {
        let newer = self.definition(protocol)?;
        let record = self.record(id)?;
        if newer.id == record.under.definition.id {
            Ok(())
        } else {
            Err(AppError::NotReady { trouble: Trouble::OtherProtocol })
        }
    }

    /// The newest version of the record's protocol that is here, in force and not recalled, if it is newer than its own.
    pub(super) fn newer_for(&mut self, id: EncounterId) -> Result<Option<(Hash, u32)>, AppError> {
        let definition = std::sync::Arc::clone(&self.record(id)?.under.definition);
        let newer = |notice: &&crate::wire::ProtocolNotice| {
            notice.id == definition.id && notice.version > definition.version && !notice.recalled
        };
        // Nearly always there is none, and then no day has to be reckoned.
        if !self.me.notices.iter().any(|notice| newer(&notice)) {
            return Ok(None);
        }
        let held = self.held_definitions()?.clone();
        let today = local(self.now(), zone(&definition.time_zone)).date;
        let usable = self.me.notices.iter().filter(newer).filter(|notice| held.contains(&notice.sha256));
        let newest = usable.filter(|notice| notice.effective <= today).max_by_key(|notice| notice.version);
        Ok(newest.map(|notice| (notice.sha256, notice.version)))
    }

    /// The newest version that is here, in force today and not recalled. One that was only announced is not here yet,
    /// or had faults: the one before stays in force.
    pub(super) fn newest_protocol(&self) -> Result<Option<Hash>, AppError> {
        let today = local(self.now(), zone("UTC")).date;
        let held = self.store.protocols()?;
        let usable =
            self.me.notices.iter().filter(|notice| !notice.recalled && held.contains(&notice.sha256));
        let in_force =
            usable.clone().filter(|notice| notice.effective <= today).max_by_key(|notice| notice.version);
        // One that begins tomorrow is better than none.
        Ok(in_force.or_else(|| usable.min_by_key(|notice| notice.version)).map(|notice| notice.sha256))
    }
}
