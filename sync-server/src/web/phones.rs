//! Phones: which ones there are, what they still hold, and what an administrator decides about them.

use axum::extract::{Path, State};
use axum::response::Redirect;
use firsthours_core::evidence::{PublicKey, Revoked};
use firsthours_core::protocol::Instant;
use firsthours_core::words::{Label, Language, SyncSentence, day_and_time, span};
use maud::{Markup, html};

use super::draw::chip;
use super::error::AppError;
use super::reader::{Lang, Reader};
use super::scope::Scope;
use super::{layout, pages};
use crate::app::App;
use crate::programme::audit::{self, Entry, What};
use crate::programme::checkpoint;
use crate::programme::devices::{self, DeviceError};
use crate::programme::trust;
use crate::store::installs::InstallState;
use crate::store::lists::{self, PhoneRow};
use crate::store::{StoreError, Tx};

/// Times of phones are shown in this zone: a phone belongs to no protocol.
const ZONE: &str = "UTC";

/// Lists the phones of the administrator's agency.
pub async fn show(State(app): State<App>, lang: Lang, reader: Reader) -> Result<Markup, AppError> {
    let scope = Scope::of(&reader);
    if !scope.decides_on_phones() {
        return Err(AppError::Forbidden);
    }
    let who = reader.clone();
    let (phones, put_back, differs) = app
        .blocking(move |app| {
            let page = app.store.read(|tx| {
                Ok::<_, StoreError>((
                    read(tx, &scope)?,
                    trust::put_back_at(tx)?,
                    checkpoint::differs_since(tx)?,
                ))
            })?;
            let shown: Vec<&str> = page.0.iter().map(|phone| phone.install.as_str()).collect();
            let entry = Entry::new(app.now(), who.who(), What::PhonesOpened).with("installs", shown);
            audit::record(&app.store, &entry)?;
            Ok::<_, StoreError>(page)
        })
        .await?;
    let language = lang.language();
    let frame = pages::frame(&app, lang, &reader, Label::Phones.text(language), "/phones");
    let now = app.now();
    let body = html! {
        h1 { (Label::Phones.text(language)) }
        @if let Some((since, _)) = &differs {
            div.usa-alert.usa-alert--error { div.usa-alert__body {
                h2.usa-alert__heading {
                    (lang.words().log_differs) ", " (day_and_time(*since, now, ZONE, language)) " UTC"
                }
                p.usa-alert__text { (lang.words().log_differs_why) }
            } }
        }
        @if let Some(since) = put_back { (put_back_notice(&phones, since, now, language)) }
        @if phones.is_empty() { p.fh-empty { (Label::NoPhones.text(language)) } }
        ul.fh-phones { @for phone in &phones { (one(phone, now, language)) } }
    };
    Ok(layout::page(&frame, &body))
}

/// Approves, refuses or revokes a phone of the administrator's agency.
pub async fn decide(
    State(app): State<App>,
    reader: Reader,
    Path((install, decision)): Path<(String, String)>,
) -> Result<Redirect, AppError> {
    let scope = Scope::of(&reader);
    if !scope.decides_on_phones() {
        return Err(AppError::Forbidden);
    }
    app.blocking(move |app| {
        let known = app.store.read(|tx| lists::is_phone_of(tx, &install, &scope.actor.agency))?;
        if !known {
            return Err(AppError::NotFound);
        }
        let (who, now) = (reader.who(), app.now());
        app.store
            .write(|tx| match decision.as_str() {
                "approve" => devices::approve(tx, &app.trust, &install, who, now),
                "refuse" => devices::refuse(tx, &install, who, now),
                "revoke" => devices::revoke(tx, &app.trust, &install, Revoked::Phone, who, now),
                _ => Err(DeviceError::Missing),
            })
            .map_err(|error| match error {
                DeviceError::Store(error) => error.into(),
                DeviceError::Missing => AppError::NotFound,
                // Somebody else decided meanwhile.
                DeviceError::State(_) => AppError::Changed,
                other => AppError::Internal(other.into()),
            })
    })
    .await?;
    Ok(Redirect::to("/phones"))
}

/// A phone as it last spoke.
struct Phone {
    install: String,
    device: String,
    person: String,
    state: InstallState,
    fingerprint: String,
    seen: Option<Instant>,
    unsent: i64,
    oldest: Option<Instant>,
    clock_off_ms: Option<i64>,
    /// What the agency calls the phone of which this one is a copy.
    follows: Option<String>,
}

