//! What changed, for a phone whose person has a part in the record: dense positions, page by page.

use std::collections::BTreeSet;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use firsthours_core::evidence::{Rolling, Signature, SignedEvent};
use firsthours_core::record::{EncounterId, Epoch, Hash};
use firsthours_core::wire::{Page, Positioned};
use serde::Deserialize;

use super::problem::Fault;
use super::request::{self, Caller};
use super::service::Service;
use crate::audit::{self, Entry, Source, What};
use crate::ingest;
use crate::keys::DataKey;
use crate::load;
use crate::store::{Row, StoreError, Tx, hash, number, stored};

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
            if epoch != service.trust.epoch() {
                return Err(Fault::EpochOver);
            }
            let page = read(service, &caller, encounter, after)?;
            let about = encounter.to_string();
            // Durable before the page leaves.
            let entry = Entry::new(service.now_ms(), caller.who(), What::RecordServed)
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
    let id = encounter.to_string();
    let part = service.store.read(|tx| {
        tx.row(
            "select party.person from party join encounter on encounter.id = party.encounter \
             where party.encounter = $1 and party.person = $2 and party.until_ms is null and encounter.sealed = 0",
            &[(&id).into(), (&caller.person).into()],
        )
    })?;
    part.map(|_| ()).ok_or(Fault::NotFound)
}

fn read(service: &Service, caller: &Caller, encounter: EncounterId, after: u64) -> Result<Page, Fault> {
    let id = encounter.to_string();
    let key = load::data_key(&service.keys, &id)?;
    let most = i64::from(service.settings.policy.limits.page_events);
    service.store.read(|tx| {
        let head = tx.row("select pos from encounter where id = $1", &[(&id).into()])?;
        let head = head.ok_or(Fault::NotFound)?.int(0)?;
        let mut rolling = rolling_at(tx, encounter, after)?;
        let rows = tx.rows(
            "select pos, id, install, header, body, signature, rolling from event \
             where encounter = $1 and pos > $2 order by pos limit $3",
            &[(&id).into(), stored(after).into(), most.into()],
        )?;
        let mut events = Vec::with_capacity(rows.len());
        let mut authors = BTreeSet::new();
        let own = caller.install.to_string();
        let mut bytes = 0;
        for row in &rows {
            let event = if row.text(2)? == own { None } else { Some(whole(row, key.as_ref())?) };
            let size = event
                .as_ref()
                .map_or(80, |event| event.header.len() + event.body.as_ref().map_or(0, String::len) + 200);
            if !events.is_empty() && bytes + size > PAGE_BYTES {
                break;
            }
            bytes += size;
            if event.is_some() && !row.text(2)?.starts_with("server/") {
                authors.insert(row.string(2)?);
            }
            events.push(Positioned { pos: number(row.int(0)?), id: hash(row.text(1)?)?, event });
            rolling = hash(row.text(6)?)?;
        }
        let revocations = ingest::revocations(tx, authors.iter().cloned())?;
        let certificates = ingest::certificates(tx, authors)?;
        Ok(Page {
            encounter,
            epoch: service.trust.epoch(),
            events,
            certificates,
            revocations,
            rolling,
            head: number(head),
        })
    })
}

/// The rolling hash at a position that the phone names: the start at 0, nothing beyond the head.
fn rolling_at(tx: &mut dyn Tx, encounter: EncounterId, pos: u64) -> Result<Hash, Fault> {
    if pos == 0 {
        return Ok(Rolling::start(encounter).0);
    }
    let row = tx.row(
        "select rolling from event where encounter = $1 and pos = $2",
        &[encounter.to_string().into(), stored(pos).into()],
    )?;
    Ok(hash(row.ok_or(Fault::NotFound)?.text(0)?)?)
}

fn whole(row: &Row, key: Option<&DataKey>) -> Result<SignedEvent, Fault> {
    let body = match row.opt_blob(4)? {
        Some(sealed) => load::open_body(key, row.text(1)?, sealed)?,
        None => None,
    };
    let signature: &[u8; 64] = row
        .blob(5)?
        .try_into()
        .map_err(|_| StoreError::Corrupt("a signature has not 64 bytes".to_owned()))?;
    Ok(SignedEvent { header: row.string(3)?, body, signature: Signature::from_bytes(signature) })
}
