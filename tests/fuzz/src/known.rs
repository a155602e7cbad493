//! What is signed here and known to be: the keys' owner wrote nothing else, so whatever else verifies is forged.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use firsthours_core::bundle;
use firsthours_core::evidence::{Document, Keyring, PublicKey, Signature, SignedEvent};
use firsthours_core::protocol::{Definition, load};
use firsthours_core::record::Role;

use crate::support::{self, Author};

/// A protocol with everything that a protocol can have, and little of it.
pub const TINY: &str = include_str!("../../../core/tests/fixtures/protocol/tiny.json");

/// The fixtures of the core: messages and documents as they are out in the world.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/tests/fixtures")
}

/// Everything that was ever signed.
pub struct Known {
    pub definition: Definition,
    /// The texts of documents and the headers of events.
    pub signed: BTreeSet<String>,
    /// Of the county, with the certificates of its phones.
    pub ring: Keyring,
    pub fingerprint: String,
    pub phone: PublicKey,
    /// The text of the definition that the known bundles carry.
    pub bundled: String,
}

/// Reads it once.
pub fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut signed = BTreeSet::new();
        let mut ring = Keyring::new(&support::trust(), &support::fingerprint()).expect("our own trust");
        let mut certificates: Vec<Document> =
            (1..=3).map(|n| Author::phone(n, Role::Deputy).signed_certificate()).collect();
        for kind in ["certificate", "receipt"] {
            for (text, signature) in documents(kind) {
                signed.insert(text.clone());
                if text.contains("\"install\"") && kind == "certificate" {
                    certificates.push(Document { text, signature });
                }
            }
        }
        for certificate in &certificates {
            signed.insert(certificate.text.clone());
            ring.admit(certificate).expect("our own certificate");
        }
        signed.extend(support::trust().server.into_iter().map(|document| document.text));
        signed.extend(events().into_iter().map(|event| event.header));
        let mut bundled = String::new();
        for name in ["exported", "passed_on"] {
            let bytes = std::fs::read(fixtures().join(format!("bundle/{name}.jsonl"))).expect("a fixture");
            let bundle = bundle::read(&bytes).expect("our own bundle");
            signed.extend(bundle.events.into_iter().map(|event| event.event.header));
            let documents = bundle.certificates.into_iter().chain(bundle.receipts).chain(bundle.manifest);
            signed.extend(documents.map(|document| document.text));
            bundled = bundle.definition;
        }
        Known {
            definition: load(TINY.as_bytes()).expect("our own definition"),
            signed,
            ring,
            fingerprint: support::fingerprint(),
            phone: support::key(101).public(),
            bundled,
        }
    })
}

/// Makes what is read once, so that no input pays for it.
pub fn warm() {
    let _ = known();
    let _ = crate::form::records();
}

/// Signed documents of a folder of fixtures: text and signature, a line each.
pub fn documents(kind: &str) -> Vec<(String, Signature)> {
    files(&fixtures().join(kind))
        .into_iter()
        .map(|(_, file)| {
            let (text, signature) = file.trim_end().split_once('\n').expect("two lines");
            (text.to_owned(), signature.parse().expect("a signature"))
        })
        .collect()
}

/// One event of every kind.
pub fn events() -> Vec<SignedEvent> {
    files(&fixtures().join("event"))
        .into_iter()
        .map(|(_, file)| {
            let lines: Vec<&str> = file.lines().collect();
            SignedEvent {
                header: lines[1].to_owned(),
                body: Some(lines[2].to_owned()),
                signature: lines[3].parse().expect("a signature"),
            }
        })
        .collect()
}

/// The files of a folder by name, in order.
pub fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.expect("a readable folder").path();
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("a readable fixture"))
        })
        .collect();
    files.sort();
    files
}
