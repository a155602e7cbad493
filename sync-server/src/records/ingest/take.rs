//! The three ways in: an install's own run, offers of anybody's events, and another look at what is held.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::evidence::{Chain, Document, Keyring, SignedEvent};
use firsthours_core::record::{EncounterId, EventId, Header, Install, InstallId, sha256};
use firsthours_core::wire::OffersRequest;

use super::folded::Folded;
use super::line::New;
use super::pending::Kept;
use super::place::{self, Placing};
use super::verify::RunFault;
use super::writing::{Left, Opening, Written};
use super::{Authentic, Author, IngestError, line, verify};
use crate::programme::audit::{self, Entry, Source, What, Who};
use crate::programme::keys::{DataKey, KeyError};
use crate::records::Records;
use crate::records::load;
use crate::store::{StoreError, Tx, documents, encounters, events, installs, stored};

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

impl Offered {
    /// Counts one that is here, now or already.
    pub(super) fn count(&mut self, is_new: bool) {
        if is_new {
            self.taken += 1;
        } else {
            self.known += 1;
        }
    }
}

/// Takes a run of an install's own events. Gives the records that they belong to, for the receipt.
///
/// A run of many records, or of which much is held, is taken in parts. A fault in a later part leaves the ones before it in: they
/// are sound, nothing of the run is acknowledged, and what is sent again is known.
pub fn own(
    records: &Records,
    author: &Author,
    events: Vec<SignedEvent>,
    source: &Source,
) -> Result<Vec<EncounterId>, IngestError> {
    let install = author.certificate.install;
    let expected = records.store.read(|tx| installs::line(tx, install))?.seq + 1;
    let run = verify::run(&author.certificate, events, expected);
    let mut encounters = BTreeSet::new();
    let mut most = usize::MAX;
    let mut rest = run.sound.as_slice();
    loop {
        let (part, behind) = rest.split_at(part(rest, records.together.records, most));
        let of_part = encounters_of(part);
        let fault = run.fault.filter(|_| behind.is_empty());
        let taken = with_keys(records, part, &of_part, |tx, keys| {
            own_part(records, tx, install, part, fault, keys, source)
        });
        match taken {
            Err(IngestError::Crowded) if part.len() > records.together.held => {
                most = records.together.held;
                continue;
            }
            Err(IngestError::Fork { seq, id }) => {
                let entry = Entry::new(records.now(), Who::Install(install, source), What::ForkSeen)
                    .with("seq", stored(seq));
                audit::record(&records.store, &entry)?;
                return Err(IngestError::Fork { seq, id });
            }
            taken => taken?,
        }
        encounters.extend(of_part);
        if behind.is_empty() {
            return Ok(encounters.into_iter().collect());
        }
        rest = behind;
    }
}

/// How many of these events are taken together: of so many records, and so many events, at most.
fn part(events: &[Authentic], records: usize, most: usize) -> usize {
    let mut of = BTreeSet::new();
    let too_many = events.iter().position(|item| {
        of.extend(item.event.header.encounter);
        of.len() > records
    });
    too_many.unwrap_or(events.len()).min(most)
}

fn encounters_of(events: &[Authentic]) -> BTreeSet<EncounterId> {
    events.iter().filter_map(|item| item.event.header.encounter).collect()
}

/// Takes offered events of one record, whoever wrote them. Never moves anybody's line.
pub fn offers(
    records: &Records,
    by: InstallId,
    request: OffersRequest,
    source: &Source,
) -> Result<Offered, IngestError> {
    let encounter = request.encounter;
    let (mut keyring, certificates) = keyring(records, &request)?;
    // A store that was put back may have lost what it said of an author; whatever it signed once, it stands by.
    let mut revocations: Vec<(InstallId, Document)> = Vec::new();
    for document in &request.revocations {
        if let Ok(statement) = keyring.revoke(document) {
            revocations.push((statement.install, document.clone()));
        }
    }
    let mut offered = Offered::default();
    let mut items = Vec::with_capacity(request.events.len());
    for signed in request.events {
        let id = EventId(sha256(signed.header.as_bytes()));
        match verify::offered(&keyring, signed) {
            Ok(item) if item.event.header.encounter == Some(encounter) => items.push(item),
            _ => offered.refused.push(id),
        }
    }
    let items = place::arranged(items);
    let (mut rest, mut most) = (items.as_slice(), usize::MAX);
    loop {
        let (part, behind) = rest.split_at(rest.len().min(most));
        let keep = Keep { certificates: &certificates, revocations: &revocations };
        match offered_part(records, by, (encounter, part), &offered, keep, source) {
            Err(IngestError::Crowded) if part.len() > records.together.held => {
                most = records.together.held;
                continue;
            }
            counted => offered = counted?,
        }
        if behind.is_empty() {
            return Ok(offered);
        }
        rest = behind;
    }
}

