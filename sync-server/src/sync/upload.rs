//! What phones send: their own events, what they lost, and events of others.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use firsthours_core::evidence::Document;
use firsthours_core::record::InstallId;
use firsthours_core::wire::{
    EnrolState, EventsReply, EventsRequest, MAX_BATCH, OffersReply, OffersRequest, ReadMessage,
};
use serde::Serialize;

use super::problem::Fault;
use super::request::Caller;
use super::service::Service;
use super::{hello, receipt, request};
use crate::programme::audit::Source;
use crate::records::ingest::{self, Author};

/// `POST /v1/sync/events`
pub(super) async fn events(
    State(service): State<Service>,
    source: Source,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    taken(service, source, headers, body, |service, caller, sent: EventsRequest| {
        let install = caller.install;
        few(service, sent.events.len())?;
        let encounters = ingest::own(service, &author(service, install)?, sent.events, &caller.source)?;
        let receipt = receipt::make(service, install, &encounters)?;
        Ok(EventsReply { receipt, backoff_ms: 0 })
    })
    .await
}

/// `POST /v1/sync/holes`
pub(super) async fn holes(
    State(service): State<Service>,
    source: Source,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    taken(service, source, headers, body, |service, caller, document: Document| {
        let install = caller.install;
        ingest::declare(service, &author(service, install)?, &document, &caller.source)?;
        let receipt = receipt::make(service, install, &[])?;
        Ok(EventsReply { receipt, backoff_ms: 0 })
    })
    .await
}

/// `POST /v1/sync/offers`
pub(super) async fn offers(
    State(service): State<Service>,
    source: Source,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    taken(service, source, headers, body, |service, caller, sent: OffersRequest| {
        let install = caller.install;
        few(service, sent.events.len().max(sent.certificates.len()))?;
        let encounter = sent.encounter;
        let offered = ingest::offers(service, install, sent, &caller.source)?;
        // To whoever has no part in it and sent nothing to it, a record that is there answers like one that is not.
        let known = hello::sent_to(service, install, &[encounter])?;
        let receipt = receipt::make(service, install, &known)?;
        Ok(OffersReply { taken: offered.taken, known: offered.known, refused: offered.refused, receipt })
    })
    .await
}

/// Reads what an install that may send has sent, within the limits, and answers with what came of it.
async fn taken<M: ReadMessage, R: Serialize>(
    service: Service,
    source: Source,
    headers: HeaderMap,
    body: Body,
    work: impl FnOnce(&Service, &Caller, M) -> Result<R, Fault> + Send + 'static,
) -> Result<Response, Fault> {
    let asking = request::bearer(&service, &headers, &source)?;
    let bytes = request::body_up_to(MAX_BATCH, &service, &headers, body).await?;
    let zstd = request::accepts_zstd(&headers);
    service
        .blocking(move |service| {
            let caller = request::caller(service, asking)?;
            let message: M = request::message(&bytes)?;
            request::answer(zstd, &work(service, &caller, message)?)
        })
        .await
}

fn author(service: &Service, install: InstallId) -> Result<Author, Fault> {
    let found = service.store.read(|tx| ingest::author(tx, install))?;
    found.ok_or(Fault::NotEnrolled(EnrolState::Unknown))
}

fn few(service: &Service, events: usize) -> Result<(), Fault> {
    let most = usize::try_from(service.policy.limits.batch_events).unwrap_or(usize::MAX);
    if events > most { Err(Fault::TooLarge) } else { Ok(()) }
}
