//! The core from outside, in one binary: laws over random protocols, written nights, formats, the store, the wire.

mod bundle;
mod diff;
mod evidence;
mod exchange;
mod fold;
mod golden;
mod guard;
mod laws;
mod los_angeles;
mod masked;
mod model;
mod nights;
mod protocol;
mod random;
mod records;
mod shipped;
mod store;
mod support;
mod texts;
mod transport;
mod words;
