//! Where events of one record go: into it, among those that wait for its opening, or nowhere.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::protocol::Instant;
use firsthours_core::record::{EncounterId, EventId, Install, InstallId};
use serde::Deserialize;

use super::pending::{Kept, WaitsAt};
use super::quota::Used;
use super::room::{self, Room};
use super::take::{Keyset, Offered};
use super::verify::RunFault;
use super::writing::{Left, Opening, Placed, Writing, Written};
use super::{Authentic, IngestError, pending};
use crate::records::Records;
use crate::store::{StoreError, Tx, documents, installs};

/// Puts events into their records, within one transaction.
pub(super) struct Placing<'s, 't> {
    records: &'s Records,
    tx: &'t mut dyn Tx,
    keys: &'s Keyset,
    now: Instant,
    standings: Standings,
    used: Used,
    room: Room,
    /// The records as this transaction leaves them.
    written: Vec<Written>,
}

impl<'s, 't> Placing<'s, 't> {
    /// Does the work, then writes down what is of the whole transaction: the one way to place anything, so that neither can be
    /// forgotten. Gives the records as the transaction leaves them.
    pub(super) fn run<T>(
        records: &'s Records,
        tx: &'t mut dyn Tx,
        keys: &'s Keyset,
        work: impl FnOnce(&mut Self) -> Result<T, IngestError>,
    ) -> Result<(T, Vec<Written>), IngestError> {
        let now = records.now();
        let used = Used::on(now, records.policy.quota);
        let room = Room::of(records.together);
        let (standings, written) = (Standings::default(), Vec::new());
        let mut placing = Self { records, tx, keys, now, standings, used, room, written };
        let done = work(&mut placing)?;
        placing.used.store(placing.tx)?;
        Ok((done, placing.written))
    }

    /// One record's part of an own run. The chain over all records was verified, so an event that breaks the chain
    /// within its record is a fault of its author, and the whole run is to be refused: the first one is given.
    pub(super) fn own(
        &mut self,
        encounter: EncounterId,
        items: &[&Authentic],
    ) -> Result<Option<RunFault>, IngestError> {
        let misplaced = |item: &Authentic| RunFault {
            seq: item.event.header.seq.unwrap_or(0),
            detail: "the event does not follow its author's event before it in its record",
        };
        let Some((mut writing, _)) = self.open_or_begin(encounter, items)? else {
            for item in items {
                match self.wait(item)? {
                    Waits::Yes(Kept::New | Kept::Known) => {}
                    Waits::OutOfPlace => return Ok(Some(misplaced(item))),
                }
            }
            self.begin_late(items)?;
            return Ok(None);
        };
        for item in items {
            match self.take_sent(&mut writing, item)? {
                Placed::New | Placed::Known => continue,
                Placed::OutOfPlace => {}
            }
            match self.wait_behind(item)? {
                Waits::Yes(Kept::New | Kept::Known) => {}
                Waits::OutOfPlace => return Ok(Some(misplaced(item))),
            }
        }
        self.settle_waiting(&mut writing, WaitsAt::START)?;
        self.finish(writing)?;
        Ok(None)
    }

    /// Offered events of one record, whoever wrote them. Each is counted as what became of it.
    pub(super) fn offered(
        &mut self,
        encounter: EncounterId,
        items: &[Authentic],
        counted: &mut Offered,
    ) -> Result<(), IngestError> {
        let mut items: Vec<&Authentic> = items.iter().collect();
        let Some((mut writing, begun_by)) = self.open_or_begin(encounter, &items)? else {
            let_wait(items.clone(), counted, |item| self.wait(item))?;
            return self.begin_late(&items);
        };
        if let Some(opening) = begun_by {
            counted.taken += 1;
            items.retain(|item| item.event.id != opening);
        }
        // Our own word of this epoch that we do not hold: the store was put back without a new epoch. Taking it up
        // would fork our chain.
        let desk = writing.desk_install();
        let (ours, theirs): (Vec<&Authentic>, Vec<&Authentic>) = items.into_iter().partition(|item| {
            item.event.header.install == desk && writing.folded.state.event(&item.event.id).is_none()
        });
        if !ours.is_empty() {
            tracing::error!(count = ours.len(), "a phone holds events of this epoch that the store has lost");
            counted.refused.extend(ours.iter().map(|item| item.event.id));
        }
        let left = each_in_turn(theirs, |item| match self.take_sent(&mut writing, item)? {
            Placed::OutOfPlace => Ok(Attempt::Later),
            took @ (Placed::New | Placed::Known) => {
                counted.count(took == Placed::New);
                Ok(Attempt::Done)
            }
        })?;
        let_wait(left, counted, |item| self.wait_behind(item))?;
        self.settle_waiting(&mut writing, WaitsAt::START)?;
        self.finish(writing)
    }

