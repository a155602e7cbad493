//! How much one transaction does. The writer is held for all of it and everybody else waits, so what one author can pile up
//! (events that wait for an opening, holds to be released, records begun in one request) is taken in several.

/// Bounds of one transaction. A run of ordinary events is one transaction, whatever its length: a request bounds that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Together {
    /// Records that a run begins or goes on with.
    pub records: usize,
    /// Events of a request that may be held: each costs an event of the server, signed, and an entry in the list of holds.
    pub held: usize,
    /// What may be done beside what was sent, in looks at a hold.
    pub work: usize,
}

impl Default for Together {
    /// Each is some ten milliseconds of the writer's time.
    fn default() -> Self {
        Self { records: 32, held: 100, work: 1_000 }
    }
}

/// A look at a hold whose reason may have gone.
pub(super) const LOOK: usize = 1;
/// An event that waited is taken in, or a hold released.
pub(super) const TAKE: usize = 10;

/// What a transaction may still do.
#[derive(Debug)]
pub(crate) struct Room {
    work: usize,
    held: usize,
}

impl Room {
    pub(crate) fn of(together: Together) -> Self {
        Self { work: together.work, held: together.held }
    }

    /// Takes room for some work; `false` if there is none. Any room at all is enough for one piece of work, so that every
    /// transaction gets on.
    pub(super) fn take(&mut self, work: usize) -> bool {
        let may = self.work > 0;
        self.work = self.work.saturating_sub(work);
        may
    }

    /// For how many pieces of work there is room.
    pub(super) fn pieces(&self, work: usize) -> usize {
        self.work.div_ceil(work)
    }

    /// One more event that was sent is held; `false` if that is more than one transaction does.
    pub(super) fn hold(&mut self) -> bool {
        let may = self.held > 0;
        self.held = self.held.saturating_sub(1);
        may
    }
}
