//! The driver of a sync: does what the exchange asks for, verifies what comes back, and stores it.
//!
//! It stands outside with the door: each step takes the session for as long as the disk needs, and never over the network.
//! A page is verified, then taken up in one transaction; a kill at any moment leaves whole pages and whole batches, and
//! the next sync goes on from there.

mod asks;
mod copies;
mod hole;
mod http;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::enrol::{Voucher, ask_enrolment};
use super::install::LAST_SYNC;
use super::reads::LastSync;
use super::{AppError, FirstHours, ServerEndpoint, Session};
use crate::evidence::{Document, EncounterReceipt, Receipt, SecretKey, Tag};
use crate::protocol::Instant;
use crate::record::{EncounterId, InstallId};
use crate::store::{Confirmed, Store, StoreError};
use crate::sync::{Ask, Ending, Exchange, Transport, next_call};
use crate::words::Trouble;

/// What a sync did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Everything was sent and read.
    pub complete: bool,
    /// What hindered it, or what else is to be told, as a sentence; empty if nothing is.
    pub trouble: String,
    pub events_sent: i64,
    pub events_received: i64,
    /// Records whose views are to be read again.
    pub changed: Vec<String>,
    /// When to call next at the earliest, if something is left to do.
    pub call_again_at_ms: Option<i64>,
    /// Requests made: one when there was nothing to do.
    pub round_trips: i32,
}

/// How far a running sync is: events acknowledged, of those to send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    pub acknowledged: i64,
    pub to_send: i64,
}

/// One call to the station at a time, and how far it is.
#[derive(Default)]
pub(super) struct Syncing {
    one: Mutex<()>,
    cancelled: AtomicBool,
    acknowledged: AtomicU64,
    to_send: AtomicU64,
}

impl Syncing {
    /// Does it once no other call to the station runs.
    pub(super) fn alone<T>(&self, call: impl FnOnce() -> T) -> T {
        let _one_at_a_time = self.wait();
        self.cancelled.store(false, Ordering::SeqCst);
        call()
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
    }

    /// Cancels what runs and waits until it has ended.
    pub(super) fn stop(&self) {
        self.cancel();
        drop(self.wait());
    }

    pub(super) fn is_running(&self) -> bool {
        self.one.try_lock().is_err()
    }

