//! Holes: what an install declared, signed, that it can no longer send.
//!
//! Every declaration is kept as it was signed; a hole that grows is another one. What is still missing of them is
//! reckoned from what is here, so an original that comes after all takes its number out of the hole.

use std::collections::BTreeMap;

use firsthours_core::evidence::{Document, Hole, Tag};
use firsthours_core::record::{Event, EventId, Install, InstallId, Kind};

use super::folded::Folded;
use super::{Author, IngestError, line};
use crate::programme::audit::{self, Entry, Source, What, Who};
use crate::programme::keys::Keys;
use crate::records::Records;
use crate::store::holes::{self, HoleRow};
use crate::store::{StoreError, Tx, installs, stored};

/// Declarations of one install. A store so damaged that it has more is rescued by hand.
const HOLES: usize = 1_000;

/// Keeps a declaration, and moves the install's line over the hole if that is where it stands. Safe to repeat.
pub fn declare(
    records: &Records,
    author: &Author,
    document: &Document,
    source: &Source,
) -> Result<(), IngestError> {
    let install = author.certificate.install;
    let refused = |seq, detail| IngestError::NotAuthentic { seq, detail };
    let hole: Hole = document
        .open(Tag::Hole, &author.certificate.key)
        .map_err(|fault| refused(0, super::verify::why(&fault)))?;
    if hole.install != install {
        return Err(refused(hole.from, "the hole is of another install"));
    }
    if hole.from == 0 || hole.to < hole.from {
        return Err(refused(hole.from, "the hole has no beginning or ends before it"));
    }
    if hole.raw.as_ref().is_some_and(|raw| raw.len() > Hole::RAW_CHARS) {
        return Err(IngestError::TooMuch("what is left of a hole"));
    }
    let text = records.keys.seal_agency(&bound(&hole), document.text.as_bytes());
    let now = records.now();
    records.store.write(|tx| {
        let line = line::lock(tx, install)?;
        let new = holes::insert(tx, &hole, text.clone(), document, now)?;
        let entry = Entry::new(now, Who::Install(install, source), What::HoleDeclared)
            .with("from", stored(hole.from))
            .with("to", stored(hole.to));
        audit::append(tx, &entry)?;
        if !new {
            return Ok(());
        }
        if holes::touching(tx, install, (1, u64::MAX))?.len() > HOLES {
            return Err(IngestError::TooMuch("holes"));
        }
        let moved = line::over_holes(tx, install, line)?;
        installs::set_line(tx, install, moved, now)?;
        Ok(())
    })
}

/// The place of an event in its author's two chains: over all records, and within its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Before {
    pub(super) seq: u64,
    pub(super) enc_seq: u64,
}

impl Before {
    /// The author's last event before this one that the record has, in both chains; the beginning if there is none.
    pub(super) fn in_record(folded: &Folded, event: &Event) -> Self {
        folded.last_before(event).map_or_else(Self::default, |(seq, enc_seq)| Self { seq, enc_seq })
    }
}

/// The `gap` that explains why the author's event before this one is not here: a declared hole lies between the last
/// one that is, and this.
pub(super) fn excuse(tx: &mut dyn Tx, last: Before, event: &Event) -> Result<Option<Kind>, StoreError> {
    let header = &event.header;
    let (Install::Phone(install), Some(enc_seq), Some(seq), Some(id_of_to)) =
        (header.install, header.enc_seq, header.seq, header.enc_prev)
    else {
        return Ok(None);
    };
    let missing = last.enc_seq + 1 < enc_seq && last.seq + 1 < seq;
    if !missing || holes::touching(tx, install, (last.seq + 1, seq - 1))?.is_empty() {
        return Ok(None);
    }
    let (enc_from, enc_to) = (last.enc_seq + 1, enc_seq - 1);
    Ok(Some(Kind::Gap { author: header.install, enc_from, enc_to, id_of_to }))
}

/// The ids by which the holes that touch these numbers were declared to end, by the number of their end.
pub(super) fn ends(
    tx: &mut dyn Tx,
    install: InstallId,
    from: u64,
    to: u64,
) -> Result<BTreeMap<u64, Vec<EventId>>, StoreError> {
    let mut ends: BTreeMap<u64, Vec<EventId>> = BTreeMap::new();
    for hole in holes::touching(tx, install, (from, to))? {
        ends.entry(hole.to).or_default().push(hole.id_of_to);
    }
    Ok(ends)
}

/// What is still missing of what an install declared lost, in order, joined where declarations overlap; with what was
/// left of it where one declared just this.
pub(crate) fn declared(tx: &mut dyn Tx, keys: &Keys, install: InstallId) -> Result<Vec<Hole>, IngestError> {
    let declared = holes::touching(tx, install, (1, u64::MAX))?;
    let mut missed = Vec::new();
    for (from, to) in joined(&declared) {
        let here = line::headers_within(tx, install, from, to)?;
        for (from, to) in missing((from, to), here.keys().copied()) {
            // The event after it names its end; where that is missing too, a declaration does.
            let named = here.get(&(to + 1)).and_then(|after| after.prev);
            let ended = || declared.iter().rev().find(|hole| hole.to == to).map(|hole| hole.id_of_to);
            let Some(id_of_to) = named.or_else(ended) else { continue };
            let raw = raw(keys, install, &declared, (from, to, id_of_to))?;
            missed.push(Hole { install, from, to, id_of_to, raw });
        }
    }
    Ok(missed)
}

/// Runs of numbers, joined where they overlap; given by their beginning.
fn joined(declared: &[HoleRow]) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for hole in declared {
        match runs.last_mut() {
            Some((_, to)) if hole.from <= *to => *to = hole.to.max(*to),
            _ => runs.push((hole.from, hole.to)),
        }
    }
    runs
}

/// What of a run is not among these numbers, given in order.
fn missing((from, to): (u64, u64), here: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut runs = Vec::new();
    let mut next = from;
    for seq in here.filter(|seq| (from..=to).contains(seq)) {
        if seq > next {
            runs.push((next, seq - 1));
        }
        next = seq + 1;
    }
    if next <= to {
        runs.push((next, to));
    }
    runs
}

/// What an install could still read of just this hole, as it signed it.
fn raw(
    keys: &Keys,
    install: InstallId,
    declared: &[HoleRow],
    (from, to, id_of_to): (u64, u64, EventId),
) -> Result<Option<String>, IngestError> {
    for hole in declared.iter().filter(|hole| (hole.from, hole.to, hole.id_of_to) == (from, to, id_of_to)) {
        let name = bound(&Hole { install, from, to, id_of_to, raw: None });
        let text = keys.open_agency(&name, &hole.text)?;
        let signed: Hole = serde_json::from_slice(&text)
            .map_err(|_| StoreError::Corrupt("a declaration cannot be read".to_owned()))?;
        if signed.raw.is_some() {
            return Ok(signed.raw);
        }
    }
    Ok(None)
}

fn bound(hole: &Hole) -> String {
    format!("hole/{}/{}/{}/{}", hole.install, hole.from, hole.to, hole.id_of_to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_is_taken_out_of_a_hole() {
        let left = |here: &[u64]| missing((2, 6), here.iter().copied());
        assert_eq!(left(&[]), [(2, 6)]);
        assert_eq!(left(&[1, 7]), [(2, 6)]);
        assert_eq!(left(&[2, 6]), [(3, 5)]);
        assert_eq!(left(&[4]), [(2, 3), (5, 6)]);
        assert_eq!(left(&[2, 3, 4, 5, 6]), []);
    }
}
