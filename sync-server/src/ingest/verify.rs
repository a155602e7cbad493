//! Whether events are authentic: judged from their bytes and a certificate alone, before any transaction.

use std::sync::Arc;

use firsthours_core::evidence::{InstallCertificate, Keyring, NotAuthentic, SignedEvent, Tag};
use firsthours_core::record::{Event, Install, InstallId, Unreadable};

use super::IngestError;
use crate::store::{StoreError, Tx};

/// An event whose signature, chain place and author were checked.
#[derive(Debug, Clone)]
pub struct Authentic {
    /// Read once, used everywhere.
    pub event: Arc<Event>,
    /// The bytes as they came.
    pub signed: SignedEvent,
}

/// An install as this server knows it.
#[derive(Debug, Clone)]
pub struct Author {
    /// What binds its key to a person.
    pub certificate: InstallCertificate,
    /// Its events are stored, and held.
    pub revoked: bool,
}

/// The install of this id with its certificate; `None` if it was never approved here.
pub fn author(tx: &mut dyn Tx, install: InstallId) -> Result<Option<Author>, StoreError> {
    let row = tx.row(
        "select certificate.text, install.state from install \
         join certificate on certificate.install = install.install where install.install = $1",
        &[install.to_string().into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    // It was verified, or signed, before it was stored.
    let certificate = serde_json::from_str(row.text(0)?)
        .map_err(|_| StoreError::Corrupt("a certificate cannot be read".to_owned()))?;
    Ok(Some(Author { certificate, revoked: row.text(1)? == "revoked" }))
}

/// Verifies a run of an install's own events: contiguous, each naming the one before, signed by its key, by its
/// person. `expected` is the number at which the server's line goes on, for a fault before any number is read.
pub(super) fn run(
    certificate: &InstallCertificate,
    events: Vec<SignedEvent>,
    expected: u64,
) -> Result<Vec<Authentic>, IngestError> {
    let mut run: Vec<Authentic> = Vec::with_capacity(events.len());
    for signed in events {
        let before = run.last().map(|last| &last.event);
        let next = before.and_then(|event| event.header.seq).map_or(expected, |seq| seq + 1);
        let fault = |detail| IngestError::NotAuthentic { seq: next, detail };
        let event = signed.read().map_err(|unreadable| fault(why_unreadable(&unreadable)))?;
        let header = &event.header;
        let seq = header.seq.ok_or_else(|| fault("the event has no number"))?;
        let fault = |detail| IngestError::NotAuthentic { seq: before.map_or(seq, |_| next), detail };
        if before.is_some_and(|before| seq != next || header.prev != Some(before.id)) {
            return Err(fault("the event does not follow the one before it"));
        }
        if seq == 0 || (seq == 1) != header.prev.is_none() {
            return Err(fault("the event does not follow the one before it"));
        }
        if header.install != Install::Phone(certificate.install) {
            return Err(fault("the event is of another install"));
        }
        well_placed(&event).map_err(fault)?;
        certificate
            .key
            .verify(Tag::Event, signed.header.as_bytes(), &signed.signature)
            .map_err(|_| fault("the signature does not fit"))?;
        match &event.body {
            None => return Err(fault("the body is missing")),
            Some(body) if body.actor != certificate.actor => {
                return Err(fault("the author is not whom the certificate names"));
            }
            Some(_) => {}
        }
        run.push(Authentic { event: Arc::new(event), signed });
    }
    Ok(run)
}

/// Verifies one event that somebody else offers, under the certificates that are known.
pub(super) fn offered(keyring: &Keyring, signed: SignedEvent) -> Result<Authentic, &'static str> {
    let event = keyring.open_event(&signed).map_err(|fault| why(&fault))?;
    if event.body.is_none() {
        return Err("the body is missing");
    }
    well_placed(&event)?;
    Ok(Authentic { event: Arc::new(event), signed })
}

/// An event of a record has its place in its author's chain there; one of the whole install has none.
fn well_placed(event: &Event) -> Result<(), &'static str> {
    let header = &event.header;
    match (header.encounter, header.enc_seq, header.enc_prev) {
        (None, None, None) | (Some(_), Some(1), None) => Ok(()),
        (Some(_), Some(seq), Some(_)) if seq > 1 => Ok(()),
        _ => Err("the event has no place in its record"),
    }
}

/// The fault in words that quote nothing.
pub(crate) fn why(fault: &NotAuthentic) -> &'static str {
    match fault {
        NotAuthentic::Signature => "the signature does not fit",
        NotAuthentic::Event(unreadable) => why_unreadable(unreadable),
        NotAuthentic::Json(_) => "the text is not strict JSON",
        NotAuthentic::Shape(_) => "the text lacks what it must have",
        NotAuthentic::NoCertificate => "there is no certificate for this author",
        NotAuthentic::OtherActor => "the author is not whom the certificate names",
        NotAuthentic::Algorithm(_) => "the algorithm is not known",
        NotAuthentic::Key | NotAuthentic::Purpose | NotAuthentic::Root => "the key is not the right one",
    }
}

fn why_unreadable(fault: &Unreadable) -> &'static str {
    match fault {
        Unreadable::TooLarge { .. } => "the event is larger than the format allows",
        Unreadable::Json { .. } => "the event is not strict JSON",
        Unreadable::Shape { .. } => "the event lacks what every event has",
        Unreadable::OtherBody => "the body is not the one the header names",
        Unreadable::NewerFormat { .. } => "the format is newer than this server",
    }
}
