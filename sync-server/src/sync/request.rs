//! Reading a request within its limits, and who sends it.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firsthours_core::record::{InstallId, PersonId};
use firsthours_core::wire::{Compressed, EnrolState, MAX_REQUEST, ReadMessage, Unpack, compress, unpack};
use serde::Serialize;

use super::problem::Fault;
use super::service::Service;
use crate::programme::audit::{Source, Who};
use crate::programme::tokens::{self, Bearer};
use crate::store::installs::{self, InstallState};

/// How long a body may take: a poor link sends the largest in a few seconds.
const BODY_TIME: std::time::Duration = std::time::Duration::from_mins(1);

/// An install that bears a good token.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) install: InstallId,
    pub(super) person: PersonId,
    /// Revoked, outdated, of a person who has left, or followed by another install: it may send, and reads nothing.
    pub(super) send_only: bool,
    /// Another install goes on from it.
    pub(super) followed: bool,
    /// From where it asks, for the log.
    pub(super) source: Source,
}

impl Caller {
    /// As whom the log knows it, and from where it asks.
    pub(super) fn who(&self) -> Who<'_> {
        Who::Install(self.install, &self.source)
    }
}

/// Who bears a token, and from where it came.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    pub(super) bearer: Bearer,
    pub(super) source: Source,
}

/// Reads a body within the limit, and unpacks it.
pub(super) async fn body(service: &Service, headers: &HeaderMap, body: Body) -> Result<Bytes, Fault> {
    body_up_to(MAX_REQUEST, service, headers, body).await
}

/// The same, for what unpacks to `most` bytes at most.
pub(super) async fn body_up_to(
    most: usize,
    service: &Service,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Fault> {
    let limit = usize::try_from(service.policy.limits.batch_bytes).unwrap_or(usize::MAX);
    // Phones count compressed bytes; what is sent as it is, is small.
    let read = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, limit)).await;
    let bytes = read.map_err(|_| Fault::TooSlow)?.map_err(|_| Fault::TooLarge)?;
    match headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") if bytes.len() > most => Err(Fault::TooLarge),
        None | Some(b"identity") => Ok(bytes),
        // What is damaged is not too large: a phone would send less and less of it for ever.
        Some(b"zstd") => match unpack(&bytes, most) {
            Ok(plain) => Ok(Bytes::from(plain)),
            Err(Unpack::TooLarge) => Err(Fault::TooLarge),
            Err(Unpack::Damaged) => Err(Fault::Malformed("the body does not unpack")),
        },
        Some(_) => Err(Fault::Malformed("only zstd is unpacked here")),
    }
}

/// Reads a message. What is wrong with it is not repeated: it may quote a record.
pub(super) fn message<T: ReadMessage>(bytes: &[u8]) -> Result<T, Fault> {
    T::read(bytes).map_err(|_| Fault::Malformed("the message cannot be read"))
}

/// The bearer of the token in the request, which names the session in the log.
pub(super) fn bearer(service: &Service, headers: &HeaderMap, source: &Source) -> Result<Asking, Fault> {
    let bearer = tokens::bearer(service.trust.token_key(), headers, service.now());
    let (bearer, session) = bearer.ok_or(Fault::TokenExpired)?;
    Ok(Asking { bearer, source: Source { address: source.address, session: Some(session) } })
}

/// The install of a token, as it stands now: what was revoked meanwhile acts at once.
pub(super) fn caller(service: &Service, asking: Asking) -> Result<Caller, Fault> {
    let Asking { bearer, source } = asking;
    let row = service.store.read(|tx| installs::caller(tx, bearer.install))?;
    let row = row.ok_or(Fault::NotEnrolled(EnrolState::Unknown))?;
    let followed = row.followed;
    let send_only = match row.state {
        // One that another goes on from has ended: it sends what it wrote, from the first word of that on.
        InstallState::Approved => bearer.outdated || row.disabled || followed,
        InstallState::Revoked => true,
        InstallState::Waiting | InstallState::Refused => {
            return Err(Fault::NotEnrolled(EnrolState::Waiting));
        }
    };
    Ok(Caller { install: bearer.install, person: row.person, send_only, followed, source })
}

/// The same, for what is only for those who may read.
pub(super) fn reader(service: &Service, asking: Asking) -> Result<Caller, Fault> {
    let caller = caller(service, asking)?;
    if caller.send_only { Err(Fault::SendOnly) } else { Ok(caller) }
}

/// An answer in JSON, compressed where that pays and the phone takes it.
pub(super) fn answer<T: Serialize>(accepts_zstd: bool, content: &T) -> Result<Response, Fault> {
    let text = serde_json::to_vec(content).map_err(|error| Fault::Internal(error.into()))?;
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
        .any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let zstd = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("zstd"));
            // A weight of 0 says that it is not taken (RFC 9110, section 12.4.2).
            let refused = |part: &str| {
                part.split_once('=').is_some_and(|(name, weight)| {
                    name.trim().eq_ignore_ascii_case("q") && weight.trim().parse() == Ok(0.0_f32)
                })
            };
            zstd && !parts.any(refused)
        })
}

/// Whether the caller has what this tag names already (RFC 9110, section 13.1.2): any of a list, weakly compared, or `*`.
pub(super) fn has(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// JSON that is known by its tag: sent, or said to be what the caller has.
pub(super) fn tagged(headers: &HeaderMap, etag: &str, json: Vec<u8>) -> Result<Response, Fault> {
    let internal = |error: axum::http::header::InvalidHeaderValue| Fault::Internal(error.into());
    let tag = (header::ETAG, HeaderValue::from_str(etag).map_err(internal)?);
    if has(headers, etag) {
        return Ok((StatusCode::NOT_MODIFIED, [tag]).into_response());
    }
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let vary = (header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(match if accepts_zstd(headers) { compress(json) } else { Compressed::Identity(json) } {
        Compressed::Zstd(bytes) => {
            let zstd = (header::CONTENT_ENCODING, HeaderValue::from_static("zstd"));
            (StatusCode::OK, [tag, kind, vary, zstd], bytes).into_response()
        }
        Compressed::Identity(bytes) => (StatusCode::OK, [tag, kind, vary], bytes).into_response(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_tag_is_found_in_every_form_that_names_it() {
        let has = |value| has(&with(header::IF_NONE_MATCH, value), "\"a1\"");
        for same in ["\"a1\"", "W/\"a1\"", "\"b2\", \"a1\"", "\"b2\",W/\"a1\"", "*"] {
            assert!(has(same), "{same}");
        }
        for other in ["", "a1", "\"A1\"", "\"b2\"", "w/\"a1\"", "\"a1"] {
            assert!(!has(other), "{other}");
        }
    }

    #[test]
    fn zstd_is_taken_where_it_is_named_and_not_refused() {
        let takes = |value| accepts_zstd(&with(header::ACCEPT_ENCODING, value));
        for yes in ["zstd", "gzip, zstd", "ZSTD;q=0.1", "gzip;q=0,zstd ; q=1.0"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "gzip", "zstd;q=0", "zstd; q=0.000", "xzstd"] {
            assert!(!takes(no), "{no}");
        }
    }
}
