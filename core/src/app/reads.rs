//! Reads: whole views, drawn from memory and the summaries.

use serde::{Deserialize, Serialize};

use super::acts::read_id;
use super::install::{LAST_SYNC, POLICY};
use super::{AppError, Session};
use crate::protocol::{Author, Instant};
use crate::record::{EncounterId, Summary, derive};
use crate::store::EncounterRow;
use crate::view::{
    self, Alarm, EncounterView, Home, HomeRow, SheetView, TimelineRow, alarms, home_row, sync_line, timeline,
};
use crate::wire::Policy;
use crate::words::{Label, Language, SyncSentence, span};

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
    pub(super) at: Option<Instant>,
    pub(super) failures: u32,
    pub(super) call_again_at: Option<Instant>,
}

/// At most this many rows cross the boundary at once.
pub const PAGE_ROWS: usize = 50;

/// A clock that is off by more is worth a warning.
const CLOCK_TOLERANCE_MS: i64 = 2 * 60_000;

/// Every fixed word in a language.
pub(super) fn words(language: Language) -> Vec<WordEntry> {
    let entry =
        |label: &Label| WordEntry { key: label.key().to_owned(), text: label.text(language).to_owned() };
    Label::ALL.iter().map(entry).collect()
}

impl Session {
    pub(super) fn home(&mut self) -> Result<Home, AppError> {
        let now = self.now();
        let mut rows = Vec::new();
        for (row, summary) in self.summaries()? {
            if let Some(drawn) = self.draw_row(&row, &summary, now)? {
                rows.push(drawn);
            }
        }
        // What needs the deputy first, then by the clock that ends first, then the newest.
        rows.reverse();
        rows.sort_by_key(|row| (row.void, !row.needs_you, row.due_at_ms.unwrap_or(i64::MAX)));
        let clock_off = self.clock_off(now, &self.outside.clock.read());
        Ok(Home {
            nothing: if rows.is_empty() { self.word(Label::NoRecords) } else { String::new() },
            rows,
            sync: self.sync_line(now)?,
            notices: clock_off
                .map(|off| SyncSentence::ClockWrong { by: &span(off, self.language) }.text(self.language))
                .into_iter()
                .collect(),
            can_start: self.me.actor().is_ok() && self.newest_protocol()?.is_some(),
        })
    }

    pub(super) fn encounter(&mut self, encounter: &str) -> Result<EncounterView, AppError> {
        let id = read_id(encounter)?;
        self.draw(id)
    }

    pub(super) fn timeline(&mut self, encounter: &str, page: i32) -> Result<TimelinePage, AppError> {
        let id: EncounterId = read_id(encounter)?;
        let page = usize::try_from(page).map_err(|_| AppError::BadInput { what: "page" })?;
        let unsent = self.unsent_of(id)?;
        self.record(id)?;
        let record = self.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let (here, reader) = (self.on_phone(record, unsent)?, self.reader()?);
        let mut rows = timeline(&record.state, self.context(record, &here, &reader));
        rows.reverse();
        let more = rows.len() > (page + 1).saturating_mul(PAGE_ROWS);
        let rows = rows.into_iter().skip(page.saturating_mul(PAGE_ROWS)).take(PAGE_ROWS).collect();
        Ok(TimelinePage { rows, next: if more { i32::try_from(page + 1).ok() } else { None } })
    }

    pub(super) fn sheet(&mut self, encounter: &str, sheet: &str) -> Result<SheetView, AppError> {
        let id: EncounterId = read_id(encounter)?;
        let unsent = self.unsent_of(id)?;
        self.record(id)?;
        let record = self.records.get(&id).ok_or(AppError::NoSuchRecord)?;
        let (here, reader) = (self.on_phone(record, unsent)?, self.reader()?);
        let context = self.context(record, &here, &reader);
        let derived = derive(&record.under.definition, &record.state);
        view::sheet(sheet, id, &record.state, &derived, context).ok_or(AppError::BadInput { what: "sheet" })
    }

