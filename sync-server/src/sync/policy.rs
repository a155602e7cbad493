//! What phones are told to do: lock times, lease, quotas, the oldest app that may read.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use firsthours_core::record::Hash;

use super::problem::Fault;
use super::request;
use super::service::Service;
use crate::programme::audit::{self, Entry, Source, What};

/// `GET /v1/policy`
pub(super) async fn policy(
    State(service): State<Service>,
    source: Source,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asking = request::bearer(&service, &headers, &source)?;
    let (etag, text) = service
        .blocking(move |service| {
            let caller = request::reader(service, asking)?;
            audit::record(&service.store, &Entry::new(service.now(), caller.who(), What::PolicyServed))?;
            current(service)
        })
        .await?;
    request::tagged(&headers, &etag, text)
}

/// The policy and its `ETag`.
pub(super) fn current(service: &Service) -> Result<(String, Vec<u8>), Fault> {
    let text = serde_json::to_vec(&service.policy).map_err(|error| Fault::Internal(error.into()))?;
    Ok((format!("\"{}\"", Hash::of(&text)), text))
}
