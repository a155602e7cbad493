//! The offline-first core of First Hours.
//!
//! A deputy follows a protocol step by step; everything that happened is a [`record`] event; a screen is a
//! pure function of those events. The modules depend on one another in one direction only:
//!
//! `protocol <- record <- evidence <- bundle <- wire <- store <- vault <- sync <- app`, and
//! `record, words <- view <- app`, and `protocol, words <- guard`.
//!
//! Everything up to [`wire`], [`view`] and [`guard`] is pure: time, randomness and ids come in as parameters, in the end from
//! [`outside`]. The rest needs the feature `device`; the server goes without it and runs the same pure code.

#[cfg(feature = "device")]
pub mod app;
pub mod bundle;
#[cfg(feature = "cipher")]
pub mod cipher;
pub mod evidence;
pub mod guard;
pub mod outside;
pub mod protocol;
pub mod record;
#[cfg(feature = "device")]
pub mod store;
pub mod sync;
pub mod view;
pub mod wire;
pub mod words;
