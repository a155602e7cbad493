//! Reads: whole views, drawn from memory and the summaries.

use serde::{Deserialize, Serialize};

use super::acts::read_id;
use super::me::{LAST_SYNC, POLICY};
use super::records::OpenRecord;
use super::{AppError, FirstHours, Inner};
use crate::protocol::{Author, local, zone};
use crate::record::{Derived, EncounterId, Hash, Role, Summary, derive, holders};
use crate::store::{EncounterRow, Store};
use crate::view::{
    self, Alarm, CallView, Context, Draft, EncounterView, Home, HomeRow, OnPhone, Reader, SheetView,
    TimelineRow, alarms, home_row, sync_line, timeline, view,
};
use crate::wire::Policy;
use crate::words::{Label, Language, Sentence, span};

/// One page of a timeline, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePage {
    pub rows: Vec<TimelineRow>,
    /// The number of the next page, if there is one.
    pub next: Option<i32>,
}

/// How this phone stands with the station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncState {
    pub sentence: String,
    pub last: String,
    pub unsent: i64,
    pub drafts: i64,
    pub running: bool,
    pub call_again_at_ms: Option<i64>,
}

/// What the phone still holds of a record, and whether the station has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub id: String,
    pub handle: String,
    pub events: i64,
    pub kept: String,
}

/// A word of the catalogue, for shells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordEntry {
    pub key: String,
    pub text: String,
}

/// When the last sync ended, and how it went.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct LastSync {
    /// The last one that ended well.
    pub(super) at: Option<i64>,
    pub(super) failures: u32,
    pub(super) call_again_at: Option<i64>,
}

/// At most this many rows cross the boundary at once.
pub const PAGE_ROWS: usize = 50;

/// A clock that is off by more is worth a warning.
const CLOCK_TOLERANCE_MS: i64 = 2 * 60_000;

impl FirstHours {
    /// The first screen.
    pub fn home(&self) -> Result<Home, AppError> {
        let mut inner = self.lock();
        let now = self.now();
        let mut rows = Vec::new();
        for (row, summary) in self.summaries(&mut inner)? {
            if let Some(drawn) = self.draw_row(&mut inner, &row, &summary, now)? {
                rows.push(drawn);
            }
        }
        // What needs the deputy first, then by the clock that ends first, then the newest.
        rows.reverse();
        rows.sort_by_key(|row| (row.void, !row.needs_you, row.due_at_ms.unwrap_or(i64::MAX)));
        let clock_off = inner.clock_off(now, &self.outside.clock.read());
        Ok(Home {
            nothing: if rows.is_empty() { self.word(Label::NoRecords) } else { String::new() },
            rows,
            sync: self.sync_line(&mut inner, now)?,
            notices: clock_off
                .map(|off| Sentence::ClockWrong { by: &span(off, self.language) }.text(self.language))
                .into_iter()
                .collect(),
            can_start: inner.me.actor().is_ok() && inner.newest_protocol(&self.store, now)?.is_some(),
        })
    }

    /// One record, whole.
    pub fn encounter(&self, encounter: &str) -> Result<EncounterView, AppError> {
        let id = read_id(encounter)?;
        self.draw(&mut self.lock(), id)
    }

    /// One page of a record's timeline, newest first; pages are numbered from 0.
    pub fn timeline(&self, encounter: &str, page: i32) -> Result<TimelinePage, AppError> {
        let id: EncounterId = read_id(encounter)?;
        let page = usize::try_from(page).map_err(|_| AppError::BadInput { what: "page" })?;
        let mut inner = self.lock();
        let unsent = self.unsent_of(id)?;
        inner.record(&self.store, id)?;
        let inner = &*inner;
        let record = inner.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let (here, reader) = self.here_and_reader(inner, record, unsent)?;
        let context = Context {
            definition: &record.under.definition,
            here: &here,
            reader: &reader,
            language: self.language,
            now: self.now(),
            names: &inner.directory,
        };
        let mut rows = timeline(&record.state, context);
        rows.reverse();
        let more = rows.len() > (page + 1).saturating_mul(PAGE_ROWS);
        let rows = rows.into_iter().skip(page.saturating_mul(PAGE_ROWS)).take(PAGE_ROWS).collect();
        Ok(TimelinePage { rows, next: if more { i32::try_from(page + 1).ok() } else { None } })
    }

    /// A sheet of a record, for the reader that it is made for. Nothing is sent anywhere.
    pub fn sheet(&self, encounter: &str, sheet: &str) -> Result<SheetView, AppError> {
        let id: EncounterId = read_id(encounter)?;
        let mut inner = self.lock();
        let unsent = self.unsent_of(id)?;
        inner.record(&self.store, id)?;
        let inner = &*inner;
        let record = inner.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let (here, reader) = self.here_and_reader(inner, record, unsent)?;
        let context = Context {
            definition: &record.under.definition,
            here: &here,
            reader: &reader,
            language: self.language,
            now: self.now(),
            names: &inner.directory,
        };
        let derived = derive(&record.under.definition, &record.state);
        view::sheet(sheet, id, &record.state, &derived, context).ok_or(AppError::BadInput { what: "sheet" })
    }

