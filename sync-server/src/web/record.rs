//! The page of one record: who may see it, the log before the answer, the view as HTML, and what a form does.
//!
//! A look is in the log, durable, before anything of the record leaves the server. A record that a reader may not
//! see answers like one that does not exist.

mod near;
mod page;
pub mod sheet;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use firsthours_core::protocol::{Definition, Instant};
use firsthours_core::record::{Act, EncounterId, EventId};
use firsthours_core::view::{Context, EncounterView, OnPhone, TimelineRow, timeline, view};
use firsthours_core::words::Language;
use serde::Deserialize;

use super::draw::forms::{self, FieldFault, FormFault, Pairs};
use super::draw::{Desk, Forms, RefusedForm};
use super::error::AppError;
use super::names::Known;
use super::reader::{Lang, Reader};
use super::scope::Scope;
use crate::app::App;
use crate::programme::audit::{self, Entry, What};
use crate::programme::permission::Deed;
use crate::records::desk::{self, DeskError};
use crate::records::load::{self, LoadError, Loaded};
use crate::store::StoreError;

/// Reasons for opening hidden fields: what the log holds.
pub(super) const REASONS: [&str; 4] = ["review", "care", "investigation", "court"];

/// Where the page goes on after a form.
#[derive(Debug, Default, Deserialize)]
pub struct RecordQuery {
    /// The step to show open.
    open: Option<String>,
    /// The position that the reader's page had shown.
    since: Option<u64>,
}

/// Shows the record.
pub async fn show(
    State(app): State<App>,
    lang: Lang,
    reader: Reader,
    Path(id): Path<String>,
    Query(asked): Query<RecordQuery>,
) -> Result<Response, AppError> {
    let encounter = read_id(&id)?;
    let look = Look { open: asked.open, since: asked.since, ..Look::of(encounter) };
    Ok(serve(&app, lang, reader, look).await?.into_response())
}

/// What the form for hidden fields sends.
#[derive(Debug, Deserialize)]
pub struct HiddenFieldsForm {
    why: Option<String>,
}

/// Shows the record once with its hidden fields, for a reason that is logged.
pub async fn hidden(
    State(app): State<App>,
    lang: Lang,
    reader: Reader,
    Path(id): Path<String>,
    Form(sent): Form<HiddenFieldsForm>,
) -> Result<Response, AppError> {
    let encounter = read_id(&id)?;
    let why = sent.why.unwrap_or_default();
    let Some(why) = REASONS.into_iter().find(|reason| *reason == why) else {
        let look = Look { reason_lacks: true, ..Look::of(encounter) };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, serve(&app, lang, reader, look).await?).into_response());
    };
    let look = Look { opened: Some(why), ..Look::of(encounter) };
    Ok(serve(&app, lang, reader, look).await?.into_response())
}

/// Does what a form asks for, and goes back to the page. What was not accepted is shown again as it was typed.
pub async fn act(
    State(app): State<App>,
    lang: Lang,
    reader: Reader,
    Path(id): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let encounter = read_id(&id)?;
    let pairs = Pairs(sent);
    let scope = Scope::of(&reader);
    let typed = pairs.clone();
    let language = lang.language();
    let done = app.blocking(move |app| write(app, &scope, encounter, &typed, language)).await?;
    match done {
        Ok(()) => Ok(Redirect::to(&back(&id, &pairs)).into_response()),
        Err(faults) => {
            let open = forms::step(&pairs).map(str::to_owned);
            let look = Look { open, refused: Some(RefusedForm { pairs, faults }), ..Look::of(encounter) };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, serve(&app, lang, reader, look).await?).into_response())
        }
    }
}

/// How a record is looked at.
struct Look {
    encounter: EncounterId,
    open: Option<String>,
    since: Option<u64>,
    /// Hidden fields are opened, for this reason.
    opened: Option<&'static str>,
    reason_lacks: bool,
    refused: Option<RefusedForm>,
}

impl Look {
    fn of(encounter: EncounterId) -> Self {
        Self { encounter, open: None, since: None, opened: None, reason_lacks: false, refused: None }
    }
}

/// What the page is drawn from.
struct Drawn {
    /// `None`: its protocol is not published here.
    view: Option<EncounterView>,
    timeline: Vec<Line>,
    looks: Vec<LookEntry>,
    code: String,
    zone: String,
    /// Entries that came in since the reader's page, not counting their own.
    new: u64,
    desk: Desk,
}

/// A line of the timeline with how it is marked.
struct Line {
    row: TimelineRow,
    desk: bool,
    new: bool,
}

