//! Bundles, packed or not, and their verification.

use firsthours_core::bundle::{Bundle, pack, read, verify, write};

use crate::known::{self, known};
use crate::signed::genuine;
use crate::within;

/// The first four bytes of zstd.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A bundle is read in one way only, written as the same bytes, and verified only if nothing in it was changed.
pub fn check(input: &[u8]) -> bool {
    let packed = input.starts_with(&ZSTD);
    // Packed, a few bytes are whatever a bundle may be; `packed` holds that to its limit.
    let fixed = if packed { 400 << 20 } else { 1 << 20 };
    let Ok(bundle) = within(input.len(), fixed, 300, || read(input)) else { return false };
    let text = write(&bundle);
    assert!(packed || text == input, "accepted in another form than the one");
    assert_eq!(read(&text).as_ref(), Ok(&bundle));
    assert_eq!(read(&pack(&bundle)).as_ref(), Ok(&bundle), "packed and unpacked");
    let mut arranged = bundle.clone();
    arranged.arrange();
    let once = arranged.clone();
    arranged.arrange();
    assert_eq!(once, arranged, "what is in order stays in order");
    let verified = within(input.len(), 4 << 20, 2_000, || verify(&bundle, &known().fingerprint));
    if let Ok(verified) = verified {
        nothing_was_changed(&bundle);
        assert_eq!(verified.state.len(), bundle.events.len());
        return true;
    }
    false
}

fn nothing_was_changed(bundle: &Bundle) {
    assert_eq!(bundle.definition, known().bundled, "another definition");
    let documents = bundle.trust.server.iter().chain(&bundle.certificates).chain(&bundle.receipts);
    for document in documents.chain(&bundle.manifest) {
        genuine(true, &document.text);
    }
    for event in &bundle.events {
        genuine(true, &event.event.header);
    }
}

/// Seeds: with a manifest and without, each also packed.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for name in ["exported", "passed_on"] {
        let bytes = std::fs::read(known::fixtures().join(format!("bundle/{name}.jsonl"))).expect("a fixture");
        let bundle = read(&bytes).expect("our own bundle");
        seeds.push((format!("{name}_packed"), pack(&bundle)));
        seeds.push((name.to_owned(), bytes));
    }
    seeds
}
