//! Checkpoints: how far the server's log of acts and looks was, said by the server where it cannot unsay it.
//!
//! Whoever holds the server's store can write its log anew from any entry on. They cannot take back what phones and a file
//! outside have been told: a log that is shorter than a checkpoint, or has another hash at its place, was changed.

use serde::{Deserialize, Serialize};

use super::{Document, Keyring, NotAuthentic, Tag};
use crate::protocol::Instant;
use crate::record::{Epoch, Hash};

/// How many checkpoints a phone keeps and gives back: one of each life of the store, the latest ones.
pub const CHECKPOINTS: usize = 4;

/// The heads of every chain of the log, signed by the server's receipt key under `fh1-checkpoint`. Source: DESIGN section 7.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub v: u32,
    /// The server's name within the programme.
    pub server: String,
    pub epoch: Epoch,
    /// When, milliseconds since 1970 UTC.
    pub time: Instant,
    /// One for each replica that ever wrote, by name.
    pub heads: Vec<LogHead>,
}

/// The end of one replica's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
    pub replica: String,
    /// The number of its last entry, from 1.
    pub seq: i64,
    pub hash: Hash,
}

impl Checkpoint {
    /// Reads one that this keyring's server signed.
    pub fn open(document: &Document, keyring: &Keyring) -> Result<Self, NotAuthentic> {
        keyring.open_receipt(document, Tag::Checkpoint)
    }

    /// Whether this one may follow `earlier` in the same life of the store: no chain is shorter, none is missing, and what
    /// has the same number has the same hash.
    pub fn continues(&self, earlier: &Self) -> bool {
        earlier.heads.iter().all(|before| {
            self.heads.iter().any(|now| {
                now.replica == before.replica
                    && (now.seq > before.seq || (now.seq == before.seq && now.hash == before.hash))
            })
        })
    }
}

/// What a phone keeps once it is told of another checkpoint, the latest last: it takes the place of the one of its epoch
/// that it continues. One that does not continue it is not kept: the earlier one is the proof.
pub fn keep_checkpoint(mut kept: Vec<Document>, told: &Document, keyring: &Keyring) -> Vec<Document> {
    let Ok(new) = Checkpoint::open(told, keyring) else { return kept };
    let read = |document: &Document| document.peek::<Checkpoint>().ok();
    let of_epoch = kept.iter().position(|document| read(document).is_some_and(|old| old.epoch == new.epoch));
    if let Some(place) = of_epoch {
        if read(&kept[place]).is_some_and(|old| !new.continues(&old)) {
            return kept;
        }
        kept.remove(place);
    }
    kept.push(told.clone());
    let beyond = kept.len().saturating_sub(CHECKPOINTS);
    kept.split_off(beyond)
}

#[cfg(test)]
mod tests {
    use super::super::{ALGORITHM, Purpose, SecretKey, ServerCertificate, Trust};
    use super::*;

    fn keyring(key: &SecretKey) -> Keyring {
        let root = SecretKey::from_seed(&[1; 32]);
        let certificate = ServerCertificate {
            v: 1,
            server: "desk".to_owned(),
            purpose: Purpose::Receipt,
            key: key.public(),
            algorithm: ALGORITHM.to_owned(),
        };
        let trust =
            Trust { root: root.public(), server: vec![Document::sign(&certificate, Tag::Cert, &root)] };
        Keyring::new(&trust, &root.public().fingerprint()).expect("a keyring")
    }

    fn checkpoint(epoch: u8, heads: &[(&str, i64, u8)]) -> Checkpoint {
        let heads = heads
            .iter()
            .map(|(replica, seq, hash)| LogHead {
                replica: (*replica).to_owned(),
                seq: *seq,
                hash: Hash([*hash; 32]),
            })
            .collect();
        Checkpoint {
            v: 1,
            server: "desk".to_owned(),
            epoch: Epoch([epoch; 16]),
            time: Instant::from_ms(1),
            heads,
        }
    }

    #[test]
    fn a_checkpoint_continues_only_a_log_that_it_holds_whole() {
        let before = checkpoint(1, &[("a", 4, 4), ("b", 2, 2)]);
        for (after, continues) in [
            (checkpoint(1, &[("a", 4, 4), ("b", 2, 2)]), true),
            (checkpoint(1, &[("a", 9, 9), ("b", 2, 2), ("c", 1, 1)]), true),
            (checkpoint(1, &[("a", 4, 4)]), false),
            (checkpoint(1, &[("a", 3, 3), ("b", 2, 2)]), false),
            (checkpoint(1, &[("a", 4, 5), ("b", 2, 2)]), false),
            (checkpoint(1, &[("b", 2, 2), ("c", 9, 9)]), false),
        ] {
            assert_eq!(after.continues(&before), continues, "{after:?}");
        }
    }

    #[test]
    fn a_phone_keeps_the_proof_and_the_latest_of_each_life() {
        let key = SecretKey::from_seed(&[2; 32]);
        let keyring = keyring(&key);
        let sign = |checkpoint: &Checkpoint| Document::sign(checkpoint, Tag::Checkpoint, &key);
        let long = sign(&checkpoint(1, &[("a", 9, 9)]));
        let kept = keep_checkpoint(vec![sign(&checkpoint(1, &[("a", 4, 4)]))], &long, &keyring);
        assert_eq!(kept, vec![long.clone()], "the longer one takes the place of the shorter");
        let short = sign(&checkpoint(1, &[("a", 5, 5)]));
        assert_eq!(keep_checkpoint(kept.clone(), &short, &keyring), kept, "a shorter one is no news");
        let forged = Document::sign(&checkpoint(1, &[("a", 10, 1)]), Tag::Receipt, &key);
        assert_eq!(keep_checkpoint(kept.clone(), &forged, &keyring), kept, "nor is one under another tag");
        let kept = (2..9)
            .fold(kept, |kept, n| keep_checkpoint(kept, &sign(&checkpoint(n, &[("a", 1, 1)])), &keyring));
        let epochs: Vec<Epoch> =
            kept.iter().map(|document| document.peek::<Checkpoint>().expect("read").epoch).collect();
        assert_eq!(epochs, (5..9).map(|n| Epoch([n; 16])).collect::<Vec<_>>());
    }
}
