//! What the pages of this server share: their frame, where a reader starts, and the choice of language.

use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use firsthours_core::words::Label;
use serde::Deserialize;

use super::layout::Frame;
use super::reader::{LANGUAGE, Lang, Reader};
use super::scope::Scope;
use crate::app::App;

/// The frame with the pages that this reader may open.
pub fn frame<'a>(app: &'a App, lang: Lang, reader: &'a Reader, title: &'a str, at: &'a str) -> Frame<'a> {
    let language = lang.language();
    let scope = Scope::of(reader);
    let links = [
        (scope.reads_records(), "/queue", Label::Queue.text(language)),
        (scope.decides_on_phones(), "/people", lang.words().people),
        (scope.decides_on_phones(), "/phones", Label::Phones.text(language)),
        (true, "/account", lang.words().your_account),
    ];
    links
        .into_iter()
        .filter(|(may, ..)| *may)
        .fold(Frame::new(app, lang, Some(reader), title).at(at), |frame, (_, path, title)| {
            frame.with_link(path, title, path == at)
        })
}

/// Sends everybody to the page that is theirs.
pub async fn start(reader: Reader) -> Redirect {
    let scope = Scope::of(&reader);
    Redirect::to(if scope.reads_records() {
        "/queue"
    } else if scope.decides_on_phones() {
        "/phones"
    } else {
        "/account"
    })
}

/// Which language, and where to go on.
#[derive(Debug, Deserialize)]
pub struct Choice {
    to: String,
    next: Option<String>,
}

/// Keeps the chosen language in this browser. It changes nothing here, so a link is enough.
pub async fn language(State(app): State<App>, Query(choice): Query<Choice>) -> Response {
    let secure = if app.config.https() { "; Secure" } else { "" };
    let to = if choice.to == "es" { "es" } else { "en" };
    let mut response = Redirect::to(super::sign_in::inside(choice.next.as_deref())).into_response();
    let cookie = format!("{LANGUAGE}={to}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}