/// What came with offers and is kept beside what is here.
#[derive(Clone, Copy)]
struct Keep<'a> {
    certificates: &'a BTreeMap<InstallId, Document>,
    revocations: &'a [(InstallId, Document)],
}

/// Takes offered events of one record in one transaction; `before` is what became of those before them.
fn offered_part(
    records: &Records,
    by: InstallId,
    (encounter, items): (EncounterId, &[Authentic]),
    before: &Offered,
    Keep { certificates, revocations }: Keep<'_>,
    source: &Source,
) -> Result<Offered, IngestError> {
    let encounters = BTreeSet::from([encounter]);
    with_keys(records, items, &encounters, |tx, keys| {
        // The transaction may run again, so it counts from the start.
        let mut counted = before.clone();
        for (install, document) in certificates {
            documents::add_certificate(tx, &install.to_string(), document)?;
        }
        for (install, document) in revocations {
            documents::add_revocation(tx, &install.to_string(), document)?;
        }
        let offer = |placing: &mut Placing<'_, '_>| placing.offered(encounter, items, &mut counted);
        let ((), written) = Placing::run(records, tx, keys, offer)?;
        let about = encounter.to_string();
        let entry = Entry::new(records.now(), Who::Install(by, source), What::Synced)
            .about(&about)
            .with("offered", counted.taken - before.taken);
        audit::append(tx, &entry)?;
        Ok((counted, written))
    })
}

/// Looks again at every record in which something is held for a reason that may have gone: call it when a protocol
/// was published or a person or station added. Gives how many records it looked at.
pub fn reconsider(records: &Records) -> Result<usize, IngestError> {
    let held = records.store.read(events::records_with_holds)?;
    for encounter in held.iter().copied() {
        with_keys(records, &[], &BTreeSet::from([encounter]), |tx, keys| {
            Placing::run(records, tx, keys, |placing| placing.go_on(encounter, Left::HOLDS))
        })?;
    }
    Ok(held.len())
}

/// The certificates of these installs, as they were signed.
pub(crate) fn certificates(
    tx: &mut dyn Tx,
    installs: impl IntoIterator<Item = String>,
) -> Result<Vec<Document>, StoreError> {
    installs.into_iter().filter_map(|install| documents::certificate(tx, &install).transpose()).collect()
}

/// The statements that these installs are trusted no further, of those that are not.
pub(crate) fn revocations(
    tx: &mut dyn Tx,
    installs: impl IntoIterator<Item = String>,
) -> Result<Vec<Document>, StoreError> {
    installs.into_iter().filter_map(|install| documents::revocation(tx, &install).transpose()).collect()
}

/// The data keys of records that exist. One that is missing is a fault, never a reason to make another: what is
/// sealed under it waits for it.
pub(crate) fn keyset(
    records: &Records,
    encounters: impl IntoIterator<Item = EncounterId>,
) -> Result<Keyset, KeyError> {
    encounters
        .into_iter()
        .map(|encounter| Ok((encounter, load::data_key(&records.keys, &encounter.to_string())?)))
        .collect()
}

