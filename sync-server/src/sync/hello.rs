//! Hello: who is there, how far each side is, and a token for the rest. With nothing to do it is the only request.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use firsthours_core::evidence::{Document, Receipt, Signature, Tag};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{EncounterId, InstallId, PersonId};
use firsthours_core::wire::{
    Grant, HEADER_INSTALL, HEADER_NONCE, HEADER_SIGNATURE, HelloReply, HelloRequest, VERSION, hello_message,
    is_older,
};

use super::enrol;
use super::problem::Fault;
use super::request::{self, Asking, Caller};
use super::service::Service;
use super::{directory, policy, receipt};
use crate::programme::audit::{self, Entry, Source, What, Who};
use crate::programme::checkpoint;
use crate::programme::tokens::{self, Bearer};
use crate::records::ingest::{self, Author};
use crate::store::installs::{self, ReportRow};
use crate::store::{StoreError, Tx, encounters, events, meta, stored};

/// What stands in the headers of a hello.
#[derive(Clone)]
struct Signed {
    install: InstallId,
    nonce: String,
    signature: Signature,
}

/// `POST /v1/sync/hello`. What is signed is the message itself, before any compression.
pub(super) async fn hello(
    State(service): State<Service>,
    source: Source,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let signed = signed(&headers)?;
    // Who is not known, or has no nonce of ours, makes the server read and unpack nothing.
    let asked = signed.clone();
    service.blocking(move |service| greeted(service, &asked).map(|_| ())).await?;
    let bytes = request::body(&service, &headers, body).await?;
    let zstd = request::accepts_zstd(&headers);
    service
        .blocking(move |service| {
            let reply = answer(service, &signed, &bytes, &source)?;
            request::answer(zstd, &reply)
        })
        .await
}

fn signed(headers: &HeaderMap) -> Result<Signed, Fault> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let install = text(HEADER_INSTALL).parse().map_err(|_| Fault::Malformed("no install is named"))?;
    let signature = text(HEADER_SIGNATURE).parse().map_err(|_| Fault::Malformed("no signature is given"))?;
    Ok(Signed { install, nonce: text(HEADER_NONCE).to_owned(), signature })
}

/// The author that the headers name, and when the nonce runs out that they sign with: known, ours and unused.
fn greeted(service: &Service, signed: &Signed) -> Result<(Author, Instant), Fault> {
    let install = signed.install;
    let author = service.store.read(|tx| ingest::author(tx, install))?;
    let Some(author) = author else {
        return Err(Fault::NotEnrolled(enrol::state_of(service, install)?));
    };
    let (key, now, used) = (service.trust.token_key(), service.now(), used(service, install)?);
    let until = tokens::read_nonce(key, &signed.nonce, install, now)
        .filter(|until| used.is_none_or(|used| *until > used));
    let until = until.ok_or_else(|| fresh(service, install, used))?;
    Ok((author, until))
}

fn fresh(service: &Service, install: InstallId, used: Option<Instant>) -> Fault {
    let now = service.now();
    Fault::FreshNonce(tokens::nonce(service.trust.token_key(), &*service.random, install, used, now))
}

fn answer(service: &Service, signed: &Signed, bytes: &Bytes, source: &Source) -> Result<HelloReply, Fault> {
    let now = service.now();
    let key = service.trust.token_key();
    let install = signed.install;
    let (author, until) = greeted(service, signed)?;
    author
        .certificate
        .key
        .verify(Tag::Hello, &hello_message(&signed.nonce, bytes), &signed.signature)
        .map_err(|fault| Fault::NotAuthentic(0, ingest::why(&fault)))?;
    // From here on it is used, whatever becomes of this hello: of two that say it at once, one does.
    if !use_up(service, install, until)? {
        return Err(fresh(service, install, Some(until)));
    }
    let said: HelloRequest = request::message(bytes)?;
    let min_app_version = service.policy.min_app_version.clone();
    let (least, greatest) = said.versions;
    if greatest < VERSION {
        return Err(Fault::UpdateNeeded(min_app_version));
    }
    if least > VERSION {
        return Err(Fault::Malformed("this server speaks version 1 only"));
    }
    if let Some(proof) = &said.proof {
        consider(service, proof, now)?;
    }
    let outdated = is_older(&said.app_version, &min_app_version);
    let token = tokens::token(key, Bearer { install, outdated }, now);
    let source = Source { address: source.address, session: Some(tokens::name(&token)) };
    remember(service, install, &said, &source, now)?;
    checkpoint::given_back(&service.store, &service.trust, &said.checkpoints, now)?;
    let asking = Asking { bearer: Bearer { install, outdated }, source };
    let Caller { send_only, followed, .. } = request::caller(service, asking)?;
    let person = &author.certificate.actor.person;
    let grants = if send_only { Vec::new() } else { grants(service, person)? };
    let encounters: Vec<EncounterId> = if send_only {
        let named: Vec<EncounterId> = said.encounters.iter().map(|cursor| cursor.id).collect();
        sent_to(service, install, &named)?
    } else {
        grants.iter().map(|grant| grant.encounter).collect()
    };
    Ok(HelloReply {
        version: VERSION,
        token,
        next_nonce: tokens::nonce(key, &*service.random, install, Some(until), now),
        server: service.trust.server.clone(),
        epoch: service.store.read(meta::epoch)?,
        time: now,
        receipt: receipt::make(service, install, &encounters)?,
        grants,
        limits: service.policy.limits,
        backoff_ms: 0,
        protocols: directory::notices(service)?,
        directory: directory::current(service)?.0,
        policy: policy::current(service)?.0,
        checkpoint: service.store.read(checkpoint::last)?,
        min_app_version,
        send_only,
        followed,
        trust: service.trust.trust.clone(),
    })
}

