//! The sync server and the review pages of First Hours: one binary, one folder.
//!
//! Floors, each naming only those below it: `store` (which alone knows SQL), `programme` (people, phones, trust, the log),
//! `records` (taking in, loading, desk acts), `app` (a folder, opened), `http` (what both doors share), the doors `sync` and
//! `web`, of which neither names the other, and `cli`.
//! Time and randomness come in through [`app::App`], so a test drives the whole server in its own process.

pub mod app;
pub mod cli;
pub mod config;
pub mod http;
pub mod programme;
pub mod records;
pub mod store;
pub mod sync;
#[cfg(test)]
mod testing;
pub mod web;

pub use app::App;
pub use http::answer;

/// The whole server.
pub fn router(app: App) -> axum::Router {
    let service = sync::Service::new(app.records.clone(), app.config.title.clone());
    let sync = sync::router(service);
    web::router(app, sync)
}

/// Every route of the server, by method and pattern: what [`router`] is made of.
pub fn routes() -> Vec<(axum::http::Method, &'static str)> {
    http::route::names(sync::routes()).into_iter().chain(web::routes()).collect()
}
