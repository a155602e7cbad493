//! What stands between a phone and its station: passes every byte, and damages what it is told to.

use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use std::io::Write;

use firsthours_core::app::ServerEndpoint;
use firsthours_core::words::Language;
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme};

use crate::http;

/// What becomes of a request.
pub(crate) enum Action {
    Pass,
    /// The station hears nothing, and the phone no answer.
    Drop,
    /// The station hears these bytes instead; with `cut`, then the end of the line.
    Send {
        bytes: Vec<u8>,
        cut: bool,
    },
    /// The station is not asked: the phone hears these bytes, then the end of the line.
    Hear(Vec<u8>),
}

type Rule = dyn Fn(&[u8]) -> Action + Send + Sync;

/// A request and its answer.
type Exchange = (Vec<u8>, Vec<u8>);

/// The proxy; it ends with its value.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    station: Mutex<SocketAddr>,
    rule: Mutex<Option<Arc<Rule>>>,
    /// The last of each path.
    last: Mutex<BTreeMap<String, Exchange>>,
    over: AtomicBool,
}

impl Proxy {
    pub(crate) fn to(station: SocketAddr) -> Result<Self, Fault> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            station: Mutex::new(station),
            rule: Mutex::new(None),
            last: Mutex::new(BTreeMap::new()),
            over: AtomicBool::new(false),
        });
        let serving = Arc::clone(&inner);
        std::thread::spawn(move || {
            for phone in listener.incoming() {
                if serving.over.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(phone) = phone else { continue };
                let inner = Arc::clone(&serving);
                // A line that breaks is what this is for.
                std::thread::spawn(move || drop(inner.serve(phone)));
            }
        });
        Ok(Self { address, inner })
    }

    /// From here on another server answers.
    pub(crate) fn lead_to(&self, station: SocketAddr) {
        *lock(&self.inner.station) = station;
    }

    /// From here on this decides what becomes of each request.
    pub(crate) fn rule(&self, rule: impl Fn(&[u8]) -> Action + Send + Sync + 'static) {
        *lock(&self.inner.rule) = Some(Arc::new(rule));
    }

    /// From here on everything passes.
    pub(crate) fn pass(&self) {
        *lock(&self.inner.rule) = None;
    }

    /// The last request to a path that begins so, and what the phone heard.
    pub(crate) fn last(&self, begins: &str) -> Option<Exchange> {
        lock(&self.inner.last).iter().find(|(path, _)| path.starts_with(begins)).map(|(_, both)| both.clone())
    }

    /// A phone enrolled over this proxy.
    pub(crate) fn phone(&self, programme: &Programme, username: &str) -> Result<Phone, Fault> {
        let phone = Phone::new(&programme.clock, Language::En)?;
        let station = ServerEndpoint { address: format!("http://{}", self.address), ..programme.station() };
        let code = programme.code(username)?;
        phone.app().enrol(station.clone(), &code)?;
        programme.approve_all()?;
        phone.app().enrol(station, &code)?;
        Ok(phone)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.inner.over.store(true, Ordering::SeqCst);
        // The listener hears of it with the next connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Inner {
    fn serve(&self, mut phone: TcpStream) -> std::io::Result<()> {
        phone.set_nodelay(true)?;
        while let Some(request) = http::message(&mut phone)? {
            let rule = lock(&self.rule).clone();
            let action = rule.map_or(Action::Pass, |rule| rule(&request));
            let (bytes, cut) = match action {
                Action::Pass => (request.clone(), false),
                Action::Send { bytes, cut } => (bytes, cut),
                Action::Drop => {
                    self.keep(request, Vec::new());
                    break;
                }
                Action::Hear(bytes) => {
                    phone.write_all(&bytes)?;
                    break;
                }
            };
            let mut station = TcpStream::connect(*lock(&self.station))?;
            station.set_nodelay(true)?;
            station.write_all(&bytes)?;
            if cut {
                station.shutdown(Shutdown::Write)?;
            }
            // Some damage makes the station wait for more; a phone would give up after a while.
            station.set_read_timeout(Some(std::time::Duration::from_secs(5)))?;
            let answer = http::message(&mut station);
            drop(station);
            let Some(answer) = answer? else { break };
            phone.write_all(&answer)?;
            self.keep(request, answer);
        }
        phone.shutdown(Shutdown::Both)
    }

    fn keep(&self, request: Vec<u8>, answer: Vec<u8>) {
        lock(&self.last).insert(http::path(&request), (request, answer));
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