    /// What should ring from now on, over every record on this phone, the next first: for the phone's own alarms, so that
    /// they ring while the app is locked.
    pub fn alarms(&self) -> Result<Vec<Alarm>, AppError> {
        let mut inner = self.lock();
        let author = inner.me.actor()?.role.author().unwrap_or(Author::Deputy);
        let mut records = Vec::new();
        for (_, summary) in self.summaries(&mut inner)? {
            match inner.definition(&self.store, summary.protocol) {
                Ok(definition) => records.push((summary, definition)),
                // A record whose protocol is not here yet has no clocks; the others ring all the same.
                Err(AppError::NotReady { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let records = records.iter().map(|(summary, definition)| (summary, definition.as_ref()));
        Ok(alarms(records, author, self.language, self.now()))
    }

    /// The calls board of a record.
    pub fn calls(&self, encounter: &str) -> Result<Vec<CallView>, AppError> {
        Ok(self.encounter(encounter)?.calls)
    }

    /// Records here whose handle or code has this in it, in any case.
    pub fn search(&self, text: &str) -> Result<Vec<HomeRow>, AppError> {
        let wanted = text.trim().to_lowercase();
        let mut rows = self.home()?.rows;
        rows.retain(|row| {
            row.handle.to_lowercase().contains(&wanted) || row.code.to_lowercase().contains(&wanted)
        });
        rows.truncate(PAGE_ROWS);
        Ok(rows)
    }

    /// What the station decided about its phones; the defaults until it was asked. Its times are within their bounds.
    pub fn policy(&self) -> Result<Policy, AppError> {
        Ok(self.store.setting::<Policy>(POLICY)?.unwrap_or_default().bounded())
    }

    /// How the phone stands with the station.
    pub fn sync_state(&self) -> Result<SyncState, AppError> {
        let running = self.syncing.try_lock().is_err();
        let mut inner = self.lock();
        let line = self.sync_line(&mut inner, self.now())?;
        let last: LastSync = self.store.setting(LAST_SYNC)?.unwrap_or_default();
        Ok(SyncState {
            sentence: line.sentence,
            last: line.last,
            unsent: line.unsent,
            drafts: i64::try_from(self.store.count_drafts()?).unwrap_or(i64::MAX),
            running,
            call_again_at_ms: last.call_again_at,
        })
    }

    /// What this phone holds.
    pub fn holdings(&self) -> Result<Vec<Holding>, AppError> {
        let mut inner = self.lock();
        let now = self.now();
        let mut holdings = Vec::new();
        for (row, summary) in self.summaries(&mut inner)? {
            if let Some(drawn) = self.draw_row(&mut inner, &row, &summary, now)? {
                let events = i64::try_from(row.events).unwrap_or(i64::MAX);
                holdings.push(Holding { id: drawn.id, handle: drawn.handle, events, kept: drawn.kept });
            }
        }
        Ok(holdings)
    }

    /// Every fixed word in a language: titles, buttons, states.
    pub fn words(&self, language: Language) -> Vec<WordEntry> {
        let entry =
            |label: &Label| WordEntry { key: label.key().to_owned(), text: label.text(language).to_owned() };
        Label::ALL.iter().map(entry).collect()
    }

    /// Folds every record again from its events and writes the summaries that differ; gives how many did.
    pub fn rebuild(&self) -> Result<u32, AppError> {
        let mut inner = self.lock();
        let mut changed = 0;
        for row in self.store.encounters()? {
            inner.forget(row.id);
            let summary = inner.record(&self.store, row.id)?.summary();
            if summary != row.summary {
                self.store.set_summary(&row.id, &summary)?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// Every record with its summary; one that is stale, or was never made, is folded again.
    pub(super) fn summaries(&self, inner: &mut Inner) -> Result<Vec<(EncounterRow, Summary)>, AppError> {
        let mut summaries = Vec::new();
        for row in self.store.encounters()? {
            let kept = Summary::from_bytes(&row.summary).filter(|summary| {
                let waits_for_what_came = summary.lacks.is_some_and(|sha| inner.has(&self.store, sha));
                !waits_for_what_came && inner.has(&self.store, summary.protocol)
            });
            let summary = match kept {
                Some(summary) => Some(summary),
                None => self.refold(inner, row.id)?,
            };
            if let Some(summary) = summary {
                summaries.push((row, summary));
            }
        }
        Ok(summaries)
    }

    /// Folds a record again and keeps its summary; `None` while its beginning or its definition is not here.
    fn refold(&self, inner: &mut Inner, id: EncounterId) -> Result<Option<Summary>, AppError> {
        inner.forget(id);
        let bytes = match inner.record(&self.store, id) {
            Ok(record) => record.summary(),
            Err(AppError::NoSuchRecord | AppError::NotReady { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.store.set_summary(&id, &bytes)?;
        Ok(Summary::from_bytes(&bytes))
    }

    fn draw_row(
        &self,
        inner: &mut Inner,
        row: &EncounterRow,
        summary: &Summary,
        now: i64,
    ) -> Result<Option<HomeRow>, AppError> {
        if summary.opened.is_none() {
            return Ok(None);
        }
        let definition = inner.definition(&self.store, summary.protocol)?;
        let unsent = Some(row.standing().unsent());
        Ok(Some(home_row(summary, &definition, unsent, self.language, now, &inner.directory)))
    }

    /// Draws a record as it stands.
    pub(super) fn draw(&self, inner: &mut Inner, id: EncounterId) -> Result<EncounterView, AppError> {
        let unsent = self.unsent_of(id)?;
        inner.record(&self.store, id)?;
        inner.load_scene(self, id)?;
        let newer = inner.newer_for(&self.store, id, self.now())?;
        let record = inner.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let derived = derive(&record.under.definition, &record.state);
        self.drawn(inner, record, &derived, unsent, newer)
    }

    /// Draws a record of which everything is known.
    pub(super) fn drawn(
        &self,
        inner: &Inner,
        record: &OpenRecord,
        derived: &Derived<'_>,
        unsent: usize,
        newer: Option<(Hash, u32)>,
    ) -> Result<EncounterView, AppError> {
        let (here, reader) = self.here_and_reader(inner, record, unsent)?;
        let here = OnPhone { newer, scene: inner.siblings(record.id, derived), ..here };
        let context = Context {
            definition: &record.under.definition,
            here: &here,
            reader: &reader,
            language: self.language,
            now: self.now(),
            names: &inner.directory,
        };
        Ok(view(record.id, &record.state, derived, context))
    }

    fn unsent_of(&self, id: EncounterId) -> Result<usize, AppError> {
        Ok(self.store.encounter(&id)?.ok_or(AppError::NoSuchRecord)?.standing().unsent())
    }

    /// What only this phone knows of a record, and who reads it.
    fn here_and_reader(
        &self,
        inner: &Inner,
        record: &OpenRecord,
        unsent: usize,
    ) -> Result<(OnPhone, Reader), AppError> {
        debug_assert_eq!(
            self.store.drafts(&record.id).ok().as_ref(),
            Some(&record.drafts),
            "the disk has what is in memory"
        );
        let actor = inner.me.actor()?.clone();
        let now = self.now();
        let clock_off_ms = inner.clock_off(now, &self.outside.clock.read());
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
        let station = crate::record::State::opened(&record.state)
            .and_then(crate::record::read_opened)
            .map(|opened| opened.station)
            .unwrap_or_default();
        let directory = &inner.directory;
        let numbers =
            partners.iter().flat_map(|partner| directory.numbers_of(partner, &station, minute)).collect();
        let colleagues = directory
            .people
            .iter()
            .filter(|person| matches!(person.role, Role::Deputy | Role::Detective))
            .filter(|person| person.id != actor.person && !holders.contains(&person.id))
            .map(|person| (person.id.clone(), person.name.clone()))
            .collect();
        let here = OnPhone {
            seen,
            drafts,
            unsent: Some(unsent),
            numbers,
            colleagues,
            clock_off_ms,
            recalled: inner.me.notices.iter().any(|notice| notice.sha256 == protocol && notice.recalled),
            lacks_version: record.under.lacks,
            earlier: record.under.earlier.clone(),
            newer: None,
            scene: Vec::new(),
        };
        Ok((here, Reader { actor, sees_all: true, at_desk: false }))
    }

    fn sync_line(&self, inner: &mut Inner, now: i64) -> Result<crate::view::SyncLine, AppError> {
        let (unsent, _) = self.store.count_unsent(self.store.received_through()?)?;
        let last: LastSync = self.store.setting(LAST_SYNC)?.unwrap_or_default();
        let zone = inner.programme_zone(&self.store, now);
        Ok(sync_line(unsent, last.at, now, &zone, self.language))
    }

    fn word(&self, label: Label) -> String {
        label.text(self.language).to_owned()
    }
}

impl Inner {
    /// How far the wall clock is off, by the last server time heard; `None` within two minutes.
    pub(super) fn clock_off(&self, now: i64, clock: &crate::wire::ClockReport) -> Option<i64> {
        let anchor = self.me.anchor?;
        let off = if anchor.boot == clock.boot {
            now - (anchor.server + clock.mono - anchor.mono)
        } else {
            anchor.wall - anchor.server
        };
        (off.abs() > CLOCK_TOLERANCE_MS).then_some(off)
    }

    /// The zone of the programme: that of the protocol under which the next record would begin.
    fn programme_zone(&mut self, store: &Store, now: i64) -> String {
        let newest = self.newest_protocol(store, now).ok().flatten();
        let newest = newest.and_then(|sha| self.definition(store, sha).ok());
        newest.map_or_else(|| "UTC".to_owned(), |definition| definition.time_zone.clone())
    }
}

fn minute_of_day(now: i64, time_zone: &str) -> u32 {
    let time = local(now, zone(time_zone)).time;
    let mut parts = time.split(':').map(|part| part.parse::<u32>().unwrap_or(0));
    parts.next().unwrap_or(0) * 60 + parts.next().unwrap_or(0)
}