    /// Goes on with what an earlier transaction left to do in a record.
    pub(super) fn go_on(&mut self, encounter: EncounterId, left: Left) -> Result<(), IngestError> {
        let opened = Writing::open(self.records, self.tx, encounter, self.keys, self.now)?;
        let Some(mut writing) = opened else { return Ok(()) };
        writing.go_on_with(left);
        if let Some(behind) = left.waiting {
            self.settle_waiting(&mut writing, behind)?;
        }
        self.finish(writing)
    }

    /// Opens a record, or begins it if an author's first event among these is its opening: then that one is in, whose id is
    /// given too, and with it what waited for it. `None` if there is neither.
    fn open_or_begin(
        &mut self,
        encounter: EncounterId,
        items: &[&Authentic],
    ) -> Result<Option<(Writing<'s>, Option<EventId>)>, IngestError> {
        if let Some(writing) = Writing::open(self.records, self.tx, encounter, self.keys, self.now)? {
            return Ok(Some((writing, None)));
        }
        let first = |item: &&&Authentic| item.event.header.enc_seq == Some(1);
        let Some((item, opening)) =
            items.iter().filter(first).find_map(|item| Some((*item, Opening::of(&item.event)?)))
        else {
            return Ok(None);
        };
        let mut writing = self.begin(&opening)?;
        match self.take(&mut writing, item)? {
            Placed::New => {}
            // The record is new, and nothing comes before an author's first event.
            Placed::Known | Placed::OutOfPlace => return Err(IngestError::Misplaced(item.event.id)),
        }
        self.settle_waiting(&mut writing, WaitsAt::START)?;
        Ok(Some((writing, Some(item.event.id))))
    }

    /// Begins a record whose opening is not its author's first event in it, once that has found its place among those
    /// that wait.
    fn begin_late(&mut self, items: &[&Authentic]) -> Result<(), IngestError> {
        for item in items {
            let Some(opening) = Opening::of(&item.event) else { continue };
            if pending::has(self.tx, item.event.id)? {
                let mut writing = self.begin(&opening)?;
                self.settle_waiting(&mut writing, WaitsAt::START)?;
                return self.finish(writing);
            }
        }
        Ok(())
    }

    fn finish(&mut self, writing: Writing<'s>) -> Result<(), IngestError> {
        let written = writing.finish(self.tx, &mut self.room)?;
        self.written.push(written);
        Ok(())
    }

