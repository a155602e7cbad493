//! One log line for each request, by allow-list: no query, no body, no name, no path that nobody knows.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use firsthours_core::outside::random_bytes;

use crate::app::App;

/// Writes the line when the answer is ready.
pub(crate) async fn line(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = hex::encode(random_bytes::<8>(&*app.random));
    let method = request.method().clone();
    let route = template(request.uri().path());
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    // What was not found was not one of our paths, so its text is somebody else's.
    let route = if status == StatusCode::NOT_FOUND { "unmatched" } else { &route };
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request = %id, %method, route, status = status.as_u16(), ms, "request");
    response
}

/// The path with every part that is not a plain word replaced.
fn template(path: &str) -> String {
    let plain = |part: &str| {
        part.len() <= 24 && part.chars().all(|c| c.is_ascii_lowercase() || c == '-') || part == "v1"
    };
    let known = |part| if plain(part) { part } else { "{}" };
    path.split('/').map(known).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn a_route_in_the_log_holds_no_id() {
        assert_eq!(template("/records/0f3a9c/steps/S12"), "/records/{}/steps/{}");
        assert_eq!(template("/v1/sync/hello"), "/v1/sync/hello");
        assert_eq!(template("/"), "/");
    }
}
