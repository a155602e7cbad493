//! What a phone looks up: people, stations and numbers, and the protocols by their fingerprint.

use std::sync::{Arc, PoisonError};

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use firsthours_core::record::{Directory, Hash};
use firsthours_core::wire::ProtocolNotice;

use super::problem::Fault;
use super::request;
use super::service::Service;
use crate::programme::audit::{self, Entry, Source, What};
use crate::records::protocols;
use crate::store::directory as rows;
use crate::store::{Result, StoreError, Tx, hash};

/// The directory as it was last put together.
pub(super) struct Cached {
    version: i64,
    pub(super) etag: String,
    text: Arc<Vec<u8>>,
}

/// `GET /v1/directory`
pub(super) async fn directory(
    State(service): State<Service>,
    source: Source,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asking = request::bearer(&service, &headers, &source)?;
    let (etag, text) = service
        .blocking(move |service| {
            let caller = request::reader(service, asking)?;
            audit::record(&service.store, &Entry::new(service.now(), caller.who(), What::DirectoryServed))?;
            Ok(current(service)?)
        })
        .await?;
    request::tagged(&headers, &etag, text.to_vec())
}

/// `GET /v1/protocols/{sha256}`: the text as it was published, byte for byte.
pub(super) async fn protocol(
    State(service): State<Service>,
    Path(sha256): Path<String>,
    source: Source,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asking = request::bearer(&service, &headers, &source)?;
    let sha256: Hash = sha256.parse().map_err(|_| Fault::NotFound)?;
    let text = service
        .blocking(move |service| {
            let caller = request::reader(service, asking)?;
            let text = service.store.read(|tx| protocols::text(tx, &sha256.to_string()))?;
            let text = text.ok_or(Fault::NotFound)?;
            let named = sha256.to_string();
            let entry = Entry::new(service.now(), caller.who(), What::ProtocolServed).with("protocol", named);
            audit::record(&service.store, &entry)?;
            Ok(text)
        })
        .await?;
    request::tagged(&headers, &quoted(sha256), text.into_bytes())
}

/// The directory and its `ETag`, put together again when something in it changed.
pub(super) fn current(service: &Service) -> Result<(String, Arc<Vec<u8>>)> {
    // Whatever changes the directory leaves an entry in the log, so their number is its version.
    let version = service.store.read(rows::changes)?;
    let mut cached = service.directory.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cached) = cached.as_ref().filter(|cached| cached.version == version) {
        return Ok((cached.etag.clone(), Arc::clone(&cached.text)));
    }
    let directory = service.store.read(|tx| put_together(service, tx))?;
    let text = serde_json::to_vec(&directory).map_err(|error| StoreError::Statement(error.to_string()))?;
    let fresh = Cached { version, etag: quoted(Hash::of(&text)), text: Arc::new(text) };
    let answer = (fresh.etag.clone(), Arc::clone(&fresh.text));
    *cached = Some(fresh);
    Ok(answer)
}

/// The published versions, recalled ones too: a phone must learn of a recall first.
pub(super) fn notices(service: &Service) -> Result<Vec<ProtocolNotice>> {
    service.store.read(|tx| {
        let mut notices = Vec::new();
        for published in protocols::all(tx)? {
            let sha256: Hash = hash(&published.sha256)?;
            if let Some(definition) = service.definitions.get(tx, sha256)? {
                notices.push(ProtocolNotice {
                    sha256,
                    id: published.id,
                    version: definition.version,
                    effective: definition.effective.clone(),
                    recalled: published.recalled.is_some(),
                });
            }
        }
        Ok(notices)
    })
}

fn put_together(service: &Service, tx: &mut dyn Tx) -> Result<Directory> {
    let (stations, people, numbers) = (rows::stations(tx)?, rows::people(tx)?, rows::numbers(tx)?);
    Ok(Directory { programme: service.title.clone(), stations, people, numbers })
}

fn quoted(hash: Hash) -> String {
    format!("\"{hash}\"")
}
