//! Several children, one incident: which records belong together, and what is entered once for all of them.

use std::collections::BTreeMap;

use super::acts::read_id;
use super::{Act, AppError, Session};
use crate::record::{
    Decision, Derived, EncounterId, EntryId, Event, IncidentId, copies, decide, derive, read_opened,
};
use crate::view::{EncounterView, Sibling, handle};

impl Session {
    pub(super) fn copy_to_incident(&mut self, encounter: &str) -> Result<EncounterView, AppError> {
        let id = read_id(encounter)?;
        self.load_incident(id)?;
        for other in self.others_of_incident(id) {
            self.copy_within_incident(id, other)?;
        }
        self.draw(id)
    }

    pub(super) fn link_incident(
        &mut self,
        encounter: &str,
        seen: i64,
        beside: &str,
    ) -> Result<EncounterView, AppError> {
        let beside: EncounterId = read_id(beside)?;
        let incident = self.incident_of(beside)?;
        self.act(encounter, seen, Act::LinkIncident { incident })
    }

    /// Copies what `from` says of the scene into `to`: one event an entry, each durable before the next.
    pub(super) fn copy_within_incident(
        &mut self,
        from: EncounterId,
        to: EncounterId,
    ) -> Result<(), AppError> {
        let actor = self.me.actor()?.clone();
        let me = self.me.author();
        for act in self.lacking(from, to) {
            self.record(to)?;
            let record = self.records.get(&to).ok_or(AppError::NoSuchRecord)?;
            // Nothing is superseded: what is written was never written there.
            let visible = |event: &Event| event.header.install == me;
            let decision = decide(act, record.folded(), &actor, me, EntryId([0; 8]), &visible);
            let decision: Decision = decision
                .map_err(|reason| AppError::refused(reason, &record.under.definition, self.language))?;
            self.write(to, &actor, decision, Vec::new())?;
        }
        Ok(())
    }
}

impl Session {
    /// The scene that a record belongs to.
    pub(super) fn incident_of(&mut self, id: EncounterId) -> Result<IncidentId, AppError> {
        self.incidents()?.get(&id).copied().ok_or(AppError::NoSuchRecord)
    }

    /// Takes up in memory the other records of the scene, so that a view can say what they lack.
    pub(super) fn load_incident(&mut self, id: EncounterId) -> Result<(), AppError> {
        self.incidents()?;
        for other in self.others_of_incident(id) {
            match self.record(other) {
                Ok(_) | Err(AppError::NoSuchRecord | AppError::NotReady { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The other records of the scene on this phone. Known once [`Inner::load_incident`] was called.
    pub(super) fn others_of_incident(&self, id: EncounterId) -> Vec<EncounterId> {
        let Some(incidents) = &self.incidents else { return Vec::new() };
        let Some(incident) = incidents.get(&id) else { return Vec::new() };
        let others = incidents.iter().filter(|(other, of)| *of == incident && **other != id);
        others.map(|(other, _)| *other).collect()
    }

    /// The other records of the scene, and how much each lacks of what this one says.
    pub(super) fn siblings(&self, id: EncounterId, derived: &Derived<'_>) -> Vec<Sibling> {
        let others = self.others_of_incident(id);
        let found = others.into_iter().filter_map(|other| {
            let record = self.records.get(&other)?;
            let opened = record.state.opened().and_then(read_opened)?;
            let handle = handle(&opened, &record.under.definition.time_zone, &self.directory);
            Some(Sibling { id: other, handle, lacks: copies(id, derived, record.folded()).len() })
        });
        found.collect()
    }

    /// The answers that `to` lacks.
    fn lacking(&self, from: EncounterId, to: EncounterId) -> Vec<Act> {
        let (Some(source), Some(target)) = (self.records.get(&from), self.records.get(&to)) else {
            return Vec::new();
        };
        copies(from, &derive(&source.under.definition, &source.state), target.folded())
    }

    /// The letters that are taken in a scene.
    pub(super) fn letters_in(&mut self, incident: IncidentId) -> Result<Vec<String>, AppError> {
        let summaries = self.summaries()?;
        let of_incident = summaries.into_iter().filter(|(_, summary)| summary.incident == Some(incident));
        Ok(of_incident.filter_map(|(_, summary)| Some(summary.opened?.letter)).collect())
    }

    fn incidents(&mut self) -> Result<&BTreeMap<EncounterId, IncidentId>, AppError> {
        if self.incidents.is_none() {
            let summaries = self.summaries()?;
            let incidents = summaries.iter().filter_map(|(row, summary)| Some((row.id, summary.incident?)));
            self.incidents = Some(incidents.collect());
        }
        Ok(self.incidents.get_or_insert_default())
    }

    /// Which definitions are here. Read once; a sync that fetches one says so.
    pub(super) fn held_definitions(
        &mut self,
    ) -> Result<&std::collections::BTreeSet<crate::record::Hash>, AppError> {
        if self.held.is_none() {
            self.held = Some(self.store.protocols()?.into_iter().collect());
        }
        Ok(self.held.get_or_insert_default())
    }
}
