//! The three ways in: an install's own run, offers of anybody's events, and another look at what is held.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::evidence::{Chain, Document, Keyring, SignedEvent};
use firsthours_core::record::{EncounterId, EventId, Header, Install, InstallId, Kind, State, sha256};
use firsthours_core::wire::OffersRequest;

use super::writing::{Took, Writing};
use super::{Authentic, Author, IngestError, hole, line, pending, verify};
use crate::audit::{self, Entry, What, Who};
use crate::keys::{DataKey, KeyError};
use crate::load;
use crate::store::{StoreError, Tx};
use crate::sync::Service;

/// How often a transaction is begun again because a record came to be meanwhile.
const TRIES: usize = 4;

/// The data keys of the records at hand; `None` where it was destroyed.
pub(crate) type Keyset = BTreeMap<EncounterId, Option<DataKey>>;

/// What became of offered events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered {
    /// Taken up now.
    pub taken: u32,
    /// Already here.
    pub known: u32,
    /// Not authentic, without a certificate, or without the event before them.
    pub refused: Vec<EventId>,
}

/// Takes a run of an install's own events. Gives the records that they belong to, for the receipt.
pub fn own(
    service: &Service,
    author: &Author,
    events: Vec<SignedEvent>,
) -> Result<Vec<EncounterId>, IngestError> {
    let install = author.certificate.install;
    let expected = service.store.read(|tx| line::read(tx, install))?.seq + 1;
    let run = verify::run(&author.certificate, events, expected)?;
    let encounters: BTreeSet<EncounterId> =
        run.iter().filter_map(|item| item.event.header.encounter).collect();
    let taken = with_keys(service, &run, &encounters, |tx, keys| own_run(service, tx, install, &run, keys));
    if let Err(IngestError::Fork { seq, .. }) = &taken {
        let id = install.to_string();
        let entry =
            Entry::new(service.now_ms(), Who::Install(&id), What::ForkSeen).with("seq", load::stored(*seq));
        audit::record(&service.store, &entry)?;
    }
    taken?;
    Ok(encounters.into_iter().collect())
}

/// Takes offered events of one record, whoever wrote them. Never moves anybody's line.
pub fn offers(service: &Service, by: InstallId, request: OffersRequest) -> Result<Offered, IngestError> {
    let encounter = request.encounter;
    let (keyring, certificates) = keyring(service, &request)?;
    let mut offered = Offered::default();
    let mut items = Vec::with_capacity(request.events.len());
    for signed in request.events {
        let id = EventId(sha256(signed.header.as_bytes()));
        match verify::offered(&keyring, signed) {
            Ok(item) if item.event.header.encounter == Some(encounter) => items.push(item),
            _ => offered.refused.push(id),
        }
    }
    items.sort_by_key(|item| (item.event.header.stamp, item.event.header.enc_seq, item.event.id));
    let encounters = BTreeSet::from([encounter]);
    with_keys(service, &items, &encounters, |tx, keys| {
        // The transaction may run again, so it counts from the start.
        let mut counted = offered.clone();
        for (install, document) in &certificates {
            keep_certificate(tx, *install, document)?;
        }
        offer_group(service, tx, encounter, &items, keys, &mut counted)?;
        let (by, about) = (by.to_string(), encounter.to_string());
        if counted.taken > 0 {
            let entry = Entry::new(service.now_ms(), Who::Install(&by), What::Synced)
                .about(&about)
                .with("offered", counted.taken);
            audit::append(tx, &entry)?;
        }
        Ok(counted)
    })
}

/// Looks again at every record in which something is held for a reason that may have gone: call it when a protocol
/// was published or a person or station added. Gives how many records it looked at.
pub fn reconsider(service: &Service) -> Result<usize, IngestError> {
    let rows = service.store.read(|tx| {
        tx.rows("select distinct encounter from held where why in ('no_grant', 'does_not_fit')", &[])
    })?;
    for row in &rows {
        let encounter = load::hash(row.text(0)?)?;
        with_keys(service, &[], &BTreeSet::from([encounter]), |tx, keys| {
            match Writing::open(service, tx, encounter, keys, service.now_ms())? {
                Some(writing) => writing.finish(tx),
                None => Ok(()),
            }
        })?;
    }
    Ok(rows.len())
}

