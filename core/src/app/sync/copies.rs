//! After a copy: what an ended install wrote goes by offers, and a server that was put back is shown the proof.

use std::collections::BTreeSet;

use super::{Run, Who};
use crate::app::{AppError, FirstHours, Session};
use crate::evidence::{Document, EncounterReceipt, Receipt};
use crate::record::{EncounterId, Epoch};
use crate::store::Store;
use crate::sync::{Exchange, Transport};
use crate::wire::{Grant, HelloReply};

/// Sends, in the name of the install that ended last, what it wrote and the station is not known to have.
pub(super) fn send_for_ended(door: &FirstHours, transport: Box<dyn Transport>) -> Result<(), AppError> {
    let (ended, adrift) = door.with(|session| {
        let ended = session.me.ended.iter().rev().find(|ended| ended.certificate.is_some());
        let ended = ended.map(|ended| Who { install: ended.install, key: ended.key.clone(), live: false });
        Ok((ended, session.adrift()?))
    })?;
    let Some(who) = ended else { return Ok(()) };
    if adrift.is_empty() {
        return Ok(());
    }
    Run::new(door, transport, Exchange::offering(adrift), who).complete().map(drop)
}

impl Session {
    /// Records that hold events of somebody else than the live install which the station is not known to have.
    pub(super) fn adrift(&self) -> Result<BTreeSet<EncounterId>, AppError> {
        let mut adrift = BTreeSet::new();
        if self.me.ended.is_empty() {
            return Ok(adrift);
        }
        let me = self.me.author();
        for row in self.store.encounters()?.into_iter().filter(|row| row.unpositioned > 0) {
            let events = self.store.events(&row.id)?;
            if events.iter().any(|stored| {
                stored.pos.is_none() && stored.event.read().is_ok_and(|event| event.header.install != me)
            }) {
                adrift.insert(row.id);
            }
        }
        Ok(adrift)
    }
}

impl Run<'_> {
    /// The receipt by which this server, in this epoch, said more than it says now, or something else: perhaps its store
    /// was put back. It can tell from its own word.
    pub(super) fn proof_of_put_back(
        &self,
        reply: &HelloReply,
        now: &Receipt,
    ) -> Result<Option<Document>, AppError> {
        let Some((document, before)) = self.last_word_of(reply.epoch)? else { return Ok(None) };
        // Less than it was, or as much of another story: what was lost may have been made up for by others.
        let another = |told: &EncounterReceipt| {
            let fell = |pos, rolling| pos < told.pos || (pos == told.pos && rolling != told.rolling);
            let granted = |grant: &Grant| grant.encounter == told.id && fell(grant.pos, grant.rolling);
            let said = |here: &EncounterReceipt| here.id == told.id && fell(here.pos, here.rolling);
            reply.grants.iter().any(granted) || now.encounters.iter().any(said)
        };
        let fell = (before.install == now.install && now.received_through < before.received_through)
            || before.encounters.iter().any(another)
            || !self.is_of_our_chain(now)?;
        Ok(fell.then_some(document))
    }

    /// A page does not fit what this server said before: says hello again with its own word, once in a session. `false`
    /// where there is none to show.
    pub(super) fn show_last_word(&mut self, epoch: Epoch) -> Result<bool, AppError> {
        if self.proof.is_some() {
            return Ok(false);
        }
        let Some((document, _)) = self.last_word_of(epoch)? else { return Ok(false) };
        self.proof = Some(document);
        self.exchange.say_hello_again();
        Ok(true)
    }

    /// The last receipt of this server in this epoch, to whichever install of this store.
    fn last_word_of(&self, epoch: Epoch) -> Result<Option<(Document, Receipt)>, AppError> {
        let Some(document) = self.store(Store::receipt)? else { return Ok(None) };
        // It was verified before it was kept.
        let Ok(before) = document.peek::<Receipt>() else { return Ok(None) };
        Ok((before.epoch == epoch).then_some((document, before)))
    }
}