/// Somebody's look at the record.
struct LookEntry {
    who: String,
    what: What,
    why: Option<String>,
    at: Instant,
}

async fn serve(app: &App, lang: Lang, reader: Reader, look: Look) -> Result<maud::Markup, AppError> {
    let scope = Scope::of(&reader);
    let language = lang.language();
    let (encounter, opened, since) = (look.encounter, look.opened, look.since);
    let who = scope.clone();
    let (drawn, now) = app
        .blocking(move |app| {
            let now = app.now();
            let deed = if opened.is_some() { Deed::Open } else { Deed::Look };
            let loaded = find(app, &who, encounter, deed)?;
            log(app, &who, encounter, opened, now)?;
            Ok::<_, AppError>((draw(app, &who, &loaded, opened.is_some(), since, language, now)?, now))
        })
        .await?;
    let forms = Forms {
        base: format!("/records/{encounter}"),
        at_desk: true,
        zone: drawn.zone.clone(),
        comments: scope.ever(Deed::Review),
        open: look.open,
        refused: look.refused,
        desk: drawn.desk.clone(),
    };
    Ok(page::page(
        app,
        lang,
        &reader,
        &page::Shown {
            drawn: &drawn,
            forms: &forms,
            now,
            opened: opened.is_some(),
            reason_lacks: look.reason_lacks,
            may_open: scope.ever(Deed::Open),
            id: &encounter.to_string(),
        },
    ))
}

/// The record, if this person may do this to it; else it answers like one that does not exist.
pub(super) fn find(app: &App, scope: &Scope, encounter: EncounterId, deed: Deed) -> Result<Loaded, AppError> {
    let found = app.store.read(|tx| {
        if !scope.may(tx, encounter, deed)? {
            return Ok(None);
        }
        load::record(tx, &app.keys, &app.records.definitions, encounter).map_err(AppError::from)
    })?;
    found.ok_or(AppError::NotFound)
}

/// Writes the look into the log; durable when this returns.
fn log(
    app: &App,
    scope: &Scope,
    encounter: EncounterId,
    opened: Option<&str>,
    now: Instant,
) -> Result<(), AppError> {
    let id = encounter.to_string();
    let who = scope.who();
    let entry = match opened {
        Some(why) => Entry::new(now, who, What::FieldsUnmasked).with("why", why),
        None => Entry::new(now, who, What::RecordOpened),
    };
    audit::record(&app.store, &entry.about(&id))?;
    Ok(())
}

fn draw(
    app: &App,
    scope: &Scope,
    loaded: &Loaded,
    opened: bool,
    since: Option<u64>,
    language: Language,
    now: Instant,
) -> Result<Drawn, AppError> {
    let (names, looks, desk, incident) = app.store.read(|tx| {
        let names = Known::read(tx)?;
        let looks = page::looks(tx, &names, loaded.encounter)?;
        let incident = near::scene(app, tx, scope, loaded, &names)?;
        let desk = near::desk(app, tx, scope, loaded, &incident, &names)?;
        Ok::<_, StoreError>((names, looks, desk, incident))
    })?;
    let by = |id: &EventId| loaded.state.event(id).and_then(|event| Some(&event.body.as_ref()?.actor));
    // One's own acts are no news.
    let news: BTreeSet<EventId> = loaded
        .positions
        .iter()
        .filter(|(id, pos)| since.is_some_and(|since| **pos > since) && by(id) != Some(&scope.actor))
        .map(|(id, _)| *id)
        .collect();
    let mut drawn = Drawn {
        view: None,
        timeline: Vec::new(),
        looks,
        code: firsthours_core::record::code(loaded.encounter),
        zone: String::new(),
        new: u64::try_from(news.len()).unwrap_or(u64::MAX),
        desk,
    };
    if let Some(definition) = &loaded.under.definition {
        let here = OnPhone {
            seen: loaded.pos,
            earlier: loaded.under.earlier.clone(),
            incident,
            ..OnPhone::default()
        };
        let reader = reader_of(scope, opened);
        let context = Context { definition, here: &here, reader: &reader, language, now, names: &names };
        drawn.view = Some(draw_view(loaded, definition, context));
        drawn.timeline =
            timeline(&loaded.state, context).into_iter().map(|row| line(loaded, row, &news)).collect();
        drawn.zone.clone_from(&definition.time_zone);
    }
    Ok(drawn)
}

fn draw_view(loaded: &Loaded, definition: &Arc<Definition>, context: Context<'_>) -> EncounterView {
    let derived = firsthours_core::record::derive(definition, &loaded.state);
    view(loaded.encounter, &loaded.state, &derived, context)
}

