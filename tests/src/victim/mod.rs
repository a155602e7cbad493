//! What a victim of the kill loop does, and how it tells its parent.
//!
//! A victim records until it is killed. Before each act it says what it is about to do, after each act that came back
//! what came of it, one line of JSON each: what it said is all that its parent may rely on. Every act carries its
//! running number into its event, so that the parent can find each of them again, once.

mod chance;
mod player;

pub use chance::Chance;
pub use player::{Deed, Outcome, Player};

use serde::{Deserialize, Serialize};

/// What a victim with a phone is to do: one line of JSON on its standard input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    pub folder: String,
    /// The store's raw key, in hex.
    pub key: String,
    pub address: String,
    pub fingerprint: String,
    /// The one-time code with which its phone was, or is to be, enrolled.
    pub code: String,
    pub seed: u64,
    /// The number of its first act.
    pub first: u64,
}

/// What a victim says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// The store is open.
    Open,
    /// Its phone waits for approval: it goes on when it reads a line.
    Waiting,
    /// From here on it acts.
    Ready,
    Trying {
        number: u64,
        what: What,
        encounter: Option<String>,
        /// The field whose draft it writes.
        place: Option<String>,
    },
    /// It came back: its event, if it made one, is the last of that record, which holds `seen`.
    Done {
        number: u64,
        encounter: String,
        seen: i64,
    },
    /// It came back refused: nothing of it was kept.
    Refused {
        number: u64,
    },
    Syncing,
    Synced {
        complete: bool,
    },
    /// The app ends as a shell ends it, and is opened again.
    Closing,
    /// Something that must not happen.
    Fault {
        detail: String,
    },
}

/// What an act is, as far as it decides how it is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A new record: the first event of its encounter.
    Begin,
    /// An event with the act's number in it.
    Act,
    /// A text that is no event yet, with the number in it.
    Draft,
    /// An event that has no text to bear a number. If it submits, drafts become events of their own before it.
    Bare,
}

/// How an act writes its number into its event.
pub fn act_mark(number: u64) -> String {
    format!("act#{number}.")
}

/// How a draft writes its number into its text.
pub fn draft_mark(number: u64) -> String {
    format!("draft#{number}.")
}

/// Every number that a text bears behind `sign`: `act#` or `draft#`.
pub fn marks(text: &str, sign: &str) -> Vec<u64> {
    let digits = |rest: &str| rest.split_once('.').and_then(|(digits, _)| digits.parse().ok());
    text.split(sign).skip(1).filter_map(digits).collect()
}
