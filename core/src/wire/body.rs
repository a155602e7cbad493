//! Bodies on the wire: zstd where it pays, and never more memory than a limit allows.

pub use crate::bundle::{Unpack, inflate, unpack};

/// Below this a request fits a packet or two, and compression only costs.
const WORTH_COMPRESSING: usize = 1_000;

/// What an answer of a station may unpack to.
pub const MAX_INFLATED: usize = 16 * 1024 * 1024;

/// What a hello may unpack to: it names every record that the phone holds.
pub const MAX_REQUEST: usize = 4 * 1024 * 1024;

/// What a request that brings events may unpack to: four times what it may be on the wire, so that a small one cannot fill a
/// disk, nor keep others from writing for long. A phone puts three quarters of it into a batch of its own, and offers fewer
/// events when it is told that they are too much.
pub const MAX_BATCH: usize = 1024 * 1024;

/// A body to send, and whether it is zstd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compressed {
    Zstd(Vec<u8>),
    Identity(Vec<u8>),
}

impl Compressed {
    /// The bytes to send.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Zstd(bytes) | Self::Identity(bytes) => bytes,
        }
    }

    /// The value of `Content-Encoding`, if one is needed.
    pub fn encoding(&self) -> Option<&'static str> {
        match self {
            Self::Zstd(_) => Some("zstd"),
            Self::Identity(_) => None,
        }
    }
}

/// Compresses a body where it pays (level 3: no larger than gzip at a thirteenth of its cost).
pub fn compress(body: Vec<u8>) -> Compressed {
    if body.len() < WORTH_COMPRESSING {
        return Compressed::Identity(body);
    }
    match zstd::stream::encode_all(body.as_slice(), 3) {
        Ok(packed) if packed.len() < body.len() => Compressed::Zstd(packed),
        _ => Compressed::Identity(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_back_and_a_bomb_does_not() {
        let body = vec![b'a'; 100_000];
        let packed = compress(body.clone());
        assert_eq!(packed.encoding(), Some("zstd"));
        assert_eq!(inflate(packed.bytes(), body.len()), Some(body.clone()));
        assert_eq!(inflate(packed.bytes(), body.len() - 1), None, "one byte over the limit");
        assert_eq!(inflate(&packed.bytes()[..packed.bytes().len() / 2], body.len()), None, "cut short");
    }

    #[test]
    fn a_small_body_goes_as_it_is() {
        assert_eq!(compress(b"{}".to_vec()), Compressed::Identity(b"{}".to_vec()));
    }
}