/// Stores a certificate beside those that are here.
fn keep_certificate(tx: &mut dyn Tx, install: InstallId, document: &Document) -> Result<(), StoreError> {
    tx.run(
        "insert into certificate (install, text, signature) values ($1, $2, $3) on conflict (install) do nothing",
        &[install.to_string().into(), (&document.text).into(), document.signature.to_string().into()],
    )?;
    Ok(())
}

/// The certificates of these installs, as they were signed.
pub(crate) fn certificates(
    tx: &mut dyn Tx,
    installs: impl IntoIterator<Item = String>,
) -> Result<Vec<Document>, StoreError> {
    let mut found = Vec::new();
    for install in installs {
        let row = tx.row("select text, signature from certificate where install = $1", &[install.into()])?;
        if let Some(row) = row {
            found.push(Document {
                text: row.string(0)?,
                signature: row
                    .text(1)?
                    .parse()
                    .map_err(|_| StoreError::Corrupt("a signature is not hex".to_owned()))?,
            });
        }
    }
    Ok(found)
}

/// The data keys of records that exist. One that is missing is a fault, never a reason to make another: what is
/// sealed under it waits for it.
pub(crate) fn keyset(
    service: &Service,
    encounters: impl IntoIterator<Item = EncounterId>,
) -> Result<Keyset, KeyError> {
    encounters
        .into_iter()
        .map(|encounter| Ok((encounter, load::data_key(&service.keys, &encounter.to_string())?)))
        .collect()
}

