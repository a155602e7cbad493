//! The headers of every answer, errors and files included.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;

/// Nothing is loaded, sent or framed but from and to this server; nothing inline runs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The same, but a page of this server may show these pages in a frame (the demonstration's split page).
const POLICY_FRAMED: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                             font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                             frame-ancestors 'self'";

/// Headers of a request: as many as a phone or a browser sends, several times over.
pub(crate) const MOST: usize = 64;
/// Bytes of their names and values.
pub(crate) const MOST_BYTES: usize = 32 * 1024;

/// Refuses a request with too many headers, or too long ones. The listener cuts off what is twice as much, without a word.
pub(crate) async fn bounded(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MOST || bytes > MOST_BYTES {
        return super::bare(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    next.run(request).await
}

/// Adds the headers.
pub(crate) async fn add(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = if app.config.frame_ancestors_self { POLICY_FRAMED } else { POLICY };
    set(headers, header::CONTENT_SECURITY_POLICY, policy);
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(headers, HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    if app.config.https() {
        set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    // Files under their hash say for themselves that they may be kept; nothing else may.
    if !headers.contains_key(header::CACHE_CONTROL) {
        set(headers, header::CACHE_CONTROL, "no-store");
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
