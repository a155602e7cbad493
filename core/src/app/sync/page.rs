//! The way down: one page, verified whole and taken up in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Run, unwell};
use crate::app::install::REVOCATIONS;
use crate::app::{AppError, Session};
use crate::evidence::{Document, InstallCertificate, SignedEvent};
use crate::record::{EncounterId, Event, EventId, Header, Install, sha256};
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
        let row = self.store(|store| store.encounter(&encounter))?;
        let Ask::Page { epoch, .. } = self.exchange.next() else { return Ok(()) };
        let from =
            row.as_ref().and_then(|row| row.cursor).filter(|cursor| cursor.epoch == epoch && after > 0);
        let path = format!("/v1/sync/encounters/{encounter}/{epoch}/events?after={after}");
        let Some(response) = self.get(path)? else { return Ok(()) };
        let page = Page::read(&response.body).map_err(|_| unwell())?;
        let id_of = |event: &SignedEvent| EventId(sha256(event.header.as_bytes()));
        let Ok((cursor, rolling)) = check_page(&page, encounter, epoch, from, id_of) else {
            if !self.show_last_word(epoch)? {
                self.exchange.on_bad_page(encounter);
            }
            return Ok(());
        };
        let head = page.head;
        let (taken, received) = self.door.with(|session| session.take_page(page, cursor))?;
        if received > 0 {
            self.received += received;
            self.changed.insert(encounter);
        }
        match taken {
            Taken::Whole => {}
            Taken::NotOurs => {
                self.exchange.on_copied(encounter);
                return Ok(());
            }
            Taken::NotAuthentic => {
                self.exchange.on_bad_page(encounter);
                return Ok(());
            }
        }
        if let Some(promised) = self.promised.get(&encounter)
            && rolling.get(&promised.pos).is_some_and(|found| *found != promised.rolling)
        {
            self.exchange.on_bad_page(encounter);
            return Ok(());
        }
        self.exchange.on_page(encounter, cursor, head);
        Ok(())
    }
}

impl Session {
    /// Verifies and stores one page: all of it or nothing. Gives how many of its events are new here.
    fn take_page(&mut self, page: Page, cursor: EncounterCursor) -> Result<(Taken, u64), AppError> {
        let nothing = |taken| Ok((taken, 0));
        let id = page.encounter;
        let before = self.store.encounter(&id)?;
        let known = self.store.event_ids(&id)?;
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
        let mut certificates = self.store.certificates()?;
        certificates.retain(needed);
        certificates.extend(page.certificates.iter().cloned());
        let Ok(mut ring) = self.me.keyring(&certificates) else { return nothing(Taken::NotAuthentic) };
        if page.revocations.iter().any(|document| ring.revoke(document).is_err()) {
            return nothing(Taken::NotAuthentic);
        }
        self.keep_revocations(&page.revocations)?;
        let mut arrival = before.as_ref().map_or(0, |row| row.events);
        let mut fresh: Vec<NewEvent> = Vec::new();
        let mut read: Vec<Arc<Event>> = Vec::new();
        let mut positions = Vec::new();
        for positioned in page.events {
            if known.contains(&positioned.id) {
                positions.push((positioned.id, positioned.pos));
                continue;
            }
            // Written in our name, and not here: somebody else goes on with our chain.
            let Some(event) = positioned.event else { return nothing(Taken::NotOurs) };
            let Ok(opened) = ring.open_event(&event) else { return nothing(Taken::NotAuthentic) };
            if opened.header.encounter != Some(id) {
                return nothing(Taken::NotAuthentic);
            }
            arrival += 1;
            fresh.push(NewEvent { arrival, id: positioned.id, pos: Some(positioned.pos), event });
            read.push(Arc::new(opened));
        }
        let received = u64::try_from(fresh.len()).unwrap_or(0);
        let summary = if fresh.is_empty() { None } else { self.fold_in(id, before.is_some(), read)? };
        let page = Received {
            encounter: id,
            events: fresh,
            positions,
            certificates: page.certificates,
            cursor,
            void_positions: before.and_then(|row| row.cursor).is_some_and(|old| old.epoch != cursor.epoch),
            summary,
        };
        if let Err(error) = self.store.receive(&page) {
            self.forget(id);
            return Err(error.into());
        }
        Ok((Taken::Whole, received))
    }

    /// Keeps what was said of authors, to be offered with what they wrote to a station that has lost it.
    fn keep_revocations(&mut self, documents: &[Document]) -> Result<(), AppError> {
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
