//! A sheet of a record as a page of its own, for paper, and as plain text.
//!
//! Making one is a look at the record, and in the log before it leaves the server. Hidden fields stay hidden on it
//! until a reason is given.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use firsthours_core::record::{EncounterId, derive};
use firsthours_core::view::{self, Context, OnPhone, RowTold, SheetView};
use firsthours_core::words::{Label, Language};
use maud::{Markup, html};

use super::page::reason_form;
use super::{HiddenFieldsForm, REASONS, find, read_id, reader_of};
use crate::app::App;
use crate::programme::audit::{self, Entry, What};
use crate::programme::permission::Deed;
use crate::web::draw;
use crate::web::error::AppError;
use crate::web::layout;
use crate::web::names::Known;
use crate::web::pages;
use crate::web::reader::{Lang, Reader};
use crate::web::scope::Scope;

/// Shows a sheet with its hidden fields hidden.
pub async fn show(
    State(app): State<App>,
    lang: Lang,
    reader: Reader,
    Path((id, sheet)): Path<(String, String)>,
) -> Result<Markup, AppError> {
    let made = make(&app, lang.language(), &reader, &id, &sheet, None).await?;
    Ok(page(&app, lang, &reader, &id, &made, false, false))
}

/// The same as plain text, for a message or a voice.
pub async fn plain(
    State(app): State<App>,
    lang: Lang,
    reader: Reader,
    Path((id, sheet)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let made = make(&app, lang.language(), &reader, &id, &sheet, None).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], made.text()).into_response())
}

/// Shows a sheet once with what it hides, for a reason that is logged.
pub async fn open(
    State(app): State<App>,
    lang: Lang,
    reader: Reader,
    Path((id, sheet)): Path<(String, String)>,
    Form(sent): Form<HiddenFieldsForm>,
) -> Result<Response, AppError> {
    let why = sent.why.unwrap_or_default();
    let why = REASONS.into_iter().find(|reason| *reason == why);
    let made = make(&app, lang.language(), &reader, &id, &sheet, why).await?;
    let page = page(&app, lang, &reader, &id, &made, why.is_some(), why.is_none());
    let status = if why.is_some() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, page).into_response())
}

/// Makes the sheet and writes the look into the log; `why` opens what is hidden.
async fn make(
    app: &App,
    language: Language,
    reader: &Reader,
    id: &str,
    sheet: &str,
    why: Option<&'static str>,
) -> Result<SheetView, AppError> {
    let encounter: EncounterId = read_id(id)?;
    let scope = Scope::of(reader);
    let sheet = sheet.to_owned();
    app.blocking(move |app| {
        let now = app.now();
        let loaded = find(app, &scope, encounter, if why.is_some() { Deed::Open } else { Deed::Sheet })?;
        let definition = loaded.under.definition.clone().ok_or(AppError::NotFound)?;
        let names = app.store.read(Known::read)?;
        let here = OnPhone { seen: loaded.pos, earlier: loaded.under.earlier.clone(), ..OnPhone::default() };
        let seen_by = reader_of(&scope, why.is_some());
        let context =
            Context { definition: &definition, here: &here, reader: &seen_by, language, now, names: &names };
        let derived = derive(&definition, &loaded.state);
        let made = view::sheet(&sheet, encounter, &loaded.state, &derived, context);
        let made = made.ok_or(AppError::NotFound)?;
        let (who, id) = (scope.who(), encounter.to_string());
        let entry = Entry::new(now, who, What::SheetMade).about(&id).with("sheet", made.id.as_str());
        let entry = match why {
            Some(why) => entry.with("why", why),
            None => entry,
        };
        audit::record(&app.store, &entry)?;
        Ok::<_, AppError>(made)
    })
    .await
}

fn page(
    app: &App,
    lang: Lang,
    reader: &Reader,
    id: &str,
    made: &SheetView,
    opened: bool,
    reason_lacks: bool,
) -> Markup {
    let language = lang.language();
    let frame = pages::frame(app, lang, reader, &made.title, "");
    let path = format!("/records/{id}/sheets/{}", made.id);
    let hides = made.sections.iter().flat_map(|section| &section.rows).any(|row| row.told == RowTold::Hidden);
    let body = html! {
        p.fh-meta.fh-not-printed { a href={ "/records/" (id) } { (made.handle) } }
        @if opened {
            p.fh-notice.fh-notice--warn.fh-not-printed role="status" { (Label::HiddenShown.text(language)) }
        }
        div.fh-panel { (draw::sheet(made)) }
        div.fh-not-printed {
            p.fh-meta { (Label::SheetPrint.text(language)) }
            @if !opened { p { a href={ (path) "/text" } { (Label::SheetAsText.text(language)) } } }
            @if hides { (reason_form(&path, reason_lacks, language)) }
        }
    };
    layout::page(&frame, &body)
}