    pub(super) fn progress(&self) -> Progress {
        let read = |number: &AtomicU64| i64::try_from(number.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        Progress { acknowledged: read(&self.acknowledged), to_send: read(&self.to_send) }
    }

    fn wait(&self) -> MutexGuard<'_, ()> {
        self.one.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One sync in progress.
struct Run<'a> {
    door: &'a FirstHours,
    transport: Box<dyn Transport>,
    exchange: Exchange,
    token: String,
    /// In whose name: this install's, or one's that ended here.
    who: Who,
    /// What proves to the server that its store was put back, once that was seen; and the epoch that it then began.
    proof: Option<Document>,
    put_back: bool,
    /// What receipts said of each encounter, to be compared with the rolling hash that we reckon ourselves.
    promised: BTreeMap<EncounterId, EncounterReceipt>,
    receipt: Option<(Document, Receipt)>,
    changed: BTreeSet<EncounterId>,
    /// A receipt tells another history of a record than the one that is here.
    differs: bool,
    /// Faults of a definition that was offered and not taken up.
    faults: usize,
    /// Runs of own events that were damaged here and declared lost.
    lost: Vec<RangeInclusive<u64>>,
    sent: u64,
    received: u64,
    round_trips: i32,
}

/// In whose name a sync is made.
struct Who {
    install: InstallId,
    key: SecretKey,
    live: bool,
}

pub(super) fn sync_now(door: &FirstHours) -> Result<SyncReport, AppError> {
    let mut report = match run_sync(door) {
        Ok(report) => report,
        Err(AppError::Sync { trouble } | AppError::NotReady { trouble }) => {
            SyncReport { trouble: trouble.text(door.language), ..SyncReport::default() }
        }
        Err(error) => return Err(error),
    };
    report.call_again_at_ms = door.with(|session| session.note_sync(&report))?.map(Instant::ms);
    Ok(report)
}

fn run_sync(door: &FirstHours) -> Result<SyncReport, AppError> {
    let (server, enrolled, voucher) = door.with(|session| {
        let me = &session.me;
        Ok((me.server.clone().ok_or_else(not_enrolled)?, me.certificate.is_some(), me.voucher()))
    })?;
    let connect = || (door.outside.connect)(&server.address, server.ca_pem.as_deref());
    if !enrolled {
        enrol_first(door, connect()?, &server, voucher.ok_or_else(not_enrolled)?)?;
    }
    let (report, ending) = Run::live(door, connect()?)?.complete()?;
    match ending {
        Some(Ending::Fork { .. }) => {
            // One of two copies: this one's chain ends here, and another install goes on.
            door.with(Session::start_anew)?;
            enrol_first(door, connect()?, &server, Voucher::Ended)?;
            Ok(report)
        }
        Some(Ending::NotEnrolled) => {
            // A server that was put back may have lost what made this phone one of its own.
            ask_enrolment(door, connect()?.as_ref(), server.clone(), Voucher::Itself)?;
            Ok(report)
        }
        None
        | Some(
            Ending::Complete
            | Ending::SendOnly
            | Ending::UpdateNeeded
            | Ending::NotAuthentic { .. }
            | Ending::HistoryDiffers { .. }
            | Ending::StationUnwell
            | Ending::TryLater { .. },
        ) => Ok(report),
    }
}

/// Asks to be enrolled before anything else is possible. While that waits, what an ended install wrote is sent: the old
/// certificate is good for that.
fn enrol_first(
    door: &FirstHours,
    transport: Box<dyn Transport>,
    server: &ServerEndpoint,
    voucher: Voucher,
) -> Result<(), AppError> {
    let by_ended = voucher == Voucher::Ended;
    let view = ask_enrolment(door, transport.as_ref(), server.clone(), voucher)?;
    if view.approved {
        return Ok(());
    }
    if by_ended {
        copies::send_for_ended(door, transport)?;
        if view.sentence == Trouble::NotEnrolledYet.text(door.language) {
            return Err(AppError::Sync { trouble: Trouble::CopyOfPhone });
        }
    }
    Err(not_enrolled())
}

impl Session {
    /// Keeps how a sync went, and gives when to call next at the earliest.
    fn note_sync(&mut self, report: &SyncReport) -> Result<Option<Instant>, AppError> {
        let now = self.now();
        let asked = report.call_again_at_ms.map(Instant::from_ms);
        let mut last: LastSync = self.store.setting(LAST_SYNC)?.unwrap_or_default();
        if report.complete {
            last = LastSync { at: Some(now), failures: 0, call_again_at: asked };
        } else {
            let asked = asked.map_or(0, |at| (at - now).max(0));
            let random = u64::from_le_bytes(self.random());
            last.call_again_at = Some(next_call(now, last.failures, random, asked));
            last.failures = last.failures.saturating_add(1);
        }
        self.store.set_setting(LAST_SYNC, &last)?;
        Ok(last.call_again_at)
    }

