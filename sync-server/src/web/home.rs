//! The reader's own account: what is known of it, its password, and the way out everywhere.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use zeroize::Zeroize;

use super::error::AppError;
use super::reader::{Lang, Reader};
use super::{layout, pages};
use crate::app::App;
use crate::http::cookie;
use crate::http::refusal::Noted;
use crate::programme::audit::{self, Entry, What};
use crate::programme::people::{self, PeopleError, StaysSignedIn};
use crate::store::{StoreError, lists};

/// Shows the reader's own account.
pub async fn show(State(app): State<App>, lang: Lang, reader: Reader) -> Result<Markup, AppError> {
    page(&app, lang, &reader, None).await
}

/// What the form for another password sends.
#[derive(Deserialize)]
pub struct NewPassword {
    old: String,
    new: String,
    again: String,
}

impl Drop for NewPassword {
    fn drop(&mut self) {
        for password in [&mut self.old, &mut self.new, &mut self.again] {
            password.zeroize();
        }
    }
}

/// Changes the reader's own password, and says what came of it.
pub async fn change_password(
    State(app): State<App>,
    lang: Lang,
    reader: Reader,
    headers: HeaderMap,
    Form(sent): Form<NewPassword>,
) -> Result<Response, AppError> {
    let browser = cookie::browser(&app, &headers);
    let who = reader.clone();
    let _permit = app.may_check_password().await?;
    let changed = app.blocking(move |app| change(app, &who, browser.as_deref(), &sent)).await?;
    // A wrong password is in the log as a try to sign in.
    let noted = matches!(changed, Err(Unchanged::Wrong));
    let words = lang.words();
    let (status, told) = match changed {
        Ok(()) => (StatusCode::OK, FormResult { good: true, sentence: words.password_changed }),
        Err(why) => {
            let sentence = match why {
                Unchanged::Differs => words.password_differs,
                Unchanged::Length => words.password_length,
                Unchanged::Guessable => words.password_guessable,
                Unchanged::Wrong => words.password_wrong,
            };
            (StatusCode::UNPROCESSABLE_ENTITY, FormResult { good: false, sentence })
        }
    };
    let mut response = (status, page(&app, lang, &reader, Some(told)).await?).into_response();
    if noted {
        response.extensions_mut().insert(Noted);
    }
    Ok(response)
}

/// Why a password stays as it was.
enum Unchanged {
    Differs,
    Length,
    Guessable,
    Wrong,
}

fn change(
    app: &App,
    reader: &Reader,
    browser: Option<&str>,
    sent: &NewPassword,
) -> Result<Result<(), Unchanged>, AppError> {
    if sent.new != sent.again {
        return Ok(Err(Unchanged::Differs));
    }
    let person = app.store.read(|tx| people::get(tx, &reader.person))?;
    let kept = StaysSignedIn { session: &reader.session, browser };
    let changed = people::change_password(
        &app.store,
        &app.passwords,
        &*app.random,
        &person,
        (&sent.old, &sent.new),
        &kept,
        reader.who(),
        app.now(),
    );
    Ok(match changed {
        Ok(()) => Ok(()),
        Err(PeopleError::Wrong) => Err(Unchanged::Wrong),
        Err(PeopleError::Length) => Err(Unchanged::Length),
        Err(PeopleError::Guessable) => Err(Unchanged::Guessable),
        Err(other) => return Err(other.into()),
    })
}

/// What came of a form.
struct FormResult {
    good: bool,
    sentence: &'static str,
}

async fn page(app: &App, lang: Lang, reader: &Reader, told: Option<FormResult>) -> Result<Markup, AppError> {
    let (agency, station, who) = (reader.agency.clone(), reader.station.clone(), reader.clone());
    let (agency, station) = app
        .blocking(move |app| {
            audit::record(&app.store, &Entry::new(app.now(), who.who(), What::AccountOpened))?;
            app.store.read(|tx| {
                let title = lists::agency_title(tx, &agency)?;
                let place = match &station {
                    Some(station) => lists::station_title(tx, station)?,
                    None => None,
                };
                Ok::<_, StoreError>((title, place))
            })
        })
        .await?;
    let words = lang.words();
    let frame = pages::frame(app, lang, reader, words.your_account, "/account");
    let rows = [
        (words.name, Some(reader.name.clone())),
        (words.role_label, Some(words.role(reader.role).to_owned())),
        (words.agency, agency),
        (words.station, station),
    ];
    let body = html! {
        h1 { (words.your_account) }
        dl.fh-fields {
            @for (label, value) in &rows {
                @if let Some(value) = value { dt { (label) } dd { (value) } }
            }
        }
        @if let Some(FormResult { good, sentence }) = told {
            div.usa-alert.usa-alert--success[good].usa-alert--error[!good].usa-alert--slim role="status" {
                div.usa-alert__body { p.usa-alert__text { (sentence) } }
            }
        }
        section aria-labelledby="password" {
            h2 #password { (words.change_password) }
            form.usa-form method="post" action="/account/password" autocomplete="off" {
                @for (name, label, kind) in [
                    ("old", words.old_password, "current-password"),
                    ("new", words.new_password, "new-password"),
                    ("again", words.new_password_again, "new-password"),
                ] {
                    label.usa-label for=(name) { (label) }
                    input.usa-input #(name) name=(name) type="password" autocomplete=(kind) required;
                }
                button.usa-button type="submit" { (words.change_password) }
            }
        }
        form method="post" action="/sign-out-everywhere" {
            p #everywhere { (words.everywhere_why) }
            button.usa-button.usa-button--secondary type="submit" aria-describedby="everywhere" {
                (words.sign_out_everywhere)
            }
        }
    };
    Ok(layout::page(&frame, &body))
}
