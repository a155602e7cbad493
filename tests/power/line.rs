//! A phone's line to a server in the same process: no socket, so that nothing happens beside what a test asks for.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{Request as HttpRequest, header};
use firsthours_core::app::Connect;
use firsthours_core::evidence::{Document, Receipt};
use firsthours_core::sync::{Method, Request, Response, Transport, Unreachable};
use firsthours_core::wire::EventsReply;
use firsthours_server::app::App;
use tokio::runtime::Runtime;

/// One answer to an upload, as the phone heard it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Calls that the server's disk had seen when it answered.
    pub(crate) calls: u64,
    /// What it says it holds of the phone's line.
    pub(crate) received_through: u64,
}

/// Counts the calls of a disk.
type Count = dyn Fn() -> u64 + Send + Sync;

/// The line.
#[derive(Clone, Default)]
pub(crate) struct Line(Arc<Mutex<Ends>>);

#[derive(Default)]
struct Ends {
    server: Option<Router>,
    count: Option<Arc<Count>>,
    heard: Vec<Heard>,
}

impl Line {
    pub(crate) fn plug_in(&self, app: &App) {
        self.ends().server = Some(firsthours_server::router(app.clone()));
    }

    /// The server is gone, and with it whatever held its files open.
    pub(crate) fn unplug(&self) {
        self.ends().server = None;
    }

    /// From here on notes how many calls a disk has seen at each answer to an upload.
    pub(crate) fn count(&self, count: impl Fn() -> u64 + Send + Sync + 'static) {
        self.ends().count = Some(Arc::new(count));
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.ends().heard.clone()
    }

    pub(crate) fn connect(&self) -> Arc<Connect> {
        let line = self.clone();
        Arc::new(move |_, _| Ok(Box::new(line.clone())))
    }

    fn ends(&self) -> std::sync::MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Line {
    fn send(&self, request: &Request) -> Result<Response, Unreachable> {
        let server = self.ends().server.clone().ok_or(Unreachable::NoConnection)?;
        let response = runtime().block_on(ask(&server, request))?;
        drop(server);
        let mut ends = self.ends();
        if request.path.ends_with("/sync/events") && response.status == 200 {
            let read = |_| Unreachable::BadAnswer("not a receipt".to_owned());
            let reply: EventsReply = serde_json::from_slice(&response.body).map_err(read)?;
            let document: Document = reply.receipt;
            let receipt: Receipt =
                document.peek().map_err(|_| Unreachable::BadAnswer("not a receipt".to_owned()))?;
            let calls = ends.count.as_ref().map_or(0, |count| count());
            ends.heard.push(Heard { calls, received_through: receipt.received_through });
        }
        Ok(response)
    }
}

async fn ask(server: &Router, request: &Request) -> Result<Response, Unreachable> {
    let broken = |what: &str| Unreachable::BadAnswer(what.to_owned());
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let mut asked = HttpRequest::builder().method(method).uri(&request.path);
    asked = asked.header(header::HOST, "station.invalid").header(header::CONTENT_TYPE, "application/json");
    for (name, value) in &request.headers {
        asked = asked.header(*name, value);
    }
    let asked = asked.body(Body::from(request.body.clone())).map_err(|_| broken("no request"))?;
    let answer = firsthours_server::answer(server, asked).await;
    let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (etag, retry_after) =
        (text(header::ETAG), text(header::RETRY_AFTER).and_then(|text| text.parse().ok()));
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.map_err(|_| broken("no body"))?;
    Ok(Response { status, retry_after, etag, body: body.to_vec() })
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        built.expect("a runtime needs nothing that a test does not have")
    })
}
