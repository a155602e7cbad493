//! Why a page has no answer. What went wrong in detail is for the log only; `dress` gives it a page with a sentence.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::{App, Broken};
use crate::http::bare;
use crate::http::problem::{Cause, chain};
use crate::http::refusal::Refused;
use crate::programme::keys::KeyError;
use crate::programme::people::PeopleError;
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
    /// Try again in a moment.
    #[error("unavailable")]
    Unavailable(#[source] Cause),
    /// A fault of the server.
    #[error("internal")]
    Internal(#[source] Cause),
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
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl App {
    /// Runs blocking work for a page; see [`App::aside`].
    pub(crate) async fn blocking<T, E>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, AppError>
    where
        T: Send + 'static,
        E: Into<AppError> + Send + 'static,
    {
        self.aside(work).await?.map_err(Into::into)
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        if error.passes() { Self::Unavailable(error.into()) } else { Self::Internal(error.into()) }
    }
}

impl From<Broken> for AppError {
    fn from(error: Broken) -> Self {
        match error {
            Broken::Stopping => Self::Unavailable(error.into()),
            Broken::Panicked => Self::Internal(error.into()),
        }
    }
}

impl From<KeyError> for AppError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            other => Self::Internal(other.into()),
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

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match &self {
            Self::SignIn(next) => {
                let mut response = Redirect::to(&format!("/sign-in?next={}", escape(next))).into_response();
                response.extensions_mut().insert(Refused);
                return response;
            }
            Self::Unavailable(cause) => tracing::error!(cause = chain(&**cause), "unavailable"),
            Self::Internal(cause) => tracing::error!(cause = chain(&**cause), "fault"),
            _ => {}
        }
        bare(self.status())
    }
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
