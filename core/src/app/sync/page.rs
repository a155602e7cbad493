//! The way down: one page, verified whole and taken up in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Run, unwell};
use crate::app::me::REVOCATIONS;
use crate::app::records::OpenRecord;
use crate::app::{AppError, FirstHours, Inner};
use crate::evidence::{Document, InstallCertificate, SignedEvent};
use crate::record::{EncounterId, Event, EventId, Header, Install, State, sha256};
use crate::store::{NewEvent, Received};
use crate::sync::{Ask, check_page};
use crate::wire::{EncounterCursor, Page, ReadMessage};

/// What became of a page.
enum Taken {
    Whole,
    /// Something in it is not what it claims to be.
    NotAuthentic,
    /// It has an event of this install that this phone never wrote.
    NotOurs,
}

impl Run<'_> {
    pub(super) fn page(&mut self, encounter: EncounterId, after: u64) -> Result<(), AppError> {
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
            if !self.show_last_word(epoch)? {
                self.session.on_bad_page(encounter);
            }
            return Ok(());
        };
        let head = page.head;
        match self.take_up(page, cursor)? {
            Taken::Whole => {}
            Taken::NotOurs => {
                self.session.on_copied(encounter);
                return Ok(());
            }
            Taken::NotAuthentic => {
                self.session.on_bad_page(encounter);
                return Ok(());
            }
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

    /// Verifies and stores one page: all of it or nothing.
    fn take_up(&mut self, page: Page, cursor: EncounterCursor) -> Result<Taken, AppError> {
        let app = self.app;
        let mut inner = app.lock();
        let id = page.encounter;
        let before = app.store.encounter(&id)?;
        let known = app.store.event_ids(&id)?;
        // Opening a certificate is as dear as opening an event: only those of the authors on this page.
        let authors: BTreeSet<Install> = page
            .events
            .iter()
            .filter(|positioned| !known.contains(&positioned.id))
            .filter_map(|positioned| Header::read(&positioned.event.as_ref()?.header).ok())
            .map(|header| header.install)
            .collect();
        let needed = |document: &Document| {
            let certificate = document.peek::<InstallCertificate>();
            certificate.is_ok_and(|certificate| authors.contains(&Install::Phone(certificate.install)))
        };
        let mut certificates = app.store.certificates()?;
        certificates.retain(needed);
        certificates.extend(page.certificates.iter().cloned());
        let Ok(mut ring) = inner.me.keyring(&certificates) else { return Ok(Taken::NotAuthentic) };
        if page.revocations.iter().any(|document| ring.revoke(document).is_err()) {
            return Ok(Taken::NotAuthentic);
        }
        app.keep_revocations(&page.revocations)?;
        let mut arrival = before.as_ref().map_or(0, |row| row.events);
        let mut fresh: Vec<(NewEvent, Arc<Event>)> = Vec::new();
        let mut positions = Vec::new();
        for positioned in page.events {
            if known.contains(&positioned.id) {
                positions.push((positioned.id, positioned.pos));
                continue;
            }
            // Written in our name, and not here: somebody else goes on with our chain.
            let Some(event) = positioned.event else { return Ok(Taken::NotOurs) };
            let Ok(read) = ring.open_event(&event) else { return Ok(Taken::NotAuthentic) };
            if read.header.encounter != Some(id) {
                return Ok(Taken::NotAuthentic);
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
        Ok(Taken::Whole)
    }
}

impl FirstHours {
    /// Keeps what was said of authors, to be offered with what they wrote to a station that has lost it.
    fn keep_revocations(&self, documents: &[Document]) -> Result<(), AppError> {
        let mut kept: Vec<Document> = self.store.setting(REVOCATIONS)?.unwrap_or_default();
        let known = kept.len();
        for document in documents {
            if !kept.contains(document) {
                kept.push(document.clone());
            }
        }
        if kept.len() > known {
            self.store.set_setting(REVOCATIONS, &kept)?;
        }
        Ok(())
    }
}

impl Inner {
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
            self.read_under(&app.store, id)?;
            return Ok(self.records.get(&id).map(OpenRecord::summary));
        }
        self.scenes = None;
        let events: Vec<Arc<Event>> = events.collect();
        let state = State::fold(events.iter().cloned());
        // A first page without its beginning, or under a definition that could not be fetched, is kept unfolded.
        if state.opened().is_none() {
            return Ok(None);
        }
        let Ok(under) = self.definitions.under(&app.store, &state) else { return Ok(None) };
        let mut record = OpenRecord::begin(id, under);
        for event in events {
            record.add(event);
        }
        let summary = record.summary();
        self.records.insert(id, record);
        Ok(Some(summary))
    }
}
