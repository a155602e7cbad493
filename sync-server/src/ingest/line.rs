//! An install's own line: the run of its events that it sent itself and that is here, from 1.
//!
//! Because each event names the one before by its hash, comparing one id compares everything before it. So a run
//! that reaches the end of the line is checked against that end alone.

use firsthours_core::evidence::Chain;
use firsthours_core::record::{EventId, Header, InstallId};

use super::{Authentic, IngestError};
use crate::load::{hash, number, stored};
use crate::store::{StoreError, Tx};

/// Locks the install's row and gives the end of its line.
pub(super) fn lock(tx: &mut dyn Tx, install: InstallId) -> Result<Chain, StoreError> {
    let id = install.to_string();
    tx.run("update install set received_through = received_through where install = $1", &[(&id).into()])?;
    read(tx, install)
}

/// The end of the install's line.
pub(crate) fn read(tx: &mut dyn Tx, install: InstallId) -> Result<Chain, StoreError> {
    let row = tx.row(
        "select received_through, received_id from install where install = $1",
        &[install.to_string().into()],
    )?;
    let Some(row) = row else { return Ok(Chain::default()) };
    Ok(Chain { seq: number(row.int(0)?), id: row.opt_text(1)?.map(hash).transpose()? })
}

/// The id of a number in the install's line; `None` beyond its end, or where a hole breaks it off.
pub(crate) fn id_at(tx: &mut dyn Tx, install: InstallId, seq: u64) -> Result<Option<EventId>, StoreError> {
    let line = read(tx, install)?;
    if seq > line.seq { Ok(None) } else { walk(tx, install, line, seq) }
}

/// Writes the end of the line.
pub(super) fn store(tx: &mut dyn Tx, install: InstallId, line: Chain, now_ms: i64) -> Result<(), StoreError> {
    tx.run(
        // What the phone said it had to send has come, so nobody is told any more that it has not.
        "update install set received_through = $2, received_id = $3, seen_ms = $4, \
         unsent = case when unsent > $2 - received_through then unsent - ($2 - received_through) else 0 end, \
         oldest_unsent_ms = case when unsent > $2 - received_through then oldest_unsent_ms else null end \
         where install = $1",
        &[
            install.to_string().into(),
            stored(line.seq).into(),
            line.id.map(|id| id.to_string()).into(),
            now_ms.into(),
        ],
    )?;
    Ok(())
}

/// Moves the line over every declared hole that begins where it stands.
pub(super) fn over_holes(tx: &mut dyn Tx, install: InstallId, mut line: Chain) -> Result<Chain, StoreError> {
    loop {
        let row = tx.row(
            "select seq_to, id_of_to from hole where install = $1 and seq_from <= $2 and seq_to > $3 \
             order by seq_to desc limit 1",
            &[install.to_string().into(), stored(line.seq + 1).into(), stored(line.seq).into()],
        )?;
        let Some(row) = row else { return Ok(line) };
        line = Chain { seq: number(row.int(0)?), id: Some(hash(row.text(1)?)?) };
    }
}

/// What of a verified run is new to the line: everything from this index on.
pub(super) fn compare(
    tx: &mut dyn Tx,
    install: InstallId,
    line: Chain,
    run: &[Authentic],
) -> Result<usize, IngestError> {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(0) };
    let seq_of = |item: &Authentic| item.event.header.seq.unwrap_or(0);
    if seq_of(first) > line.seq + 1 {
        return Err(IngestError::Gap { expected: line.seq + 1 });
    }
    if seq_of(last) < line.seq {
        older(tx, install, line, seq_of(last), last.event.id)?;
        return Ok(run.len());
    }
    // The run reaches the end of the line: that id, or the one that the next event names, must be ours.
    let known = usize::try_from(line.seq + 1 - seq_of(first)).unwrap_or(usize::MAX);
    let at_end = match run.get(known) {
        Some(next) => next.event.header.prev,
        None => Some(last.event.id),
    };
    match line.id {
        Some(id) if at_end != Some(id) => Err(IngestError::Fork { seq: line.seq, id }),
        _ => Ok(known),
    }
}

/// Compares a run that ends before the line does with what the line has there.
fn older(tx: &mut dyn Tx, install: InstallId, line: Chain, seq: u64, id: EventId) -> Result<(), IngestError> {
    let here: Vec<EventId> = at(tx, install, seq)?.into_iter().map(|(id, _)| id).collect();
    match here.as_slice() {
        // Nothing at all: inside a declared hole, which has no ids to compare.
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
    let mut found = Vec::new();
    for table in ["event", "pending"] {
        let rows = tx.rows(
            &format!("select id, header from {table} where install = $1 and seq = $2"),
            &[install.to_string().into(), stored(seq).into()],
        )?;
        for row in &rows {
            let header = Header::read(row.text(1)?)
                .map_err(|_| StoreError::Corrupt("a header cannot be read".to_owned()))?;
            found.push((hash(row.text(0)?)?, header.prev));
        }
    }
    Ok(found)
}
