//! The review queue: what needs a person, oldest risk first. It is drawn from summaries; no body is opened for it.

use axum::extract::{Query, State};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{PhaseStatus, Summary, derive, summarise};
use firsthours_core::view::{QueueRow, queue_row};
use firsthours_core::words::{Label, Language, RecordSentence, SyncSentence, span};
use maud::{Markup, html};
use serde::Deserialize;

use super::draw::{chip, phase_chip};
use super::error::AppError;
use super::layout;
use super::names::Known;
use super::pages;
use super::reader::{Lang, Reader};
use super::scope::Scope;
use crate::app::App;
use crate::programme::audit::{self, Entry, What};
use crate::programme::permission::Deed;
use crate::records::load;
use crate::store::lists::{self, Place, QueuedRow};
use crate::store::{StoreError, Tx};

/// Rows of one page.
const PAGE: usize = 50;

/// Which part of the queue.
#[derive(Debug, Default, Deserialize)]
pub struct QueueQuery {
    after: Option<String>,
    all: Option<String>,
}

/// Shows a page of the queue.
pub async fn show(
    State(app): State<App>,
    lang: Lang,
    reader: Reader,
    Query(asked): Query<QueueQuery>,
) -> Result<Markup, AppError> {
    let scope = Scope::of(&reader);
    if !scope.reads_records() {
        return Err(AppError::Forbidden);
    }
    let all = asked.all.is_some();
    let after = match asked.after.as_deref() {
        Some(text) => Some(Cursor::read(text).ok_or(AppError::NotFound)?),
        None => None,
    };
    let language = lang.language();
    let who = reader.clone();
    let page = app
        .blocking(move |app| {
            let now = app.now();
            let page = app.store.read(|tx| read(app, tx, &scope, after.as_ref(), all, language, now))?;
            let entry = Entry::new(now, who.who(), What::QueueOpened).with("records", page.ids());
            audit::record(&app.store, &entry)?;
            Ok::<_, AppError>(page)
        })
        .await?;
    let frame = pages::frame(&app, lang, &reader, Label::Queue.text(language), "/queue");
    Ok(layout::page(&frame, &draw(&page, all, language)))
}

/// One page of the queue.
struct Page {
    phones: Phones,
    rows: Vec<Listed>,
    next: Option<String>,
    first: bool,
    now: Instant,
}

impl Page {
    /// The records that it shows.
    fn ids(&self) -> Vec<String> {
        self.rows.iter().map(|listed| listed.row.id.clone()).collect()
    }
}

struct Listed {
    row: QueueRow,
    statuses: Vec<(&'static str, Label)>,
    /// No phase was submitted yet: the chip says all there is to say.
    open: bool,
}

/// What phones last said that they hold.
#[derive(Default)]
struct Phones {
    holding: usize,
    entries: i64,
    oldest: Option<Instant>,
    clocks_off: usize,
}

/// The place of a row in the order: rank, due, waiting since, id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor(Place);

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '.');
        let rank = parts.next()?.parse().ok()?;
        let mut instant = || parts.next()?.parse().ok();
        let (due, since) = (instant()?, instant()?);
        let id = parts.next().filter(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))?;
        Some(Self((rank, due, since, id.to_owned())))
    }

    fn text(&self) -> String {
        let (rank, due, since, id) = &self.0;
        format!("{rank}.{due}.{since}.{id}")
    }
}

fn read(
    app: &App,
    tx: &mut dyn Tx,
    scope: &Scope,
    after: Option<&Cursor>,
    all: bool,
    language: Language,
    now: Instant,
) -> Result<Page, AppError> {
    let names = Known::read(tx)?;
    let found = rows(tx, scope, after, all)?;
    let next = found.get(PAGE).and(found.get(PAGE - 1)).map(cursor);
    let mut listed = Vec::new();
    for row in found.iter().take(PAGE) {
        listed.extend(list(app, tx, row, &names, language, now)?);
    }
    Ok(Page {
        phones: phones(tx, scope)?,
        rows: listed,
        next: next.map(|cursor| cursor.text()),
        first: after.is_none(),
        now,
    })
}

/// One row more than a page, so that it is known whether another follows.
fn rows(
    tx: &mut dyn Tx,
    scope: &Scope,
    after: Option<&Cursor>,
    all: bool,
) -> Result<Vec<QueuedRow>, StoreError> {
    let Some(covers) = scope.covers(Deed::Look) else { return Ok(Vec::new()) };
    lists::queue(tx, covers, &scope.queues(), after.map(|cursor| &cursor.0), all, PAGE + 1)
}

fn cursor(row: &QueuedRow) -> Cursor {
    Cursor((row.rank, row.due, row.waiting_since, row.id.to_string()))
}

/// The row as it is read; `None` when its protocol is not published here, as nothing can be said of it then.
fn list(
    app: &App,
    tx: &mut dyn Tx,
    row: &QueuedRow,
    names: &Known,
    language: Language,
    now: Instant,
) -> Result<Option<Listed>, AppError> {
    let protocol = row.protocol;
    let Some(definition) = app.records.definitions.get(tx, protocol)? else { return Ok(None) };
    let stored = row.summary.as_ref().and_then(|text| Summary::from_bytes(text.as_bytes()));
    let summary = if let Some(summary) = stored {
        summary
    } else {
        // Written by another version of the code: the record says it again.
        let encounter = row.id;
        let loaded = load::record(tx, &app.keys, &app.records.definitions, encounter)?;
        let Some(loaded) = loaded else { return Ok(None) };
        let derived = derive(&definition, &loaded.state);
        summarise(encounter, protocol, &definition, &loaded.state, &derived)
    };
    let drawn = queue_row(&summary, &definition, language, now, names);
    let moved = summary.phases.values().filter(|phase| phase.status != PhaseStatus::Open);
    let mut statuses: Vec<_> = moved.map(|phase| phase_chip(phase.status)).collect();
    statuses.dedup();
    let open = statuses.is_empty();
    if open {
        statuses.push(phase_chip(PhaseStatus::Open));
    }
    Ok(Some(Listed { row: drawn, statuses, open }))
}

