//! The bundle: one file that carries a whole record, to be read and verified years later by a stranger.
//!
//! JSON Lines, each ending with a line feed: a header, the definition's text, the trust, certificates, revocations, events,
//! receipts and, where the server made one, its signed manifest. Definition, certificates, events, receipts and
//! manifest are texts kept byte for byte; the lines around them are written in one way only, and any other way is
//! a fault. Passing on, salvage, export and `verify` all use this one form. It may be packed with zstd.
//!
//! Order: the server's certificates, those of installs, revocations and receipts by their texts; events by position as far as the manifest goes, then by stamp
//! and id. A position stands only where a manifest signs it.

mod manifest;
mod pack;
mod text;
mod verify;

pub use manifest::Manifest;
pub use pack::{Unpack, inflate, unpack};
pub use text::{BundleFault, FORMAT, MAX_BYTES, VERSION, pack, read, write};
pub use verify::{Completeness, Receipts, Verified, VerifyFault, Wrong, verify};

use crate::evidence::{Document, SignedEvent, Trust};
use crate::record::EncounterId;

/// A record with all that is needed to verify it, given the root's fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub encounter: EncounterId,
    /// The definition under which the record was made, byte for byte.
    pub definition: String,
    pub trust: Trust,
    /// Of every install that wrote here.
    pub certificates: Vec<Document>,
    /// Of those installs that are trusted no further: [`crate::evidence::Revocation`].
    pub revocations: Vec<Document>,
    pub events: Vec<BundledEvent>,
    /// Of servers that held the record.
    pub receipts: Vec<Document>,
    /// Signed under `fh1-manifest`: [`Manifest`].
    pub manifest: Option<Document>,
}

/// An event, and its position where the manifest covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundledEvent {
    pub event: SignedEvent,
    pub pos: Option<u64>,
}

impl Bundle {
    /// Puts everything into the order of the file and drops doubles.
    pub fn arrange(&mut self) {
        for documents in
            [&mut self.trust.server, &mut self.certificates, &mut self.revocations, &mut self.receipts]
        {
            documents.sort_by(|a, b| a.text.cmp(&b.text));
            documents.dedup();
        }
        // An event that cannot be read stands last; `verify` will name it.
        self.events.sort_by_cached_key(BundledEvent::rank);
        self.events.dedup();
    }
}

impl BundledEvent {
    /// Its place in the file: by position, then by stamp and id.
    fn rank(&self) -> (u64, Option<(u64, crate::record::EventId)>) {
        let late = self.event.read().ok().map(|event| (event.header.stamp, event.id));
        (self.pos.unwrap_or(u64::MAX), late)
    }
}
