//! Phones: one-time codes, requests to be enrolled, and what an administrator decides about them.

use firsthours_core::evidence::{ALGORITHM, Document, InstallCertificate, PublicKey, Revocation, Revoked};
use firsthours_core::outside::{Random, random_bytes};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{Actor, InstallId, PersonId};
use firsthours_core::wire::{CODE_LENGTH, CODE_LETTERS, EnrolState, read_code};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::programme::audit::{self, Entry, Source, What, Who};
use crate::programme::trust::ServerKeys;
use crate::store::enrolments::NewCodeRow;
use crate::store::installs::{DeviceRow, RequestRow};
use crate::store::{StoreError, Tx, documents, enrolments, installs, people};

mod vouched;

pub use crate::store::installs::InstallState;
pub use vouched::{Vouched, ask_again};

/// How long a code may be used.
pub const CODE_MS: i64 = 15 * 60 * 1_000;
/// Wrong secrets after which a code is dead.
pub const TRIES: i64 = 5;

/// The first letters of a code only find its row, so that wrong tries count against one code; the ten letters after
/// them are its fifty secret bits. Nobody can sweep these thirty bits to use up the tries of codes that others were given.
const SLOT: usize = 6;

/// Why an act on a phone is not possible.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such person, or one who has left.
    #[error("there is no such person")]
    Person,
    /// No such phone.
    #[error("there is no such phone")]
    Missing,
    /// The phone is not in the state that this act needs.
    #[error("the phone is {0}")]
    State(&'static str),
    /// What is stored of the phone cannot be read.
    #[error("what is stored of this phone cannot be read")]
    Unreadable,
    /// Every slot for a code is in use.
    #[error("too many codes are open; wait until some have expired")]
    Full,
}

/// A phone as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its install.
    pub install: String,
    /// What the agency calls it.
    pub device: String,
    /// Whose it is.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// How it stands.
    pub state: InstallState,
    /// The fingerprint to compare before approving.
    pub fingerprint: String,
    /// When it asked.
    pub requested: Instant,
    /// When it last said hello.
    pub seen: Option<Instant>,
    /// What it last said it still has to send.
    pub unsent: i64,
}

/// What a phone asks with; its proof has been verified by the caller.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The code as typed or scanned.
    pub code: &'a str,
    /// Its install.
    pub install: InstallId,
    /// Its public key.
    pub key: PublicKey,
    /// What it calls itself.
    pub device: &'a str,
    /// From where it asks.
    pub source: &'a Source,
}

/// Makes a code for a person; it is shown once and kept only as a hash.
pub fn make_code(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    random: &dyn Random,
    person: &PersonId,
    by: Who<'_>,
    now: Instant,
) -> Result<String, DeviceError> {
    people::agency_of(tx, person)?.ok_or(DeviceError::Person)?;
    // A day after its end nobody asks again how a used code stands.
    enrolments::delete_ended(tx, now - 24 * 3_600_000)?;
    for _ in 0..64 {
        let code = draw(random);
        let new = NewCodeRow {
            name: &code[..SLOT],
            code_hash: &hash(trust, &code),
            person,
            made_by: &by.text(),
            made: now,
            expires: now + CODE_MS,
        };
        if enrolments::insert(tx, &new)? {
            audit::append(tx, &Entry::new(now, by, What::CodeMade).with("person", person))?;
            let groups: Vec<&str> = (0..CODE_LENGTH / 4).map(|n| &code[n * 4..n * 4 + 4]).collect();
            return Ok(groups.join("-"));
        }
    }
    Err(DeviceError::Full)
}

/// Takes a phone's request, or tells how an earlier one stands. `None` is every refusal: no such code, expired,
/// spent, or used by another. It is an answer and not an error, so that the count of tries is committed with it.
pub fn ask(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    ask: &Ask<'_>,
    now: Instant,
) -> Result<Option<EnrolState>, DeviceError> {
    let Some(code) = read_code(ask.code) else {
        return Ok(None);
    };
    let name = &code[..SLOT];
    let Some(known) = enrolments::get(tx, name)? else {
        return Ok(None);
    };
    let (install, key) = (ask.install.to_string(), ask.key.to_string());
    let fits = bool::from(known.code_hash.as_bytes().ct_eq(hash(trust, &code).as_bytes()));
    // Whoever used the code asks again how that stands, and for the certificate: what others guess is nothing to them.
    if fits && known.used_by.as_ref() == Some(&install) {
        let asked = installs::state(tx, &install)?;
        return Ok(asked.filter(|asked| asked.key == key).map(|asked| state(asked.state)));
    }
    if known.tries >= TRIES || !fits {
        enrolments::count_try(tx, name)?;
        return Ok(None);
    }
    if known.used_by.is_some() || known.expires <= now {
        return Ok(None);
    }
    // A phone that waits, or was refused, may ask anew with another code; one that was ever approved may not.
    let (device, person) = (ask.device, &known.person);
    let asked = RequestRow { install: &install, device, key: &key, requested: now, person };
    if !installs::ask(tx, &asked)? {
        return Ok(None);
    }
    enrolments::used_by(tx, name, &install)?;
    audit::append(tx, &Entry::new(now, Who::Install(ask.install, ask.source), What::EnrolmentAsked))?;
    Ok(Some(EnrolState::Waiting))
}

