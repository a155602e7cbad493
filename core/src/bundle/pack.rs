//! Unpacking within a limit.

use std::io::Read;

/// Unpacks zstd; `None` if it is damaged or unpacks to more than `max` bytes.
pub fn inflate(packed: &[u8], max: usize) -> Option<Vec<u8>> {
    let decoder = zstd::stream::Decoder::new(packed).ok()?;
    let mut body = Vec::new();
    let limit = u64::try_from(max).ok()? + 1;
    decoder.take(limit).read_to_end(&mut body).ok()?;
    (body.len() <= max).then_some(body)
}
