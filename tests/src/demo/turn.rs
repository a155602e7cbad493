//! Your turn: one page on this machine, a phone on the left, the supervisor's desk on the right.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use firsthours_core::words::Language;
use firsthours_server::http::cookie::session_name;
use firsthours_server::web::assets;
use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};
use maud::{DOCTYPE, Markup, html};

use crate::board::line;
use crate::options::Options;
use crate::phone_page::{self, Hand};
use crate::story;

/// The demo's own pages load nothing but from this server and frame nothing but it.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                                 frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'";

const STORY_BEGAN_MS: i64 = 6 * 60 * 60_000;

/// Plays the story unless told not to, then serves the page until it is told to stop.
pub(crate) fn run(options: Options) -> Result<(), Fault> {
    let clock = SharedClock::running(if options.story { -STORY_BEGAN_MS } else { 0 });
    let mut programme = Programme::set_up(&clock)?;
    let hand = Arc::new(Hand::default());
    let cookie = Cookie::default();
    programme.serve(options.port, router(Arc::clone(&hand), Arc::clone(&cookie)))?;
    let phone = if options.story {
        let cast = story::play_story(&programme)?;
        clock.catch_up();
        cast.alvarez
    } else {
        programme.phone("alvarez", Language::En)?
    };
    hand.put(phone);
    // Signed in only now: the hours of the story are longer than a session lasts.
    let token = programme.sign_in("rivera")?;
    let _ = cookie.set(format!("{}={token}; Path=/; HttpOnly; SameSite=Lax", session_name(&programme.app)));
    line("");
    line("Your turn. Record on the left, sync, send back on the right, sync, and see it land on its step.");
    line(&format!("ready {}/", programme.address));
    line(&format!("open  {}/demo   (Ctrl-C ends it; nothing stays behind)", programme.address));
    wait_for_the_end()?;
    programme.stop();
    Ok(())
}

fn wait_for_the_end() -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}

/// The session cookie of the supervisor, once there is one.
type Cookie = Arc<OnceLock<String>>;

fn router(hand: Arc<Hand>, cookie: Cookie) -> Router {
    let split = Router::new().route("/demo", get(split_page)).with_state(cookie);
    phone_page::router(hand)
        .merge(split)
        .route("/demo/demo.css", get(|| async { file("text/css; charset=utf-8", include_str!("demo.css")) }))
        .route(
            "/demo/split.js",
            get(|| async { file("text/javascript; charset=utf-8", include_str!("split.js")) }),
        )
}

async fn split_page(State(cookie): State<Cookie>) -> Response {
    let mut response = page("Your turn", "", &split()).into_response();
    let headers = response.headers_mut();
    if let Some(cookie) = cookie.get().and_then(|cookie| cookie.parse().ok()) {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}

fn split() -> Markup {
    html! {
        header.fh-demo-note {
            p { "A demonstration on this machine. Every person, number and record in it is made up." }
        }
        main.demo-split {
            h1.usa-sr-only { "First Hours: your turn" }
            section.demo-pane.demo-pane--phone aria-labelledby="phone-title" {
                h2 #phone-title { "You are the deputy" }
                p.demo-hint { "Record, switch the signal off, pull the battery. Then sync." }
                iframe #phone title="The deputy’s phone" src="/demo/phone" {}
            }
            section.demo-pane aria-labelledby="desk-title" {
                h2 #desk-title { "You are the supervisor" }
                p.demo-hint {
                    "Signed in as Sgt. Rivera. Comment on a step and send it back; then sync the phone. "
                    a href="/queue" target="desk" { "Refresh the queue" }
                }
                iframe #desk name="desk" title="The supervisor’s desk" src="/queue" {}
            }
        }
        script src="/demo/split.js" {}
    }
}

/// A page of the demo: the same sheets as the desk, and a few lines of its own.
pub(crate) fn page(title: &str, class: &str, body: &Markup) -> Response {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " | First Hours (synthetic)" }
                link rel="stylesheet" href=(assets::path("uswds/css/uswds.min.css"));
                link rel="stylesheet" href=(assets::path("app.css"));
                link rel="stylesheet" href="/demo/demo.css";
            }
            body class=(class) { (body) }
        }
    };
    let headers = [(CONTENT_SECURITY_POLICY, POLICY)];
    (headers, markup).into_response()
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind)], text)
}