/// Approves a waiting phone: signs its certificate. The administrator has compared the fingerprint.
pub fn approve(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    install: &str,
    by: Who<'_>,
    now: Instant,
) -> Result<(), DeviceError> {
    let row = installs::to_certify(tx, install)?.ok_or(DeviceError::Missing)?;
    if row.state != InstallState::Waiting {
        return Err(DeviceError::State(row.state.code()));
    }
    let certificate = InstallCertificate {
        v: 1,
        install: install.parse().map_err(|_| DeviceError::Unreadable)?,
        device: row.device,
        actor: Actor { person: row.person, role: row.role, agency: row.agency },
        name: row.name,
        key: row.key.parse().map_err(|_| DeviceError::Unreadable)?,
        algorithm: ALGORITHM.to_owned(),
        sealing_key: row.sealing_key,
        from: now,
        approved_by: match by {
            Who::Person(id, _) => id.clone(),
            other => PersonId(other.text()),
        },
    };
    let document = trust.certify(&certificate);
    installs::decide(tx, install, InstallState::Approved, &by.text(), now)?;
    documents::put_certificate(tx, install, &document)?;
    audit::append(tx, &Entry::new(now, by, What::InstallApproved).with("install", install))?;
    Ok(())
}

/// Refuses a waiting phone.
pub fn refuse(tx: &mut dyn Tx, install: &str, by: Who<'_>, now: Instant) -> Result<(), DeviceError> {
    decide(tx, install, (InstallState::Waiting, InstallState::Refused), What::InstallRefused, by, now)
}

/// Revokes an approved phone: it may hand in what it holds, and reads nothing any more. A signed statement says from
/// where on what it writes is not trusted.
pub fn revoke(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    install: &str,
    why: Revoked,
    by: Who<'_>,
    now: Instant,
) -> Result<(), DeviceError> {
    decide(tx, install, (InstallState::Approved, InstallState::Revoked), What::InstallRevoked, by, now)?;
    let install: InstallId = install.parse().map_err(|_| DeviceError::Unreadable)?;
    let line = installs::line(tx, install)?;
    let statement = Revocation {
        v: 1,
        server: trust.server.clone(),
        install,
        last_seq: line.seq,
        last_id: line.id,
        at: now,
        why,
    };
    let document = trust.revoke(&statement);
    Ok(documents::add_revocation(tx, &install.to_string(), &document)?)
}

/// Revokes every phone of a person who has left.
pub fn revoke_all_of(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    person: &PersonId,
    by: Who<'_>,
    now: Instant,
) -> Result<(), DeviceError> {
    for install in installs::approved_of(tx, person)? {
        revoke(tx, trust, &install, Revoked::Person, by, now)?;
    }
    Ok(())
}

/// Every phone, those that wait for a decision first.
pub fn all(tx: &mut dyn Tx) -> Result<Vec<Device>, DeviceError> {
    installs::all(tx)?.into_iter().map(device).collect()
}

/// The certificate of a phone that has one.
pub fn certificate(tx: &mut dyn Tx, install: &str) -> Result<Option<Document>, DeviceError> {
    Ok(documents::certificate(tx, install)?)
}

fn decide(
    tx: &mut dyn Tx,
    install: &str,
    (from, to): (InstallState, InstallState),
    what: What,
    by: Who<'_>,
    now: Instant,
) -> Result<(), DeviceError> {
    let found = installs::state(tx, install)?.ok_or(DeviceError::Missing)?.state;
    if found != from {
        return Err(DeviceError::State(found.code()));
    }
    installs::decide(tx, install, to, &by.text(), now)?;
    audit::append(tx, &Entry::new(now, by, what).with("install", install))?;
    Ok(())
}

fn device(row: DeviceRow) -> Result<Device, DeviceError> {
    let DeviceRow { install, device, person, name, state, key, requested, seen, unsent } = row;
    let key: PublicKey = key.parse().map_err(|_| DeviceError::Unreadable)?;
    let fingerprint = key.fingerprint();
    Ok(Device { install, device, person, name, state, fingerprint, requested, seen, unsent })
}

/// How an install's state is told to its phone. A revoked one was approved once, and keeps its certificate.
fn state(state: InstallState) -> EnrolState {
    match state {
        InstallState::Waiting => EnrolState::Waiting,
        InstallState::Approved | InstallState::Revoked => EnrolState::Approved,
        InstallState::Refused => EnrolState::Refused,
    }
}

fn draw(random: &dyn Random) -> String {
    // 256 is a multiple of 32, so every letter is as likely.
    random_bytes::<CODE_LENGTH>(random)
        .iter()
        .map(|byte| char::from(CODE_LETTERS[usize::from(byte % 32)]))
        .collect()
}

/// Keyed, so that a copy of the store does not let fifty bits be tried elsewhere.
fn hash(trust: &ServerKeys, code: &str) -> String {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(trust.token_key()).expect("HMAC takes a key of any length");
    mac.update(b"fh1-code\0");
    mac.update(code.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests;