fn reader_of(scope: &Scope, opened: bool) -> firsthours_core::view::Reader {
    firsthours_core::view::Reader { actor: scope.actor.clone(), sees_all: opened, at_desk: true }
}

fn line(loaded: &Loaded, row: TimelineRow, news: &BTreeSet<EventId>) -> Line {
    let id = row.event.parse().ok();
    let event = id.as_ref().and_then(|id| loaded.state.event(id));
    Line {
        desk: event.is_some_and(|event| event.header.install.is_server()),
        new: id.is_some_and(|id| news.contains(&id)),
        row,
    }
}

/// Reads the form on the record as it stands, and writes its acts. The inner error is for the person.
fn write(
    app: &App,
    scope: &Scope,
    encounter: EncounterId,
    pairs: &Pairs,
    language: Language,
) -> Result<Result<(), Vec<FieldFault>>, AppError> {
    if !scope.ever(Deed::Answer) && !scope.ever(Deed::Review) {
        return Err(AppError::Forbidden);
    }
    let loaded = find(app, scope, encounter, Deed::Look)?;
    let unfit = || Ok(Err(vec![FieldFault { control: String::new(), fault: FormFault::Form }]));
    let (Some(definition), Some(seen)) = (&loaded.under.definition, forms::seen(pairs)) else {
        return unfit();
    };
    let Ok(seen) = u64::try_from(seen) else { return unfit() };
    let names = app.store.read(Known::read)?;
    let here = OnPhone { seen: loaded.pos, earlier: loaded.under.earlier.clone(), ..OnPhone::default() };
    let reader = reader_of(scope, false);
    let now = app.now();
    let context = Context { definition, here: &here, reader: &reader, language, now, names: &names };
    let drawn = draw_view(&loaded, definition, context);
    let acts = match forms::read(pairs, &drawn, &definition.time_zone, now) {
        Ok(acts) => acts,
        Err(faults) => return Ok(Err(faults)),
    };
    for act in &acts {
        if !app.store.read(|tx| scope.may(tx, encounter, deed_of(act)))? {
            return Err(AppError::Forbidden);
        }
        if !may_name(app, scope, act)? {
            return unfit();
        }
        match desk::act(&app.records, &scope.actor, encounter, seen.min(loaded.pos), act, scope.source()) {
            Ok(_) => {}
            Err(DeskError::Refused(refusal)) => return Ok(Err(forms::faults_of(refusal))),
            Err(DeskError::NoRecord | DeskError::Closed) => return Err(AppError::NotFound),
            Err(other) => return Err(AppError::Internal(other.into())),
        }
    }
    Ok(Ok(()))
}

/// What an act is in the table of permissions.
fn deed_of(act: &Act) -> Deed {
    if act.is_review() { Deed::Review } else { Deed::Answer }
}

/// Whether everybody and every record that the act names is one that this person may name. A page offers no others, but a
/// form can be sent without a page.
fn may_name(app: &App, scope: &Scope, act: &Act) -> Result<bool, AppError> {
    Ok(app.store.read(|tx| match act {
        Act::SameEncounter { with: Some(other) } => scope.may(tx, *other, Deed::Look),
        Act::Reassign { to } => near::may_hold(tx, scope, to),
        Act::SameEncounter { with: None }
        | Act::Answer { .. }
        | Act::Cannot { .. }
        | Act::Reopen { .. }
        | Act::WithdrawEntry { .. }
        | Act::Note { .. }
        | Act::Copy { .. }
        | Act::Move { .. }
        | Act::LinkIncident { .. }
        | Act::Submit { .. }
        | Act::Void { .. }
        | Act::Unvoid
        | Act::Share { .. }
        | Act::Accept { .. }
        | Act::Decline { .. }
        | Act::Reply { .. }
        | Act::Comment { .. }
        | Act::Resolve { .. }
        | Act::Return { .. }
        | Act::Approve { .. } => Ok(true),
    })?)
}

/// The page after a form: at the step it was on, saying what came in since it was drawn.
fn back(id: &str, pairs: &Pairs) -> String {
    let seen = forms::seen(pairs).unwrap_or_default();
    let plain = |step: &&str| step.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    match forms::step(pairs).filter(plain) {
        Some(step) => format!("/records/{id}?since={seen}&open={step}#step-{step}"),
        None => format!("/records/{id}?since={seen}#review"),
    }
}

fn read_id(id: &str) -> Result<EncounterId, AppError> {
    id.parse().map_err(|_| AppError::NotFound)
}

impl From<LoadError> for AppError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => error.into(),
            LoadError::Key(error) => error.into(),
            LoadError::Damaged { .. } => Self::Internal(error.into()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
