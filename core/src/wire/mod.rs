//! Sync protocol v1: the messages, shared by phone and server.
//!
//! JSON, zstd-compressed where it is larger than a packet. A message may gain fields; a reader ignores those it does
//! not know. What must survive unknown fields (events, certificates, receipts) travels as text and is never
//! re-encoded.

mod body;
mod policy;
mod v1;

pub use body::{Compressed, MAX_BATCH, MAX_INFLATED, MAX_REQUEST, Unpack, compress, inflate, unpack};
pub use policy::{LEASE_MS, LOCK_MS, LOCK_WITH_CLOCK_MS, LOGIN_MS, Policy, Quota};
pub use v1::{
    CODE_LENGTH, CODE_LETTERS, ClockReport, DeviceReport, EncounterCursor, EnrolReply, EnrolRequest,
    EnrolState, EventsReply, EventsRequest, Grant, HEADER_INSTALL, HEADER_NONCE, HEADER_SIGNATURE,
    HelloReply, HelloRequest, Limits, OffersReply, OffersRequest, Page, Positioned, Problem, ProblemKind,
    ProtocolNotice, ReadMessage, Succession, VERSION, enrol_message, hello_message, is_older, read_code,
};