    /// Stores a receipt, with what it confirms where our own rolling hash agrees. Gives the records that it confirms, and
    /// whether it tells another story of one than the one that is here.
    fn confirm(
        &mut self,
        document: &Document,
        receipt: &Receipt,
        promised: &BTreeMap<EncounterId, EncounterReceipt>,
    ) -> Result<(Vec<EncounterId>, bool), AppError> {
        let (mut confirmed, mut differs) = (Vec::new(), false);
        for promised in promised.values() {
            let Some(cursor) = self.store.encounter(&promised.id)?.and_then(|row| row.cursor) else {
                continue;
            };
            if cursor.epoch != receipt.epoch || cursor.pos != promised.pos {
                continue;
            }
            // The same place in the same life of the store, and another story: nothing is confirmed by it, and it is said.
            differs |= cursor.rolling != promised.rolling;
            if cursor.rolling == promised.rolling {
                let EncounterReceipt { pos, durable_pos, .. } = *promised;
                confirmed.push((promised.id, Confirmed { epoch: receipt.epoch, pos, durable_pos }));
            }
        }
        self.store.put_receipt(document, receipt.received_through, &confirmed)?;
        Ok((confirmed.into_iter().map(|(id, _)| id).collect(), differs))
    }
}

impl<'a> Run<'a> {
    /// A sync in the name of the live install.
    fn live(door: &'a FirstHours, transport: Box<dyn Transport>) -> Result<Self, AppError> {
        let (exchange, who, to_send) = door.with(|session| {
            let head = session.store.own_head()?.seq;
            let received = session.store.received_through()?;
            let who = Who { install: session.me.install, key: session.me.key.clone(), live: true };
            let exchange = Exchange::new(session.me.nonce.clone(), head, received);
            Ok((exchange, who, head.saturating_sub(received)))
        })?;
        door.syncing.to_send.store(to_send, Ordering::Relaxed);
        door.syncing.acknowledged.store(0, Ordering::Relaxed);
        Ok(Self::new(door, transport, exchange, who))
    }

    fn new(door: &'a FirstHours, transport: Box<dyn Transport>, exchange: Exchange, who: Who) -> Self {
        Self {
            door,
            transport,
            exchange,
            token: String::new(),
            who,
            proof: None,
            put_back: false,
            promised: BTreeMap::new(),
            receipt: None,
            changed: BTreeSet::new(),
            differs: false,
            faults: 0,
            lost: Vec::new(),
            sent: 0,
            received: 0,
            round_trips: 0,
        }
    }

    /// Does all of it. The ending is `None` where it was stopped before its end.
    fn complete(mut self) -> Result<(SyncReport, Option<Ending>), AppError> {
        loop {
            if self.door.syncing.cancelled.load(Ordering::SeqCst) {
                self.confirm()?;
                return Ok((self.report(Some(Trouble::Cancelled), None), None));
            }
            let asked = self.exchange.next();
            let outcome = match asked {
                Ask::Hello { nonce } => self.hello(&nonce),
                Ask::Protocol(sha) => self.protocol(sha),
                Ask::Directory => self.directory(),
                Ask::Policy => self.policy(),
                Ask::Offers(offer) => self.offers(offer),
                Ask::Upload(batch) => self.upload(batch),
                Ask::Examine(seq) => self.examine(seq),
                Ask::Page { encounter, after, .. } => self.page(encounter, after),
                Ask::Done(ending) => {
                    self.confirm()?;
                    return Ok((self.finish(&ending), Some(ending)));
                }
            };
            if let Err(error) = outcome {
                // What was acknowledged and read before the trouble stays known.
                self.confirm()?;
                note_fault(self.door, &error)?;
                let AppError::Sync { trouble } = error else { return Err(error) };
                return Ok((self.report(Some(trouble), None), None));
            }
        }
    }

