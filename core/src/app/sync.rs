//! The driver of a sync: does what the session asks, verifies what comes back, and stores it.
//!
//! No lock of the records is held over the network. A page is verified, then taken up in one transaction; a kill at any
//! moment leaves whole pages and whole batches, and the next sync goes on from there.

mod asks;
mod copies;
mod hole;
mod http;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;

use super::enrol::Voucher;
use super::me::LAST_SYNC;
use super::outside::random_bytes;
use super::reads::LastSync;
use super::{AppError, FirstHours, Station, lock};
use crate::evidence::{Document, EncounterReceipt, Receipt, SecretKey, Tag};
use crate::record::{EncounterId, InstallId};
use crate::store::Confirmed;
use crate::sync::{Ask, Ending, Session, Transport, next_call};
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

/// One sync in progress.
struct Run<'a> {
    app: &'a FirstHours,
    transport: Box<dyn Transport>,
    session: Session,
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

impl FirstHours {
    /// Syncs once: blocking, for a background thread. Stops early when [`Self::cancel_sync`] is called.
    ///
    /// Trouble with the station is told in the report, not as an error: whatever was sent and read before it counts.
    pub fn sync_now(&self) -> Result<SyncReport, AppError> {
        let _one_at_a_time = lock(&self.syncing);
        self.cancel.store(false, Ordering::SeqCst);
        let mut last: LastSync = self.store.setting(LAST_SYNC)?.unwrap_or_default();
        let mut report = match self.run_sync() {
            Ok(report) => report,
            Err(AppError::Sync { trouble } | AppError::NotReady { trouble }) => {
                SyncReport { trouble: trouble.text(self.language), ..SyncReport::default() }
            }
            Err(error) => return Err(error),
        };
        let now = self.now();
        if report.complete {
            last = LastSync { at: Some(now), failures: 0, call_again_at: report.call_again_at_ms };
        } else {
            let random = u64::from_le_bytes(random_bytes(self.outside.random.as_ref()));
            let asked = report.call_again_at_ms.map_or(0, |at| (at - now).max(0));
            last.call_again_at = Some(next_call(now, last.failures, random, asked));
            last.failures = last.failures.saturating_add(1);
        }
        report.call_again_at_ms = last.call_again_at;
        self.store.set_setting(LAST_SYNC, &last)?;
        Ok(report)
    }

    /// How far the running sync is; the last one's numbers when none runs.
    pub fn sync_progress(&self) -> Progress {
        let read = |number: &std::sync::atomic::AtomicU64| {
            i64::try_from(number.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
        };
        Progress { acknowledged: read(&self.acknowledged), to_send: read(&self.to_send) }
    }

    fn run_sync(&self) -> Result<SyncReport, AppError> {
        let (station, enrolled, voucher) = {
            let inner = self.lock();
            let station = inner.me.station.clone().ok_or_else(not_enrolled)?;
            (station, inner.me.certificate.is_some(), inner.me.voucher())
        };
        let connect = || (self.outside.connect)(&station.address, station.ca_pem.as_deref());
        if !enrolled {
            self.enrol_first(connect()?, &station, voucher.ok_or_else(not_enrolled)?)?;
        }
        let (report, ending) = self.run(connect()?)?.complete()?;
        match ending {
            Some(Ending::Fork { .. }) => {
                // One of two copies: this one's chain ends here, and another install goes on.
                self.lock().me.start_anew(&self.store, self.outside.random.as_ref())?;
                self.enrol_first(connect()?, &station, Voucher::Ended)?;
                Ok(report)
            }
            Some(Ending::NotEnrolled) => {
                // A server that was put back may have lost what made this phone one of its own.
                self.ask_enrolment(connect()?.as_ref(), station.clone(), Voucher::Itself)?;
                Ok(report)
            }
            _ => Ok(report),
        }
    }

    /// Asks to be enrolled before anything else is possible. While that waits, what an ended install wrote is sent: the
    /// old certificate is good for that.
    fn enrol_first(
        &self,
        transport: Box<dyn Transport>,
        station: &Station,
        voucher: Voucher,
    ) -> Result<(), AppError> {
        let by_ended = voucher == Voucher::Ended;
        let view = self.ask_enrolment(transport.as_ref(), station.clone(), voucher)?;
        if view.approved {
            return Ok(());
        }
        if by_ended {
            self.send_for_ended(transport)?;
            if view.sentence == Trouble::NotEnrolledYet.text(self.language) {
                return Err(AppError::Sync { trouble: Trouble::CopyOfPhone });
            }
        }
        Err(not_enrolled())
    }

    fn run(&self, transport: Box<dyn Transport>) -> Result<Run<'_>, AppError> {
        let head = self.store.own_head()?.seq;
        let received = self.store.received_through()?;
        self.to_send.store(head.saturating_sub(received), Ordering::Relaxed);
        self.acknowledged.store(0, Ordering::Relaxed);
        let inner = self.lock();
        let who = Who { install: inner.me.install, key: inner.me.key.clone(), live: true };
        Ok(Run::new(self, transport, Session::new(inner.me.nonce.clone(), head, received), who))
    }
}

