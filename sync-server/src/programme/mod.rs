//! The programme: its people and phones, whom they trust, and the log of what everybody did.
//!
//! Nothing here knows a record. Each module is one idea; what they decide is written in the same transaction as its entry
//! in the log (`audit`).

pub mod audit;
pub mod checkpoint;
pub mod devices;
pub mod directory;
pub mod keys;
pub mod people;
pub mod permission;
pub mod readiness;
pub mod sessions;
pub mod tokens;
pub mod trust;
