//! The phone on the left: the real `FirstHours`, drawn as plain HTML from its views, with the switches that a street has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use firsthours_core::app::AppError;
use firsthours_core::words::{Label, Language};
use firsthours_server::web::draw::forms::{self, FieldFault, Pairs};
use firsthours_server::web::draw::{self, Forms, RefusedForm};
use firsthours_tests::Phone;
use maud::{Markup, html};
use serde::Deserialize;

use crate::phone_record;
use crate::turn::page;

const ZONE: &str = "America/Los_Angeles";

/// The hand that holds the phone.
#[derive(Default)]
pub(crate) struct Hand {
    phone: Mutex<Option<Phone>>,
    /// What happened last, to be said once on the next screen.
    said: Mutex<Option<Said>>,
    /// Counts syncs, so that the desk beside it knows when to look.
    synced: AtomicU64,
}

#[derive(Clone)]
struct Said {
    good: bool,
    text: String,
}

impl Hand {
    /// Gives it the phone.
    pub(crate) fn put(&self, phone: Phone) {
        *self.phone.lock().unwrap_or_else(PoisonError::into_inner) = Some(phone);
    }

    fn with<T>(&self, work: impl FnOnce(&mut Phone) -> T) -> Option<T> {
        self.phone.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(work)
    }

    pub(crate) fn say(&self, good: bool, text: impl Into<String>) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(Said { good, text: text.into() });
    }

    fn take_said(&self) -> Option<Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub(crate) type Shared = State<Arc<Hand>>;

/// The phone's screens and switches.
pub(crate) fn router(hand: Arc<Hand>) -> Router {
    Router::new()
        .route("/demo/phone", get(home))
        .route("/demo/phone/new", post(new))
        .route("/demo/phone/sync", post(sync))
        .route("/demo/phone/signal", post(signal))
        .route("/demo/phone/battery", post(battery))
        .route("/demo/phone/language", post(language))
        .route("/demo/phone/records/{id}", get(record))
        .route("/demo/phone/records/{id}/act", post(act))
        .merge(phone_record::router())
        .with_state(hand)
}

/// Runs on a thread that may block: the core writes to disk, and a sync waits for the network.
pub(crate) async fn on_phone<T: Send + 'static>(
    hand: Arc<Hand>,
    work: impl FnOnce(&Hand, &mut Phone) -> T + Send + 'static,
) -> Result<T, Response> {
    let done = tokio::task::spawn_blocking(move || hand.with(|phone| work(&hand, phone))).await;
    match done {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err((StatusCode::SERVICE_UNAVAILABLE, "the story is still being told").into_response()),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    }
}

async fn home(State(hand): Shared) -> Response {
    let drawn = on_phone(hand, |hand, phone| {
        let forms = Forms { base: "/demo/phone".to_owned(), zone: ZONE.to_owned(), ..Forms::default() };
        let language = phone.app().language();
        let home = phone.app().home().map(|home| draw::home(&home, &forms, language));
        screen(hand, phone, "", home)
    });
    drawn.await.unwrap_or_else(|response| response)
}

#[derive(Deserialize)]
struct Asked {
    open: Option<String>,
}

async fn record(State(hand): Shared, Path(id): Path<String>, Query(asked): Query<Asked>) -> Response {
    let drawn = on_phone(hand, move |hand, phone| draw_record(hand, phone, &id, asked.open, None));
    drawn.await.unwrap_or_else(|response| response)
}

