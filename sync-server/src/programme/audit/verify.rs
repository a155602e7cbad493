//! Following the chains of the log, and comparing them with what was said of them where it cannot be unsaid.

use std::collections::BTreeMap;
use std::fmt;

use firsthours_core::evidence::{Checkpoint, LogHead};
use firsthours_core::record::Epoch;

use super::{START, Text, code, link};
use crate::store::audit::{self as rows, EntryRow};
use crate::store::{Result, Store, hash};

/// Entries read at a time.
const PAGE: i64 = 1_000;

/// What verifying the log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The end of each chain, as far as it was followed.
    pub heads: Vec<LogHead>,
    /// The first entry of each chain that does not fit, for each way in which it does not.
    pub faults: Vec<LogFault>,
}

impl Verdict {
    /// Whether nothing is wrong with the log of this life of the store. What a restore lost is told, and is no alteration.
    pub fn is_sound(&self) -> bool {
        self.faults.iter().all(|fault| fault.wrong == Wrong::LostWhenPutBack)
    }
}

/// An entry that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFault {
    /// Whose chain.
    pub replica: String,
    /// Its number.
    pub seq: i64,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A later one is here, this one is not.
    Missing,
    /// It names another entry as the one before it.
    Unlinked,
    /// The text has another hash.
    Altered,
    /// The text is not an entry.
    Unreadable,
    /// The columns say something else than the text.
    Columns,
    /// A checkpoint gives it another hash: the log was written anew from here, or from before.
    Rewritten,
    /// A checkpoint names it, and the log ends before it.
    CutOff,
    /// A checkpoint of an earlier life of the store names it: a restore from a backup lost it.
    LostWhenPutBack,
}

impl fmt::Display for LogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { replica, seq, wrong } = self;
        let why = match wrong {
            Wrong::Missing => "it is missing",
            Wrong::Unlinked => "it does not name the entry before it",
            Wrong::Altered => "its text or hash was changed",
            Wrong::Unreadable => "its text cannot be read",
            Wrong::Columns => "its columns do not say what its text says",
            Wrong::Rewritten => "a checkpoint says otherwise: the log was written anew from here or before",
            Wrong::CutOff => "a checkpoint names it, and the log ends before it",
            Wrong::LostWhenPutBack => "it was lost when the store was put back from a backup",
        };
        write!(f, "entry {seq} of {replica}: {why}")
    }
}

/// Follows every chain and compares it with the checkpoints. Without any, entries cut off at the end cannot be noticed.
pub fn verify(store: &Store, checkpoints: &[Checkpoint], epoch: Epoch) -> Result<Verdict> {
    let mut said = Said::of(checkpoints, epoch);
    let mut verdict = Verdict { heads: Vec::new(), faults: Vec::new() };
    // Of a chain that is not here any more, what is left of what was said tells.
    for replica in store.read(replicas)? {
        let (head, broken) = follow(store, &replica, &mut said)?;
        verdict.faults.extend(broken);
        if let Some(head) = head {
            verdict.heads.push(head);
        }
    }
    verdict.faults.extend(said.left());
    Ok(verdict)
}

/// The replicas that ever wrote.
pub(in crate::programme) fn replicas(tx: &mut dyn crate::store::Tx) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    loop {
        // One step into the index for each, however long their chains are.
        let last = found.last().cloned().unwrap_or_default();
        match rows::next_replica(tx, &last)? {
            Some(next) => found.push(next),
            None => return Ok(found),
        }
    }
}

/// What checkpoints say of entries, until the log was seen to say the same.
struct Said {
    /// By replica and number: the hash, and whether it was said in this life of the store.
    by_place: BTreeMap<String, BTreeMap<i64, Vec<(String, bool)>>>,
    faults: Vec<LogFault>,
}

impl Said {
    fn of(checkpoints: &[Checkpoint], epoch: Epoch) -> Self {
        let mut by_place: BTreeMap<String, BTreeMap<i64, Vec<(String, bool)>>> = BTreeMap::new();
        for checkpoint in checkpoints {
            for head in &checkpoint.heads {
                let said = (head.hash.to_string(), checkpoint.epoch == epoch);
                let places = by_place.entry(head.replica.clone()).or_default();
                places.entry(head.seq).or_default().push(said);
            }
        }
        Self { by_place, faults: Vec::new() }
    }

    /// The log has this entry with this hash.
    fn compare(&mut self, replica: &str, seq: i64, hash: &str) {
        let said = self.by_place.get_mut(replica).and_then(|places| places.remove(&seq)).unwrap_or_default();
        for (said, now) in said {
            if said != hash {
                self.note(replica, seq, if now { Wrong::Rewritten } else { Wrong::LostWhenPutBack });
            }
        }
    }

    /// The first of each kind in a chain says it all: every later one follows from it.
    fn note(&mut self, replica: &str, seq: i64, wrong: Wrong) {
        let again = |fault: &LogFault| fault.replica == replica && fault.wrong == wrong;
        if !self.faults.iter().any(again) {
            self.faults.push(LogFault { replica: replica.to_owned(), seq, wrong });
        }
    }

    /// Every fault, with what was said of entries that are not here.
    fn left(mut self) -> Vec<LogFault> {
        for (replica, places) in std::mem::take(&mut self.by_place) {
            for (seq, said) in places {
                for (_, now) in said {
                    self.note(&replica, seq, if now { Wrong::CutOff } else { Wrong::LostWhenPutBack });
                }
            }
        }
        self.faults
    }
}

/// Follows one chain to its end, or to the first entry that does not fit.
fn follow(store: &Store, replica: &str, said: &mut Said) -> Result<(Option<LogHead>, Option<LogFault>)> {
    let (mut seq, mut last) = (0, START.to_owned());
    loop {
        let page = store.read(|tx| rows::page(tx, replica, seq, PAGE))?;
        if page.is_empty() {
            break;
        }
        for row in &page {
            if let Some(wrong) = wrong(row, replica, seq + 1, &last) {
                let fault = LogFault { replica: replica.to_owned(), seq: seq + 1, wrong };
                return Ok((head(replica, seq, &last)?, Some(fault)));
            }
            seq += 1;
            last.clone_from(&row.hash);
            said.compare(replica, seq, &last);
        }
    }
    Ok((head(replica, seq, &last)?, None))
}

fn head(replica: &str, seq: i64, last: &str) -> Result<Option<LogHead>> {
    Ok(if seq > 0 { Some(LogHead { replica: replica.to_owned(), seq, hash: hash(last)? }) } else { None })
}

fn wrong(row: &EntryRow, replica: &str, seq: i64, prev: &str) -> Option<Wrong> {
    if row.seq != seq {
        return Some(Wrong::Missing);
    }
    if row.prev != prev {
        return Some(Wrong::Unlinked);
    }
    if row.hash != link(prev, &row.text) {
        return Some(Wrong::Altered);
    }
    let Ok(said) = serde_json::from_str::<Text>(&row.text) else {
        return Some(Wrong::Unreadable);
    };
    let copied = said.replica == replica
        && said.seq == seq
        && said.at == row.at
        && code(said.what) == row.what
        && said.who == row.who
        && said.encounter == row.encounter;
    (!copied).then_some(Wrong::Columns)
}
