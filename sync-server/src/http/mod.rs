//! What the phones' interface and the pages share of HTTP: the listener, routes as data, where a request came from, headers,
//! problems, and the entry in the log of every refusal.

pub mod cookie;
pub(crate) mod headers;
pub mod listen;
pub(crate) mod log;
pub(crate) mod problem;
pub(crate) mod refusal;
pub(crate) mod route;
pub(crate) mod source;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;

/// Marks an answer that has still to be given a body.
#[derive(Clone, Copy)]
pub(crate) struct Bare;

/// An answer that says what went wrong by its status alone; the pages give it a body in the reader's language.
pub(crate) fn bare(status: StatusCode) -> Response<Body> {
    let mut response = status.into_response();
    response.extensions_mut().insert(Bare);
    response
}

/// Answers one request without a socket, as a test or the simulator asks it.
pub async fn answer(router: &axum::Router, request: Request<Body>) -> Response<Body> {
    call(router.clone(), request).await
}

/// The bound brings the service's own `call` into scope, and with it the one way into a router.
async fn call<S>(mut service: S, request: Request<Body>) -> Response<Body>
where
    S: axum::ServiceExt<Request<Body>, Response = Response<Body>, Error = std::convert::Infallible>,
{
    match service.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