/// When the last nonce that an install used runs out, if it used one.
fn used(service: &Service, install: InstallId) -> Result<Option<Instant>, StoreError> {
    service.store.read(|tx| installs::nonce_until(tx, install))
}

/// Notes that a nonce was used; false if it, or a later one, was used already.
fn use_up(service: &Service, install: InstallId, until: Instant) -> Result<bool, StoreError> {
    service.store.write(|tx| installs::use_nonce(tx, install, until))
}

/// Looks at a receipt that is to prove that this store was put back: ours, of this epoch, and saying more than we have.
fn consider(service: &Service, proof: &Document, now: Instant) -> Result<(), Fault> {
    let epoch = service.store.read(meta::epoch)?;
    let Ok(before) = service.trust.keyring().open_receipt::<Receipt>(proof, Tag::Receipt) else {
        return Ok(());
    };
    if before.server != service.trust.server || before.epoch != epoch {
        return Ok(());
    }
    let encounters: Vec<EncounterId> = before.encounters.iter().map(|encounter| encounter.id).collect();
    let held = receipt::read(service, before.install, &encounters)?;
    let here = |id| held.encounters.iter().find(|encounter| encounter.id == id).map_or(0, |found| found.pos);
    let fell = held.received_through < before.received_through
        || before.encounters.iter().any(|encounter| here(encounter.id) < encounter.pos);
    if fell || service.store.read(|tx| differs(tx, &before))? {
        tracing::warn!("a phone proves that this store was put back to an earlier state; a new epoch begins");
        let turned = service.trust.turn_epoch(&service.store, &*service.random, epoch, now);
        turned.map_err(|error| Fault::Internal(error.into()))?;
    }
    Ok(())
}

/// Whether what a receipt acknowledged stands here as something else: the store was put back, and went on from there.
fn differs(tx: &mut dyn Tx, before: &Receipt) -> Result<bool, StoreError> {
    let line = ingest::id_in_line(tx, before.install, before.received_through)?;
    if line.is_some() && line != before.received_id {
        return Ok(true);
    }
    for encounter in &before.encounters {
        let here = events::rolling_at(tx, encounter.id, encounter.pos)?;
        if here.is_some_and(|here| here.0 != encounter.rolling) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keeps what the phone reports, for the page that says which phones hold what is not here yet.
fn remember(
    service: &Service,
    install: InstallId,
    said: &HelloRequest,
    source: &Source,
    now: Instant,
) -> Result<(), StoreError> {
    let version: String = said.app_version.chars().take(40).collect();
    service.store.write(|tx| {
        let report = ReportRow {
            seen: now,
            app_version: &version,
            unsent: said.device.unsent,
            drafts: said.device.drafts,
            oldest_unsent: said.device.oldest_unsent,
            free_disk: said.device.free_disk,
            clock_off_ms: said.clock.wall - now,
        };
        installs::report(tx, install, &report)?;
        let entry = Entry::new(now, Who::Install(install, source), What::SaidHello)
            .with("unsent", stored(said.device.unsent));
        audit::append(tx, &entry)?;
        Ok(())
    })
}

fn grants(service: &Service, person: &PersonId) -> Result<Vec<Grant>, StoreError> {
    service.store.read(|tx| encounters::grants(tx, person))
}

/// Of these records, those in which the install's person has a part, or to which it has sent something itself: a receipt
/// for them tells it no more than that what it sent is here.
pub(super) fn sent_to(
    service: &Service,
    install: InstallId,
    named: &[EncounterId],
) -> Result<Vec<EncounterId>, StoreError> {
    let id = install.to_string();
    service.store.read(|tx| {
        let mut found = Vec::new();
        for encounter in named.iter().copied() {
            if encounters::knows(tx, encounter, &id)? {
                found.push(encounter);
            }
        }
        Ok(found)
    })
}
