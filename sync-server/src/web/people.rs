//! People: who of the administrator's agency may sign in, and who is to be let in again after wrong tries.

use axum::extract::{Path, State};
use axum::response::Redirect;
use firsthours_core::record::PersonId;
use firsthours_core::view::Names;
use maud::{Markup, html};

use super::error::AppError;
use super::names::Known;
use super::reader::{Lang, Reader};
use super::scope::Scope;
use super::{layout, pages};
use crate::app::App;
use crate::programme::audit::{self, Entry, What};
use crate::programme::people::{self, Person, TRIES};
use crate::store::StoreError;

/// Lists the people of the administrator's agency.
pub async fn show(State(app): State<App>, lang: Lang, reader: Reader) -> Result<Markup, AppError> {
    if !Scope::of(&reader).decides_on_phones() {
        return Err(AppError::Forbidden);
    }
    let who = reader.clone();
    let (listed, names) = app
        .blocking(move |app| {
            let listed = app
                .store
                .read(|tx| Ok::<_, StoreError>((people::of_agency(tx, &who.agency)?, Known::read(tx)?)))?;
            let shown: Vec<&str> = listed.0.iter().map(|person| person.id.as_str()).collect();
            let entry = Entry::new(app.now(), who.who(), What::PeopleOpened).with("people", shown);
            audit::record(&app.store, &entry)?;
            Ok::<_, AppError>(listed)
        })
        .await?;
    let words = lang.words();
    let frame = pages::frame(&app, lang, &reader, words.people, "/people");
    let body = html! {
        h1 { (words.people) }
        p { (words.people_why) }
        @if listed.is_empty() { p.fh-empty { (words.no_people) } }
        ul.fh-phones { @for person in &listed { (one(person, &names, lang)) } }
    };
    Ok(layout::page(&frame, &body))
}

/// Lets somebody of the administrator's agency try again.
pub async fn release(
    State(app): State<App>,
    reader: Reader,
    Path(person): Path<PersonId>,
) -> Result<Redirect, AppError> {
    if !Scope::of(&reader).decides_on_phones() {
        return Err(AppError::Forbidden);
    }
    app.blocking(move |app| {
        let known = app.store.read(|tx| people::get(tx, &person))?;
        if known.agency != reader.agency {
            return Err(AppError::NotFound);
        }
        Ok(app.store.write(|tx| people::release(tx, &person, reader.who(), app.now()))?)
    })
    .await?;
    Ok(Redirect::to("/people"))
}

fn one(person: &Person, names: &Known, lang: Lang) -> Markup {
    let words = lang.words();
    let state = match (person.disabled, person.locked) {
        (true, _) => words.state_disabled,
        (false, true) => words.state_locked,
        (false, false) => words.state_active,
    };
    let may_be_released = !person.disabled && (person.locked || person.failed_tries >= TRIES);
    html! {
        li.fh-panel {
            h2.fh-panel__title { (person.name) }
            dl.fh-fields {
                dt { (words.username) } dd { (person.username) }
                dt { (words.role_label) } dd { (words.role(person.role)) }
                @if let Some(station) = &person.station {
                    dt { (words.station) } dd { (names.station(station).unwrap_or_else(|| station.to_string())) }
                }
                dt { (words.state) } dd { (state) }
                @if person.failed_tries > 0 { dt { (words.wrong_tries) } dd { (person.failed_tries) } }
            }
            @if may_be_released {
                form method="post" action={ "/people/" (person.id) "/release" } {
                    button.usa-button type="submit" { (words.release) }
                }
            }
        }
    }
}
