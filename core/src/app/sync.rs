//! The driver of a sync: does what the session asks, verifies what comes back, and stores it.
//!
//! No lock of the records is held over the network. A page is verified, then taken up in one transaction; a kill at any
//! moment leaves whole pages and whole batches, and the next sync goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::me::{DIRECTORY, DIRECTORY_ETAG, LAST_SYNC};
use super::outside::random_bytes;
use super::reads::LastSync;
use super::records::{OpenRecord, protocol_of};
use super::{AppError, FirstHours, lock};
use crate::evidence::{Document, EncounterReceipt, Receipt, SignedEvent, Tag};
use crate::protocol::load;
use crate::record::{Directory, EncounterId, Event, EventId, Hash, Install, TimeAnchor, sha256};
use crate::store::{Confirmed, NewEvent, Received};
use crate::sync::{Ask, Batch, Ending, Method, Request, Response, Session, Transport, check_page, next_call};
use crate::wire::{
    DeviceReport, EncounterCursor, EventsReply, EventsRequest, HEADER_INSTALL, HEADER_NONCE,
    HEADER_SIGNATURE, HelloReply, HelloRequest, OffersReply, OffersRequest, Page, Problem, ProblemKind,
    ReadMessage, VERSION, hello_message,
};
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

const APP_VERSION: &str = env!("CARGO_PKG_VERSION");

/// One sync in progress.
struct Run<'a> {
    app: &'a FirstHours,
    transport: Box<dyn Transport>,
    session: Session,
    token: String,
    /// What receipts said of each encounter, to be compared with the rolling hash that we reckon ourselves.
    promised: BTreeMap<EncounterId, EncounterReceipt>,
    receipt: Option<(Document, Receipt)>,
    changed: BTreeSet<EncounterId>,
    /// Faults of a definition that was offered and not taken up.
    faults: usize,
    sent: u64,
    received: u64,
    round_trips: i32,
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
            last = LastSync { at: Some(now), failures: 0, call_again_at: None };
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
        let not_enrolled = AppError::NotReady { trouble: Trouble::NotEnrolledYet };
        let (station, code, nonce, enrolled) = {
            let inner = self.lock();
            let station = inner.me.station.clone().ok_or_else(|| not_enrolled.clone())?;
            let code = inner.me.code.clone().unwrap_or_default();
            (station, code, inner.me.nonce.clone(), inner.me.certificate.is_some())
        };
        let transport = (self.outside.connect)(&station.address, station.ca_pem.as_deref())?;
        if !enrolled && !self.ask_enrolment(transport.as_ref(), station, code)?.approved {
            return Err(not_enrolled);
        }
        let head = self.store.own_head()?.seq;
        let received = self.store.received_through()?;
        self.to_send.store(head.saturating_sub(received), Ordering::Relaxed);
        self.acknowledged.store(0, Ordering::Relaxed);
        let run = Run {
            app: self,
            transport,
            session: Session::new(nonce, head, received),
            token: String::new(),
            promised: BTreeMap::new(),
            receipt: None,
            changed: BTreeSet::new(),
            faults: 0,
            sent: 0,
            received: 0,
            round_trips: 0,
        };
        run.complete()
    }
}

/// What came of a request.
enum Answer {
    Ok(Response),
    Problem(ProblemKind),
}

