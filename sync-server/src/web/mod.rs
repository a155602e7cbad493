//! The pages: plain forms and tables, complete without scripts.

pub mod assets;
pub mod draw;
pub mod error;
pub mod headers;
pub mod home;
pub mod layout;
pub mod log;
pub mod names;
pub mod pages;
pub mod phones;
pub mod queue;
pub mod reader;
pub mod record;
pub mod scope;
pub mod sign_in;
pub mod words;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{get, post};
use tower_http::csrf::CsrfLayer;

use crate::app::App;
use error::AppError;

/// The most that a form may hold.
const FORM_BYTES: usize = 256 * 1024;

/// The whole server: pages, files, health, and what is nested in `more` (the sync interface), each answer with
/// the same headers, log line and form of error.
pub fn router(app: App, more: Router<App>) -> Router {
    pages()
        .merge(more)
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/assets/{tag}/{*path}", get(assets::serve))
        .fallback(|| async { AppError::NotFound })
        .method_not_allowed_fallback(|| async { AppError::Method })
        .layer(middleware::from_fn_with_state(app.clone(), error::dress))
        .layer(middleware::from_fn_with_state(app.clone(), headers::add))
        .layer(middleware::from_fn_with_state(app.clone(), log::line))
        .with_state(app)
}

/// The pages with the check that a form was sent from a page of this server.
fn pages() -> Router<App> {
    let same_site = CsrfLayer::new().with_rejection_response(|_| error::fault(&AppError::CrossSite));
    Router::new()
        .route("/", get(pages::start))
        .route("/account", get(home::show))
        .route("/language", get(pages::language))
        .route("/queue", get(queue::show))
        .route("/records/{id}", get(record::show))
        .route("/records/{id}/act", post(record::act))
        .route("/records/{id}/hidden", post(record::hidden))
        .route("/records/{id}/sheets/{sheet}", get(record::sheet::show).post(record::sheet::open))
        .route("/records/{id}/sheets/{sheet}/text", get(record::sheet::plain))
        .route("/phones", get(phones::show))
        .route("/phones/{install}/{decision}", post(phones::decide))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/sign-out-everywhere", post(sign_in::leave_everywhere))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(same_site)
}

/// Whether this replica can answer: the store answers a read.
async fn ready(State(app): State<App>) -> Result<(StatusCode, &'static str), AppError> {
    app.blocking(|app| app.store.read(|tx| tx.rows("select version from schema_version", &[]))).await?;
    Ok((StatusCode::OK, "ready\n"))
}

#[cfg(test)]
mod tests;