/// The data keys of records that are about to begin: made first, in the key store, so that no event is ever
/// committed without one.
fn new_keys(service: &Service, encounters: &[EncounterId]) -> Result<Keyset, KeyError> {
    let ids: Vec<String> = encounters.iter().map(EncounterId::to_string).collect();
    let named: Vec<&str> = ids.iter().map(String::as_str).collect();
    match (service.keys.ensure(&named, service.now_ms()), encounters) {
        (Ok(mut made), _) => {
            Ok(encounters.iter().zip(&ids).map(|(encounter, id)| (*encounter, made.remove(id))).collect())
        }
        (Err(KeyError::Shredded), [destroyed]) => Ok(Keyset::from([(*destroyed, None)])),
        // The key of one was destroyed before; alone, each says whether it is that one.
        (Err(KeyError::Shredded), _) => {
            let each = encounters.chunks(1).map(|one| new_keys(service, one));
            Ok(each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        }
        (Err(error), _) => Err(error),
    }
}

fn with_keys<T>(
    service: &Service,
    items: &[Authentic],
    encounters: &BTreeSet<EncounterId>,
    work: impl Fn(&mut dyn Tx, &Keyset) -> Result<T, IngestError>,
) -> Result<T, IngestError> {
    let opened = items.iter().filter(|item| is_opening(item)).filter_map(|item| item.event.header.encounter);
    let opened: BTreeSet<EncounterId> = opened.collect();
    let mut exist = BTreeSet::new();
    service.store.read(|tx| {
        for encounter in encounters {
            if tx.row("select id from encounter where id = $1", &[encounter.to_string().into()])?.is_some() {
                exist.insert(*encounter);
            }
        }
        Ok::<_, StoreError>(())
    })?;
    let begins: Vec<EncounterId> = opened.difference(&exist).copied().collect();
    let mut keys = new_keys(service, &begins)?;
    keys.extend(keyset(service, exist)?);
    let mut tries = 1;
    loop {
        match service.store.write(|tx| work(tx, &keys)) {
            Err(IngestError::NoKeyYet(encounter)) if tries < TRIES => {
                keys.extend(keyset(service, [encounter])?);
                tries += 1;
            }
            done => return done,
        }
    }
}

fn own_run(
    service: &Service,
    tx: &mut dyn Tx,
    install: InstallId,
    run: &[Authentic],
    keys: &Keyset,
) -> Result<(), IngestError> {
    let now_ms = service.now_ms();
    let line = line::lock(tx, install)?;
    let known = line::compare(tx, install, line, run)?;
    let new = run.get(known..).unwrap_or_default();
    let Some(last) = new.last() else { return Ok(()) };
    let mut standing = Standing::default();
    let mut groups: BTreeMap<EncounterId, Vec<&Authentic>> = BTreeMap::new();
    for item in new {
        match item.event.header.encounter {
            Some(encounter) => groups.entry(encounter).or_default().push(item),
            None => drop(pending::keep(tx, &service.keys, item, now_ms)?),
        }
    }
    for (encounter, items) in groups {
        own_group(service, tx, encounter, items, keys, &mut standing)?;
    }
    let line = Chain { seq: last.event.header.seq.unwrap_or(line.seq), id: Some(last.event.id) };
    let line = line::over_holes(tx, install, line)?;
    line::store(tx, install, line, now_ms)?;
    let id = install.to_string();
    let entry = Entry::new(now_ms, Who::Install(&id), What::Synced)
        .with("events", new.len())
        .with("through", load::stored(line.seq));
    audit::append(tx, &entry)?;
    Ok(())
}

/// One record's part of an own run. The chain over all records was verified, so an event that breaks the chain
/// within its record is a fault of its author.
fn own_group(
    service: &Service,
    tx: &mut dyn Tx,
    encounter: EncounterId,
    mut items: Vec<&Authentic>,
    keys: &Keyset,
    standing: &mut Standing,
) -> Result<(), IngestError> {
    let misplaced = |item: &Authentic| IngestError::NotAuthentic {
        seq: item.event.header.seq.unwrap_or(0),
        detail: "the event does not follow its author's event before it in its record",
    };
    let Some((mut writing, _)) = open_or_begin(service, tx, encounter, &mut items, keys, standing)? else {
        for item in items {
            let placed = pending::follows(tx, &item.event.header)?
                || hole::excuse(tx, &State::default(), &item.event)?.is_some();
            if !placed {
                return Err(misplaced(item));
            }
            pending::keep(tx, &service.keys, item, service.now_ms())?;
        }
        return Ok(());
    };
    for item in items {
        let revoked = standing.revoked(tx, item.event.header.install)?;
        if writing.take(tx, item, revoked)? == Took::OutOfPlace {
            return Err(misplaced(item));
        }
    }
    writing.finish(tx)
}

fn offer_group(
    service: &Service,
    tx: &mut dyn Tx,
    encounter: EncounterId,
    items: &[Authentic],
    keys: &Keyset,
    counted: &mut Offered,
) -> Result<(), IngestError> {
    let mut standing = Standing::default();
    let mut rest: Vec<&Authentic> = items.iter().collect();
    let opened = open_or_begin(service, tx, encounter, &mut rest, keys, &mut standing)?;
    let Some((mut writing, began)) = opened else {
        for item in rest {
            if !pending::follows(tx, &item.event.header)? {
                counted.refused.push(item.event.id);
            } else if pending::keep(tx, &service.keys, item, service.now_ms())? {
                counted.taken += 1;
            } else {
                counted.known += 1;
            }
        }
        return Ok(());
    };
    counted.taken += u32::from(began);
    // Our own word of this epoch that we do not hold: the store was put back without a new epoch. Taking it up would
    // fork our chain.
    let desk = writing.desk_install();
    let (ours, theirs): (Vec<_>, Vec<_>) = rest
        .into_iter()
        .partition(|item| item.event.header.install == desk && writing.state.event(&item.event.id).is_none());
    if !ours.is_empty() {
        tracing::error!(count = ours.len(), "a phone holds events of this epoch that the store has lost");
        counted.refused.extend(ours.iter().map(|item| item.event.id));
    }
    let left = take_all(tx, &mut writing, theirs, &mut standing, |took| match took {
        Took::New => counted.taken += 1,
        Took::Known => counted.known += 1,
        Took::OutOfPlace => {}
    })?;
    counted.refused.extend(left.iter().map(|item| item.event.id));
    settle_waiting(service, tx, &mut writing, &mut standing)?;
    writing.finish(tx)
}

/// Opens a record, or begins it if its opening is among the items: then that one is taken out and in first, and with
/// it what waited for it. `None` if there is neither.
fn open_or_begin<'s>(
    service: &'s Service,
    tx: &mut dyn Tx,
    encounter: EncounterId,
    items: &mut Vec<&Authentic>,
    keys: &'s Keyset,
    standing: &mut Standing,
) -> Result<Option<(Writing<'s>, bool)>, IngestError> {
    let now_ms = service.now_ms();
    if let Some(writing) = Writing::open(service, tx, encounter, keys, now_ms)? {
        return Ok(Some((writing, false)));
    }
    let Some(at) = items.iter().position(|item| is_opening(item)) else { return Ok(None) };
    let opening = items.remove(at);
    let begun = Writing::begin(service, tx, &opening.event, keys, now_ms)?;
    let Some(mut writing) = begun else { return Ok(None) };
    let revoked = standing.revoked(tx, opening.event.header.install)?;
    writing.take(tx, opening, revoked)?;
    settle_waiting(service, tx, &mut writing, standing)?;
    Ok(Some((writing, true)))
}

