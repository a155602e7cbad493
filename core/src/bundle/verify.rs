//! Verification: from one trusted fingerprint to "nothing was altered, and nothing is missing".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Bundle, BundledEvent, Manifest};
use crate::evidence::{ChainFault, Document, Keyring, NotAuthentic, Receipt, Rolling, Tag, check_encounter};
use crate::protocol::Instant;
use crate::record::{Epoch, Event, EventId, Hash, Install, Kind, State};

/// A record that holds what it promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub state: State,
    pub completeness: Completeness,
    pub receipts: Receipts,
}

/// What the receipts add. Each is genuine; only those that agree say anything about what stands here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipts {
    /// They tell of the same history as the manifest.
    pub agree: usize,
    /// Of another epoch, of a later position, or without a manifest: nothing here to compare their history with.
    pub not_compared: usize,
}

/// What is known to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// Everything that the server held in this epoch up to this position; and `later` events that it does not speak
    /// of, of which only the order within an author is known.
    UpTo { epoch: Epoch, pos: u64, time: Instant, later: usize },
    /// No manifest: complete only up to each author's last shown event.
    UpToLastShown { last: BTreeMap<Install, Vec<EventId>> },
}

/// The first thing wrong, and where. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {wrong}")]
pub struct VerifyFault {
    pub line: usize,
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("{0}")]
    NotAuthentic(#[from] NotAuthentic),
    #[error("this stands twice, or not in its order")]
    Order,
    #[error("nothing in this record needs it")]
    NotNeeded,
    #[error("it belongs to another record")]
    OtherEncounter,
    #[error("the body is missing and no event says that it was shredded")]
    BodyMissing,
    #[error("the record does not begin with its opening")]
    NotOpened,
    #[error("the record was made under another definition")]
    OtherDefinition,
    #[error("its author was revoked before it came, and nothing says that it is held")]
    Revoked,
    #[error("an author was revoked, and the statement of it is not here")]
    RevocationMissing,
    #[error("it was vouched for before its author's certificate began")]
    BeforeCertificate,
    #[error("the server wrote it in a role that has no desk")]
    NoDesk,
    #[error("events of {author} do not follow one another: {fault}")]
    Chain { author: Install, fault: ChainFault },
    #[error("a position stands here that no manifest signs")]
    Position,
    #[error("the events are not those of the manifest: {what} differs")]
    NotOfManifest { what: &'static str },
    #[error("the receipt tells of another history")]
    OtherHistory,
}

/// The lines before the first certificate: header, definition, trust.
const BEFORE: usize = 3;

/// Verifies a bundle for one who trusts the root with this fingerprint, and names the first thing wrong.
pub fn verify(bundle: &Bundle, fingerprint: &str) -> Result<Verified, VerifyFault> {
    let mut ring = Keyring::new(&bundle.trust, fingerprint).map_err(|fault| at(BEFORE, fault))?;
    in_order(&bundle.trust.server, |_| BEFORE)?;
    let first_event = BEFORE + bundle.certificates.len() + bundle.revocations.len() + 1;
    certificates(bundle, &mut ring)?;
    revocations(bundle, &mut ring)?;
    let events = events(bundle, &ring, first_event)?;
    let state = State::fold(events.iter().cloned());
    needed_certificates(bundle, &events)?;
    bodies(&state, &events, first_event)?;
    opening(bundle, &state, &events, first_event)?;
    trusted_authors(&ring, &state, &events, first_event)?;
    chains(&state, &events, first_event)?;
    let first_receipt = first_event + events.len();
    let manifest = manifest(bundle, &ring, &events, first_receipt + bundle.receipts.len())?;
    let receipts = receipts(bundle, &ring, manifest.as_ref(), &events, first_receipt)?;
    let completeness = match manifest {
        Some(Manifest { epoch, pos, time, .. }) => {
            let later = bundle.events.iter().filter(|event| event.pos.is_none()).count();
            Completeness::UpTo { epoch, pos, time, later }
        }
        None => Completeness::UpToLastShown { last: state.tips(|_| true) },
    };
    Ok(Verified { state, completeness, receipts })
}

fn at(line: usize, wrong: impl Into<Wrong>) -> VerifyFault {
    VerifyFault { line, wrong: wrong.into() }
}

/// Documents stand in the order of their texts, none twice.
fn in_order(documents: &[Document], line_of: impl Fn(usize) -> usize) -> Result<(), VerifyFault> {
    match documents.windows(2).position(|pair| pair[0].text >= pair[1].text) {
        Some(index) => Err(at(line_of(index + 1), Wrong::Order)),
        None => Ok(()),
    }
}

fn certificates(bundle: &Bundle, ring: &mut Keyring) -> Result<(), VerifyFault> {
    let mut installs = BTreeSet::new();
    for (line, document) in (BEFORE + 1..).zip(&bundle.certificates) {
        let certificate = ring.admit(document).map_err(|fault| at(line, fault))?;
        if !installs.insert(certificate.install) {
            return Err(at(line, Wrong::Order));
        }
    }
    in_order(&bundle.certificates, |index| BEFORE + 1 + index)
}

fn revocations(bundle: &Bundle, ring: &mut Keyring) -> Result<(), VerifyFault> {
    let first = BEFORE + bundle.certificates.len() + 1;
    for (line, document) in (first..).zip(&bundle.revocations) {
        let install = ring.revoke(document).map_err(|fault| at(line, fault))?.install;
        if ring.install(&install).is_none() {
            return Err(at(line, Wrong::NotNeeded));
        }
    }
    in_order(&bundle.revocations, |index| first + index)
}

/// What counts was written by who might: not beyond a revocation, and at a desk only by those who have one.
fn trusted_authors(
    ring: &Keyring,
    state: &State,
    events: &[Arc<Event>],
    first: usize,
) -> Result<(), VerifyFault> {
    for (line, event) in (first..).zip(events) {
        match event.header.install {
            Install::Server(_) if state.refused(&event.id) => return Err(at(line, Wrong::NoDesk)),
            Install::Server(_) => {}
            Install::Phone(install) => {
                let beyond =
                    ring.revocation(&install).is_some_and(|revoked| revoked.covers(&event.header, event.id));
                if beyond && state.held(&event.id).is_none() {
                    return Err(at(line, Wrong::Revoked));
                }
            }
        }
    }
    Ok(())
}

/// Opens every event: signature, body, author, record, order, position.
fn events(bundle: &Bundle, ring: &Keyring, first: usize) -> Result<Vec<Arc<Event>>, VerifyFault> {
    let mut events: Vec<Arc<Event>> = Vec::with_capacity(bundle.events.len());
    let mut ids = BTreeSet::new();
    for ((line, expected), BundledEvent { event, pos }) in (first..).zip(1_u64..).zip(&bundle.events) {
        let read = ring.open_event(event).map_err(|fault| at(line, fault))?;
        if read.header.encounter != Some(bundle.encounter) {
            return Err(at(line, Wrong::OtherEncounter));
        }
        if !ids.insert(read.id) {
            return Err(at(line, Wrong::Order));
        }
        let rank = |event: &Event| (event.header.stamp, event.id);
        let last_is_placed = line == first || bundle.events[line - first - 1].pos.is_some();
        match pos {
            Some(_) if !last_is_placed => return Err(at(line, Wrong::Order)),
            Some(pos) if bundle.manifest.is_none() || *pos != expected => {
                return Err(at(line, Wrong::Position));
            }
            None if !last_is_placed && events.last().is_some_and(|last| rank(last) >= rank(&read)) => {
                return Err(at(line, Wrong::Order));
            }
            _ => {}
        }
        events.push(Arc::new(read));
    }
    Ok(events)
}

fn needed_certificates(bundle: &Bundle, events: &[Arc<Event>]) -> Result<(), VerifyFault> {
    let authors: BTreeSet<Install> = events.iter().map(|event| event.header.install).collect();
    for (line, document) in (BEFORE + 1..).zip(&bundle.certificates) {
        let certificate =
            document.peek::<crate::evidence::InstallCertificate>().map_err(|fault| at(line, fault))?;
        if !authors.contains(&Install::Phone(certificate.install)) {
            return Err(at(line, Wrong::NotNeeded));
        }
    }
    Ok(())
}

/// Whether the record's bodies were destroyed by one who may.
fn is_shredded(state: &State) -> bool {
    state.counting_of(|kind| matches!(kind, Kind::Shredded { .. })).next().is_some()
}

fn bodies(state: &State, events: &[Arc<Event>], first: usize) -> Result<(), VerifyFault> {
    match events.iter().position(|event| event.body.is_none()) {
        Some(index) if !is_shredded(state) => Err(at(first + index, Wrong::BodyMissing)),
        _ => Ok(()),
    }
}

/// The opening pins the definition; of a shredded record nothing is left to compare.
fn opening(bundle: &Bundle, state: &State, events: &[Arc<Event>], first: usize) -> Result<(), VerifyFault> {
    let Some(opened) = state.opened() else {
        return if is_shredded(state) { Ok(()) } else { Err(at(first, Wrong::NotOpened)) };
    };
    match opened.kind() {
        Some(Kind::Opened { protocol, .. }) if *protocol == Hash::of(bundle.definition.as_bytes()) => Ok(()),
        _ => Err(at(line_of(events, first, |event| event.id == opened.id), Wrong::OtherDefinition)),
    }
}

fn chains(state: &State, events: &[Arc<Event>], first: usize) -> Result<(), VerifyFault> {
    // By the end of a gap: an original that came after all may have taken its beginning.
    let mut gaps: BTreeMap<(Install, u64), (u64, EventId)> = BTreeMap::new();
    for event in state.counting_of(|kind| matches!(kind, Kind::Gap { .. })) {
        if let Some(Kind::Gap { author, enc_from, enc_to, id_of_to }) = event.kind() {
            gaps.insert((*author, *enc_to), (*enc_from, *id_of_to));
        }
    }
    let headers = events.iter().map(|event| (event.id, &event.header));
    let excused = |author: Install, missing: u64| {
        let (&(_, to), &(from, id_of_to)) = gaps.range((author, missing)..=(author, u64::MAX)).next()?;
        (from <= missing).then_some((to, id_of_to))
    };
    match check_encounter(headers, excused) {
        Ok(_) => Ok(()),
        Err((author, fault)) => {
            let seq = match fault {
                ChainFault::Gap { found, .. } => Some(found),
                ChainFault::Broken { at } | ChainFault::Fork { at } => Some(at),
                ChainFault::NoPlace => None,
            };
            let is_it = |event: &Event| event.header.install == author && event.header.enc_seq == seq;
            Err(at(line_of(events, first, is_it), Wrong::Chain { author, fault }))
        }
    }
}

fn line_of(events: &[Arc<Event>], first: usize, is_it: impl Fn(&Event) -> bool) -> usize {
    first + events.iter().position(|event| is_it(event)).unwrap_or(0)
}

fn manifest(
    bundle: &Bundle,
    ring: &Keyring,
    events: &[Arc<Event>],
    line: usize,
) -> Result<Option<Manifest>, VerifyFault> {
    let Some(document) = &bundle.manifest else { return Ok(None) };
    let signed: Manifest = ring.open_receipt(document, Tag::Manifest).map_err(|fault| at(line, fault))?;
    if signed.encounter != bundle.encounter {
        return Err(at(line, Wrong::OtherEncounter));
    }
    if signed.revoked.iter().any(|install| ring.revocation(install).is_none()) {
        return Err(at(line, Wrong::RevocationMissing));
    }
    let placed = bundle.events.iter().take_while(|event| event.pos.is_some()).count();
    for (event, place) in events[..placed].iter().zip(0..) {
        let Install::Phone(install) = event.header.install else { continue };
        // What the server held at the time of the manifest had come to it by then.
        if ring.install(&install).is_some_and(|certificate| certificate.from > signed.time) {
            return Err(at(line - bundle.receipts.len() - events.len() + place, Wrong::BeforeCertificate));
        }
    }
    let definition = Hash::of(bundle.definition.as_bytes());
    let Manifest { encounter, epoch, time, .. } = signed;
    let found = Manifest::of(&signed.server, encounter, definition, epoch, &events[..placed], time);
    let what = if signed.definition != found.definition {
        "the definition"
    } else if signed.pos != found.pos {
        "the number of events"
    } else if signed.rolling != found.rolling {
        "the history"
    } else if signed.last != found.last {
        "an author’s last event"
    } else if signed.held != found.held {
        "what is held"
    } else if signed.shredded != found.shredded {
        "what was shredded"
    } else {
        return Ok(Some(signed));
    };
    Err(at(line, Wrong::NotOfManifest { what }))
}

/// Receipts are of this record, and tell of the same history as far as both go.
fn receipts(
    bundle: &Bundle,
    ring: &Keyring,
    manifest: Option<&Manifest>,
    events: &[Arc<Event>],
    first: usize,
) -> Result<Receipts, VerifyFault> {
    let mut seen = Receipts::default();
    for (line, document) in (first..).zip(&bundle.receipts) {
        let receipt: Receipt = ring.open_receipt(document, Tag::Receipt).map_err(|fault| at(line, fault))?;
        let here = receipt.encounters.iter().find(|of| of.id == bundle.encounter);
        let here = here.ok_or_else(|| at(line, Wrong::NotNeeded))?;
        if !ends_as_here(&receipt, events) {
            return Err(at(line, Wrong::OtherHistory));
        }
        if manifest.is_none_or(|signed| signed.epoch != receipt.epoch || here.pos > signed.pos) {
            seen.not_compared += 1;
            continue;
        }
        let upto = usize::try_from(here.pos).unwrap_or(usize::MAX).min(events.len());
        let history = events[..upto]
            .iter()
            .fold(Rolling::start(bundle.encounter), |so_far, event| so_far.then(event.id));
        if history.0 != here.rolling {
            return Err(at(line, Wrong::OtherHistory));
        }
        seen.agree += 1;
    }
    in_order(&bundle.receipts, |index| first + index)?;
    Ok(seen)
}

/// Whatever its epoch: where the event that ends the install's line stands here, it is the one that the receipt names.
fn ends_as_here(receipt: &Receipt, events: &[Arc<Event>]) -> bool {
    let author = Install::Phone(receipt.install);
    let is_last = |event: &&Arc<Event>| {
        event.header.install == author && event.header.seq == Some(receipt.received_through)
    };
    events.iter().filter(is_last).all(|event| Some(event.id) == receipt.received_id)
}
