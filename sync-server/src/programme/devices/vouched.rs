//! Phones that were enrolled before and ask without a code: their store was put back or copied, or ours was.
//!
//! What vouches for them is a certificate that this programme signed, and the key it names. That shows who asks; an
//! administrator still approves, because a copy may be in anybody's hands.

use firsthours_core::evidence::{Document, InstallCertificate, PublicKey, Tag};
use firsthours_core::protocol::Instant;
use firsthours_core::record::InstallId;
use firsthours_core::wire::{EnrolState, Succession};

use super::{DeviceError, certificate, state};
use crate::programme::audit::{self, Entry, Source, What, Who};
use crate::programme::trust::ServerKeys;
use crate::store::Tx;
use crate::store::installs::{self, InstallState, RequestRow};

/// What a phone asks with that has no code; its proof has been verified by the caller.
#[derive(Debug, Clone)]
pub struct Vouched<'a> {
    /// Its install.
    pub install: InstallId,
    /// Its public key.
    pub key: PublicKey,
    /// What it calls itself.
    pub device: &'a str,
    /// The word of the install that it goes on from.
    pub follows: Option<&'a Document>,
    /// That install's certificate, or its own.
    pub certificate: Option<&'a Document>,
    /// From where it asks.
    pub source: &'a Source,
}

/// Takes the request of a phone that was enrolled before, or tells how it stands. `None` is every refusal.
pub fn ask_again(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    asked: &Vouched<'_>,
    now: Instant,
) -> Result<Option<EnrolState>, DeviceError> {
    let Some(vouching) = vouching(tx, trust, asked)? else { return Ok(None) };
    let (install, key) = (asked.install.to_string(), asked.key.to_string());
    if let Some(known) = installs::state(tx, &install)? {
        return Ok((known.key == key).then(|| state(known.state)));
    }
    let from = (vouching.install != asked.install).then(|| vouching.install.to_string());
    if let Some(from) = &from {
        // Who was shut out does not come in again under another number.
        if installs::state(tx, from)?.is_some_and(|from| from.state == InstallState::Revoked) {
            return Ok(None);
        }
    }
    let (device, person) = (asked.device, &vouching.actor.person);
    let request = RequestRow { install: &install, device, key: &key, requested: now, person };
    if !installs::ask_following(tx, &request, from.as_deref())? {
        return Ok(None);
    }
    let mut entry = Entry::new(now, Who::Install(asked.install, asked.source), What::EnrolmentAsked);
    if let Some(from) = from {
        entry = entry.with("follows", from);
    }
    audit::append(tx, &entry)?;
    Ok(Some(EnrolState::Waiting))
}

/// The certificate that vouches for the one who asks, if one does.
fn vouching(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    asked: &Vouched<'_>,
) -> Result<Option<InstallCertificate>, DeviceError> {
    let of = match asked.follows {
        None => asked.install,
        Some(document) => match document.peek::<Succession>() {
            Ok(succession) if succession.install == asked.install && succession.key == asked.key => {
                succession.follows
            }
            _ => return Ok(None),
        },
    };
    let known = match certificate(tx, &of.to_string())? {
        Some(known) => Some(known),
        None => asked.certificate.cloned(),
    };
    let Some(certificate) = known.and_then(|document| trust.open_certificate(&document).ok()) else {
        return Ok(None);
    };
    let holds = match asked.follows {
        // The caller has verified that it holds the key it names.
        None => certificate.key == asked.key,
        Some(document) => document.open::<Succession>(Tag::Succession, &certificate.key).is_ok(),
    };
    Ok((certificate.install == of && holds).then_some(certificate))
}
