//! Phones: one-time codes, requests to be enrolled, and what an administrator decides about them.

use firsthours_core::evidence::{ALGORITHM, Document, InstallCertificate, PublicKey, Revocation, Revoked};
use firsthours_core::record::{Actor, InstallId, PersonId};
use firsthours_core::wire::{CODE_LENGTH, CODE_LETTERS, EnrolState, read_code};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::audit::{self, Entry, Source, What, Who};
use crate::ingest;
use crate::random::{self, Random};
use crate::store::{Row, StoreError, Tx};
use crate::trust::ServerKeys;

mod vouched;

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
    State(String),
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
    pub person: String,
    /// Their name.
    pub name: String,
    /// waiting, approved, refused or revoked.
    pub state: String,
    /// The fingerprint to compare before approving.
    pub fingerprint: String,
    /// When it asked.
    pub request_ms: i64,
    /// When it last said hello.
    pub seen_ms: Option<i64>,
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
    person: &str,
    by: Who<'_>,
    now_ms: i64,
) -> Result<String, DeviceError> {
    tx.row("select id from person where id = $1 and disabled = 0", &[person.into()])?
        .ok_or(DeviceError::Person)?;
    // A day after its end nobody asks again how a used code stands.
    tx.run("delete from enrolment where expires_ms < $1", &[now_ms.saturating_sub(24 * 3_600_000).into()])?;
    for _ in 0..64 {
        let code = draw(random);
        let made = tx.run(
            "insert into enrolment (name, code_hash, person, made_by, made_ms, expires_ms) \
             values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
            &[
                code[..SLOT].into(),
                hash(trust, &code).into(),
                person.into(),
                by.text().into(),
                now_ms.into(),
                now_ms.saturating_add(CODE_MS).into(),
            ],
        )?;
        if made == 1 {
            audit::append(tx, &Entry::new(now_ms, by, What::CodeMade).with("person", person))?;
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
    now_ms: i64,
) -> Result<Option<EnrolState>, DeviceError> {
    let Some(code) = read_code(ask.code) else {
        return Ok(None);
    };
    let row = tx.row(
        "select code_hash, person, expires_ms, tries, used_by from enrolment where name = $1",
        &[code[..SLOT].into()],
    )?;
    let Some(row) = row else {
        return Ok(None);
    };
    let (install, key) = (ask.install.to_string(), ask.key.to_string());
    let fits = bool::from(row.text(0)?.as_bytes().ct_eq(hash(trust, &code).as_bytes()));
    // Whoever used the code asks again how that stands, and for the certificate: what others guess is nothing to them.
    if fits && row.opt_text(4)?.is_some_and(|used_by| used_by == install) {
        let known = tx.row("select state, key from install where install = $1", &[(&install).into()])?;
        return match known {
            Some(known) if known.text(1)? == key => Ok(Some(state(known.text(0)?))),
            _ => Ok(None),
        };
    }
    if row.int(3)? >= TRIES || !fits {
        tx.run("update enrolment set tries = tries + 1 where name = $1", &[code[..SLOT].into()])?;
        return Ok(None);
    }
    if row.opt_text(4)?.is_some() || row.int(2)? <= now_ms {
        return Ok(None);
    }
    // A phone that waits, or was refused, may ask anew with another code; one that was ever approved may not.
    let added = tx.run(
        "insert into install (install, device, person, role, agency, station, state, key, request_ms) \
         select $1, $2, id, role, agency, station, 'waiting', $3, $4 from person where id = $5 and disabled = 0 \
         on conflict (install) do update set device = excluded.device, person = excluded.person, \
         role = excluded.role, agency = excluded.agency, station = excluded.station, state = excluded.state, \
         request_ms = excluded.request_ms, decided_by = null, decided_ms = null \
         where install.key = excluded.key and install.state in ('waiting', 'refused')",
        &[(&install).into(), ask.device.into(), key.into(), now_ms.into(), row.text(1)?.into()],
    )?;
    if added == 0 {
        return Ok(None);
    }
    tx.run("update enrolment set used_by = $2 where name = $1", &[code[..SLOT].into(), (&install).into()])?;
    audit::append(tx, &Entry::new(now_ms, Who::Install(&install, ask.source), What::EnrolmentAsked))?;
    Ok(Some(EnrolState::Waiting))
}

/// Approves a waiting phone: signs its certificate. The administrator has compared the fingerprint.
pub fn approve(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    install: &str,
    by: Who<'_>,
    now_ms: i64,
) -> Result<(), DeviceError> {
    let row = tx
        .row(
            "select i.state, i.device, i.person, i.role, i.agency, i.key, p.name, i.sealing_key \
             from install i join person p on p.id = i.person where i.install = $1",
            &[install.into()],
        )?
        .ok_or(DeviceError::Missing)?;
    if row.text(0)? != "waiting" {
        return Err(DeviceError::State(row.string(0)?));
    }
    let role =
        serde_json::from_value(serde_json::Value::from(row.text(3)?)).map_err(|_| DeviceError::Unreadable)?;
    let certificate = InstallCertificate {
        v: 1,
        install: install.parse().map_err(|_| DeviceError::Unreadable)?,
        device: row.string(1)?,
        actor: Actor { person: PersonId(row.string(2)?), role, agency: row.string(4)? },
        name: row.string(6)?,
        key: row.text(5)?.parse().map_err(|_| DeviceError::Unreadable)?,
        algorithm: ALGORITHM.to_owned(),
        sealing_key: row.opt_string(7)?,
        from: now_ms,
        approved_by: PersonId(match by {
            Who::Person(id, _) => id.to_owned(),
            other => other.text(),
        }),
    };
    let document = trust.certify(&certificate);
    tx.run(
        "update install set state = 'approved', decided_by = $2, decided_ms = $3 where install = $1",
        &[install.into(), by.text().into(), now_ms.into()],
    )?;
    tx.run(
        "insert into certificate (install, text, signature) values ($1, $2, $3) on conflict (install) \
         do update set text = excluded.text, signature = excluded.signature",
        &[install.into(), document.text.into(), document.signature.to_string().into()],
    )?;
    audit::append(tx, &Entry::new(now_ms, by, What::InstallApproved).with("install", install))?;
    Ok(())
}

/// Refuses a waiting phone.
pub fn refuse(tx: &mut dyn Tx, install: &str, by: Who<'_>, now_ms: i64) -> Result<(), DeviceError> {
    decide(tx, install, ("waiting", "refused"), What::InstallRefused, by, now_ms)
}

/// Revokes an approved phone: it may hand in what it holds, and reads nothing any more. A signed statement says from
/// where on what it writes is not trusted.
pub fn revoke(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    install: &str,
    why: Revoked,
    by: Who<'_>,
    now_ms: i64,
) -> Result<(), DeviceError> {
    decide(tx, install, ("approved", "revoked"), What::InstallRevoked, by, now_ms)?;
    let install: InstallId = install.parse().map_err(|_| DeviceError::Unreadable)?;
    let line = ingest::read_line(tx, install)?;
    let statement = Revocation {
        v: 1,
        server: trust.server.clone(),
        install,
        last_seq: line.seq,
        last_id: line.id,
        at: now_ms,
        why,
    };
    let document = trust.revoke(&statement);
    Ok(keep_revocation(tx, install, &document)?)
}

/// Keeps a statement that this programme signed; the first one of an install stays.
pub(crate) fn keep_revocation(
    tx: &mut dyn Tx,
    install: InstallId,
    document: &Document,
) -> Result<(), StoreError> {
    tx.run(
        "insert into revocation (install, text, signature) values ($1, $2, $3) on conflict (install) do nothing",
        &[install.to_string().into(), (&document.text).into(), document.signature.to_string().into()],
    )?;
    Ok(())
}

/// Revokes every phone of a person who has left.
pub fn revoke_all_of(
    tx: &mut dyn Tx,
    trust: &ServerKeys,
    person: &str,
    by: Who<'_>,
    now_ms: i64,
) -> Result<(), DeviceError> {
    let installs =
        tx.rows("select install from install where person = $1 and state = 'approved'", &[person.into()])?;
    for row in &installs {
        revoke(tx, trust, row.text(0)?, Revoked::Person, by, now_ms)?;
    }
    Ok(())
}

/// Every phone, those that wait for a decision first.
pub fn all(tx: &mut dyn Tx) -> Result<Vec<Device>, DeviceError> {
    tx.rows(
        "select i.install, i.device, i.person, p.name, i.state, i.key, i.request_ms, i.seen_ms, i.unsent \
         from install i join person p on p.id = i.person \
         order by case i.state when 'waiting' then 0 else 1 end, i.request_ms desc, i.install",
        &[],
    )?
    .iter()
    .map(device)
    .collect()
}

/// The certificate of a phone that has one.
pub fn certificate(tx: &mut dyn Tx, install: &str) -> Result<Option<Document>, DeviceError> {
    let row = tx.row("select text, signature from certificate where install = $1", &[install.into()])?;
    row.map(|row| {
        let signature = row.text(1)?.parse().map_err(|_| DeviceError::Unreadable)?;
        Ok(Document { text: row.string(0)?, signature })
    })
    .transpose()
}

fn decide(
    tx: &mut dyn Tx,
    install: &str,
    (from, to): (&str, &str),
    what: What,
    by: Who<'_>,
    now_ms: i64,
) -> Result<(), DeviceError> {
    let row = tx.row("select state from install where install = $1", &[install.into()])?;
    let found = row.ok_or(DeviceError::Missing)?.string(0)?;
    if found != from {
        return Err(DeviceError::State(found));
    }
    tx.run(
        "update install set state = $2, decided_by = $3, decided_ms = $4 where install = $1",
        &[install.into(), to.into(), by.text().into(), now_ms.into()],
    )?;
    audit::append(tx, &Entry::new(now_ms, by, what).with("install", install))?;
    Ok(())
}

fn device(row: &Row) -> Result<Device, DeviceError> {
    let key: PublicKey = row.text(5)?.parse().map_err(|_| DeviceError::Unreadable)?;
    Ok(Device {
        install: row.string(0)?,
        device: row.string(1)?,
        person: row.string(2)?,
        name: row.string(3)?,
        state: row.string(4)?,
        fingerprint: key.fingerprint(),
        request_ms: row.int(6)?,
        seen_ms: row.opt_int(7)?,
        unsent: row.int(8)?,
    })
}

/// How an install's state is told to its phone. A revoked one was approved once, and keeps its certificate.
fn state(text: &str) -> EnrolState {
    match text {
        "waiting" => EnrolState::Waiting,
        "approved" | "revoked" => EnrolState::Approved,
        "refused" => EnrolState::Refused,
        _ => EnrolState::Unknown,
    }
}

fn draw(random: &dyn Random) -> String {
    // 256 is a multiple of 32, so every letter is as likely.
    random::bytes::<CODE_LENGTH>(random)
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