impl Run<'_> {
    fn complete(mut self) -> Result<SyncReport, AppError> {
        loop {
            if self.app.cancel.load(Ordering::SeqCst) {
                self.confirm()?;
                return Ok(self.report(Some(Trouble::Cancelled), None));
            }
            let asked = self.session.next();
            let outcome = match asked {
                Ask::Hello { nonce } => self.hello(&nonce),
                Ask::Protocol(sha) => self.protocol(sha),
                Ask::Directory => self.directory(),
                Ask::Offers(encounter) => self.offers(encounter),
                Ask::Upload(batch) => self.upload(batch),
                Ask::Page { encounter, after, .. } => self.page(encounter, after),
                Ask::Done(ending) => {
                    self.confirm()?;
                    return Ok(self.finish(&ending));
                }
            };
            if let Err(error) = outcome {
                // What was acknowledged and read before the trouble stays known.
                self.confirm()?;
                let AppError::Sync { trouble } = error else { return Err(error) };
                return Ok(self.report(Some(trouble), None));
            }
        }
    }

    fn hello(&mut self, nonce: &str) -> Result<(), AppError> {
        let app = self.app;
        let clock = app.outside.clock.read();
        let received = app.store.received_through()?;
        let (unsent, oldest_unsent) = app.store.count_unsent(received)?;
        let own = app.store.own_head()?;
        let cursors: BTreeMap<EncounterId, EncounterCursor> =
            app.store.encounters()?.into_iter().filter_map(|row| Some((row.id, row.cursor?))).collect();
        let held = app.store.protocols()?;
        let directory: Option<String> = app.store.setting(DIRECTORY_ETAG)?;
        let request = HelloRequest {
            versions: (VERSION, VERSION),
            app_version: APP_VERSION.to_owned(),
            head: own.id.map(|id| (own.seq, id)),
            device: DeviceReport {
                unsent,
                drafts: app.store.count_drafts()?,
                oldest_unsent,
                free_disk: None,
            },
            clock,
            protocols: held.clone(),
            encounters: cursors.values().copied().collect(),
            directory: directory.clone(),
        };
        let body = to_body(&request)?;
        let (install, signature) = {
            let inner = app.lock();
            (inner.me.install, inner.me.key.sign(Tag::Hello, &hello_message(nonce, &body)))
        };
        let headers = vec![
            (HEADER_INSTALL, install.to_string()),
            (HEADER_NONCE, nonce.to_owned()),
            (HEADER_SIGNATURE, signature.to_string()),
        ];
        let Some(reply) = self.ask::<HelloReply>(Method::Post, "/v1/sync/hello".to_owned(), headers, body)?
        else {
            return Ok(());
        };
        self.token.clone_from(&reply.token);
        let receipt = {
            let mut inner = app.lock();
            inner.me.set_trust(&app.store, &reply.trust)?;
            inner.me.set_nonce(&app.store, &reply.next_nonce)?;
            let heard = app.outside.clock.read();
            let anchor =
                TimeAnchor { server: reply.time, wall: heard.wall, mono: heard.mono, boot: heard.boot };
            inner.me.set_anchor(&app.store, anchor)?;
            inner.me.set_notices(&app.store, &reply.protocols)?;
            let ring = inner.me.keyring(&[])?;
            ring.open_receipt::<Receipt>(&reply.receipt, Tag::Receipt).map_err(|_| not_the_station())?
        };
        let held: BTreeSet<Hash> = held.into_iter().collect();
        self.session.on_hello(&reply, &receipt, &held, directory.as_deref(), &cursors);
        if !self.is_of_our_chain(&receipt)? {
            // What it acknowledges was written by a copy of this phone: of what is only here it says nothing.
            self.session.on_other_chain(receipt.received_through);
            return Ok(());
        }
        self.note_receipt(reply.receipt, receipt)
    }

    /// Whether what the receipt acknowledges is what this phone wrote.
    fn is_of_our_chain(&self, receipt: &Receipt) -> Result<bool, AppError> {
        let Some(acknowledged) = receipt.received_id else { return Ok(true) };
        Ok(self.app.store.own_id(receipt.received_through)? == Some(acknowledged))
    }

    fn protocol(&mut self, sha: Hash) -> Result<(), AppError> {
        if let Some(response) = self.get(format!("/v1/protocols/{sha}"))? {
            // A definition that is not the one named, or has faults, is not taken up; the one before stays in force.
            let text = String::from_utf8(response.body).ok();
            let text = text.filter(|text| sha256(text.as_bytes()) == sha.0);
            match text.map(|text| (load(text.as_bytes()), text)) {
                Some((Ok(_), text)) => self.app.store.put_protocol(&sha, &text)?,
                Some((Err(faults), _)) => self.faults += faults.0.len(),
                None => self.faults += 1,
            }
            self.session.on_protocol();
        }
        Ok(())
    }

    fn directory(&mut self) -> Result<(), AppError> {
        if let Some(response) = self.get("/v1/directory".to_owned())? {
            let directory = Directory::read(&response.body).map_err(|_| unwell())?;
            self.app.store.set_setting(DIRECTORY, &directory)?;
            self.app.store.set_setting(DIRECTORY_ETAG, &response.etag)?;
            self.app.lock().directory = directory;
            self.session.on_directory();
        }
        Ok(())
    }

    /// Offers what others wrote and this phone holds: after a restore the server may have it from nowhere else.
    fn offers(&mut self, encounter: EncounterId) -> Result<(), AppError> {
        let app = self.app;
        let me = app.lock().me.install;
        let foreign: Vec<SignedEvent> = app
            .store
            .events(&encounter)?
            .into_iter()
            .filter(|stored| {
                stored.event.read().is_ok_and(|event| event.header.install != Install::Phone(me))
            })
            .map(|stored| stored.event)
            .collect();
        if foreign.is_empty() {
            self.session.on_offers();
            return Ok(());
        }
        let request = OffersRequest { encounter, certificates: app.store.certificates()?, events: foreign };
        let body = to_body(&request)?;
        let reply =
            self.ask::<OffersReply>(Method::Post, "/v1/sync/offers".to_owned(), self.bearer(), body)?;
        if let Some(reply) = reply {
            let receipt = self.open_receipt(&reply.receipt)?;
            self.session.on_receipt(&receipt);
            self.note_receipt(reply.receipt, receipt)?;
            self.session.on_offers();
        }
        Ok(())
    }

    fn upload(&mut self, batch: Batch) -> Result<(), AppError> {
        let app = self.app;
        // Compression makes at least a third of it, so the limit on the wire is kept.
        let bytes = usize::try_from(batch.bytes).unwrap_or(usize::MAX).saturating_mul(3);
        let unsent = app.store.unsent(batch.after, batch.events, bytes)?;
        let events: Vec<SignedEvent> = unsent.into_iter().map(|(_, event)| event).collect();
        let body = to_body(&EventsRequest { events })?;
        let begun = app.outside.clock.read().mono;
        let reply =
            self.ask::<EventsReply>(Method::Post, "/v1/sync/events".to_owned(), self.bearer(), body)?;
        let Some(reply) = reply else { return Ok(()) };
        let took = app.outside.clock.read().mono - begun;
        let receipt = self.open_receipt(&reply.receipt)?;
        self.sent += receipt.received_through.saturating_sub(batch.after);
        self.session.on_receipt(&receipt);
        self.session.on_uploaded(batch.after, took);
        app.acknowledged.store(self.sent, Ordering::Relaxed);
        self.note_receipt(reply.receipt, receipt)
    }

    fn page(&mut self, encounter: EncounterId, after: u64) -> Result<(), AppError> {
        let app = self.app;
        let row = app.store.encounter(&encounter)?;
        let Ask::Page { epoch, .. } = self.session.next() else { return Ok(()) };
        let from =
            row.as_ref().and_then(|row| row.cursor).filter(|cursor| cursor.epoch == epoch && after > 0);
        let path = format!("/v1/sync/encounters/{encounter}/{epoch}/events?after={after}");
        let Some(response) = self.get(path)? else { return Ok(()) };
        let page = Page::read(&response.body).map_err(|_| unwell())?;
        let id_of = |event: &SignedEvent| EventId(sha256(event.header.as_bytes()));
        let Ok((cursor, rolling)) = check_page(&page, encounter, epoch, from, id_of) else {
            self.session.on_bad_page(encounter);
            return Ok(());
        };
        let head = page.head;
        if !self.take_up(page, cursor)? {
            self.session.on_bad_page(encounter);
            return Ok(());
        }
        if let Some(promised) = self.promised.get(&encounter)
            && rolling.get(&promised.pos).is_some_and(|found| *found != promised.rolling)
        {
            self.session.on_bad_page(encounter);
            return Ok(());
        }
        self.session.on_page(encounter, cursor, head);
        Ok(())
    }

    /// Verifies and stores one page; `false` if something in it is not what it claims to be.
    fn take_up(&mut self, page: Page, cursor: EncounterCursor) -> Result<bool, AppError> {
        let app = self.app;
        let mut inner = app.lock();
        let mut certificates = app.store.certificates()?;
        certificates.extend(page.certificates.iter().cloned());
        let Ok(ring) = inner.me.keyring(&certificates) else { return Ok(false) };
        let id = page.encounter;
        let before = app.store.encounter(&id)?;
        let known: BTreeSet<EventId> = match before {
            Some(_) => app.store.events(&id)?.into_iter().map(|stored| stored.id).collect(),
            None => BTreeSet::new(),
        };
        let mut arrival = before.as_ref().map_or(0, |row| row.events);
        let mut fresh: Vec<(NewEvent, Arc<Event>)> = Vec::new();
        let mut positions = Vec::new();
        for positioned in page.events {
            if known.contains(&positioned.id) {
                positions.push((positioned.id, positioned.pos));
                continue;
            }
            // We wrote it, and do not hold it: this phone was put back from an older copy.
            let Some(event) = positioned.event else { return Ok(false) };
            let Ok(read) = ring.open_event(&event) else { return Ok(false) };
            if read.header.encounter != Some(id) {
                return Ok(false);
            }
            arrival += 1;
            fresh.push((
                NewEvent { arrival, id: positioned.id, pos: Some(positioned.pos), event },
                Arc::new(read),
            ));
        }
        let summary = if fresh.is_empty() {
            None
        } else {
            self.changed.insert(id);
            inner.fold_in(app, id, before.is_some(), fresh.iter().map(|(_, event)| Arc::clone(event)))?
        };
        self.received += u64::try_from(fresh.len()).unwrap_or(0);
        let received = Received {
            encounter: id,
            events: fresh.into_iter().map(|(event, _)| event).collect(),
            positions,
            certificates: page.certificates,
            cursor,
            void_positions: before.and_then(|row| row.cursor).is_some_and(|old| old.epoch != cursor.epoch),
            summary,
        };
        app.store.receive(&received).inspect_err(|_| inner.forget(id))?;
        Ok(true)
    }

    /// Stores the last receipt, with what it confirms where our own rolling hash agrees.
    fn confirm(&mut self) -> Result<(), AppError> {
        let Some((document, receipt)) = self.receipt.take() else { return Ok(()) };
        let mut confirmed = Vec::new();
        for promised in self.promised.values() {
            let Some(cursor) = self.app.store.encounter(&promised.id)?.and_then(|row| row.cursor) else {
                continue;
            };
            if cursor.epoch == receipt.epoch
                && cursor.pos == promised.pos
                && cursor.rolling == promised.rolling
            {
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
            // Everything was sent and read all the same.
            Ending::Complete if self.faults > 0 => {
                let told = Trouble::BadProtocol { faults: self.faults };
                return SyncReport { complete: true, ..self.report(Some(told), None) };
            }
            Ending::Complete => (None, None),
            Ending::NotEnrolled => (Some(Trouble::NotEnrolledYet), None),
            Ending::SendOnly => (Some(Trouble::Revoked), None),
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
        if receipt.install == inner.me.install { Ok(receipt) } else { Err(not_the_station()) }
    }

    fn note_receipt(&mut self, document: Document, receipt: Receipt) -> Result<(), AppError> {
        for encounter in &receipt.encounters {
            self.promised.insert(encounter.id, encounter.clone());
        }
        self.receipt = Some((document, receipt));
        // A kill between here and the end must not make the next sync send again what was acknowledged.
        let (document, receipt) = self.receipt.as_ref().ok_or_else(unwell)?;
        Ok(self.app.store.put_receipt(document, receipt.received_through, &[])?)
    }

    fn get(&mut self, path: String) -> Result<Option<Response>, AppError> {
        let headers = self.bearer();
        match self.send(&Request { method: Method::Get, path, headers, body: Vec::new() })? {
            Answer::Ok(response) => Ok(Some(response)),
            Answer::Problem(problem) => {
                self.session.on_problem(&problem);
                Ok(None)
            }
        }
    }

    fn ask<T: ReadMessage>(
        &mut self,
        method: Method,
        path: String,
        mut headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Option<T>, AppError> {
        headers.push(("content-type", "application/json".to_owned()));
        match self.send(&Request { method, path, headers, body })? {
            Answer::Ok(response) => T::read(&response.body).map(Some).map_err(|_| unwell()),
            Answer::Problem(problem) => {
                self.session.on_problem(&problem);
                Ok(None)
            }
        }
    }

    fn bearer(&self) -> Vec<(&'static str, String)> {
        vec![("authorization", format!("Bearer {}", self.token))]
    }

    fn send(&mut self, request: &Request) -> Result<Answer, AppError> {
        self.round_trips += 1;
        let response = self.transport.send(request)?;
        if response.status == 200 {
            return Ok(Answer::Ok(response));
        }
        let after_ms = response
            .retry_after
            .map_or(0, |seconds| i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX));
        let problem = Problem::read(&response.body).map(|problem| problem.kind);
        Ok(Answer::Problem(match (response.status, problem) {
            (413, _) => ProblemKind::TooLarge,
            (429 | 502..=504, _) => ProblemKind::TryLater { after_ms },
            (_, Ok(kind)) => kind,
            (_, Err(_)) => ProblemKind::Unknown,
        }))
    }
}

impl super::Inner {
    /// Folds events that came into a record and gives its new summary.
    fn fold_in(
        &mut self,
        app: &FirstHours,
        id: EncounterId,
        known: bool,
        events: impl Iterator<Item = Arc<Event>>,
    ) -> Result<Option<Vec<u8>>, AppError> {
        if known {
            let record = self.record(&app.store, id)?;
            events.for_each(|event| record.add(event));
            return Ok(Some(record.summary()));
        }
        let events: Vec<Arc<Event>> = events.collect();
        let state = crate::record::State::fold(events.iter().cloned());
        // A first page without its beginning, or under a definition that could not be fetched, is kept unfolded.
        let Some(protocol) = protocol_of(&state) else { return Ok(None) };
        let Ok(definition) = self.definition(&app.store, protocol) else { return Ok(None) };
        let mut record = OpenRecord::begin(id, protocol, definition);
        for event in events {
            record.add(event);
        }
        let summary = record.summary();
        self.records.insert(id, record);
        Ok(Some(summary))
    }
}

fn to_body<T: serde::Serialize>(message: &T) -> Result<Vec<u8>, AppError> {
    serde_json::to_vec(message).map_err(|_| unwell())
}

fn unwell() -> AppError {
    AppError::Sync { trouble: Trouble::StationUnwell }
}

fn not_the_station() -> AppError {
    AppError::Sync { trouble: Trouble::NotTheStation }
}
