//! How much of a record one author may choose: each quantity that an event brings with it has its bound here.
//!
//! The phone refuses what would go over one, before it is written; the server holds it. The numbers are far above what
//! the three days of one child need, and low enough that deriving a record stays quick whatever anybody writes into it.
//! Source: DESIGN section 5.

use super::{Event, Kind, Register, State};

/// Ids that an event may name in `base`.
pub const BASE_IDS: usize = 64;

/// Writes to one register that count.
pub const REGISTER_WRITES: usize = 2_000;

/// Letters of a child within a scene.
pub const LETTERS: usize = 2;

/// Events of one record.
pub const RECORD_EVENTS: usize = 20_000;

/// The greatest stamp. An author who went as far as [`STAMP_STEP`] each time could not come near it with
/// [`RECORD_EVENTS`].
pub const STAMP: u64 = 1 << 52;

/// How far a stamp may be above the greatest one that counts.
pub const STAMP_STEP: u64 = 1 << 20;

/// What an event has too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    /// Its stamp is too far above those of the record.
    Stamp,
    /// It names too many events as those before it.
    Base,
    /// What it writes was written too often.
    RegisterWrites,
    /// Its letter is not one or two of A to Z.
    Letter,
    /// The record is full.
    RecordEvents,
}

/// The first bound that the event goes over, if it came to this record now.
pub fn beyond(state: &State, event: &Event) -> Option<Bound> {
    if !stamp_fits(state, event.header.stamp) {
        return Some(Bound::Stamp);
    }
    if state.len() >= RECORD_EVENTS {
        return Some(Bound::RecordEvents);
    }
    let body = event.body.as_ref()?;
    if body.base.len() > BASE_IDS {
        return Some(Bound::Base);
    }
    if let Kind::Opened { letter, .. } = &body.kind
        && !letter_fits(letter)
    {
        return Some(Bound::Letter);
    }
    let mut writes = body.kind.writes(&body.actor.person).into_iter();
    writes.any(|(register, _)| is_full(state, &register)).then_some(Bound::RegisterWrites)
}

/// Whether a register takes no more writes.
pub fn is_full(state: &State, register: &Register) -> bool {
    state.written(register) >= REGISTER_WRITES && state.writers(register).count() >= REGISTER_WRITES
}

/// Whether it is one or two of A to Z.
pub fn letter_fits(letter: &str) -> bool {
    (1..=LETTERS).contains(&letter.len()) && letter.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn stamp_fits(state: &State, stamp: u64) -> bool {
    (1..=STAMP.min(state.greatest_stamp() + STAMP_STEP)).contains(&stamp)
}