    fn begin(&mut self, opening: &Opening<'_>) -> Result<Writing<'s>, IngestError> {
        Writing::begin(self.records, self.tx, opening, self.keys, self.now)
    }

    /// Lets an event of a record that has begun wait, if the one before it waits: that was taken for what follows a hole
    /// while nothing of the record was here.
    fn wait_behind(&mut self, item: &Authentic) -> Result<Waits, IngestError> {
        if pending::has(self.tx, item.event.id)? {
            return Ok(Waits::Yes(Kept::Known));
        }
        if item.event.header.enc_prev.is_none() || !pending::is_next(self.tx, &item.event.header)? {
            return Ok(Waits::OutOfPlace);
        }
        Ok(Waits::Yes(self.keep(item)?))
    }

    /// Lets an event wait, wherever it belongs.
    pub(super) fn keep(&mut self, item: &Authentic) -> Result<Kept, StoreError> {
        pending::keep(self.tx, &self.records.keys, item, &mut self.used, self.now)
    }

    /// Lets an event of a record that has not begun wait for its opening, if it has a place among those that do.
    fn wait(&mut self, item: &Authentic) -> Result<Waits, IngestError> {
        // What waits already stays, whatever came between it and the one before it since.
        if pending::has(self.tx, item.event.id)? {
            return Ok(Waits::Yes(Kept::Known));
        }
        if !pending::follows(self.tx, &item.event)? {
            return Ok(Waits::OutOfPlace);
        }
        Ok(Waits::Yes(self.keep(item)?))
    }

    /// Takes in what waited for this record behind a place, as far as it follows and there is room.
    fn settle_waiting(&mut self, writing: &mut Writing<'s>, behind: WaitsAt) -> Result<(), IngestError> {
        let most = self.room.pieces(room::TAKE);
        if most == 0 {
            writing.leave_waiting(Some(behind));
            return Ok(());
        }
        let (keys, page) = (&self.records.keys, (behind, most));
        let (items, more) = pending::waiting(self.tx, keys, &mut self.used, writing.encounter, page)?;
        writing.leave_waiting(more);
        self.room.take(items.len() * room::TAKE);
        let left = each_in_turn(items.iter().collect(), |item| match self.take(writing, item)? {
            Placed::OutOfPlace => Ok(Attempt::Later),
            Placed::New | Placed::Known => Ok(Attempt::Done),
        })?;
        let left: BTreeSet<EventId> = left.iter().map(|item| item.event.id).collect();
        for item in items.iter().filter(|item| !left.contains(&item.event.id)) {
            pending::forget(self.tx, item)?;
        }
        Ok(())
    }

    /// Takes an event that was just sent. When too many of them are held, the whole transaction is to be done in parts.
    fn take_sent(&mut self, writing: &mut Writing<'s>, item: &Authentic) -> Result<Placed, IngestError> {
        let took = self.take(writing, item)?;
        let is_held = took == Placed::New && writing.folded.state.held(&item.event.id).is_some();
        if is_held && !self.room.hold() { Err(IngestError::Crowded) } else { Ok(took) }
    }

    fn take(&mut self, writing: &mut Writing<'s>, item: &Authentic) -> Result<Placed, IngestError> {
        let standing = self.standings.of(self.tx, item.event.header.install, self.now)?;
        writing.take(self.tx, item, standing, &mut self.used)
    }
}

/// The same events in the order of their stamps, but each author's own in the order of their chain: whatever stamps they
/// were given, an author's event stands behind the one that it follows, and one pass finds a place for all that have one.
pub(super) fn arranged(mut items: Vec<Authentic>) -> Vec<Authentic> {
    items.sort_by_key(|item| (item.event.header.stamp, item.event.header.enc_seq, item.event.id));
    let authors: Vec<Install> = items.iter().map(|item| item.event.header.install).collect();
    let mut chains: BTreeMap<Install, Vec<Authentic>> = BTreeMap::new();
    for item in items {
        chains.entry(item.event.header.install).or_default().push(item);
    }
    for chain in chains.values_mut() {
        chain.sort_by_key(|item| Reverse((item.event.header.enc_seq, item.event.id)));
    }
    authors.into_iter().filter_map(|author| chains.get_mut(&author)?.pop()).collect()
}

/// Whether an event waits.
#[must_use]
enum Waits {
    Yes(Kept),
    OutOfPlace,
}

/// Lets offered events wait that have a place; the others are refused.
fn let_wait(
    items: Vec<&Authentic>,
    counted: &mut Offered,
    mut wait: impl FnMut(&Authentic) -> Result<Waits, IngestError>,
) -> Result<(), IngestError> {
    let left = each_in_turn(items, |item| match wait(item)? {
        Waits::OutOfPlace => Ok(Attempt::Later),
        Waits::Yes(kept) => {
            counted.count(kept == Kept::New);
            Ok(Attempt::Done)
        }
    })?;
    counted.refused.extend(left.iter().map(|item| item.event.id));
    Ok(())
}

enum Attempt {
    Done,
    /// What it follows may come behind it.
    Later,
}

/// Gives each its turn, again and again until none has use of another; gives what is left.
fn each_in_turn<'i>(
    mut items: Vec<&'i Authentic>,
    mut turn: impl FnMut(&'i Authentic) -> Result<Attempt, IngestError>,
) -> Result<Vec<&'i Authentic>, IngestError> {
    loop {
        let before = items.len();
        let mut left = Vec::new();
        for item in items {
            match turn(item)? {
                Attempt::Done => {}
                Attempt::Later => left.push(item),
            }
        }
        if left.is_empty() || left.len() == before {
            return Ok(left);
        }
        items = left;
    }
}

/// How installs stand, looked up once in a transaction.
#[derive(Default)]
struct Standings(BTreeMap<InstallId, Standing>);

/// How an install stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// It is trusted no further, itself or because its person has left.
    pub(super) revoked: bool,
    /// Its certificate begins in the future.
    pub(super) early: bool,
}

/// How far in the future a certificate may begin: a server whose clock is put back by an hour must not hold honest work for
/// ever. Who verifies a bundle compares exactly, with the time of its manifest.
const CLOCK_SLIP_MS: i64 = 24 * 60 * 60 * 1_000;

impl Standings {
    fn of(&mut self, tx: &mut dyn Tx, install: Install, now: Instant) -> Result<Standing, StoreError> {
        let Install::Phone(install) = install else { return Ok(Standing::default()) };
        if let Some(known) = self.0.get(&install) {
            return Ok(*known);
        }
        let certificate = documents::certificate(tx, &install.to_string())?;
        let begins = certificate.and_then(|document| document.peek::<Begins>().ok());
        let early = begins.is_some_and(|begins| begins.from > now + CLOCK_SLIP_MS);
        let standing = Standing { revoked: installs::is_revoked(tx, install)?, early };
        self.0.insert(install, standing);
        Ok(standing)
    }
}

/// What of a certificate is asked for here.
#[derive(Deserialize)]
struct Begins {
    from: Instant,
}
