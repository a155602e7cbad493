//! What an exchange asks for on the way up: hello, definitions, the directory, offers, own events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use super::{Run, to_body, unwell};
use crate::app::install::{CHECKPOINTS, DIRECTORY, DIRECTORY_ETAG, POLICY, POLICY_ETAG, REVOCATIONS};
use crate::app::{AppError, Session};
use crate::evidence::{Document, Receipt, SignedEvent, Tag, keep_checkpoint};
use crate::protocol::load;
use crate::record::{Directory, EncounterId, Hash, Install, InstallId, TimeAnchor, sha256};
use crate::store::Store;
use crate::sync::{APP_VERSION, Batch, Method, Offer, PublishedHere};
use crate::wire::{
    DeviceReport, EncounterCursor, EventsReply, EventsRequest, HEADER_INSTALL, HEADER_NONCE,
    HEADER_SIGNATURE, HelloReply, HelloRequest, OffersReply, OffersRequest, Policy, ReadMessage, VERSION,
    hello_message,
};

impl Run<'_> {
    pub(super) fn hello(&mut self, nonce: &str) -> Result<(), AppError> {
        let proof = self.proof.clone();
        let request = self.door.with(|session| session.hello_request(proof))?;
        let body = to_body(&request)?;
        let signature = self.who.key.sign(Tag::Hello, &hello_message(nonce, &body));
        let headers = vec![
            (HEADER_INSTALL, self.who.install.to_string()),
            (HEADER_NONCE, nonce.to_owned()),
            (HEADER_SIGNATURE, signature.to_string()),
        ];
        let Some(reply) = self.ask::<HelloReply>(Method::Post, "/v1/sync/hello".to_owned(), headers, body)?
        else {
            return Ok(());
        };
        self.token.clone_from(&reply.token);
        let live = self.who.live;
        self.door.with(|session| session.take_hello(&reply, live))?;
        let receipt = self.open_receipt(&reply.receipt)?;
        if self.proof.is_none()
            && let Some(proof) = self.proof_of_put_back(&reply, &receipt)?
        {
            self.proof = Some(proof);
            self.exchange.on_nonce(&reply.next_nonce);
            self.exchange.say_hello_again();
            return Ok(());
        }
        let cursors: BTreeMap<EncounterId, EncounterCursor> =
            request.encounters.iter().map(|cursor| (cursor.id, *cursor)).collect();
        // The first epoch that a phone hears of is nothing to tell anybody.
        self.put_back |= cursors.values().any(|cursor| cursor.epoch != reply.epoch);
        self.keep_checkpoint(&request.checkpoints, reply.checkpoint.as_ref())?;
        let protocols: BTreeSet<Hash> = request.protocols.into_iter().collect();
        let held = PublishedHere {
            protocols: &protocols,
            directory: request.directory.as_deref(),
            policy: request.policy.as_deref(),
        };
        let adrift = self.door.with(|session| session.adrift())?;
        self.exchange.on_hello(&reply, &receipt, held, &cursors, adrift);
        if !self.is_of_our_chain(&receipt)? {
            // What it acknowledges was written by a copy of this phone: of what is only here it says nothing.
            self.exchange.on_other_chain(receipt.received_through);
            return Ok(());
        }
        self.note_receipt(reply.receipt, receipt)
    }

    /// Whether what the receipt acknowledges is what this phone wrote.
    pub(super) fn is_of_our_chain(&self, receipt: &Receipt) -> Result<bool, AppError> {
        let Some(acknowledged) = receipt.received_id else { return Ok(true) };
        let own = self.store(|store| store.own_id(receipt.received_through))?;
        Ok(!self.who.live || own == Some(acknowledged))
    }

    pub(super) fn protocol(&mut self, sha: Hash) -> Result<(), AppError> {
        if let Some(response) = self.get(format!("/v1/protocols/{sha}"))? {
            // A definition that is not the one named, or has faults, is not taken up; the one before stays in force.
            let text = String::from_utf8(response.body).ok();
            let text = text.filter(|text| sha256(text.as_bytes()) == sha.0);
            match text.map(|text| (load(text.as_bytes()), text)) {
                Some((Ok(_), text)) => {
                    self.door.with(|session| session.take_protocol(sha, &text))?;
                }
                Some((Err(faults), _)) => self.faults += faults.0.len(),
                None => self.faults += 1,
            }
            self.exchange.on_protocol();
        }
        Ok(())
    }

    pub(super) fn directory(&mut self) -> Result<(), AppError> {
        if let Some(response) = self.get("/v1/directory".to_owned())? {
            let directory = Directory::read(&response.body).map_err(|_| unwell())?;
            self.door.with(|session| session.take_directory(directory, response.etag.as_ref()))?;
            self.exchange.on_directory();
        }
        Ok(())
    }

    pub(super) fn policy(&mut self) -> Result<(), AppError> {
        if let Some(response) = self.get("/v1/policy".to_owned())? {
            let policy = Policy::read(&response.body).map_err(|_| unwell())?;
            self.store(|store| {
                store.set_setting(POLICY, &policy)?;
                store.set_setting(POLICY_ETAG, &response.etag)
            })?;
            self.exchange.on_policy();
        }
        Ok(())
    }

    /// Keeps what the server says of its log, where it cannot take it back.
    fn keep_checkpoint(&self, kept: &[Document], told: Option<&Document>) -> Result<(), AppError> {
        let Some(told) = told else { return Ok(()) };
        self.door.with(|session| {
            let now = keep_checkpoint(kept.to_vec(), told, &session.me.keyring(&[])?);
            if now != kept {
                session.store.set_setting(CHECKPOINTS, &now)?;
            }
            Ok(())
        })
    }

    /// Offers what others wrote and this phone holds, what its own ended installs wrote among it: after a restore the
    /// server may have it from nowhere else.
    pub(super) fn offers(&mut self, offer: Offer) -> Result<(), AppError> {
        let (me, page) = self.door.with(|session| {
            let page = session.store.events_page(&offer.encounter, offer.after, offer.events)?;
            Ok((session.me.author(), page))
        })?;
        let Some(last) = page.last().map(|stored| stored.arrival) else {
            self.exchange.on_offers(None);
            return Ok(());
        };
        let foreign = |event: &SignedEvent| event.read().is_ok_and(|event| event.header.install != me);
        let events: Vec<SignedEvent> =
            page.into_iter().map(|stored| stored.event).filter(|event| foreign(event)).collect();
        if !events.is_empty() {
            let certificates = self.certificates_of(&events)?;
            let revocations: Vec<Document> =
                self.store(|store| store.setting(REVOCATIONS))?.unwrap_or_default();
            let request = OffersRequest { encounter: offer.encounter, certificates, revocations, events };
            let body = to_body(&request)?;
            let reply =
                self.ask::<OffersReply>(Method::Post, "/v1/sync/offers".to_owned(), self.bearer(), body)?;
            let Some(reply) = reply else { return Ok(()) };
            let receipt = self.open_receipt(&reply.receipt)?;
            self.exchange.on_receipt(&receipt);
            self.note_receipt(reply.receipt, receipt)?;
        }
        self.exchange.on_offers(Some(last));
        Ok(())
    }

    /// The certificates that vouch for these events.
    fn certificates_of(&self, events: &[SignedEvent]) -> Result<Vec<Document>, AppError> {
        #[derive(serde::Deserialize)]
        struct NamedInstall {
            install: InstallId,
        }
        let authors: BTreeSet<Install> =
            events.iter().filter_map(|event| Some(event.read().ok()?.header.install)).collect();
        let vouches = |document: &Document| {
            document.peek::<NamedInstall>().is_ok_and(|of| authors.contains(&Install::Phone(of.install)))
        };
        Ok(self.store(Store::certificates)?.into_iter().filter(vouches).collect())
    }

    pub(super) fn upload(&mut self, batch: Batch) -> Result<(), AppError> {
        // Compression makes at least a third of it, so the limit on the wire is kept.
        let bytes = usize::try_from(batch.bytes).unwrap_or(usize::MAX).saturating_mul(3);
        let unsent = self.store(|store| store.unsent(batch.after, batch.events, bytes))?;
        let first = unsent.first().map_or(batch.after + 1, |(seq, _)| *seq);
        if first > batch.after + 1 {
            self.declare_lost(batch.after + 1, first - 1, None)?;
            self.exchange.on_uploaded(batch.after, 0);
            return Ok(());
        }
        // A run ends before what was declared lost; the server goes over that by itself once it stands there.
        let sound = |seq: &u64| !self.lost.iter().any(|run| run.contains(seq));
        let events: Vec<SignedEvent> =
            unsent.into_iter().take_while(|(seq, _)| sound(seq)).map(|(_, event)| event).collect();
        let body = to_body(&EventsRequest { events })?;
        let begun = self.door.outside.clock.read().mono;
        let reply =
            self.ask::<EventsReply>(Method::Post, "/v1/sync/events".to_owned(), self.bearer(), body)?;
        let Some(reply) = reply else { return Ok(()) };
        let took = self.door.outside.clock.read().mono - begun;
        let receipt = self.open_receipt(&reply.receipt)?;
        self.sent += receipt.received_through.saturating_sub(batch.after);
        self.exchange.on_receipt(&receipt);
        self.exchange.on_uploaded(batch.after, took);
        self.exchange.on_backoff(reply.backoff_ms);
        self.door.syncing.acknowledged.store(self.sent, Ordering::Relaxed);
        self.note_receipt(reply.receipt, receipt)
    }
}

