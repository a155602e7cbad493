//! One error for every route: a page with a plain sentence, or problem+json under `/v1`. What went wrong in
//! detail is for the log only.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::layout::{self, Frame};
use super::reader::Lang;
use super::refusal::Refused;
use crate::app::App;
use crate::keys::KeyError;
use crate::people::PeopleError;
use crate::store::StoreError;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No such page, or one that this reader may not know of.
    #[error("not found")]
    NotFound,
    /// The page exists, but not for this act.
    #[error("method not allowed")]
    Method,
    /// This reader may not do this.
    #[error("not allowed")]
    Forbidden,
    /// The form came from another site.
    #[error("cross-site request")]
    CrossSite,
    /// The reader must sign in first; the path is where they were going.
    #[error("not signed in")]
    SignIn(String),
    /// The request is not complete or not readable.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// Someone else was faster; look again.
    #[error("changed meanwhile")]
    Changed,
    /// Too much was sent at once.
    #[error("too large")]
    TooLarge,
    /// The headers are too many or too long.
    #[error("headers too large")]
    Headers,
    /// Try again in a moment.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A fault of the server.
    #[error("internal: {0}")]
    Internal(String),
}

impl AppError {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Forbidden | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::SignIn(_) => StatusCode::UNAUTHORIZED,
            Self::BadRequest(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Changed => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Headers => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Full | StoreError::NotAvailable(_) => {
                Self::Unavailable(error.to_string())
            }
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<KeyError> for AppError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<PeopleError> for AppError {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Store(error) => error.into(),
            PeopleError::Missing => Self::NotFound,
            _ => Self::BadRequest("person"),
        }
    }
}

/// Marks an answer that [`dress`] has still to give a body.
#[derive(Clone, Copy)]
struct Bare;

/// The bare answer of an error; [`dress`] gives it a body.
pub fn fault(error: &AppError) -> Response {
    let mut response = error.status().into_response();
    response.extensions_mut().insert(Bare);
    response
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match &self {
            Self::SignIn(next) => {
                let mut response = Redirect::to(&format!("/sign-in?next={}", escape(next))).into_response();
                response.extensions_mut().insert(Refused);
                return response;
            }
            Self::Unavailable(detail) => tracing::error!(detail, "unavailable"),
            Self::Internal(detail) => tracing::error!(detail, "fault"),
            _ => {}
        }
        fault(&self)
    }
}

/// Gives every error a body: our own, and those that the framework made as plain text (a form that cannot be
/// read, a body that is too large), whose words may quote what was sent.
pub async fn dress(State(app): State<App>, lang: Lang, request: Request, next: Next) -> Response {
    let machine = request.uri().path().starts_with("/v1/");
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || dressed(&response) {
        return response;
    }
    let mut answer = if machine { problem(status) } else { page(&app, lang, status) };
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

/// RFC 9457, with nothing of the record and nothing of the program.
fn problem(status: StatusCode) -> Response {
    let problem = crate::sync::problem_of(status);
    (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(problem)).into_response()
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

/// Percent-encodes what may not stand in a query value.
fn escape(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            use std::fmt::Write;
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
        out
    })
}
