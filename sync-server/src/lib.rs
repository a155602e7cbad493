//! The sync server and the review pages of First Hours: one binary, one folder.
//!
//! `store` alone knows SQL. A route reads who asks, asks a module for a decision, and lets `web` draw it.
//! Time and randomness come in through [`app::App`], so a test drives the whole server in its own process.

pub mod app;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod devices;
pub mod ingest;
pub mod keys;
pub mod listen;
pub mod load;
mod out;
pub mod people;
pub mod permission;
pub mod protocols;
pub mod random;
pub mod readiness;
mod route;
pub mod sessions;
mod source;
pub mod store;
pub mod sync;
#[cfg(test)]
mod testing;
pub mod trust;
pub mod web;

pub use app::App;

use axum::body::Body;
use axum::http::{Request, Response};

/// The whole server.
pub fn router(app: App) -> axum::Router {
    let sync = sync::router(app.sync.clone());
    web::router(app, sync)
}

/// Every route of the server, by method and pattern: what [`router`] is made of.
pub fn routes() -> Vec<(axum::http::Method, &'static str)> {
    route::names(sync::routes()).into_iter().chain(web::routes()).collect()
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
