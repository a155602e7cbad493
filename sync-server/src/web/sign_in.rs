//! Signing in and out.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use zeroize::Zeroize;

use super::error::AppError;
use super::layout::{self, Frame};
use super::reader::{Lang, Reader};
use crate::app::App;
use crate::http::cookie;
use crate::http::refusal::Noted;
use crate::programme::audit::{Source, Who};
use crate::programme::{people, sessions};
use crate::store::StoreError;

/// Where the reader was going.
#[derive(Deserialize)]
pub struct Going {
    next: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Credentials {
    username: String,
    password: String,
    next: Option<String>,
}

impl Drop for Credentials {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

/// Shows the form under the banner.
pub async fn show(State(app): State<App>, lang: Lang, Query(going): Query<Going>) -> Markup {
    form(&app, lang, inside(going.next.as_deref()), false)
}

/// Signs in. An unknown name, a locked account and a wrong password get the same answer.
pub async fn enter(
    State(app): State<App>,
    lang: Lang,
    source: Source,
    headers: HeaderMap,
    Form(sent): Form<Credentials>,
) -> Result<Response, AppError> {
    let next = inside(sent.next.as_deref()).to_owned();
    let (old, browser) = (cookie::session(&app, &headers), cookie::browser(&app, &headers));
    let _permit = app.may_check_password().await?;
    let entered =
        app.blocking(move |app| sign_in(app, &sent, old.as_deref(), browser.as_deref(), &source)).await?;
    let Some(cookies) = entered else {
        let mut page = (StatusCode::UNPROCESSABLE_ENTITY, form(&app, lang, &next, true)).into_response();
        page.extensions_mut().insert(Noted);
        return Ok(page);
    };
    let mut response = Redirect::to(&next).into_response();
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, set_cookie(&app, &cookies.session, None));
    if let Some(browser) = cookies.browser
        && let Ok(value) = HeaderValue::from_str(&cookie::keep_browser(&app, &browser))
    {
        headers.append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Signs out and tells the browser to forget what it kept.
///
/// This works whatever state the store is in: whoever leaves a desk must not stay signed in there because a disk is full.
pub async fn leave(State(app): State<App>, source: Source, headers: HeaderMap) -> Result<Response, AppError> {
    if let Some(token) = cookie::session(&app, &headers) {
        app.blocking(move |app| {
            if let Err(error) = sessions::end(&app.store, &token, source.address, app.now()) {
                tracing::error!(%error, "a session could not be ended in the store; this process ends it");
                app.ended.add(&token);
            }
            Ok::<_, AppError>(())
        })
        .await?;
    }
    Ok(gone(&app))
}

/// Ends every session of the reader.
pub async fn leave_everywhere(State(app): State<App>, reader: Reader) -> Result<Response, AppError> {
    app.blocking(move |app| {
        let now = app.now();
        app.store.write(|tx| sessions::end_all(tx, &reader.person, reader.who(), now))
    })
    .await?;
    Ok(gone(&app))
}

/// What a browser keeps after a sign-in.
struct Cookies {
    session: String,
    /// By which it is known from now on, where it was not.
    browser: Option<String>,
}

fn sign_in(
    app: &App,
    sent: &Credentials,
    old: Option<&str>,
    browser: Option<&str>,
    source: &Source,
) -> Result<Option<Cookies>, AppError> {
    let now = app.now();
    let counted = people::count_try(&app.store, &sent.username, browser, now)?;
    let by = Who::Unknown(source);
    let Some(entered) = people::check_try(&app.store, &app.passwords, &counted, &sent.password, by, now)?
    else {
        return Ok(None);
    };
    if let Some(old) = old {
        sessions::end(&app.store, old, source.address, now)?;
    }
    let (random, person) = (&*app.random, &entered.person);
    Ok(Some(app.store.write(|tx| {
        let known =
            if entered.known { None } else { Some(people::know_browser(tx, random, person, browser, now)?) };
        let session = sessions::start(tx, random, person, app.limits(), source.address, now)?;
        Ok::<_, StoreError>(Cookies { session, browser: known })
    })?))
}

fn form(app: &App, lang: Lang, next: &str, refused: bool) -> Markup {
    let words = lang.words();
    let frame = Frame::new(app, lang, None, words.sign_in);
    let body = html! {
        h1 { (words.sign_in) }
        section.usa-alert.usa-alert--info aria-labelledby="banner" {
            div.usa-alert__body {
                h2 #banner.usa-alert__heading { (words.banner_title) }
                p.usa-alert__text { (words.banner) }
            }
        }
        @if refused {
            div.usa-alert.usa-alert--error role="alert" {
                div.usa-alert__body {
                    h2.usa-alert__heading { (words.refused) }
                    p #refused.usa-alert__text { (words.refused_why) }
                }
            }
        }
        form.usa-form method="post" action="/sign-in" {
            input type="hidden" name="next" value=(next);
            label.usa-label for="username" { (words.username) }
            input #username.usa-input name="username" type="text" autocomplete="username" autocapitalize="none"
                spellcheck="false" required maxlength="64" aria-describedby=[refused.then_some("refused")];
            label.usa-label for="password" { (words.password) }
            input #password.usa-input name="password" type="password" autocomplete="current-password" required
                maxlength="256" aria-describedby=[refused.then_some("refused")];
            button.usa-button type="submit" { (words.enter) }
        }
    };
    layout::page(&frame, &body)
}

/// Only a path of this server is a place to go after signing in.
pub(super) fn inside(next: Option<&str>) -> &str {
    match next {
        Some(path)
            if path.starts_with('/')
                && !path.starts_with("//")
                && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte)) =>
        {
            path
        }
        _ => "/",
    }
}

fn gone(app: &App) -> Response {
    let mut response = Redirect::to("/sign-in").into_response();
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(app, "", Some(0)));
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    response
}

fn set_cookie(app: &App, token: &str, max_age: Option<u32>) -> HeaderValue {
    let name = cookie::session_name(app);
    let secure = if app.config.https() { "; Secure" } else { "" };
    let age = max_age.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    HeaderValue::from_str(&format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"))
        .expect("a cookie of hex digits and fixed words is a header value")
}
