//! Drawing a record: its state, with what only this phone knows of it, as the view that is the screen.

use super::records::OpenRecord;
use super::{AppError, Session};
use crate::protocol::{Instant, local, zone};
use crate::record::{Derived, EncounterId, Hash, Role, derive, holders, read_opened};
use crate::view::{Context, Draft, EncounterView, OnPhone, Reader, view};

impl Session {
    /// Draws a record as it stands.
    pub(super) fn draw(&mut self, id: EncounterId) -> Result<EncounterView, AppError> {
        let unsent = self.unsent_of(id)?;
        self.record(id)?;
        self.load_incident(id)?;
        let newer = self.newer_for(id)?;
        let record = self.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let derived = derive(&record.under.definition, &record.state);
        self.drawn(record, &derived, unsent, newer)
    }

    /// Draws a record of which everything is known.
    pub(super) fn drawn(
        &self,
        record: &OpenRecord,
        derived: &Derived<'_>,
        unsent: usize,
        newer: Option<(Hash, u32)>,
    ) -> Result<EncounterView, AppError> {
        let incident = self.siblings(record.id, derived);
        let here = OnPhone { newer, incident, ..self.on_phone(record, unsent)? };
        let reader = self.reader()?;
        Ok(view(record.id, &record.state, derived, self.context(record, &here, &reader)))
    }

    pub(super) fn unsent_of(&self, id: EncounterId) -> Result<usize, AppError> {
        Ok(self.store.encounter(&id)?.ok_or(AppError::NoSuchRecord)?.standing().unsent())
    }

    /// Who reads on this phone.
    pub(super) fn reader(&self) -> Result<Reader, AppError> {
        Ok(Reader { actor: self.me.actor()?.clone(), sees_all: true, at_desk: false })
    }

    /// What a view of a record is drawn from, beside its state.
    pub(super) fn context<'a>(
        &'a self,
        record: &'a OpenRecord,
        here: &'a OnPhone,
        reader: &'a Reader,
    ) -> Context<'a> {
        Context {
            definition: &record.under.definition,
            here,
            reader,
            language: self.language,
            now: self.now(),
            names: &self.directory,
        }
    }

    /// What only this phone knows of a record.
    pub(super) fn on_phone(&self, record: &OpenRecord, unsent: usize) -> Result<OnPhone, AppError> {
        debug_assert_eq!(
            self.store.drafts(&record.id).ok().as_ref(),
            Some(&record.drafts),
            "the disk has what is in memory"
        );
        let me = &self.me.actor()?.person;
        let now = self.now();
        let clock_off_ms = self.clock_off(now, &self.outside.clock.read());
        let drafts = record
            .drafts
            .iter()
            .map(|draft| Draft {
                step: draft.key.step.clone(),
                entry: draft.key.entry,
                field: draft.key.field.clone(),
                text: draft.text.clone(),
            })
            .collect();
        let (seen, protocol) = (record.seen(), record.under.protocol);
        let minute = minute_of_day(now, &record.under.definition.time_zone);
        let holders = holders(&record.state);
        let partners: Vec<String> =
            record.under.definition.partners.iter().map(|partner| partner.id.clone()).collect();
        let station =
            record.state.opened().and_then(read_opened).map(|opened| opened.station).unwrap_or_default();
        let directory = &self.directory;
        let numbers =
            partners.iter().flat_map(|partner| directory.numbers_of(partner, &station, minute)).collect();
        let colleagues = directory
            .people
            .iter()
            .filter(|person| matches!(person.role, Role::Deputy | Role::Detective))
            .filter(|person| person.id != *me && !holders.contains(&person.id))
            .map(|person| (person.id.clone(), person.name.clone()))
            .collect();
        Ok(OnPhone {
            seen,
            drafts,
            unsent: Some(unsent),
            numbers,
            colleagues,
            clock_off_ms,
            recalled: self.me.notices.iter().any(|notice| notice.sha256 == protocol && notice.recalled),
            lacks_version: record.under.lacks,
            earlier: record.under.earlier.clone(),
            newer: None,
            incident: Vec::new(),
        })
    }
}

fn minute_of_day(now: Instant, time_zone: &str) -> u32 {
    let time = local(now, zone(time_zone)).time;
    let mut parts = time.split(':').map(|part| part.parse::<u32>().unwrap_or(0));
    parts.next().unwrap_or(0) * 60 + parts.next().unwrap_or(0)
}
