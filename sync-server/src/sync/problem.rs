//! Why a phone's request has no answer, as problem+json that says what to do and nothing of any record.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firsthours_core::record::EventId;
use firsthours_core::wire::{EnrolState, ProblemKind};

use crate::http::problem::{self, Cause, LATER_MS, chain};
use crate::programme::devices::DeviceError;
use crate::programme::keys::KeyError;
use crate::records::ingest::IngestError;
use crate::records::load::LoadError;
use crate::store::StoreError;

/// What a phone is told instead of an answer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The nonce is unknown or has run out; here is another.
    #[error("a fresh nonce is needed")]
    FreshNonce(String),
    /// The token is missing, unknown or has run out.
    #[error("the token has run out")]
    TokenExpired,
    /// The install is not approved, or the code is not valid.
    #[error("not enrolled")]
    NotEnrolled(EnrolState),
    /// It may send, and reads nothing.
    #[error("it may only send")]
    SendOnly,
    /// Nothing there, or no part in it.
    #[error("not found")]
    NotFound,
    /// The cursor is of another life of the store. Only told to who has a part in the record.
    #[error("the epoch is over")]
    EpochOver,
    /// The line goes on at another number.
    #[error("expected number {0}")]
    Gap(u64),
    /// The number is here with another id.
    #[error("number {0} is here in another form")]
    Fork(u64, EventId),
    /// More than the limits.
    #[error("too large")]
    TooLarge,
    /// The body did not come in time.
    #[error("too slow")]
    TooSlow,
    /// Not authentic from this number on.
    #[error("not authentic at {0}: {1}")]
    NotAuthentic(u64, &'static str),
    /// The message is not what it should be.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// The app does not speak a version that is spoken here.
    #[error("the app is too old")]
    UpdateNeeded(String),
    /// It passes.
    #[error("unavailable")]
    Unavailable(#[source] Cause),
    /// A fault of the server.
    #[error("internal")]
    Internal(#[source] Cause),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        if error.passes() { Self::Unavailable(error.into()) } else { Self::Internal(error.into()) }
    }
}

impl From<DeviceError> for Fault {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Store(error) => error.into(),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<LoadError> for Fault {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => error.into(),
            LoadError::Key(error) => error.into(),
            other @ LoadError::Damaged { .. } => Self::Internal(other.into()),
        }
    }
}

impl From<IngestError> for Fault {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Store(error) => error.into(),
            IngestError::Key(error) => error.into(),
            IngestError::Load(error) => error.into(),
            IngestError::NotAuthentic { seq, detail } => Self::NotAuthentic(seq, detail),
            IngestError::Gap { expected } => Self::Gap(expected),
            IngestError::Fork { seq, id } => Self::Fork(seq, id),
            IngestError::Misplaced(_) | IngestError::Crowded => Self::Internal(error.into()),
            IngestError::TooMuch(_) => Self::TooLarge,
            IngestError::NoKeyYet(_) => Self::Unavailable(error.into()),
        }
    }
}

impl Fault {
    fn answer(self) -> (StatusCode, &'static str, ProblemKind) {
        match self {
            Self::FreshNonce(next_nonce) => (
                StatusCode::UNAUTHORIZED,
                "Sign this hello again with the nonce given here",
                ProblemKind::FreshNonce { next_nonce },
            ),
            Self::TokenExpired => {
                (StatusCode::UNAUTHORIZED, "Say hello again for a new token", ProblemKind::TokenExpired)
            }
            Self::NotEnrolled(state) => (
                StatusCode::FORBIDDEN,
                "This install is not approved, or the code is not valid",
                ProblemKind::NotEnrolled { state },
            ),
            Self::SendOnly => (
                StatusCode::FORBIDDEN,
                "This install may send what it holds and read nothing",
                ProblemKind::SendOnly,
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "There is no such thing here", ProblemKind::NotFound),
            Self::EpochOver => (
                StatusCode::NOT_FOUND,
                "This epoch is over; say hello, then list from position 0 in the new one",
                ProblemKind::NotFound,
            ),
            Self::Gap(expected) => (
                StatusCode::CONFLICT,
                "Events before these are not here; send from the number given",
                ProblemKind::Gap { expected },
            ),
            Self::Fork(seq, id) => (
                StatusCode::CONFLICT,
                "This number is here with another id; the chain was copied",
                ProblemKind::Fork { seq, id },
            ),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "Send fewer or smaller events", ProblemKind::TooLarge)
            }
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "The body did not come in time; try again",
                ProblemKind::TryLater { after_ms: LATER_MS },
            ),
            Self::NotAuthentic(seq, detail) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "Not authentic from this number on; nothing was acknowledged",
                ProblemKind::NotAuthentic { seq, detail: detail.to_owned() },
            ),
            Self::Malformed(detail) => (
                StatusCode::BAD_REQUEST,
                "The message is not what it should be",
                ProblemKind::Malformed { detail: detail.to_owned() },
            ),
            Self::UpdateNeeded(min_app_version) => (
                StatusCode::UPGRADE_REQUIRED,
                "This app is too old for this server",
                ProblemKind::UpdateNeeded { min_app_version },
            ),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Try again later",
                ProblemKind::TryLater { after_ms: LATER_MS },
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "The server has a fault; what you hold is not lost",
                ProblemKind::Unknown,
            ),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        if let Self::Unavailable(cause) | Self::Internal(cause) = &self {
            tracing::error!(cause = chain(&**cause), "a sync request failed");
        }
        let (status, title, kind) = self.answer();
        let mut response = problem::response(status, title, kind);
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"first-hours\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
