//! Unpacking within a limit: what a few bytes may become.

use firsthours_core::wire::{compress, inflate};

use crate::within;

/// The limits that are tried; the first byte of an input chooses one.
const LIMITS: [usize; 5] = [0, 1, 1_000, 64 * 1024, 4 * 1024 * 1024];

/// Nothing unpacks to more than its limit, or costs more than a few times that; what is packed comes back.
pub fn check(input: &[u8]) -> bool {
    let Some((choice, rest)) = input.split_first() else { return false };
    let limit = LIMITS[usize::from(*choice) % LIMITS.len()];
    let inflated = within(rest.len(), 256 * 1024 + 3 * limit, 1, || inflate(rest, limit));
    if let Some(body) = &inflated {
        assert!(body.len() <= limit);
    }
    let packed = compress(rest.to_vec());
    match packed.encoding() {
        Some(_) => assert_eq!(inflate(packed.bytes(), rest.len()).as_deref(), Some(rest)),
        None => assert_eq!(packed.bytes(), rest),
    }
    inflated.is_some()
}

/// Seeds: packed text under and over each limit, a frame that only claims to be large, and two frames in one.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let pack = |body: &[u8]| zstd::stream::encode_all(body, 3).expect("packing into memory works");
    let with = |choice: u8, packed: &[u8]| [&[choice][..], packed].concat();
    let two = [pack(b"one"), pack(b"two")].concat();
    // A frame whose header asks for a window of 128 MiB and a content of 2^60 bytes, with nothing in it.
    let boast =
        [&[0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x88][..], &(1_u64 << 60).to_le_bytes(), &[1, 0, 0]].concat();
    vec![
        ("nothing".to_owned(), with(0, &pack(b""))),
        ("bad_one_over".to_owned(), with(1, &pack(b"ab"))),
        ("text".to_owned(), with(2, &pack(&b"the station has it ".repeat(40)))),
        ("two_frames".to_owned(), with(2, &two)),
        ("bad_bomb".to_owned(), with(4, &pack(&vec![b' '; 64 * 1024 * 1024]))),
        ("bad_boast".to_owned(), with(4, &boast)),
        ("fits".to_owned(), with(4, &pack(&vec![b' '; 4 * 1024 * 1024]))),
        ("bad_plain".to_owned(), [&[3][..], &b"{\"v\":1}".repeat(300)].concat()),
    ]
}
