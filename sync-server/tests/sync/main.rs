//! The sync interface from outside: scripted phones against the whole server in this process.

mod checkpoints;
mod contract;
mod desk;
mod doors;
mod enrolment;
mod judge;
mod limits;
mod log;
mod model;
mod parts;
mod phone;
mod proof;
mod reading;
mod sending;
mod sharing;
mod vouching;
