//! Gives every error its body: a page with a plain sentence, or problem+json under `/v1`.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::layout::{self, Frame};
use super::reader::Lang;
use crate::app::App;
use crate::http::{Bare, problem};

/// Gives every error a body: our own, and those that the framework made as plain text (a form that cannot be
/// read, a body that is too large), whose words may quote what was sent.
pub(super) async fn dress(State(app): State<App>, lang: Lang, request: Request, next: Next) -> Response {
    let machine = request.uri().path().starts_with("/v1/");
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || dressed(&response) {
        return response;
    }
    let mut answer = if machine { problem::of_status(status) } else { page(&app, lang, status) };
    answer.extensions_mut().extend(response.extensions().clone());
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("5"));
    }
    answer
}

fn page(app: &App, lang: Lang, status: StatusCode) -> Response {
    let words = lang.words();
    let (title, sentence) = match status {
        StatusCode::NOT_FOUND => (words.not_found, words.not_found_why),
        StatusCode::FORBIDDEN => (words.forbidden, words.forbidden_why),
        StatusCode::CONFLICT => (words.changed, words.changed_why),
        StatusCode::PAYLOAD_TOO_LARGE => (words.too_large, words.too_large_why),
        status if status.is_server_error() => (words.broken, words.broken_why),
        _ => (words.unreadable, words.unreadable_why),
    };
    let frame = Frame::new(app, lang, None, title);
    let body = maud::html! {
        h1 { (title) }
        p.usa-intro { (sentence) }
        p { a.usa-link href="/" { (words.go_home) } }
    };
    (status, layout::page(&frame, &body)).into_response()
}

fn dressed(response: &Response) -> bool {
    if response.extensions().get::<Bare>().is_some() {
        return false;
    }
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes().starts_with(b"text/html") || kind.as_bytes().starts_with(b"application/problem+json")
    })
}
