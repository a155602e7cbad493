//! The bundle as text: written in one way only, read within limits.

use serde::{Deserialize, Serialize};

use super::{Bundle, BundledEvent, inflate};
use crate::evidence::{Document, SignedEvent, Trust};
use crate::protocol::{JsonFault, json};
use crate::record::{EncounterId, to_json};

/// The name in the first line.
pub const FORMAT: &str = "fh1-bundle";

/// The version that is written here.
pub const VERSION: u32 = 1;

/// Greatest size of a bundle, unpacked.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The first four bytes of zstd.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Why bytes are no bundle. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    #[error("it is larger than {MAX_BYTES} bytes, or its packing is damaged")]
    Unpack,
    #[error("line {line} is not strict JSON: {fault}")]
    Json { line: usize, fault: JsonFault },
    #[error("the first line is not that of a bundle")]
    NotABundle,
    #[error("format version {found} is newer than {VERSION}")]
    NewerFormat { found: u32 },
    #[error("line {line} should be the {expected}")]
    Unexpected { line: usize, expected: &'static str },
    #[error("line {line} is not as it was written")]
    NotAsWritten { line: usize },
    #[error("the last line is cut")]
    Cut,
}

/// The first line. The counts tell a shorter file from a whole one even without a manifest.
#[derive(Debug, Serialize, Deserialize)]
struct FileHeader {
    format: String,
    v: u32,
    encounter: EncounterId,
    certificates: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    revocations: usize,
    events: usize,
    receipts: usize,
    manifest: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct DefinitionLine {
    definition: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct TrustLine {
    trust: Trust,
}

#[derive(Debug, Serialize, Deserialize)]
struct CertificateLine {
    certificate: Document,
}

#[derive(Debug, Serialize, Deserialize)]
struct RevocationLine {
    revocation: Document,
}

#[derive(Debug, Serialize, Deserialize)]
struct EventLine {
    event: SignedEvent,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pos: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ReceiptLine {
    receipt: Document,
}

#[derive(Debug, Serialize, Deserialize)]
struct ManifestLine {
    manifest: Document,
}

/// Writes a bundle in the order of its lists; see [`Bundle::arrange`].
pub fn write(bundle: &Bundle) -> Vec<u8> {
    let header = FileHeader {
        format: FORMAT.to_owned(),
        v: VERSION,
        encounter: bundle.encounter,
        certificates: bundle.certificates.len(),
        revocations: bundle.revocations.len(),
        events: bundle.events.len(),
        receipts: bundle.receipts.len(),
        manifest: bundle.manifest.is_some(),
    };
    let mut lines = vec![
        to_json(&header),
        to_json(&DefinitionLine { definition: bundle.definition.clone() }),
        to_json(&TrustLine { trust: bundle.trust.clone() }),
    ];
    let certificates = bundle.certificates.iter().cloned();
    lines.extend(certificates.map(|certificate| to_json(&CertificateLine { certificate })));
    let revocations = bundle.revocations.iter().cloned();
    lines.extend(revocations.map(|revocation| to_json(&RevocationLine { revocation })));
    let events = bundle.events.iter().cloned();
    lines.extend(events.map(|BundledEvent { event, pos }| to_json(&EventLine { event, pos })));
    lines.extend(bundle.receipts.iter().cloned().map(|receipt| to_json(&ReceiptLine { receipt })));
    lines.extend(bundle.manifest.iter().cloned().map(|manifest| to_json(&ManifestLine { manifest })));
    let mut text = lines.join("\n");
    text.push('\n');
    text.into_bytes()
}

/// The same, packed with zstd.
pub fn pack(bundle: &Bundle) -> Vec<u8> {
    let text = write(bundle);
    // Both forms are read, so the open one is right where packing fails.
    zstd::stream::encode_all(text.as_slice(), 3).unwrap_or(text)
}

/// Reads a bundle, packed or not. What it says is verified by [`super::verify`].
pub fn read(bytes: &[u8]) -> Result<Bundle, BundleFault> {
    if bytes.starts_with(&ZSTD) {
        return read_text(&inflate(bytes, MAX_BYTES).ok_or(BundleFault::Unpack)?);
    }
    if bytes.len() > MAX_BYTES {
        return Err(BundleFault::Unpack);
    }
    read_text(bytes)
}

fn read_text(text: &[u8]) -> Result<Bundle, BundleFault> {
    let mut lines = Lines { rest: text, line: 0 };
    let header: FileHeader = match lines.next("header") {
        // Whatever stands there, it is not ours.
        Err(BundleFault::Unexpected { .. }) => return Err(BundleFault::NotABundle),
        other => other?,
    };
    if header.format != FORMAT || header.v != VERSION {
        return Err(BundleFault::NotABundle);
    }
    let DefinitionLine { definition } = lines.next("definition")?;
    let TrustLine { trust } = lines.next("trust")?;
    let certificates =
        lines.several(header.certificates, "certificate", |line: CertificateLine| line.certificate)?;
    let revocations =
        lines.several(header.revocations, "revocation", |line: RevocationLine| line.revocation)?;
    let events =
        lines.several(header.events, "event", |EventLine { event, pos }| BundledEvent { event, pos })?;
    let receipts = lines.several(header.receipts, "receipt", |line: ReceiptLine| line.receipt)?;
    let manifest = if header.manifest {
        let ManifestLine { manifest } = lines.next("manifest")?;
        Some(manifest)
    } else {
        None
    };
    if !lines.rest.is_empty() {
        return Err(BundleFault::Unexpected { line: lines.line + 1, expected: "end" });
    }
    let encounter = header.encounter;
    Ok(Bundle { encounter, definition, trust, certificates, revocations, events, receipts, manifest })
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What is left to read.
struct Lines<'t> {
    rest: &'t [u8],
    line: usize,
}

impl Lines<'_> {
    /// The next line, which must be what is expected, in exactly the bytes that `write` gives it.
    fn next<T: Serialize + serde::de::DeserializeOwned>(
        &mut self,
        expected: &'static str,
    ) -> Result<T, BundleFault> {
        self.line += 1;
        let line = self.line;
        if self.rest.is_empty() {
            return Err(BundleFault::Unexpected { line, expected });
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n').ok_or(BundleFault::Cut)?;
        let (text, rest) = (&self.rest[..end], &self.rest[end + 1..]);
        self.rest = rest;
        let value = json::parse(text).map_err(|fault| BundleFault::Json { line, fault })?;
        if line == 1
            && let Some(found) = value.get("v").and_then(|v| u32::try_from(v.as_u64()?).ok())
            && value.get("format").is_some_and(|format| format == FORMAT)
            && found > VERSION
        {
            return Err(BundleFault::NewerFormat { found });
        }
        let read: T =
            serde_json::from_value(value).map_err(|_| BundleFault::Unexpected { line, expected })?;
        if to_json(&read).as_bytes() == text { Ok(read) } else { Err(BundleFault::NotAsWritten { line }) }
    }

    fn several<T: Serialize + serde::de::DeserializeOwned, U>(
        &mut self,
        count: usize,
        expected: &'static str,
        take: impl Fn(T) -> U,
    ) -> Result<Vec<U>, BundleFault> {
        // A count is only believed line by line: a large one costs nothing.
        (0..count).map(|_| self.next(expected).map(&take)).collect()
    }
}