/// Takes in what waited for this record, as far as it follows.
fn settle_waiting(
    service: &Service,
    tx: &mut dyn Tx,
    writing: &mut Writing<'_>,
    standing: &mut Standing,
) -> Result<(), IngestError> {
    let items = pending::waiting(tx, &service.keys, writing.encounter)?;
    let left = take_all(tx, writing, items.iter().collect(), standing, |_| ())?;
    let left: BTreeSet<EventId> = left.iter().map(|item| item.event.id).collect();
    for item in items.iter().filter(|item| !left.contains(&item.event.id)) {
        pending::forget(tx, item)?;
    }
    Ok(())
}

/// Takes what has its place, again and again until nothing more has; gives what is left.
fn take_all<'i>(
    tx: &mut dyn Tx,
    writing: &mut Writing<'_>,
    mut items: Vec<&'i Authentic>,
    standing: &mut Standing,
    mut count: impl FnMut(Took),
) -> Result<Vec<&'i Authentic>, IngestError> {
    loop {
        let before = items.len();
        let mut left = Vec::new();
        for item in items {
            let revoked = standing.revoked(tx, item.event.header.install)?;
            match writing.take(tx, item, revoked)? {
                Took::OutOfPlace => left.push(item),
                took => count(took),
            }
        }
        if left.is_empty() || left.len() == before {
            return Ok(left);
        }
        items = left;
    }
}

/// Whether installs are revoked, looked up once in a transaction.
#[derive(Default)]
struct Standing(BTreeMap<InstallId, bool>);

impl Standing {
    fn revoked(&mut self, tx: &mut dyn Tx, install: Install) -> Result<bool, StoreError> {
        let Install::Phone(install) = install else { return Ok(false) };
        if let Some(known) = self.0.get(&install) {
            return Ok(*known);
        }
        let row = tx.row("select state from install where install = $1", &[install.to_string().into()])?;
        let revoked =
            row.map(|row| row.text(0).map(|state| state == "revoked")).transpose()?.unwrap_or(false);
        self.0.insert(install, revoked);
        Ok(revoked)
    }
}

/// The server's keys with every certificate that is given or known, and those given ones that are ours.
fn keyring(
    service: &Service,
    request: &OffersRequest,
) -> Result<(Keyring, BTreeMap<InstallId, Document>), IngestError> {
    let mut keyring = service.trust.keyring();
    let authors: BTreeSet<InstallId> = request
        .events
        .iter()
        .filter_map(|signed| Header::read(&signed.header).ok())
        .filter_map(|header| match header.install {
            Install::Phone(install) => Some(install),
            Install::Server(_) => None,
        })
        .collect();
    let mut given = BTreeMap::new();
    for document in &request.certificates {
        if let Ok(certificate) = keyring.admit(document) {
            let install = certificate.install;
            if authors.contains(&install) {
                given.insert(install, document.clone());
            }
        }
    }
    // What is known here comes last and so wins over what was given.
    let known = service.store.read(|tx| certificates(tx, authors.iter().map(ToString::to_string)))?;
    for document in &known {
        // Everything in the table was signed or verified here.
        drop(keyring.admit(document).cloned());
    }
    Ok((keyring, given))
}

fn is_opening(item: &Authentic) -> bool {
    matches!(item.event.kind(), Some(Kind::Opened { .. }))
}
