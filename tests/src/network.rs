//! A phone's way to the server: the real HTTP client behind a switch, and a knife.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    heard: Mutex<Heard>,
}

/// What a listener on the phone would have heard, and what it does next.
#[derive(Default)]
struct Heard {
    paths: Vec<String>,
    token: Option<String>,
    /// What happens once, before the next request to a path with this in it.
    before: Option<(&'static str, Box<Hook>)>,
    alter: Option<Arc<Alter>>,
}

/// Something that happens once.
type Hook = dyn FnOnce() + Send;

/// Changes an answer on its way.
type Alter = dyn Fn(&Request, Response) -> Response + Send + Sync;

impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heard").field("paths", &self.paths).finish_non_exhaustive()
    }
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

    /// Does something once, before the next request to a path with `part` in it leaves the phone.
    pub fn before(&self, part: &'static str, hook: impl FnOnce() + Send + 'static) {
        self.heard().before = Some((part, Box::new(hook)));
    }

    /// From here on changes every answer before the phone hears it.
    pub fn alter(&self, alter: impl Fn(&Request, Response) -> Response + Send + Sync + 'static) {
        self.heard().alter = Some(Arc::new(alter));
    }

    /// The paths of all requests made so far, in order.
    pub fn paths(&self) -> Vec<String> {
        self.heard().paths.clone()
    }

    /// The `Authorization` header that was sent last.
    pub fn token(&self) -> Option<String> {
        self.heard().token.clone()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, request: &Request) {
        let mut heard = self.heard();
        heard.paths.push(request.path.clone());
        if let Some((_, token)) = request.headers.iter().find(|(name, _)| *name == "authorization") {
            heard.token = Some(token.clone());
        }
        let hook = heard.before.take_if(|(part, _)| request.path.contains(*part));
        // It may make requests of its own.
        drop(heard);
        if let Some((_, hook)) = hook {
            hook();
        }
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
        self.network.listen(request);
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
        let alter = self.network.heard().alter.clone();
        match alter {
            Some(alter) => answer.map(|answer| alter(request, answer)),
            None => answer,
        }
    }
}
