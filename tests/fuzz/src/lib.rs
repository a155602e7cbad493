//! Hostile input: what each fuzz target does with its bytes, and the laws that must hold whatever they are.
//!
//! A module a decoder. Each has `check`, which reads the bytes as the program would, holds the laws by assertions, and
//! tells whether the decoder took them: so that the seeds can be shown to reach what they are seeds of. Beyond "no
//! panic": what is accepted keeps its bytes, an id is the hash of its header, written and read again is the same, a
//! change of anything signed is refused, and nothing that was accepted can break a fold or a view.

pub mod bundle;
pub mod definition;
pub mod event;
pub mod form;
pub mod guard;
mod hold;
pub mod known;
pub mod packed;
pub mod record_of_many;
pub mod seeds;
pub mod session;
pub mod signed;
pub use firsthours_scripted as support;
pub mod text;
pub mod wire_message;

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a decoder does with bytes: whether it took them.
pub type Check = fn(&[u8]) -> bool;

/// Makes the seeds of a target: their names and bytes.
pub type Seeds = fn() -> Vec<(String, Vec<u8>)>;

/// Every target by its name, which is that of its file in `fuzz_targets` and of its folder in `seeds`.
pub const TARGETS: [(&str, Check, Seeds); 13] = [
    ("bundle", bundle::check, bundle::seeds),
    ("definition", definition::check, definition::seeds),
    ("event_body", event::check_body, event::body_seeds),
    ("event_header", event::check_header, event::header_seeds),
    ("form", form::check, form::seeds),
    ("guard", guard::check, guard::seeds),
    ("packed", packed::check, packed::seeds),
    ("record", record_of_many::check, record_of_many::seeds),
    ("session", session::check, session::seeds),
    ("signed", signed::check, signed::seeds),
    ("text", text::check, text::seeds),
    ("wire_to_phone", wire_message::check_to_phone, wire_message::phone_seeds),
    ("wire_to_station", wire_message::check_to_station, wire_message::station_seeds),
];

/// Runs a decoder and holds it to the memory that its input is worth: `fixed` bytes, and `each` for every byte of it.
///
/// # Panics
///
/// If it took more.
pub(crate) fn within<T>(input: usize, fixed: usize, each: usize, decode: impl FnOnce() -> T) -> T {
    known::warm();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let decoded = decode();
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(taken <= fixed + each * input, "{taken} bytes for {input} bytes of input");
    decoded
}