impl<'a> Run<'a> {
    fn new(app: &'a FirstHours, transport: Box<dyn Transport>, session: Session, who: Who) -> Self {
        Self {
            app,
            transport,
            session,
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
            if self.app.cancel.load(Ordering::SeqCst) {
                self.confirm()?;
                return Ok((self.report(Some(Trouble::Cancelled), None), None));
            }
            let asked = self.session.next();
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
                let AppError::Sync { trouble } = error else { return Err(error) };
                return Ok((self.report(Some(trouble), None), None));
            }
        }
    }

    /// Stores the last receipt, with what it confirms where our own rolling hash agrees.
    fn confirm(&mut self) -> Result<(), AppError> {
        let Some((document, receipt)) = self.receipt.take() else { return Ok(()) };
        let mut confirmed = Vec::new();
        for promised in self.promised.values() {
            let Some(cursor) = self.app.store.encounter(&promised.id)?.and_then(|row| row.cursor) else {
                continue;
            };
            if cursor.epoch != receipt.epoch || cursor.pos != promised.pos {
                continue;
            }
            // The same place in the same life of the store, and another story: nothing is confirmed by it, and it is said.
            self.differs |= cursor.rolling != promised.rolling;
            if cursor.rolling == promised.rolling {
                let Receipt { epoch, .. } = receipt;
                confirmed.push((
                    promised.id,
                    Confirmed { epoch, pos: promised.pos, durable_pos: promised.durable_pos },
                ));
                self.changed.insert(promised.id);
            }
        }
        Ok(self.app.store.put_receipt(&document, receipt.received_through, &confirmed)?)
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
        let asked = Some(self.session.backoff_ms()).filter(|asked| *asked > 0);
        let after_ms = after_ms.max(asked);
        SyncReport {
            complete: trouble.is_none(),
            trouble: trouble.map(|trouble| trouble.text(self.app.language)).unwrap_or_default(),
            events_sent: count(self.sent),
            events_received: count(self.received),
            changed: self.changed.iter().map(ToString::to_string).collect(),
            call_again_at_ms: after_ms.map(|after| self.app.now() + after),
            round_trips: self.round_trips,
        }
    }

    fn open_receipt(&self, document: &Document) -> Result<Receipt, AppError> {
        let inner = self.app.lock();
        let receipt: Receipt =
            inner.me.keyring(&[])?.open_receipt(document, Tag::Receipt).map_err(|_| not_the_station())?;
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
        self.receipt = Some((document, receipt));
        // A kill between here and the end must not make the next sync send again what was acknowledged.
        let (document, receipt) = self.receipt.as_ref().ok_or_else(unwell)?;
        Ok(self.app.store.put_receipt(document, receipt.received_through, &[])?)
    }
}

fn to_body<T: serde::Serialize>(message: &T) -> Result<Vec<u8>, AppError> {
    serde_json::to_vec(message).map_err(|_| unwell())
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
