//! Reading a request within its limits, and who sends it.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firsthours_core::record::InstallId;
use firsthours_core::wire::{Compressed, EnrolState, MAX_INFLATED, ReadMessage, compress, inflate};
use serde::Serialize;

use super::problem::Fault;
use super::service::Service;
use super::token::{self, Bearer};

/// An install that bears a good token.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) install: InstallId,
    pub(super) person: String,
    /// Revoked, outdated, of a person who has left, or followed by another install: it may send, and reads nothing.
    pub(super) send_only: bool,
}

/// Reads a body within the limit, and unpacks it.
pub(super) async fn body(service: &Service, headers: &HeaderMap, body: Body) -> Result<Bytes, Fault> {
    body_up_to(MAX_INFLATED, service, headers, body).await
}

/// The same, for what unpacks to `most` bytes at most.
pub(super) async fn body_up_to(
    most: usize,
    service: &Service,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Fault> {
    let limit = usize::try_from(service.settings.limits.batch_bytes).unwrap_or(usize::MAX);
    // Phones count compressed bytes; what is sent as it is, is small.
    let bytes = axum::body::to_bytes(body, limit).await.map_err(|_| Fault::TooLarge)?;
    match headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") if bytes.len() > most => Err(Fault::TooLarge),
        None | Some(b"identity") => Ok(bytes),
        Some(b"zstd") => inflate(&bytes, most).map(Bytes::from).ok_or(Fault::TooLarge),
        Some(_) => Err(Fault::Malformed("only zstd is unpacked here")),
    }
}

/// Reads a message. What is wrong with it is not repeated: it may quote a record.
pub(super) fn message<T: ReadMessage>(bytes: &[u8]) -> Result<T, Fault> {
    T::read(bytes).map_err(|_| Fault::Malformed("the message cannot be read"))
}

/// The bearer of the token in the request.
pub(super) fn bearer(service: &Service, headers: &HeaderMap) -> Result<Bearer, Fault> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|token| token::read_token(service.trust.token_key(), token, service.now_ms()))
        .ok_or(Fault::TokenExpired)
}

/// The install of a token, as it stands now: what was revoked meanwhile acts at once.
pub(super) fn caller(service: &Service, bearer: Bearer) -> Result<Caller, Fault> {
    let row = service.store.read(|tx| {
        tx.row(
            "select install.person, install.state, person.disabled, \
             exists (select 1 from install later where later.follows = install.install \
             and later.state in ('waiting', 'approved')) from install \
             join person on person.id = install.person where install.install = $1",
            &[bearer.install.to_string().into()],
        )
    })?;
    let row = row.ok_or(Fault::NotEnrolled(EnrolState::Unknown))?;
    let send_only = match row.text(1)? {
        // One that another goes on from has ended: it sends what it wrote, from the first word of that on.
        "approved" => bearer.outdated || row.flag(2)? || row.flag(3)?,
        "revoked" => true,
        _ => return Err(Fault::NotEnrolled(EnrolState::Waiting)),
    };
    Ok(Caller { install: bearer.install, person: row.string(0)?, send_only })
}

/// The same, for what is only for those who may read.
pub(super) fn reader(service: &Service, bearer: Bearer) -> Result<Caller, Fault> {
    let caller = caller(service, bearer)?;
    if caller.send_only { Err(Fault::SendOnly) } else { Ok(caller) }
}

/// An answer in JSON, compressed where that pays and the phone takes it.
pub(super) fn answer<T: Serialize>(accepts_zstd: bool, content: &T) -> Result<Response, Fault> {
    let text = serde_json::to_vec(content).map_err(|error| Fault::Internal(error.to_string()))?;
    let packed = if accepts_zstd { compress(text) } else { Compressed::Identity(text) };
    let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(match packed {
        Compressed::Zstd(bytes) => {
            let zstd = (header::CONTENT_ENCODING, HeaderValue::from_static("zstd"));
            (StatusCode::OK, [json, zstd], bytes).into_response()
        }
        Compressed::Identity(bytes) => (StatusCode::OK, [json], bytes).into_response(),
    })
}

/// Whether the phone takes zstd.
pub(super) fn accepts_zstd(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|name| name.split(';').next().is_some_and(|name| name.trim() == "zstd"))
}