impl Session {
    /// What this phone says of itself, of what it holds and of what it has to send.
    fn hello_request(&self, proof: Option<Document>) -> Result<HelloRequest, AppError> {
        let (unsent, oldest_unsent) = self.store.count_unsent(self.store.received_through()?)?;
        let own = self.store.own_head()?;
        Ok(HelloRequest {
            versions: (VERSION, VERSION),
            app_version: APP_VERSION.to_owned(),
            head: own.id.map(|id| (own.seq, id)),
            device: DeviceReport {
                unsent,
                drafts: self.store.count_drafts()?,
                oldest_unsent,
                free_disk: None,
            },
            clock: self.outside.clock.read(),
            protocols: self.store.protocols()?,
            encounters: self.store.encounters()?.into_iter().filter_map(|row| row.cursor).collect(),
            directory: self.store.setting(DIRECTORY_ETAG)?,
            policy: self.store.setting(POLICY_ETAG)?,
            proof,
            checkpoints: self.store.setting(CHECKPOINTS)?.unwrap_or_default(),
        })
    }

    /// Takes up what the server says of itself; what it says to an install, only for the live one.
    fn take_hello(&mut self, reply: &HelloReply, live: bool) -> Result<(), AppError> {
        self.set_trust(&reply.trust)?;
        if live {
            self.set_nonce(&reply.next_nonce)?;
            let heard = self.outside.clock.read();
            let anchor =
                TimeAnchor { server: reply.time, wall: heard.wall, mono: heard.mono, boot: heard.boot };
            self.set_anchor(anchor)?;
            self.set_notices(&reply.protocols)?;
        }
        Ok(())
    }

    /// Keeps a definition; what waited for it is read again under it.
    fn take_protocol(&mut self, sha: Hash, text: &str) -> Result<(), AppError> {
        self.store.put_protocol(&sha, text)?;
        self.held = None;
        self.records.retain(|_, record| !record.under.lacks);
        Ok(())
    }

    fn take_directory(&mut self, directory: Directory, etag: Option<&String>) -> Result<(), AppError> {
        self.store.set_setting(DIRECTORY, &directory)?;
        self.store.set_setting(DIRECTORY_ETAG, &etag)?;
        self.directory = directory;
        Ok(())
    }
}
