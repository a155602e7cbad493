//! The listener: how many connections there are, and how long each may keep us waiting for its first word.
//!
//! Whoever connects and says nothing, or says it letter by letter, holds a place that others need. So places are counted
//! before a connection is taken, and given back when its headers do not come in time.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::http::source::Peer;

/// How much the listener takes on.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at one time; those beyond wait to be taken. Well below the files that a process may open.
    pub connections: usize,
    /// Of one address, this machine's own apart: a proxy before us comes from there.
    pub of_one_address: usize,
    /// How long the headers of a request may take, and how long a connection may be idle before the next one.
    pub headers: Duration,
    /// How long open requests may go on once the server is told to stop.
    pub stopping: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 512,
            of_one_address: 64,
            headers: Duration::from_secs(15),
            stopping: Duration::from_secs(20),
        }
    }
}

/// Headers of a request that are read at all: twice as many as are answered, so that who sends too many is told so.
const HEADERS: usize = 2 * crate::http::headers::MOST;
/// What a connection keeps of headers that it has not read to their end.
const HEADER_BYTES: usize = 2 * crate::http::headers::MOST_BYTES;
/// After a failure to take a connection (no more files, say), before the next try.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` is over, then lets open requests end.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let addresses = Addresses::default();
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let taken = async {
            // A place first: a connection that nobody can serve yet stays with the operating system.
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((place, listener.accept().await))
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            Some(taken) = taken => taken,
            else => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(counted) = addresses.enter(peer, bounds.of_one_address) else { continue };
        let connection = graceful.watch(connection(stream, peer, router.clone(), bounds));
        tokio::spawn(async move {
            // Whatever ends it, its place is free again.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop((place, counted));
        });
    }
    drop(listener);
    if tokio::time::timeout(bounds.stopping, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still open when the server stopped");
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    bounds: Bounds,
) -> impl GracefulConnection<Error = hyper::Error> {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let router = router.clone();
        async move { Ok::<_, std::convert::Infallible>(crate::answer(&router, request.map(Body::new)).await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.headers)
        .max_headers(HEADERS)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
}

/// How many connections each address has. It says nothing that must outlive the process: they end with it.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

impl Addresses {
    /// Counts a connection; `None` if its address has as many as it may.
    fn enter(&self, peer: SocketAddr, most: usize) -> Option<Counted> {
        let address = peer.ip();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_insert(0);
        if *count >= most && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Counted { of: self.clone(), address })
    }
}

/// A connection that is counted for its address until this is dropped.
struct Counted {
    of: Addresses,
    address: IpAddr,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn peer(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().expect("an address"), 1)
    }

    #[test]
    fn an_address_has_no_more_than_its_share_and_gives_it_back() {
        let addresses = Addresses::default();
        let mut held: Vec<Counted> = (0..3).filter_map(|_| addresses.enter(peer("192.0.2.7"), 3)).collect();
        assert_eq!(held.len(), 3);
        assert!(addresses.enter(peer("192.0.2.7"), 3).is_none());
        let other = addresses.enter(peer("192.0.2.8"), 3);
        assert!(other.is_some() && addresses.enter(peer("127.0.0.1"), 0).is_some());
        held.pop();
        assert!(addresses.enter(peer("192.0.2.7"), 3).is_some());
        drop((held, other));
        assert!(addresses.0.lock().expect("a lock").is_empty(), "nothing is kept of who has gone");
    }

    async fn ask(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        answer
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn connections_that_say_nothing_stop_nobody_else() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let bounds = Bounds { connections: 32, headers: Duration::from_millis(300), ..Bounds::default() };
        let router = Router::new().route("/healthz", get(|| async { "ok" }));
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, router, bounds, async move {
            ended.await.ok();
        }));
        // More than there are places: some idle, some in the middle of their headers.
        let mut idle = Vec::new();
        for n in 0..bounds.connections * 3 {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            if n % 2 == 0 {
                stream.write_all(b"GET / HTTP/1.1\r\nhost: ").await.expect("begun");
            }
            idle.push(stream);
        }
        let answer = tokio::time::timeout(Duration::from_secs(30), ask(address)).await.expect("in time");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        drop(idle);
        end.send(()).expect("it listens");
        serving.await.expect("it stops");
    }

    /// The log must say from where a request came.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_request_knows_the_other_end_of_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let peer = |axum::Extension(Peer(peer)): axum::Extension<Peer>| async move { peer.ip().to_string() };
        let router = Router::new().route("/healthz", get(peer));
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, router, Bounds::default(), async move {
            ended.await.ok();
        }));
        let answer = ask(address).await;
        assert!(answer.ends_with("127.0.0.1"), "{answer}");
        end.send(()).expect("it listens");
        serving.await.expect("it stops");
    }
}
