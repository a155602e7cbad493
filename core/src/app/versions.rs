//! Newer versions of the protocol: what moving a record to one would change, and moving it.

use super::acts::read_id;
use super::{Act, AppError, FirstHours, Inner};
use crate::protocol::{Author, Weight, diff, local, zone};
use crate::record::{EncounterId, Hash, StepState, derive};
use crate::store::Store;
use crate::view::EncounterView;
use crate::words::{Trouble, Whole, change_sentence};

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

impl FirstHours {
    /// The change card of a record: what moving it to the newest version in force would change. `None` when it is under
    /// that version already.
    pub fn move_card(&self, encounter: &str) -> Result<Option<MoveCard>, AppError> {
        let id: EncounterId = read_id(encounter)?;
        let mut inner = self.lock();
        inner.record(&self.store, id)?;
        let Some((protocol, _)) = inner.newer_for(&self.store, id, self.now())? else { return Ok(None) };
        let newer = inner.definition(&self.store, protocol)?;
        let record = inner.records.get(&id).ok_or(AppError::NoSuchRecord)?;
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
            Whole::MoveKept { answers: answers(&after) },
            Whole::MoveCarried { answers: carried },
            Whole::MoveAsks { steps: further },
        ];
        let phases = [
            crate::protocol::Phase::Scene,
            crate::protocol::Phase::FollowUp,
            crate::protocol::Phase::Outcome,
        ];
        Ok(Some(MoveCard {
            protocol: protocol.to_string(),
            title: Whole::MoveFrom { from: older.version, to: newer.version }.text(self.language),
            changes: newer.changes.get(self.language.code()).to_owned(),
            differences: diff(older, &newer)
                .iter()
                .filter(|change| change.weight() == Weight::Duty)
                .map(|change| change_sentence(change, older, &newer, self.language))
                .collect(),
            effects: effects.iter().map(|effect| effect.text(self.language)).collect(),
            needs_reason: phases
                .into_iter()
                .any(|phase| crate::record::phase_status(&record.state, older, phase).is_settled()),
        }))
    }

    /// Moves a record to another version of its protocol that is on this phone. Every answer is carried over, or stays in
    /// sight as answered under the version before.
    pub fn move_record(
        &self,
        encounter: &str,
        seen: i64,
        protocol: &str,
        reason: Option<String>,
    ) -> Result<EncounterView, AppError> {
        self.act(encounter, seen, Act::Move { protocol: read_id(protocol)?, reason })
    }
}

impl Inner {
    /// Whether a record may be moved to this version: it is here, without faults, and a version of the same protocol.
    pub(super) fn can_move(
        &mut self,
        store: &Store,
        id: EncounterId,
        protocol: Hash,
    ) -> Result<(), AppError> {
        let newer = self.definition(store, protocol)?;
        let record = self.record(store, id)?;
        if newer.id == record.under.definition.id {
            Ok(())
        } else {
            Err(AppError::NotReady { trouble: Trouble::OtherProtocol })
        }
    }

    /// The newest version of the record's protocol that is here, in force and not recalled, if it is newer than its own.
    pub(super) fn newer_for(
        &mut self,
        store: &Store,
        id: EncounterId,
        now: i64,
    ) -> Result<Option<(Hash, u32)>, AppError> {
        let definition = std::sync::Arc::clone(&self.record(store, id)?.under.definition);
        let newer = |notice: &&crate::wire::ProtocolNotice| {
            notice.id == definition.id && notice.version > definition.version && !notice.recalled
        };
        // Nearly always there is none, and then no day has to be reckoned.
        if !self.me.notices.iter().any(|notice| newer(&notice)) {
            return Ok(None);
        }
        let held = self.held_definitions(store)?.clone();
        let today = local(now, zone(&definition.time_zone)).date;
        let usable = self.me.notices.iter().filter(newer).filter(|notice| held.contains(&notice.sha256));
        let newest = usable.filter(|notice| notice.effective <= today).max_by_key(|notice| notice.version);
        Ok(newest.map(|notice| (notice.sha256, notice.version)))
    }
}
