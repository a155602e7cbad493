//! The pages: plain forms and tables, complete without scripts.

pub mod assets;
pub mod draw;
mod dress;
pub mod error;
pub mod home;
pub mod layout;
pub mod names;
pub mod pages;
pub mod people;
pub mod phones;
pub mod queue;
pub mod reader;
pub mod record;
pub mod scope;
pub mod sign_in;
pub mod words;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::IntoResponse;
use tower_http::csrf::CsrfLayer;

use crate::app::App;
use crate::http::route::{self, Route, get, post};
use crate::http::{headers, log, refusal, source};
use error::AppError;

/// The most that a form may hold.
const FORM_BYTES: usize = 256 * 1024;

/// The whole server: pages, files, health, and what is nested in `more` (the sync interface), each answer with
/// the same headers, log line and form of error.
pub fn router(app: App, more: Router<App>) -> Router {
    let same_site = CsrfLayer::new().with_rejection_response(|_| AppError::CrossSite.into_response());
    let pages = route::router(pages()).layer(DefaultBodyLimit::max(FORM_BYTES)).layer(same_site);
    pages
        .merge(more)
        .merge(route::router(open()))
        .fallback(|| async { AppError::NotFound })
        .method_not_allowed_fallback(|| async { AppError::Method })
        .layer(middleware::from_fn(headers::bounded))
        .layer(middleware::from_fn_with_state(app.clone(), dress::dress))
        .layer(middleware::from_fn_with_state(app.clone(), refusal::note))
        .layer(middleware::from_fn_with_state(app.clone(), source::find))
        .layer(middleware::from_fn_with_state(app.clone(), headers::add))
        .layer(middleware::from_fn_with_state(app.clone(), log::line))
        .with_state(app)
}

/// The pages. Each form is checked to come from a page of this server.
fn pages() -> Vec<Route<App>> {
    vec![
        get("/", pages::start),
        get("/account", home::show),
        post("/account/password", home::change_password),
        get("/language", pages::language),
        get("/queue", queue::show),
        get("/records/{id}", record::show),
        post("/records/{id}/act", record::act),
        post("/records/{id}/hidden", record::hidden),
        get("/records/{id}/sheets/{sheet}", record::sheet::show),
        post("/records/{id}/sheets/{sheet}", record::sheet::open),
        get("/records/{id}/sheets/{sheet}/text", record::sheet::plain),
        get("/people", people::show),
        post("/people/{person}/release", people::release),
        get("/phones", phones::show),
        post("/phones/{install}/{decision}", phones::decide),
        get("/sign-in", sign_in::show),
        post("/sign-in", sign_in::enter),
        post("/sign-out", sign_in::leave),
        post("/sign-out-everywhere", sign_in::leave_everywhere),
    ]
}

/// What is open to everybody and says nothing of anybody.
fn open() -> Vec<Route<App>> {
    vec![
        get("/healthz", || async { "ok\n" }),
        get("/readyz", ready),
        get("/assets/{tag}/{*path}", assets::serve),
    ]
}

/// Every route here.
pub(crate) fn routes() -> Vec<(Method, &'static str)> {
    route::names(pages()).into_iter().chain(route::names(open())).collect()
}

/// Whether this replica can answer: the store takes a write. A full disk lets everything be read and nothing be logged, and
/// what cannot be logged is not shown.
async fn ready(State(app): State<App>) -> Result<(StatusCode, &'static str), AppError> {
    app.blocking(|app| app.readiness.ask(&app.store, app.now())).await?;
    Ok((StatusCode::OK, "ready\n"))
}

#[cfg(test)]
mod tests;
