//! Everything signed: certificates and who trusts them, receipts, holes, manifests, events.
//!
//! The first byte says what: `t` trust, `c` certificate, `k` the server's, `r` receipt, `h` hole, `m` manifest, `v` revocation (a text
//! and its signature on the next line), `e` event (as a message holds it).

use firsthours_core::bundle::Manifest;
use firsthours_core::evidence::{
    Document, Hole, InstallCertificate, Keyring, Receipt, Revocation, ServerCertificate, Signature,
    SignedEvent, Tag, Trust,
};
use firsthours_core::wire::ReadMessage;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::known::{self, known};
use crate::{support, within};

/// What verifies was signed by the one who holds the key; what is read is written again as the same.
pub fn check(input: &[u8]) -> bool {
    let Some((what, rest)) = input.split_first() else { return false };
    within(input.len(), 4 << 20, 300, || match what {
        b't' => trust(rest),
        b'e' => event(rest),
        b'c' => document(rest).is_some_and(|document| {
            let read = reads::<InstallCertificate>(&document);
            let mut ring = known().ring.clone();
            let admitted = ring.admit(&document).is_ok();
            genuine(admitted, &document.text);
            read && admitted
        }),
        b'k' => document(rest).is_some_and(|document| {
            let root = support::root_key().public();
            let opened = document.open::<ServerCertificate>(Tag::Cert, &root).is_ok();
            genuine(opened, &document.text);
            reads::<ServerCertificate>(&document) && opened
        }),
        b'r' => document(rest).is_some_and(|document| {
            let opened = known().ring.open_receipt::<Receipt>(&document, Tag::Receipt).is_ok();
            genuine(opened, &document.text);
            reads::<Receipt>(&document) && opened
        }),
        b'm' => document(rest).is_some_and(|document| {
            let opened = known().ring.open_receipt::<Manifest>(&document, Tag::Manifest).is_ok();
            genuine(opened, &document.text);
            reads::<Manifest>(&document) && opened
        }),
        b'h' => document(rest).is_some_and(|document| {
            let opened = document.open::<Hole>(Tag::Hole, &known().phone).is_ok();
            genuine(opened, &document.text);
            reads::<Hole>(&document) && opened
        }),
        b'v' => document(rest).is_some_and(|document| {
            let read = reads::<Revocation>(&document);
            let mut ring = known().ring.clone();
            let revoked = ring.revoke(&document).is_ok();
            genuine(revoked, &document.text);
            read && revoked
        }),
        _ => false,
    })
}

/// Whoever wrote it held the key, and we know everything that they wrote.
pub(crate) fn genuine(verified: bool, text: &str) {
    assert!(!verified || known().signed.contains(text), "verified, and nobody signed it: {text}");
}

fn document(rest: &[u8]) -> Option<Document> {
    let (text, signature) = std::str::from_utf8(rest).ok()?.split_once('\n')?;
    let signature: Signature = signature.trim_end().parse().ok()?;
    let document = Document { text: text.to_owned(), signature };
    let sent = serde_json::to_vec(&document).expect("a document is JSON");
    assert_eq!(Document::read(&sent).as_ref(), Ok(&document), "its text arrives byte for byte");
    Some(document)
}

fn reads<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(document: &Document) -> bool {
    let Ok(read) = document.peek::<T>() else { return false };
    let text = serde_json::to_string(&read).expect("what was JSON is JSON");
    let again = Document { text, signature: document.signature };
    assert_eq!(again.peek::<T>().as_ref(), Ok(&read));
    true
}

fn trust(rest: &[u8]) -> bool {
    let Ok(trust) = Trust::read(rest) else { return false };
    // Whom anybody may trust is their own affair; with our fingerprint it is ours.
    let _ = Keyring::new(&trust, &trust.root.fingerprint());
    let ours = Keyring::new(&trust, &known().fingerprint).is_ok();
    for certificate in &trust.server {
        genuine(ours, &certificate.text);
    }
    ours
}

fn event(rest: &[u8]) -> bool {
    let Ok(event) = <SignedEvent as ReadMessage>::read(rest) else { return false };
    let opened = known().ring.open_event(&event);
    genuine(opened.is_ok(), &event.header);
    if let (Ok(opened), Some(body)) = (&opened, &event.body) {
        let hash = firsthours_core::record::Hash::of(body.as_bytes());
        assert_eq!(hash, opened.header.body_hash, "a body that the signed header does not name");
    }
    opened.is_ok()
}

/// Seeds: each document and event of the fixtures.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    let mut add = |what: char, name: String, document: &Document| {
        seeds.push((name, format!("{what}{}\n{}", document.text, document.signature).into_bytes()));
    };
    for kind in ["certificate", "receipt"] {
        let names = known::files(&known::fixtures().join(kind)).into_iter().map(|(name, _)| name);
        for (name, (text, signature)) in names.zip(known::documents(kind)) {
            let what = match name.as_str() {
                name if name.starts_with("server") => 'k',
                "hole" => 'h',
                _ if kind == "receipt" => 'r',
                _ => 'c',
            };
            add(what, name, &Document { text, signature });
        }
    }
    let bytes = std::fs::read(known::fixtures().join("bundle/exported.jsonl")).expect("a fixture");
    let bundle = firsthours_core::bundle::read(&bytes).expect("our own bundle");
    add('m', "manifest".to_owned(), &bundle.manifest.expect("an exported bundle has one"));
    for (number, event) in known::events().into_iter().enumerate().step_by(4) {
        let text = serde_json::to_string(&event).expect("an event is JSON");
        seeds.push((format!("event_{number}"), format!("e{text}").into_bytes()));
    }
    let trust = std::fs::read(known::fixtures().join("wire/trust.json")).expect("a fixture");
    seeds.push(("trust".to_owned(), [b"t", trust.trim_ascii_end()].concat()));
    seeds
}
