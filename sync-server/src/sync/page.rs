//! What changed, for a phone whose person has a part in the record: dense positions, page by page.

use std::collections::BTreeSet;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use firsthours_core::evidence::{Rolling, SignedEvent};
use firsthours_core::record::{EncounterId, Epoch, Hash};
use firsthours_core::wire::{Page, Positioned};
use serde::Deserialize;

use super::problem::Fault;
use super::request::{self, Caller};
use super::service::Service;
use crate::programme::audit::{self, Entry, Source, What};
use crate::programme::keys::DataKey;
use crate::records::ingest;
use crate::records::load;
use crate::store::events::{self, PageRow};
use crate::store::{Tx, encounters, meta, stored};

/// A page ends here even if it has room for more events: a phone reads it over a poor link.
const PAGE_BYTES: usize = 1024 * 1024;

#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: u64,
}

/// `GET /v1/sync/encounters/{id}/{epoch}/events?after=`
///
/// In another epoch every cursor is void: that is 404 too, with a title that says so, and only to who has a part.
pub(super) async fn events(
    State(service): State<Service>,
    Path((id, epoch)): Path<(String, String)>,
    Query(After { after }): Query<After>,
    source: Source,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asking = request::bearer(&service, &headers, &source)?;
    let zstd = request::accepts_zstd(&headers);
    let encounter: EncounterId = id.parse().map_err(|_| Fault::NotFound)?;
    let epoch: Epoch = epoch.parse().map_err(|_| Fault::NotFound)?;
    service
        .blocking(move |service| {
            let caller = request::reader(service, asking)?;
            allowed(service, &caller, encounter)?;
            if epoch != service.store.read(meta::epoch)? {
                return Err(Fault::EpochOver);
            }
            let page = read(service, &caller, encounter, after)?;
            let about = encounter.to_string();
            // Durable before the page leaves.
            let entry = Entry::new(service.now(), caller.who(), What::RecordServed)
                .about(&about)
                .with("person", caller.person.as_str())
                .with("after", stored(after))
                .with("events", page.events.len());
            audit::record(&service.store, &entry)?;
            request::answer(zstd, &page)
        })
        .await
}

/// Only for a person with a part in it; to everybody else it does not exist.
fn allowed(service: &Service, caller: &Caller, encounter: EncounterId) -> Result<(), Fault> {
    let may = service.store.read(|tx| encounters::may_read(tx, encounter, &caller.person))?;
    if may { Ok(()) } else { Err(Fault::NotFound) }
}

fn read(service: &Service, caller: &Caller, encounter: EncounterId, after: u64) -> Result<Page, Fault> {
    let id = encounter.to_string();
    let key = load::data_key(&service.keys, &id)?;
    let most = i64::from(service.policy.limits.page_events);
    service.store.read(|tx| {
        let (head, _) = encounters::head(tx, encounter)?.ok_or(Fault::NotFound)?;
        let mut rolling = rolling_at(tx, encounter, after)?;
        let rows = events::page(tx, encounter, after, most)?;
        let mut events = Vec::with_capacity(rows.len());
        let mut authors = BTreeSet::new();
        let own = caller.install.to_string();
        let mut bytes = 0;
        for row in rows {
            let PageRow { pos, id, install, rolling: at, .. } = &row;
            let (pos, id, at, is_own, is_server) =
                (*pos, *id, at.0, *install == own, install.starts_with("server/"));
            let author = (!is_own && !is_server).then(|| install.clone());
            let event = if is_own { None } else { Some(whole(row, key.as_ref())?) };
            let size = event
                .as_ref()
                .map_or(80, |event| event.header.len() + event.body.as_ref().map_or(0, String::len) + 200);
            if !events.is_empty() && bytes + size > PAGE_BYTES {
                break;
            }
            bytes += size;
            authors.extend(author);
            events.push(Positioned { pos, id, event });
            rolling = at;
        }
        let revocations = ingest::revocations(tx, authors.iter().cloned())?;
        let certificates = ingest::certificates(tx, authors)?;
        let epoch = meta::epoch(tx)?;
        let bodiless = events
            .iter()
            .filter(|positioned| positioned.is_bodiless())
            .map(|positioned| positioned.pos)
            .collect();
        Ok(Page { encounter, epoch, events, certificates, revocations, bodiless, rolling, head })
    })
}

/// The rolling hash at a position that the phone names: the start at 0, nothing beyond the head.
fn rolling_at(tx: &mut dyn Tx, encounter: EncounterId, pos: u64) -> Result<Hash, Fault> {
    if pos == 0 {
        return Ok(Rolling::start(encounter).0);
    }
    Ok(events::rolling_at(tx, encounter, pos)?.ok_or(Fault::NotFound)?.0)
}

fn whole(row: PageRow, key: Option<&DataKey>) -> Result<SignedEvent, Fault> {
    let body = match row.body {
        Some(sealed) => load::open_body(key, &row.id.to_string(), &sealed)?,
        None => None,
    };
    Ok(SignedEvent { header: row.header, body, signature: row.signature })
}
