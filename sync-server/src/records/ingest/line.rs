//! An install's own line: the run of its events that it sent itself and that is here, from 1.
//!
//! Because each event names the one before by its hash, comparing one id compares everything before it. So a run
//! that reaches the end of the line is checked against that end alone.

use std::collections::BTreeMap;

use firsthours_core::evidence::Chain;
use firsthours_core::record::{EventId, Header, InstallId};

use super::{Authentic, IngestError, hole};
use crate::store::{StoreError, Tx, events, holes, installs};

/// Locks the install's row and gives the end of its line.
pub(super) fn lock(tx: &mut dyn Tx, install: InstallId) -> Result<Chain, StoreError> {
    installs::lock(tx, install)?;
    installs::line(tx, install)
}

/// The id of a number in the install's line; `None` beyond its end, or where a hole breaks it off.
pub(crate) fn id_at(tx: &mut dyn Tx, install: InstallId, seq: u64) -> Result<Option<EventId>, StoreError> {
    let line = installs::line(tx, install)?;
    if seq > line.seq { Ok(None) } else { walk(tx, install, line, seq) }
}

/// Moves the line over every declared hole that begins where it stands.
pub(super) fn over_holes(tx: &mut dyn Tx, install: InstallId, mut line: Chain) -> Result<Chain, StoreError> {
    while let Some(behind) = holes::end_behind(tx, install, line.seq)? {
        line = behind;
    }
    Ok(line)
}

/// What of a verified run is not here yet.
#[derive(Debug, Default)]
pub(super) struct New<'r> {
    /// Originals of what was declared lost, in their order. They do not move the line: it has gone over them.
    pub(super) fills: Vec<&'r Authentic>,
    /// What goes on where the line ends.
    pub(super) next: &'r [Authentic],
}

/// Compares a run with the line.
pub(super) fn compare<'r>(
    tx: &mut dyn Tx,
    install: InstallId,
    line: Chain,
    run: &'r [Authentic],
) -> Result<New<'r>, IngestError> {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(New::default()) };
    if seq_of(first) > line.seq + 1 {
        return Err(IngestError::Gap { expected: line.seq + 1 });
    }
    let known = run.partition_point(|item| seq_of(item) <= line.seq);
    let (old, next) = run.split_at(known);
    if seq_of(last) < line.seq {
        older(tx, install, line, seq_of(last), last.event.id)?;
    } else {
        // The run reaches the end of the line: that id, or the one that the next event names, must be ours.
        let at_end = next.first().map_or(Some(last.event.id), |next| next.event.header.prev);
        if let Some(id) = line.id.filter(|id| at_end != Some(*id)) {
            return Err(IngestError::Fork { seq: line.seq, id });
        }
    }
    Ok(New { fills: fills(tx, install, old)?, next })
}

/// Of a run that the line has gone over, what is not here: it lies in holes, beyond which no id says what came before.
fn fills<'r>(
    tx: &mut dyn Tx,
    install: InstallId,
    old: &'r [Authentic],
) -> Result<Vec<&'r Authentic>, IngestError> {
    let (Some(first), Some(last)) = (old.first(), old.last()) else { return Ok(Vec::new()) };
    let here = within(tx, install, seq_of(first), seq_of(last))?;
    let ends = hole::ends(tx, install, seq_of(first), seq_of(last))?;
    let mut fills = Vec::new();
    for item in old {
        let (seq, id) = (seq_of(item), item.event.id);
        // The end of a hole was declared by its id, and the chain goes on from that.
        let known = here.get(&seq).or_else(|| ends.get(&seq));
        match known.and_then(|ids| ids.first().filter(|_| !ids.contains(&id))) {
            Some(other) => return Err(IngestError::Fork { seq, id: *other }),
            None if here.contains_key(&seq) => {}
            None => fills.push(item),
        }
    }
    Ok(fills)
}

fn seq_of(item: &Authentic) -> u64 {
    item.event.header.seq.unwrap_or(0)
}

/// The ids of an install that are here for each of these numbers: more than one where a fork was offered.
fn within(
    tx: &mut dyn Tx,
    install: InstallId,
    from: u64,
    to: u64,
) -> Result<BTreeMap<u64, Vec<EventId>>, StoreError> {
    let mut found: BTreeMap<u64, Vec<EventId>> = BTreeMap::new();
    for row in events::numbered(tx, install, (from, to))? {
        found.entry(row.seq).or_default().push(row.id);
    }
    Ok(found)
}

/// The events of an install with these numbers and the one after them, one for each number.
pub(super) fn headers_within(
    tx: &mut dyn Tx,
    install: InstallId,
    from: u64,
    to: u64,
) -> Result<BTreeMap<u64, Header>, StoreError> {
    let numbered = events::numbered(tx, install, (from, to.saturating_add(1)))?;
    numbered.iter().map(|row| Ok((row.seq, read_header(&row.header)?))).collect()
}

/// Compares a run that ends before the line does with what the line has there.
fn older(tx: &mut dyn Tx, install: InstallId, line: Chain, seq: u64, id: EventId) -> Result<(), IngestError> {
    let here: Vec<EventId> = at(tx, install, seq)?.into_iter().map(|(id, _)| id).collect();
    match here.as_slice() {
        // Nothing at all: inside a declared hole.
        [] => Ok(()),
        [only] if *only == id => Ok(()),
        [only] => Err(IngestError::Fork { seq, id: *only }),
        // Two forms of this number are here, one of them by an offer: the line itself decides.
        _ => match walk(tx, install, line, seq)? {
            Some(ours) if ours != id => Err(IngestError::Fork { seq, id: ours }),
            _ => Ok(()),
        },
    }
}

/// The line's id at an earlier number, by following `prev` from its end; `None` where a hole breaks it off.
fn walk(tx: &mut dyn Tx, install: InstallId, line: Chain, to: u64) -> Result<Option<EventId>, StoreError> {
    let Chain { mut seq, id: mut current } = line;
    while let Some(id) = current
        && seq > to
    {
        current = at(tx, install, seq)?.into_iter().find(|(here, _)| *here == id).and_then(|(_, prev)| prev);
        seq -= 1;
    }
    Ok(current)
}

/// The events of an install with this number, each with the one it names as before it.
fn at(tx: &mut dyn Tx, install: InstallId, seq: u64) -> Result<Vec<(EventId, Option<EventId>)>, StoreError> {
    let numbered = events::numbered(tx, install, (seq, seq))?;
    numbered.iter().map(|row| Ok((row.id, read_header(&row.header)?.prev))).collect()
}

fn read_header(text: &str) -> Result<Header, StoreError> {
    Header::read(text).map_err(|_| StoreError::Corrupt("a header cannot be read".to_owned()))
}
