//! Chains: that an author's events follow one another without a gap, and that two sides hold the same history.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::record::{EncounterId, EventId, Hash, Header, Install};

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    #[error("expected number {expected}, found {found}")]
    Gap { expected: u64, found: u64 },
    #[error("number {at} does not follow the event before it")]
    Broken { at: u64 },
    #[error("number {at} exists in two forms")]
    Fork { at: u64 },
    #[error("an event without its place in a chain")]
    NoPlace,
}

/// The head of one chain: its last number and id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chain {
    pub seq: u64,
    pub id: Option<EventId>,
}

impl Chain {
    /// The chain after the event that the header places next, or where it breaks.
    pub fn follow(self, header: &Header, id: EventId) -> Result<Self, ChainFault> {
        let seq = header.seq.ok_or(ChainFault::NoPlace)?;
        self.step(seq, header.prev, id)
    }

    /// The same for the chain within one encounter.
    pub fn follow_in_encounter(self, header: &Header, id: EventId) -> Result<Self, ChainFault> {
        let seq = header.enc_seq.ok_or(ChainFault::NoPlace)?;
        self.step(seq, header.enc_prev, id)
    }

    /// The install's own chain after an event of which the ones before may stand in other records. The server has none.
    fn go_on(self, header: &Header, id: EventId) -> Option<Self> {
        let is_server = header.install.is_server();
        let Some(seq) = header.seq else {
            return (is_server && header.prev.is_none()).then_some(self);
        };
        let begins_or_follows = (seq == 1) == header.prev.is_none();
        let names_the_last = seq != self.seq + 1 || header.prev == self.id;
        let goes_on = !is_server && seq > self.seq && begins_or_follows && names_the_last;
        goes_on.then_some(Self { seq, id: Some(id) })
    }

    fn step(self, seq: u64, prev: Option<EventId>, id: EventId) -> Result<Self, ChainFault> {
        let expected = self.seq + 1;
        if seq != expected {
            return Err(ChainFault::Gap { expected, found: seq });
        }
        if prev != self.id {
            return Err(ChainFault::Broken { at: seq });
        }
        Ok(Self { seq, id: Some(id) })
    }
}

/// The rolling hash over an encounter's positions: `rolling(0)` = SHA-256 of the encounter id,
/// `rolling(n)` = SHA-256(`rolling(n-1)` || id of the event at n). Ids are hashed as their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rolling(pub Hash);

impl Rolling {
    /// Before the first position.
    pub fn start(encounter: EncounterId) -> Self {
        Self(Hash::of(&encounter.0))
    }

    /// After one more event.
    #[must_use]
    pub fn then(self, id: EventId) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0.0);
        hash.update(id.0);
        Self(Hash(hash.finalize().into()))
    }
}

/// Checks that each author's events of one encounter form a chain from 1, given in any order, and that an install's
/// own chain over all its records goes the same way: its numbers grow, and next numbers name one another.
///
/// `excused` says whether a number that an author skips was declared lost, and gives the id that then counts as the
/// one before.
pub fn check_encounter<'h>(
    events: impl IntoIterator<Item = (EventId, &'h Header)>,
    excused: impl Fn(Install, u64) -> Option<(u64, EventId)>,
) -> Result<BTreeMap<Install, Chain>, (Install, ChainFault)> {
    let mut by_author: BTreeMap<Install, Vec<(EventId, &Header)>> = BTreeMap::new();
    for (id, header) in events {
        by_author.entry(header.install).or_default().push((id, header));
    }
    let mut chains = BTreeMap::new();
    for (author, mut written) in by_author {
        written.sort_by_key(|(id, header)| (header.enc_seq, *id));
        let mut chain = Chain::default();
        let mut own = Chain::default();
        for (id, header) in written {
            let seq = header.enc_seq.ok_or((author, ChainFault::NoPlace))?;
            if chain.seq > 0 && seq == chain.seq {
                return Err((author, ChainFault::Fork { at: seq }));
            }
            while seq > chain.seq + 1
                && let Some((to, id_of_to)) = excused(author, chain.seq + 1).filter(|(to, _)| *to > chain.seq)
            {
                chain = Chain { seq: to, id: Some(id_of_to) };
            }
            chain = chain.follow_in_encounter(header, id).map_err(|fault| (author, fault))?;
            own = own.go_on(header, id).ok_or((author, ChainFault::Broken { at: seq }))?;
        }
        chains.insert(author, chain);
    }
    Ok(chains)
}
