//! A route as data, so that a test can visit every one there is.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{self, MethodRouter};

/// One way in: a method, a path, and what answers.
pub(crate) struct Route<S> {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    handler: MethodRouter<S>,
}

/// A route that reads.
pub(crate) fn get<H, T, S>(path: &'static str, handler: H) -> Route<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    Route { method: Method::GET, path, handler: routing::get(handler) }
}

/// A route that writes.
pub(crate) fn post<H, T, S>(path: &'static str, handler: H) -> Route<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    Route { method: Method::POST, path, handler: routing::post(handler) }
}

/// The router of these routes.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(routes: Vec<Route<S>>) -> Router<S> {
    routes.into_iter().fold(Router::new(), |router, route| router.route(route.path, route.handler))
}

/// Their names.
pub(crate) fn names<S>(routes: Vec<Route<S>>) -> Vec<(Method, &'static str)> {
    routes.into_iter().map(|route| (route.method, route.path)).collect()
}
