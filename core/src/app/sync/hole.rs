//! What this phone can no longer send: found, and declared to the server under this install's own signature.

use super::{Run, to_body};
use crate::app::AppError;
use crate::evidence::{Document, Hole, SignedEvent, Tag};
use crate::sync::Method;
use crate::wire::EventsReply;

impl Run<'_> {
    /// Looks at an event that the server could not verify. One that is damaged here is declared lost, with what can
    /// still be read of it; one that is sound stays, because then it is the server that is wrong.
    pub(super) fn examine(&mut self, seq: u64) -> Result<(), AppError> {
        let (found, own, key) = self.door.with(|session| {
            let found = session.store.unsent(seq.saturating_sub(1), 1, 0)?;
            Ok((found, session.store.own_id(seq)?, session.me.key.public()))
        })?;
        let found = found.into_iter().find(|(at, _)| *at == seq).map(|(_, event)| event);
        let is_sound = |event: &SignedEvent| event.open(&key).is_ok_and(|read| Some(read.id) == own);
        let sound = found.as_ref().is_some_and(is_sound);
        self.exchange.on_examined(seq, sound);
        if sound {
            return Ok(());
        }
        let left = found.map(|event| hex::encode(event.header));
        self.declare_lost(seq, seq, left.filter(|left| left.len() <= Hole::RAW_CHARS))
    }

    /// Declares a run of own events lost: the chain goes on after it, and everybody is told.
    pub(super) fn declare_lost(&mut self, from: u64, to: u64, raw: Option<String>) -> Result<(), AppError> {
        let document = self.door.with(|session| {
            // Without the id of its last event nobody could tell that the chain goes on.
            let id_of_to = session.store.own_id(to)?.ok_or(AppError::CorruptStore { set_aside: None })?;
            let hole = Hole { install: session.me.install, from, to, id_of_to, raw };
            Ok(Document::sign(&hole, Tag::Hole, &session.me.key))
        })?;
        let body = to_body(&document)?;
        let reply =
            self.ask::<EventsReply>(Method::Post, "/v1/sync/holes".to_owned(), self.bearer(), body)?;
        let Some(reply) = reply else { return Ok(()) };
        let receipt = self.open_receipt(&reply.receipt)?;
        self.lost.push(from..=to);
        self.exchange.on_receipt(&receipt);
        self.note_receipt(reply.receipt, receipt)
    }
}