fn phones(tx: &mut dyn Tx, scope: &Scope) -> Result<Phones, StoreError> {
    let held = lists::held_outside(tx, &scope.actor.agency)?;
    let clocks_off = lists::clocks_off(tx, &scope.actor.agency)?;
    Ok(Phones {
        holding: usize::try_from(held.phones).unwrap_or(0),
        entries: held.events,
        oldest: held.oldest,
        clocks_off: usize::try_from(clocks_off).unwrap_or(0),
    })
}

fn draw(page: &Page, all: bool, language: Language) -> Markup {
    let (waits, others): (Vec<&Listed>, Vec<&Listed>) = page.rows.iter().partition(|listed| listed.row.waits);
    let keep = if all { "&all=1" } else { "" };
    html! {
        h1 { (Label::Queue.text(language)) }
        p.fh-lead { (phones_line(&page.phones, page.now, language)) }
        @if page.rows.is_empty() { p.fh-empty { (Label::QueueEmpty.text(language)) } }
        @if !waits.is_empty() { (table("waits", Label::QueueWaits, &waits, language)) }
        @else if page.first && !page.rows.is_empty() {
            section aria-labelledby="waits-title" {
                h2 #waits-title.fh-list-title { (Label::QueueWaits.text(language)) }
                p.fh-meta { (Label::QueueEmpty.text(language)) }
            }
        }
        @if !others.is_empty() { (table("others", Label::QueueOthers, &others, language)) }
        div.fh-actions {
            @if let Some(next) = &page.next {
                a.usa-button href={ "/queue?after=" (next) (keep) } { (Label::MorePages.text(language)) }
            }
            @if all { a.usa-link href="/queue" { (Label::ShowOpen.text(language)) } }
            @else { a.usa-link href="/queue?all=1" { (Label::ShowAll.text(language)) } }
        }
    }
}

fn phones_line(phones: &Phones, now: Instant, language: Language) -> String {
    let held = match phones.oldest {
        _ if phones.holding == 0 => SyncSentence::PhonesHoldNothing.text(language),
        oldest => {
            let oldest = span(now - oldest.unwrap_or(now), language);
            SyncSentence::PhonesHold { phones: phones.holding, entries: phones.entries, oldest: &oldest }
                .text(language)
        }
    };
    match phones.clocks_off {
        0 => held,
        count => format!("{held} {}", SyncSentence::ClocksOff { count }.text(language)),
    }
}

fn table(id: &str, title: Label, rows: &[&Listed], language: Language) -> Markup {
    let says = |label: Label| label.text(language);
    html! {
        section aria-labelledby={ (id) "-title" } {
            h2.fh-list-title id={ (id) "-title" } { (says(title)) }
            table.fh-queue role="table" aria-labelledby={ (id) "-title" } {
                thead role="rowgroup" {
                    tr role="row" {
                        @for label in [Label::Record, Label::WhereItStands, Label::NextClock, Label::Holder, Label::Marks] {
                            th role="columnheader" scope="col" { (says(label)) }
                        }
                    }
                }
                tbody role="rowgroup" { @for listed in rows { (line(listed, language)) } }
            }
        }
    }
}

fn line(listed: &Listed, language: Language) -> Markup {
    let row = &listed.row;
    let says = |label: Label| label.text(language);
    html! {
        tr role="row" class=[row.overdue.then_some("fh-queue__row--urgent")] {
            th role="rowheader" scope="row" {
                a.fh-queue__link href={ "/records/" (row.id) } { (row.handle) }
                " " span.fh-code { (row.code) }
            }
            td role="cell" data-label=(says(Label::WhereItStands)) {
                div {
                    div.fh-chips { @for (kind, label) in &listed.statuses { (chip(kind, says(*label))) } }
                    @if !listed.open { div.fh-meta { (row.sentence) } }
                }
            }
            td role="cell" data-label=(says(Label::NextClock)) {
                @if row.clock.is_empty() { span.fh-meta { "–" } }
                @else {
                    div {
                        @if row.overdue { (chip("late", says(Label::ClockMissed))) " " }
                        (row.clock)
                    }
                }
            }
            td role="cell" data-label=(says(Label::Holder)) {
                @if row.holder.is_empty() { span.fh-meta { (says(Label::Nobody)) } } @else { span { (row.holder) } }
            }
            td role="cell" data-label=(says(Label::Marks)) { (marks(listed, language)) }
        }
    }
}

fn marks(listed: &Listed, language: Language) -> Markup {
    let row = &listed.row;
    let counts = [
        ("conflict", row.conflicts, RecordSentence::Conflicts { count: row.conflicts }.text(language)),
        (
            "returned",
            row.threads_open,
            RecordSentence::CommentsOpen { count: row.threads_open }.text(language),
        ),
        ("held", row.held, SyncSentence::EntriesHeld { count: row.held }.text(language)),
    ];
    html! {
        div.fh-chips {
            @for (kind, count, sentence) in counts {
                @if count > 0 { (chip(kind, &sentence)) }
            }
            @if row.conflicts + row.threads_open + row.held == 0 { span.fh-meta { "–" } }
        }
    }
}

#[cfg(test)]
mod tests;