    pub(super) fn alarms(&mut self) -> Result<Vec<Alarm>, AppError> {
        let author = self.me.actor()?.role.author().unwrap_or(Author::Deputy);
        let mut records = Vec::new();
        for (_, summary) in self.summaries()? {
            match self.definition(summary.protocol) {
                Ok(definition) => records.push((summary, definition)),
                // A record whose protocol is not here yet has no clocks; the others ring all the same.
                Err(AppError::NotReady { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let records = records.iter().map(|(summary, definition)| (summary, definition.as_ref()));
        Ok(alarms(records, author, self.language, self.now()))
    }

    pub(super) fn search(&mut self, text: &str) -> Result<Vec<HomeRow>, AppError> {
        let wanted = text.trim().to_lowercase();
        let mut rows = self.home()?.rows;
        rows.retain(|row| {
            row.handle.to_lowercase().contains(&wanted) || row.code.to_lowercase().contains(&wanted)
        });
        rows.truncate(PAGE_ROWS);
        Ok(rows)
    }

    pub(super) fn policy(&self) -> Result<Policy, AppError> {
        Ok(self.store.setting::<Policy>(POLICY)?.unwrap_or_default().bounded())
    }

    pub(super) fn sync_state(&mut self, running: bool) -> Result<SyncState, AppError> {
        let line = self.sync_line(self.now())?;
        let last: LastSync = self.store.setting(LAST_SYNC)?.unwrap_or_default();
        Ok(SyncState {
            sentence: line.sentence,
            last: line.last,
            unsent: line.unsent,
            drafts: i64::try_from(self.store.count_drafts()?).unwrap_or(i64::MAX),
            running,
            call_again_at_ms: last.call_again_at.map(Instant::ms),
        })
    }

    pub(super) fn holdings(&mut self) -> Result<Vec<Holding>, AppError> {
        let now = self.now();
        let mut holdings = Vec::new();
        for (row, summary) in self.summaries()? {
            if let Some(drawn) = self.draw_row(&row, &summary, now)? {
                let events = i64::try_from(row.events).unwrap_or(i64::MAX);
                holdings.push(Holding { id: drawn.id, handle: drawn.handle, events, kept: drawn.kept });
            }
        }
        Ok(holdings)
    }

    pub(super) fn rebuild(&mut self) -> Result<u32, AppError> {
        let mut changed = 0;
        for row in self.store.encounters()? {
            self.forget(row.id);
            let summary = self.record(row.id)?.summary();
            if summary != row.summary {
                self.store.set_summary(&row.id, &summary)?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// Every record with its summary; one that is stale, or was never made, is folded again.
    pub(super) fn summaries(&mut self) -> Result<Vec<(EncounterRow, Summary)>, AppError> {
        let mut summaries = Vec::new();
        for row in self.store.encounters()? {
            let kept = Summary::from_bytes(&row.summary).filter(|summary| {
                let waits_for_what_came = summary.lacks.is_some_and(|sha| self.has(sha));
                !waits_for_what_came && self.has(summary.protocol)
            });
            let summary = match kept {
                Some(summary) => Some(summary),
                None => self.refold(row.id)?,
            };
            if let Some(summary) = summary {
                summaries.push((row, summary));
            }
        }
        Ok(summaries)
    }

    /// Folds a record again and keeps its summary; `None` while its beginning or its definition is not here.
    fn refold(&mut self, id: EncounterId) -> Result<Option<Summary>, AppError> {
        self.forget(id);
        let bytes = match self.record(id) {
            Ok(record) => record.summary(),
            Err(AppError::NoSuchRecord | AppError::NotReady { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.store.set_summary(&id, &bytes)?;
        Ok(Summary::from_bytes(&bytes))
    }

    fn draw_row(
        &mut self,
        row: &EncounterRow,
        summary: &Summary,
        now: Instant,
    ) -> Result<Option<HomeRow>, AppError> {
        if summary.opened.is_none() {
            return Ok(None);
        }
        let definition = self.definition(summary.protocol)?;
        let unsent = Some(row.standing().unsent());
        Ok(Some(home_row(summary, &definition, unsent, self.language, now, &self.directory)))
    }

    fn sync_line(&mut self, now: Instant) -> Result<crate::view::SyncLine, AppError> {
        let (unsent, _) = self.store.count_unsent(self.store.received_through()?)?;
        let last: LastSync = self.store.setting(LAST_SYNC)?.unwrap_or_default();
        let zone = self.programme_zone();
        Ok(sync_line(unsent, last.at, now, &zone, self.language))
    }

    fn word(&self, label: Label) -> String {
        label.text(self.language).to_owned()
    }

    /// How far the wall clock is off, by the last server time heard; `None` within two minutes.
    pub(super) fn clock_off(&self, now: Instant, clock: &crate::wire::ClockReport) -> Option<i64> {
        let anchor = self.me.anchor?;
        let off = if anchor.boot == clock.boot {
            now - (anchor.server + clock.mono.saturating_sub(anchor.mono))
        } else {
            anchor.wall - anchor.server
        };
        (off.saturating_abs() > CLOCK_TOLERANCE_MS).then_some(off)
    }

    /// The zone of the programme: that of the protocol under which the next record would begin.
    fn programme_zone(&mut self) -> String {
        let newest = self.newest_protocol().ok().flatten();
        let newest = newest.and_then(|sha| self.definition(sha).ok());
        newest.map_or_else(|| "UTC".to_owned(), |definition| definition.time_zone.clone())
    }
}