/// The data keys of records that are about to begin: made first, in the key store, so that no event is ever
/// committed without one.
fn new_keys(records: &Records, encounters: &[EncounterId]) -> Result<Keyset, KeyError> {
    let ids: Vec<String> = encounters.iter().map(EncounterId::to_string).collect();
    let named: Vec<&str> = ids.iter().map(String::as_str).collect();
    match (records.keys.ensure(&named, records.now()), encounters) {
        (Ok(mut made), _) => {
            Ok(encounters.iter().zip(&ids).map(|(encounter, id)| (*encounter, made.remove(id))).collect())
        }
        (Err(KeyError::Shredded), [destroyed]) => Ok(Keyset::from([(*destroyed, None)])),
        // The key of one was destroyed before; alone, each says whether it is that one.
        (Err(KeyError::Shredded), _) => {
            let each = encounters.chunks(1).map(|one| new_keys(records, one));
            Ok(each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        }
        (Err(error), _) => Err(error),
    }
}

fn with_keys<T>(
    records: &Records,
    items: &[Authentic],
    named: &BTreeSet<EncounterId>,
    work: impl Fn(&mut dyn Tx, &Keyset) -> Result<(T, Vec<Written>), IngestError>,
) -> Result<T, IngestError> {
    let opened: BTreeSet<EncounterId> =
        items.iter().filter_map(|item| Opening::of(&item.event)).map(|opening| opening.encounter).collect();
    let mut exist = BTreeSet::new();
    records.store.read(|tx| {
        for encounter in named {
            if encounters::exists(tx, *encounter)? {
                exist.insert(*encounter);
            }
        }
        Ok::<_, StoreError>(())
    })?;
    let begins: Vec<EncounterId> = opened.difference(&exist).copied().collect();
    let mut keys = new_keys(records, &begins)?;
    let known = keyset(records, exist)?;
    warm(records, &known)?;
    keys.extend(known);
    let mut tries = 1;
    loop {
        match records.store.write(|tx| work(tx, &keys)) {
            Err(IngestError::NoKeyYet(encounter)) if tries < TRIES => {
                keys.extend(keyset(records, [encounter])?);
                tries += 1;
            }
            Ok((done, written)) => {
                for record in written {
                    committed(records, record)?;
                }
                return Ok(done);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Keeps a record as it was committed, and does what was left to do in it, in as many transactions as that takes.
pub(crate) fn committed(records: &Records, written: Written) -> Result<(), IngestError> {
    let encounter = written.folded.encounter;
    let mut left = written.left;
    records.folded.put([written.folded]);
    if left.is_nothing() {
        return Ok(());
    }
    let keys = keyset(records, [encounter])?;
    while !left.is_nothing() {
        let ((), written) = records
            .store
            .write(|tx| Placing::run(records, tx, &keys, |placing| placing.go_on(encounter, left)))?;
        left = Left::default();
        for written in written {
            left = written.left;
            records.folded.put([written.folded]);
        }
    }
    Ok(())
}

/// Folds what is not kept of these records, so that nobody waits for it who writes to others.
pub(crate) fn warm(records: &Records, keys: &Keyset) -> Result<(), IngestError> {
    for (encounter, key) in keys.iter().filter(|(encounter, _)| !records.folded.has(**encounter)) {
        let folded = records.store.read(|tx| {
            let Some(at) = encounters::head(tx, *encounter)? else { return Ok(None) };
            let mut folded = Folded::empty(*encounter);
            folded.read_on(tx, key.as_ref(), at)?;
            Ok::<_, IngestError>(Some(folded))
        })?;
        records.folded.put(folded);
    }
    Ok(())
}

/// Takes a part of a run in one transaction. `fault` is what ends the run behind it.
fn own_part(
    records: &Records,
    tx: &mut dyn Tx,
    install: InstallId,
    events: &[Authentic],
    mut fault: Option<RunFault>,
    keys: &Keyset,
    source: &Source,
) -> Result<((), Vec<Written>), IngestError> {
    let now = records.now();
    let line = line::lock(tx, install)?;
    let New { fills, next } = line::compare(tx, install, line, events)?;
    let ((), written) = Placing::run(records, tx, keys, |placing| {
        let mut groups: BTreeMap<EncounterId, Vec<&Authentic>> = BTreeMap::new();
        for item in fills.iter().copied().chain(next) {
            match item.event.header.encounter {
                Some(encounter) => groups.entry(encounter).or_default().push(item),
                // Either way it is here.
                None => match placing.keep(item)? {
                    Kept::New | Kept::Known => {}
                },
            }
        }
        // Whatever is wrong with a run, its first number is what is named: the sender looks at that event.
        for (encounter, items) in groups {
            let misplaced = placing.own(encounter, &items)?;
            fault = misplaced.into_iter().chain(fault).min_by_key(|fault| fault.seq);
        }
        fault.map_or(Ok(()), |fault| Err(fault.into()))
    })?;
    let taken = fills.len() + next.len();
    let entry = Entry::new(now, Who::Install(install, source), What::Synced).with("events", taken);
    if taken == 0 {
        // All of it was here; that it was sent again is in the log as well.
        audit::append(tx, &entry.with("through", stored(line.seq)))?;
        return Ok(((), written));
    }
    let end = next.last().map(|last| &last.event);
    let line = end.map_or(line, |last| Chain { seq: last.header.seq.unwrap_or(line.seq), id: Some(last.id) });
    let line = line::over_holes(tx, install, line)?;
    installs::set_line(tx, install, line, now)?;
    audit::append(tx, &entry.with("through", stored(line.seq)))?;
    Ok(((), written))
}

/// The server's keys with every certificate that is given or known, and those given ones that are ours.
fn keyring(
    records: &Records,
    request: &OffersRequest,
) -> Result<(Keyring, BTreeMap<InstallId, Document>), IngestError> {
    let mut keyring = records.trust.keyring();
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
    let known = records.store.read(|tx| certificates(tx, authors.iter().map(ToString::to_string)))?;
    for document in &known {
        // Everything in the table was signed or verified here.
        drop(keyring.admit(document).cloned());
    }
    Ok((keyring, given))
}
