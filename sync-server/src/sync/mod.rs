//! The sync interface, version 1: what phones say and what they are answered. DESIGN section 8.
//!
//! A route reads the request within its limits, learns who asks, and hands over to `ingest` or a query; everything
//! that touches the store runs beside the threads that answer requests.

mod directory;
mod enrol;
mod hello;
mod page;
mod problem;
mod receipt;
mod request;
mod service;
mod token;
mod upload;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

pub use directory::set_numbers;
pub use problem::{Fault, problem_of};
pub use service::{Service, Settings};

/// The routes of the interface, to be merged into the server's.
pub fn router<S: Clone + Send + Sync + 'static>(service: Service) -> Router<S> {
    Router::new()
        .route("/v1/enrol", post(enrol::enrol))
        .route("/v1/sync/hello", post(hello::hello))
        .route("/v1/sync/events", post(upload::events))
        .route("/v1/sync/holes", post(upload::holes))
        .route("/v1/sync/offers", post(upload::offers))
        .route("/v1/sync/encounters/{id}/{epoch}/events", get(page::events))
        .route("/v1/protocols/{sha256}", get(directory::protocol))
        .route("/v1/directory", get(directory::directory))
        // Each route reads its body itself, up to the limit that phones are told.
        .layer(DefaultBodyLimit::disable())
        .with_state(service)
}
