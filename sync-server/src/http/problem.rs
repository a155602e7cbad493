//! Problems: what a machine is told instead of an answer (RFC 9457), with nothing of a record and nothing of the program.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use firsthours_core::wire::{Problem, ProblemKind};

use super::refusal::ProblemName;

/// What an internal error comes from. It is for the log alone: what a person or a phone is told is decided at the door.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An error and what it comes from, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let said = error.to_string();
        // A transparent error says what its source says.
        if !line.ends_with(&said) {
            line = format!("{line}: {said}");
        }
        source = error.source();
    }
    line
}

/// When to try again after a fault that passes.
pub(crate) const LATER_MS: i64 = 5_000;

/// The answer that tells of a problem.
pub(crate) fn response(status: StatusCode, title: &str, kind: ProblemKind) -> Response {
    let name = name(&kind);
    let problem = Problem {
        urn: format!("urn:first-hours:problem:{name}"),
        title: title.to_owned(),
        status: status.as_u16(),
        kind,
    };
    let mut response =
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(problem)).into_response();
    response.extensions_mut().insert(ProblemName(name));
    response
}

/// The name of a problem: the end of its URN, and what the log calls it.
fn name(kind: &ProblemKind) -> &'static str {
    match kind {
        ProblemKind::FreshNonce { .. } => "fresh_nonce",
        ProblemKind::TokenExpired => "token_expired",
        ProblemKind::NotEnrolled { .. } => "not_enrolled",
        ProblemKind::SendOnly => "send_only",
        ProblemKind::NotFound => "not_found",
        ProblemKind::Gap { .. } => "gap",
        ProblemKind::Fork { .. } => "fork",
        ProblemKind::TooLarge => "too_large",
        ProblemKind::NotAuthentic { .. } => "not_authentic",
        ProblemKind::Malformed { .. } => "malformed",
        ProblemKind::TryLater { .. } => "try_later",
        ProblemKind::UpdateNeeded { .. } => "update_needed",
        ProblemKind::Unknown => "unknown",
    }
}

/// The answer where no route made one: an unknown path, another method, what the framework refused.
pub(crate) fn of_status(status: StatusCode) -> Response {
    let (title, kind) = match status {
        StatusCode::NOT_FOUND => ("There is no such thing here", ProblemKind::NotFound),
        StatusCode::PAYLOAD_TOO_LARGE => ("Send fewer or smaller events", ProblemKind::TooLarge),
        status if status.is_client_error() => (
            "The request is not what it should be",
            ProblemKind::Malformed { detail: status.canonical_reason().unwrap_or("refused").to_lowercase() },
        ),
        StatusCode::SERVICE_UNAVAILABLE => ("Try again later", ProblemKind::TryLater { after_ms: LATER_MS }),
        _ => ("The server has a fault; what you hold is not lost", ProblemKind::Unknown),
    };
    response(status, title, kind)
}
