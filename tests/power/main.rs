//! The power goes: under the phone's store and under the server's, at every call that changes a file.
//!
//! A shim between SQLite and the disk (`tests/vfs`) keeps what is durable apart from what is not yet. A scenario runs
//! once and is recorded, call by call; then for every call the power goes before it, the disk keeps nothing, all, or a
//! seeded choice of what was not synced, and the store is opened again and read to the last byte. Beside that every
//! call is made to fail while the scenario runs, and the power goes after.
//!
//! A process of its own, because the shim is SQLite's default for all of a process.
//!
//! | variable | what | unless set |
//! |---|---|---|
//! | `FIRSTHOURS_LONG` | so many times more images and faults | 1 |
//!
//! Every failure names the scenario, the call, what survived and the seed; they are the same on every run.

mod failing;
mod failing_server;
mod images;
mod line;
mod phone;
mod phone_state;
mod server;
mod server_state;
mod setting_up;
mod world;
