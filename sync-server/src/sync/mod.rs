//! The sync interface, version 1: what phones say and what they are answered. DESIGN section 8.
//!
//! A route reads the request within its limits, learns who asks, and hands over to `ingest` or a query; everything
//! that touches the store runs beside the threads that answer requests.

mod directory;
mod enrol;
mod hello;
mod page;
mod policy;
mod problem;
mod receipt;
mod request;
mod service;
mod upload;

use axum::Router;
use axum::extract::DefaultBodyLimit;

use crate::http::route::{self, Route, get, post};

pub use problem::Fault;
pub use service::Service;

/// The routes of the interface, to be merged into the server's.
pub fn router<S: Clone + Send + Sync + 'static>(service: Service) -> Router<S> {
    route::router(routes())
        // Each route reads its body itself, up to the limit that phones are told.
        .layer(DefaultBodyLimit::disable())
        .with_state(service)
}

/// Every route here.
pub(crate) fn routes() -> Vec<Route<Service>> {
    vec![
        post("/v1/enrol", enrol::enrol),
        post("/v1/sync/hello", hello::hello),
        post("/v1/sync/events", upload::events),
        post("/v1/sync/holes", upload::holes),
        post("/v1/sync/offers", upload::offers),
        get("/v1/sync/encounters/{id}/{epoch}/events", page::events),
        get("/v1/protocols/{sha256}", directory::protocol),
        get("/v1/directory", directory::directory),
        get("/v1/policy", policy::policy),
    ]
}
