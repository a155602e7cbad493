//! From where a request came, for the log.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::programme::audit::Source;

/// The other end of the connection, as the listener saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The header in which proxies name who asked them.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Finds out from where a request came, before anything is done with it.
pub(crate) async fn find(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let address = if app.config.behind_proxy { forwarded(request.headers()).or(peer) } else { peer };
    request.extensions_mut().insert(Source { address, session: None });
    next.run(request).await
}

/// The last address that was added: the one that our own proxy saw. What stands before it, anybody may have written.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next()?.trim().parse().ok()
}

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_own_proxy_added_is_believed() {
        let with = |lines: &[&'static str]| -> HeaderMap {
            lines
                .iter()
                .map(|line| (FORWARDED_FOR.parse().expect("a name"), line.parse().expect("a value")))
                .collect()
        };
        let address = |text: &str| Some(text.parse::<IpAddr>().expect("an address"));
        assert_eq!(forwarded(&with(&["192.0.2.1, 198.51.100.7"])), address("198.51.100.7"));
        assert_eq!(forwarded(&with(&["192.0.2.1", "2001:db8::7"])), address("2001:db8::7"));
        for none in [&[][..], &["unknown"], &["192.0.2.1,"], &["198.51.100.7, x"]] {
            assert_eq!(forwarded(&with(none)), None, "{none:?}");
        }
    }
}