    /// Reads or writes the store, alone.
    fn store<T>(&self, work: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, AppError> {
        self.door.with(|session| Ok(work(&session.store)?))
    }

    /// Stores the last receipt, and takes from it what the station has.
    fn confirm(&mut self) -> Result<(), AppError> {
        let Some((document, receipt)) = self.receipt.take() else { return Ok(()) };
        let promised = &self.promised;
        let (confirmed, differs) =
            self.door.with(|session| session.confirm(&document, &receipt, promised))?;
        self.changed.extend(confirmed);
        self.differs |= differs;
        Ok(())
    }

    fn finish(self, ending: &Ending) -> SyncReport {
        let (trouble, after_ms) = match ending {
            Ending::Complete if self.differs => (Some(Trouble::HistoryDiffers), None),
            // Everything else was sent and read.
            Ending::Complete if !self.lost.is_empty() => {
                return SyncReport { complete: true, ..self.report(Some(Trouble::EntryLost), None) };
            }
            Ending::Complete if self.faults > 0 => {
                let told = Trouble::BadProtocol { faults: self.faults };
                return SyncReport { complete: true, ..self.report(Some(told), None) };
            }
            Ending::Complete if self.put_back => {
                return SyncReport { complete: true, ..self.report(Some(Trouble::StationPutBack), None) };
            }
            Ending::Complete => (None, None),
            Ending::NotEnrolled => (Some(Trouble::NotEnrolledYet), None),
            Ending::SendOnly => (Some(Trouble::Revoked), None),
            Ending::UpdateNeeded => (Some(Trouble::UpdateNeeded), None),
            Ending::Fork { .. } => (Some(Trouble::CopyOfPhone), None),
            Ending::NotAuthentic { .. } => (Some(Trouble::NotAuthentic), None),
            Ending::HistoryDiffers { .. } => (Some(Trouble::HistoryDiffers), None),
            Ending::StationUnwell => (Some(Trouble::StationUnwell), None),
            Ending::TryLater { after_ms } => (Some(Trouble::StationUnwell), Some(*after_ms)),
        };
        self.report(trouble, after_ms)
    }

    fn report(self, trouble: Option<Trouble>, after_ms: Option<i64>) -> SyncReport {
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        // A station under load is left alone for as long as it asks, whatever else came of it.
        let asked = Some(self.exchange.backoff_ms()).filter(|asked| *asked > 0);
        let after_ms = after_ms.max(asked);
        SyncReport {
            complete: trouble.is_none(),
            trouble: trouble.map(|trouble| trouble.text(self.door.language)).unwrap_or_default(),
            events_sent: count(self.sent),
            events_received: count(self.received),
            changed: self.changed.iter().map(ToString::to_string).collect(),
            call_again_at_ms: after_ms.map(|after| (self.door.outside.clock.now() + after).ms()),
            round_trips: self.round_trips,
        }
    }

    fn open_receipt(&self, document: &Document) -> Result<Receipt, AppError> {
        let keyring = self.door.with(|session| session.me.keyring(&[]))?;
        let receipt: Receipt = keyring.open_receipt(document, Tag::Receipt).map_err(|_| not_the_station())?;
        if receipt.install == self.who.install { Ok(receipt) } else { Err(not_the_station()) }
    }

    fn note_receipt(&mut self, document: Document, receipt: Receipt) -> Result<(), AppError> {
        if !self.who.live {
            // It speaks of a chain that has ended; what it confirms is read again under the live install.
            return Ok(());
        }
        for encounter in &receipt.encounters {
            self.promised.insert(encounter.id, encounter.clone());
        }
        // A kill between here and the end must not make the next sync send again what was acknowledged.
        self.store(|store| store.put_receipt(&document, receipt.received_through, &[]))?;
        self.receipt = Some((document, receipt));
        Ok(())
    }
}

fn to_body<T: serde::Serialize>(message: &T) -> Result<Vec<u8>, AppError> {
    serde_json::to_vec(message).map_err(|_| unwell())
}

/// Keeps the code of what hindered a sync: it is told in the report, and is no error of the call.
fn note_fault(door: &FirstHours, error: &AppError) -> Result<(), AppError> {
    door.with(|session| {
        session.note_fault(error);
        Ok(())
    })
}

fn unwell() -> AppError {
    AppError::Sync { trouble: Trouble::StationUnwell }
}

fn not_enrolled() -> AppError {
    AppError::NotReady { trouble: Trouble::NotEnrolledYet }
}

fn not_the_station() -> AppError {
    AppError::Sync { trouble: Trouble::NotTheStation }
}
