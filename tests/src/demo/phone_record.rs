//! The phone's screens about a record as a whole: its sheets, a newer version of its protocol, the other children of its
//! scene.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use firsthours_core::app::{AppError, MoveCard};
use firsthours_core::words::{Label, Language};
use firsthours_server::web::draw;
use firsthours_tests::Phone;
use maud::{Markup, html};
use serde::Deserialize;

use crate::phone_page::{Hand, Shared, on_phone, screen};

pub(crate) fn router() -> Router<Arc<Hand>> {
    Router::new()
        .route("/demo/phone/records/{id}/sheets/{sheet}", get(sheet))
        .route("/demo/phone/records/{id}/move", get(change).post(move_it))
        .route("/demo/phone/records/{id}/copy", post(copy))
        .route("/demo/phone/records/{id}/another", post(another))
}

async fn sheet(State(hand): Shared, Path((id, sheet)): Path<(String, String)>) -> Response {
    let drawn = on_phone(hand, move |hand, phone| {
        let drawn = phone.app().sheet(&id, &sheet).map(|made| {
            html! {
                p { a href={ "/demo/phone/records/" (id) } { "← " (made.handle) } }
                div.fh-panel { (draw::sheet(&made)) }
            }
        });
        screen(hand, phone, &id, drawn)
    });
    drawn.await.unwrap_or_else(|response| response)
}

async fn change(State(hand): Shared, Path(id): Path<String>) -> Response {
    let drawn = on_phone(hand, move |hand, phone| {
        let language = phone.app().language();
        let back = format!("/demo/phone/records/{id}");
        let drawn = phone.app().encounter(&id).and_then(|view| {
            let card = phone.app().move_card(&id)?;
            Ok(html! {
                p { a href=(back) { "← " (view.handle) } }
                @if let Some(card) = card { (self::card(&card, view.seen, &back, language)) }
            })
        });
        screen(hand, phone, &id, drawn)
    });
    drawn.await.unwrap_or_else(|response| response)
}

/// The change card, and the two ways on.
fn card(card: &MoveCard, seen: i64, back: &str, language: Language) -> Markup {
    let list = |title: Label, lines: &[String]| {
        html! {
            @if !lines.is_empty() {
                h2 { (title.text(language)) }
                ul.usa-list { @for line in lines { li { (line) } } }
            }
        }
    };
    html! {
        h1 { (card.title) }
        p.fh-notice { (card.changes) }
        (list(Label::WhatBecomes, &card.effects))
        (list(Label::WhatIsDifferent, &card.differences))
        form.fh-form method="post" action={ (back) "/move" } {
            input type="hidden" name="seen" value=(seen);
            input type="hidden" name="protocol" value=(card.protocol);
            @if card.needs_reason {
                div.fh-field {
                    label.fh-field__label for="move-reason" { (Label::ReasonForChange.text(language)) }
                    textarea #move-reason.fh-input name="reason" rows="3" required autocomplete="off" {}
                }
            }
            button.fh-btn.fh-btn--main type="submit" { (Label::ButtonMove.text(language)) }
        }
        p { a href=(back) { (Label::ButtonStay.text(language)) } }
    }
}

#[derive(Deserialize)]
struct Moving {
    seen: i64,
    protocol: String,
    reason: Option<String>,
}

async fn move_it(State(hand): Shared, Path(id): Path<String>, Form(sent): Form<Moving>) -> Response {
    let reason = sent.reason.filter(|reason| !reason.trim().is_empty());
    go_on(hand, id, move |phone, id| phone.app().move_record(id, sent.seen, &sent.protocol, reason)).await
}

async fn copy(State(hand): Shared, Path(id): Path<String>) -> Response {
    go_on(hand, id, |phone, id| phone.app().copy_to_incident(id)).await
}

async fn another(State(hand): Shared, Path(id): Path<String>) -> Response {
    go_on(hand, id, |phone, id| phone.app().start_encounter(Some(id))).await
}

/// Does something and shows the record that it gives; what went wrong is said on the one before.
async fn go_on(
    hand: Arc<Hand>,
    id: String,
    work: impl FnOnce(&Phone, &str) -> Result<firsthours_core::view::EncounterView, AppError> + Send + 'static,
) -> Response {
    let done = on_phone(hand, move |hand, phone| match work(phone, &id) {
        Ok(view) => Redirect::to(&format!("/demo/phone/records/{}", view.id)),
        Err(error) => {
            hand.say(false, error.sentence(phone.app().language()));
            Redirect::to(&format!("/demo/phone/records/{id}"))
        }
    });
    done.await.map_or_else(|response| response, IntoResponse::into_response)
}
