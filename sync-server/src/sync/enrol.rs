//! Enrolment as a phone asks for it. Codes, requests and decisions are in [`crate::programme::devices`].

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use firsthours_core::evidence::Tag;
use firsthours_core::record::InstallId;
use firsthours_core::wire::{EnrolReply, EnrolRequest, EnrolState, enrol_message, read_code};

use super::problem::Fault;
use super::request;
use super::service::Service;
use crate::http::refusal::RefusedAs;
use crate::programme::audit::{Source, What};
use crate::programme::devices::{self, Ask, Vouched};
use crate::store::StoreError;
use crate::store::installs::{self, InstallState};

/// What an enrolment unpacks to at most: anybody may send one, and it holds a code, a key and a name.
const REQUEST_BYTES: usize = 16 * 1024;
/// Characters of the name that a phone gives itself.
const DEVICE_CHARS: usize = 60;

/// `POST /v1/enrol`. Sent again with the same key and code it asks how the enrolment stands.
pub(super) async fn enrol(
    State(service): State<Service>,
    source: Source,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let bytes = request::body_up_to(REQUEST_BYTES, &service, &headers, body).await?;
    let zstd = request::accepts_zstd(&headers);
    let asked = service
        .blocking(move |service| request::answer(zstd, &ask(service, &request::message(&bytes)?, &source)?))
        .await;
    match asked {
        // The log knows it as a code that was refused.
        Err(fault @ Fault::NotEnrolled(_)) => {
            let mut response = fault.into_response();
            response.extensions_mut().insert(RefusedAs(What::CodeRefused));
            Ok(response)
        }
        asked => asked,
    }
}

/// How the enrolment of an install stands that has no certificate here.
pub(super) fn state_of(service: &Service, install: InstallId) -> Result<EnrolState, StoreError> {
    let known = service.store.read(|tx| installs::state(tx, &install.to_string()))?;
    Ok(match known.as_ref().map(|known| known.state) {
        Some(InstallState::Waiting) => EnrolState::Waiting,
        Some(InstallState::Approved | InstallState::Refused | InstallState::Revoked) => EnrolState::Refused,
        None => EnrolState::Unknown,
    })
}

fn ask(service: &Service, asked: &EnrolRequest, source: &Source) -> Result<EnrolReply, Fault> {
    // Both ends sign the code as it is read, never as it was typed.
    let code = if asked.code.is_empty() { Some(String::new()) } else { read_code(&asked.code) };
    let root = service.trust.fingerprint();
    // Whoever asks holds the key; without that, anybody could enrol a key that they only saw.
    let holds_the_key = |code: String| {
        let message = enrol_message(&code, asked.install, &asked.key, &root);
        asked.key.verify(Tag::Enrol, &message, &asked.proof).is_ok()
    };
    if !code.is_some_and(holds_the_key) {
        return Err(Fault::NotEnrolled(EnrolState::Unknown));
    }
    let device: String = asked.device.chars().filter(|c| !c.is_control()).take(DEVICE_CHARS).collect();
    let (install, key) = (asked.install, asked.key);
    let by_code = Ask { code: &asked.code, install, key, device: &device, source };
    let (follows, certificate) = (asked.follows.as_ref(), asked.certificate.as_ref());
    let vouched = Vouched { install, key, device: &device, follows, certificate, source };
    let now = service.now();
    let state = service.store.write(|tx| {
        if asked.code.is_empty() && (follows.is_some() || certificate.is_some()) {
            devices::ask_again(tx, &service.trust, &vouched, now)
        } else {
            devices::ask(tx, &service.trust, &by_code, now)
        }
    })?;
    let state = state.ok_or(Fault::NotEnrolled(EnrolState::Unknown))?;
    let certificate = match state {
        EnrolState::Approved => {
            service.store.read(|tx| devices::certificate(tx, &asked.install.to_string()))?
        }
        _ => None,
    };
    Ok(EnrolReply {
        state,
        fingerprint: asked.key.fingerprint(),
        trust: service.trust.trust.clone(),
        certificate,
    })
}
