//! Unpacking within a limit.

use std::io::Read;

/// The window that we pack with: 2 MiB, however short the text.
const OWN_WINDOW_LOG: u32 = 21;

/// Why packed bytes are not unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpack {
    /// They are no zstd, or ask for more memory than may come out.
    Damaged,
    /// More comes out than may.
    TooLarge,
}

/// Unpacks zstd; `None` if it is damaged or unpacks to more than `max` bytes.
pub fn inflate(packed: &[u8], max: usize) -> Option<Vec<u8>> {
    unpack(packed, max).ok()
}

/// Unpacks zstd to `max` bytes at most.
///
/// A frame says how far back it refers, and so much memory is set aside before anything is unpacked: never more than
/// what may come out, or than what we pack with.
pub fn unpack(packed: &[u8], max: usize) -> Result<Vec<u8>, Unpack> {
    let damaged = |_| Unpack::Damaged;
    let mut decoder = zstd::stream::Decoder::new(packed).map_err(damaged)?;
    let window = max.checked_next_power_of_two().unwrap_or(max).max(1).ilog2().max(OWN_WINDOW_LOG);
    decoder.window_log_max(window).map_err(damaged)?;
    let mut body = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(limit).read_to_end(&mut body).map_err(damaged)?;
    if body.len() <= max { Ok(body) } else { Err(Unpack::TooLarge) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of one block of `text`, as it is, that claims to refer back over 2^`log` bytes.
    fn frame(log: u8, text: &[u8]) -> Vec<u8> {
        let size = u32::try_from(text.len()).expect("a short text") << 3 | 1;
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3];
        frame.extend_from_slice(&size.to_le_bytes()[..3]);
        frame.extend_from_slice(text);
        frame
    }

    #[test]
    fn a_frame_that_asks_for_more_memory_than_its_text_may_have_is_refused() {
        assert_eq!(inflate(&frame(21, b"text"), 100).as_deref(), Some(&b"text"[..]), "as we pack");
        assert_eq!(inflate(&frame(22, b"text"), 100), None);
        assert_eq!(inflate(&frame(24, b"text"), 16 * 1024 * 1024).as_deref(), Some(&b"text"[..]));
        assert_eq!(inflate(&frame(27, b"text"), 16 * 1024 * 1024), None, "128 MiB, for four bytes");
    }
}
