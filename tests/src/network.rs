//! A phone's way to the server: the real HTTP client behind a switch, and a knife.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use firsthours_core::app::Connect;
use firsthours_core::sync::{Http, Request, Response, Transport, Unreachable};

/// One phone's network.
#[derive(Debug, Default)]
pub struct Network {
    no_signal: AtomicBool,
    /// Uploads until the line is cut after the server has answered and before the phone hears it; below 0: never.
    cut_in: AtomicI64,
    requests: AtomicU64,
    bytes_up: AtomicU64,
}

impl Network {
    /// A network with a signal.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { cut_in: AtomicI64::new(-1), ..Self::default() })
    }

    /// Switches the signal off or on.
    pub fn set_signal(&self, signal: bool) {
        self.no_signal.store(!signal, Ordering::SeqCst);
    }

    /// Whether there is a signal.
    pub fn signal(&self) -> bool {
        !self.no_signal.load(Ordering::SeqCst)
    }

    /// Cuts the line at the `n`-th upload from now, 1 being the next: the server has committed it, the phone hears
    /// nothing, and the signal is gone.
    pub fn cut_at_upload(&self, n: i64) {
        self.cut_in.store(n, Ordering::SeqCst);
    }

    /// Requests made so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// How a phone connects over this network.
    pub fn connect(self: &Arc<Self>) -> Arc<Connect> {
        let network = Arc::clone(self);
        Arc::new(move |address, ca| {
            Ok(Box::new(Line { http: Http::new(address, ca)?, network: Arc::clone(&network) }))
        })
    }
}

struct Line {
    http: Http,
    network: Arc<Network>,
}

impl Transport for Line {
    fn send(&self, request: &Request) -> Result<Response, Unreachable> {
        if !self.network.signal() {
            return Err(Unreachable::NoConnection);
        }
        self.network.requests.fetch_add(1, Ordering::SeqCst);
        self.network.bytes_up.fetch_add(u64::try_from(request.body.len()).unwrap_or(0), Ordering::SeqCst);
        let answer = self.http.send(request);
        let upload = request.path.ends_with("/sync/events");
        if upload && self.network.cut_in.load(Ordering::SeqCst) > 0 {
            let left = self.network.cut_in.fetch_sub(1, Ordering::SeqCst) - 1;
            if left == 0 {
                self.network.cut_in.store(-1, Ordering::SeqCst);
                self.network.set_signal(false);
                return Err(Unreachable::NoConnection);
            }
        }
        answer
    }
}