async fn act(
    State(hand): Shared,
    Path(id): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Response {
    let done = on_phone(hand, move |hand, phone| {
        let pairs = Pairs(sent);
        match write(phone, &id, &pairs) {
            Ok(Ok(())) => {
                let step =
                    forms::step(&pairs).map(|step| format!("?open={step}#step-{step}")).unwrap_or_default();
                Redirect::to(&format!("/demo/phone/records/{id}{step}")).into_response()
            }
            Ok(Err(faults)) => {
                let open = forms::step(&pairs).map(str::to_owned);
                let mut response = draw_record(hand, phone, &id, open, Some(RefusedForm { pairs, faults }));
                *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                response
            }
            Err(error) => {
                hand.say(false, error.sentence(phone.app().language()));
                Redirect::to(&format!("/demo/phone/records/{id}")).into_response()
            }
        }
    });
    done.await.unwrap_or_else(|response| response)
}

/// Reads a form on the record as it stands, and does what it asks for.
fn write(phone: &Phone, id: &str, pairs: &Pairs) -> Result<Result<(), Vec<FieldFault>>, AppError> {
    let app = phone.app();
    let view = app.encounter(id)?;
    let now = firsthours_core::app::Clock::read(phone.clock.as_ref()).wall;
    let acts = match forms::read(pairs, &view, ZONE, now) {
        Ok(acts) => acts,
        Err(faults) => return Ok(Err(faults)),
    };
    let seen = forms::seen(pairs).ok_or(AppError::BadInput { what: "view token" })?;
    for act in acts {
        match app.act(id, seen, act) {
            Ok(_) => {}
            Err(AppError::Refused { reason, .. }) => return Ok(Err(forms::faults_of(reason))),
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(()))
}

async fn new(State(hand): Shared) -> Response {
    let done = on_phone(hand, |hand, phone| match phone.app().start_encounter(None) {
        Ok(view) => Redirect::to(&format!("/demo/phone/records/{}", view.id)),
        Err(error) => {
            hand.say(false, error.sentence(phone.app().language()));
            Redirect::to("/demo/phone")
        }
    });
    done.await.map_or_else(|response| response, IntoResponse::into_response)
}

async fn sync(State(hand): Shared) -> Response {
    let done = on_phone(hand, |hand, phone| {
        match phone.app().sync_now() {
            Ok(report) if report.complete => {
                hand.say(
                    true,
                    format!("Synced: {} sent, {} received.", report.events_sent, report.events_received),
                );
            }
            Ok(report) => hand.say(false, report.trouble),
            Err(error) => hand.say(false, error.sentence(phone.app().language())),
        }
        hand.synced.fetch_add(1, Ordering::SeqCst);
        Redirect::to("/demo/phone")
    });
    done.await.map_or_else(|response| response, IntoResponse::into_response)
}

async fn signal(State(hand): Shared) -> Response {
    let done = on_phone(hand, |hand, phone| {
        let signal = !phone.network.signal();
        phone.network.set_signal(signal);
        hand.say(
            signal,
            if signal { "The phone has a signal again." } else { "No signal. Go on recording." },
        );
        Redirect::to("/demo/phone")
    });
    done.await.map_or_else(|response| response, IntoResponse::into_response)
}

async fn battery(State(hand): Shared) -> Response {
    let done = on_phone(hand, |hand, phone| {
        match phone.pull_battery() {
            Ok(()) => hand.say(
                true,
                "The battery was pulled and put back. Everything that the screen said was saved is here.",
            ),
            Err(error) => hand.say(false, error.sentence(Language::En)),
        }
        Redirect::to("/demo/phone")
    });
    done.await.map_or_else(|response| response, IntoResponse::into_response)
}

async fn language(State(hand): Shared) -> Response {
    let done = on_phone(hand, |hand, phone| {
        let other = match phone.app().language() {
            Language::En => Language::Es,
            Language::Es => Language::En,
        };
        if let Err(error) = phone.speak(other) {
            hand.say(false, error.sentence(other));
        }
        Redirect::to("/demo/phone")
    });
    done.await.map_or_else(|response| response, IntoResponse::into_response)
}

fn draw_record(
    hand: &Hand,
    phone: &Phone,
    id: &str,
    open: Option<String>,
    refused: Option<RefusedForm>,
) -> Response {
    let language = phone.app().language();
    let forms = Forms {
        base: format!("/demo/phone/records/{id}"),
        zone: ZONE.to_owned(),
        open,
        refused,
        ..Forms::default()
    };
    let drawn = phone.app().encounter(id).map(|view| {
        html! {
            p { a href="/demo/phone" { "← " (Label::ButtonBack.text(language)) } }
            h1 { (view.handle) " " span.fh-code { (view.code) } }
            (draw::record(&view, &forms, language, &html! {}))
        }
    });
    screen(hand, phone, id, drawn)
}

/// One screen: the street's switches, what was said, and what the core drew.
pub(crate) fn screen(hand: &Hand, phone: &Phone, record: &str, drawn: Result<Markup, AppError>) -> Response {
    let language = phone.app().language();
    let said = hand.take_said();
    let signal = phone.network.signal();
    let body = html! {
        div.fh-phone lang=(language.code()) data-synced=(hand.synced.load(Ordering::SeqCst)) {
            section.demo-switches aria-label="The street" lang="en" {
                form method="post" action="/demo/phone/signal" {
                    button type="submit" aria-pressed=(!signal) { "No signal" }
                }
                form method="post" action="/demo/phone/battery" { button type="submit" { "Pull the battery" } }
                form method="post" action="/demo/phone/language" {
                    button type="submit" { (if language == Language::En { "Español" } else { "English" }) }
                }
            }
            header.fh-phone__bar {
                span.fh-phone__title { (Label::AppName.text(language)) }
                span { "Dep. Alvarez" }
            }
            main.fh-phone__body {
                @if let Some(said) = said {
                    p.fh-notice.fh-notice--good[said.good].fh-notice--warn[!said.good] role="status" { (said.text) }
                }
                @match drawn {
                    Ok(drawn) => {
                        @if record.is_empty() { h1.usa-sr-only { (Label::AppName.text(language)) } }
                        (drawn)
                    }
                    Err(error) => {
                        h1 { (Label::AppName.text(language)) }
                        p.fh-notice.fh-notice--bad { (error.sentence(language)) }
                        p { a href="/demo/phone" { (Label::ButtonBack.text(language)) } }
                    }
                }
            }
        }
    };
    page("The deputy’s phone", "demo-phone", &body)
}
