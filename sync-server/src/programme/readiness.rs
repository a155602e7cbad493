//! Whether the server can do its work now: asked by whoever watches it, as often as they like.

use std::sync::{Mutex, PoisonError};

use crate::store::meta::set as set_fact;
use crate::store::{Result, Store};
use firsthours_core::protocol::Instant;

/// An answer is good for so long: nobody makes the disk work by asking.
const GOOD_FOR_MS: i64 = 5_000;
/// What a look and an act need at the least.
const ROOM: usize = 16 * 1024;
const NAME: &str = "asked_ready_ms";

/// The last answer. It is only a way to ask the disk less often, so memory is the place for it.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<()>)>>);

impl Readiness {
    /// Whether the store takes a write.
    pub(crate) fn ask(&self, store: &Store, now: Instant) -> Result<()> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, answer)) if (*at..*at + GOOD_FOR_MS).contains(&now) => answer.clone(),
            _ => {
                let answer = store.write(|tx| {
                    // Room is asked for, not only the rewriting of what is there: a look makes the log grow.
                    set_fact(tx, NAME, &"0".repeat(ROOM))?;
                    set_fact(tx, NAME, &now.to_string())
                });
                *last = Some((now, answer.clone()));
                answer
            }
        }
    }
}
