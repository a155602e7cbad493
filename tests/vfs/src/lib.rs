//! A disk for SQLite that loses power: for tests only.
//!
//! [`install`] puts a shim before the platform's own file layer (VFS) and makes it the process's default, so that the
//! code under test is the code that ships. Below a watched folder ([`Disk::watch`]) every write, sync, truncate,
//! delete and creation is counted, can be made to fail, and is kept in a model beside the real file:
//!
//! - the *real file* shows what the running program sees, as the page cache of a real system does;
//! - the [`Platter`] knows what a disk must hold: the content at the last sync, and each change since;
//! - an [`Image`] is what a disk may hold after the power went: of the changes since the last sync nothing, all, or a
//!   seeded choice of sectors, torn, reordered, or replaced by junk.
//!
//! What is modelled and what is not is said in `core/docs/decisions/0006-a-disk-that-loses-power.md`.

mod disk;
mod image;
mod platter;
mod rng;
mod shim;
mod trace;

pub use disk::{Call, Counts, Disk, Fault};
pub use image::{Damage, Image, Survivors};
pub use platter::{Content, Platter};
pub use rng::Rng;
pub use shim::install;
pub use trace::Trace;

#[cfg(test)]
mod tests;