fn read(tx: &mut dyn Tx, scope: &Scope) -> Result<Vec<Phone>, StoreError> {
    Ok(lists::phones(tx, &scope.actor.agency)?.into_iter().map(phone).collect())
}

fn phone(row: PhoneRow) -> Phone {
    let PhoneRow { install, device, person, state, key, seen, unsent, clock_off_ms, follows, .. } = row;
    let key: Option<PublicKey> = key.parse().ok();
    let fingerprint = key.map(|key| in_fours(&key.fingerprint())).unwrap_or_default();
    let oldest = row.oldest_unsent;
    Phone { install, device, person, state, fingerprint, seen, unsent, oldest, clock_off_ms, follows }
}

/// As two people read it aloud.
fn in_fours(text: &str) -> String {
    let plain: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
    plain.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

fn one(phone: &Phone, now: Instant, language: Language) -> Markup {
    let says = |label: Label| label.text(language);
    let (kind, label) = match phone.state {
        InstallState::Waiting => ("review", Label::PhoneWaiting),
        InstallState::Approved => ("approved", Label::PhoneApproved),
        InstallState::Refused => ("cannot", Label::PhoneRefused),
        InstallState::Revoked => ("cannot", Label::PhoneRevoked),
    };
    let seen = phone.seen.map_or_else(
        || says(Label::Never).to_owned(),
        |at| format!("{} UTC", day_and_time(at, now, ZONE, language)),
    );
    let off = phone.clock_off_ms.filter(|off| off.saturating_abs() > 120_000);
    html! {
        li.fh-panel.fh-panel--now[phone.state == InstallState::Waiting] {
            div.fh-head { h2.fh-panel__title { (phone.person) ", " (phone.device) } (chip(kind, says(label))) }
            dl.fh-fields {
                div { dt { (says(Label::LastSeen)) } dd { (seen) } }
                @if phone.unsent > 0 {
                    div {
                        dt { (says(Label::NotYetHere)) }
                        dd {
                            (phone.unsent)
                            @if let Some(oldest) = phone.oldest {
                                " (" (SyncSentence::WaitsSince { when: &span(now - oldest, language) }.text(language)) ")"
                            }
                        }
                    }
                }
                @if let Some(off) = off { div { dt { (says(Label::ClockOff)) } dd { (span(off, language)) } } }
                @if let Some(follows) = &phone.follows {
                    div { dt { (says(Label::PhoneFollows)) } dd { (follows) } }
                }
                @if phone.state == InstallState::Waiting {
                    div { dt { (says(Label::Fingerprint)) } dd { span.fh-code.fh-fingerprint { (phone.fingerprint) } } }
                }
            }
            @match phone.state {
                InstallState::Waiting => {
                    @if phone.follows.is_some() { p { (says(Label::FollowsWhy)) } }
                    div.fh-actions {
                        (decision(phone, "approve", "usa-button", says(Label::ButtonApprovePhone)))
                        (decision(phone, "refuse", "usa-button usa-button--outline", says(Label::ButtonRefusePhone)))
                    }
                }
                InstallState::Approved => {
                    details.fh-more {
                        summary { (says(Label::ButtonRevokePhone)) }
                        div.fh-more__in {
                            p { (says(Label::RevokeWhy)) }
                            (decision(phone, "revoke", "usa-button usa-button--secondary", says(Label::ButtonRevokePhone)))
                        }
                    }
                }
                InstallState::Refused | InstallState::Revoked => {}
            }
        }
    }
}

/// What an administrator is to know after the store was put back: which phones may still hold what it lost.
fn put_back_notice(phones: &[Phone], since: Instant, now: Instant, language: Language) -> Markup {
    let missing = phones
        .iter()
        .filter(|phone| phone.state == InstallState::Approved && phone.seen.is_none_or(|seen| seen < since))
        .count();
    html! {
        div.usa-alert.usa-alert--warning { div.usa-alert__body {
            h2.usa-alert__heading {
                (Label::StationWasPutBack.text(language)) ", " (day_and_time(since, now, ZONE, language)) " UTC"
            }
            p.usa-alert__text { (Label::PutBackWhy.text(language)) }
            p.usa-alert__text { (Label::NotHereSince.text(language)) ": " (missing) }
        } }
    }
}

fn decision(phone: &Phone, decision: &str, class: &str, title: &str) -> Markup {
    html! {
        form method="post" action={ "/phones/" (phone.install) "/" (decision) } {
            button class=(class) type="submit" { (title) span.usa-sr-only { ": " (phone.person) ", " (phone.device) } }
        }
    }
}
