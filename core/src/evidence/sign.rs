//! Signatures: Ed25519 over `tag || 0x00 || SHA-256(bytes)`, and the two things that carry them.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::Signer;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::protocol::{JsonFault, json};
use crate::record::{Event, Unreadable, Written, sha256, text_serde, to_json};

/// The only algorithm of this version, named in every certificate.
pub const ALGORITHM: &str = "ed25519";

/// What a signature is for; a signature made for one use is worth nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    Event,
    Enrol,
    Succession,
    Hello,
    Hole,
    Receipt,
    Cert,
    Revocation,
    Release,
    Manifest,
    Checkpoint,
}

impl Tag {
    /// Every use there is.
    pub const ALL: [Self; 11] = [
        Self::Event,
        Self::Enrol,
        Self::Succession,
        Self::Hello,
        Self::Hole,
        Self::Receipt,
        Self::Cert,
        Self::Revocation,
        Self::Release,
        Self::Manifest,
        Self::Checkpoint,
    ];

    /// What stands before the zero byte and the hash in what is signed.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Event => b"fh1-event",
            Self::Enrol => b"fh1-enrol",
            Self::Succession => b"fh1-succession",
            Self::Hello => b"fh1-hello",
            Self::Hole => b"fh1-hole",
            Self::Receipt => b"fh1-receipt",
            Self::Cert => b"fh1-cert",
            Self::Revocation => b"fh1-revocation",
            Self::Release => b"fh1-release",
            Self::Manifest => b"fh1-manifest",
            Self::Checkpoint => b"fh1-checkpoint",
        }
    }

    fn message(self, bytes: &[u8]) -> Vec<u8> {
        let mut message = self.bytes().to_vec();
        message.push(0);
        message.extend_from_slice(&sha256(bytes));
        message
    }
}

/// Why something is not what it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAuthentic {
    #[error("the signature does not fit")]
    Signature,
    #[error("the key is not a key")]
    Key,
    #[error("{0}")]
    Event(#[from] Unreadable),
    #[error("not strict JSON: {0}")]
    Json(#[from] JsonFault),
    #[error("a signed text lacks what it must have: {0}")]
    Shape(String),
    #[error("no certificate for this author")]
    NoCertificate,
    #[error("the certificate is for another purpose")]
    Purpose,
    #[error("the algorithm {0} is not known")]
    Algorithm(String),
    #[error("the root key does not have the trusted fingerprint")]
    Root,
    #[error("the author is not whom the certificate names")]
    OtherActor,
}

/// A private key. Its bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct SecretKey(ed25519_dalek::SigningKey);

/// A public key: 32 bytes, in hex where it is text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

/// 64 bytes, in hex where it is text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(ed25519_dalek::Signature);

impl SecretKey {
    /// The key made of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The 32 bytes it was made of.
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs bytes for one use.
    pub fn sign(&self, tag: Tag, bytes: &[u8]) -> Signature {
        Signature(self.0.sign(&tag.message(bytes)))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl PublicKey {
    /// Checks a signature for one use.
    pub fn verify(&self, tag: Tag, bytes: &[u8], signature: &Signature) -> Result<(), NotAuthentic> {
        self.0.verify_strict(&tag.message(bytes), &signature.0).map_err(|_| NotAuthentic::Signature)
    }

    /// SHA-256 of the key's 32 bytes, in hex: what is published, and what people compare.
    pub fn fingerprint(&self) -> String {
        hex::encode(sha256(self.0.as_bytes()))
    }
}

impl Signature {
    /// The 64 bytes.
    pub fn to_bytes(self) -> [u8; 64] {
        self.0.to_bytes()
    }

    /// From 64 bytes; any 64 bytes are a signature, though perhaps of nothing.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(ed25519_dalek::Signature::from_bytes(bytes))
    }
}

macro_rules! hex_text {
    ($name:ident, $bytes:literal, $make:expr, $take:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode($take(self)))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotAuthentic;

            fn from_str(text: &str) -> Result<Self, NotAuthentic> {
                let mut bytes = [0; $bytes];
                // One text for one value: upper case is refused, as it is for ids.
                if text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(NotAuthentic::Key);
                }
                hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAuthentic::Key)?;
                $make(&bytes)
            }
        }

        text_serde!($name);
    };
}

hex_text!(
    PublicKey,
    32,
    |bytes: &[u8; 32]| match ed25519_dalek::VerifyingKey::from_bytes(bytes) {
        // A weak key would let one signature fit many texts.
        Ok(key) if !key.is_weak() => Ok(PublicKey(key)),
        _ => Err(NotAuthentic::Key),
    },
    |key: &PublicKey| key.0.to_bytes()
);
hex_text!(Signature, 64, |bytes: &[u8; 64]| Ok(Signature::from_bytes(bytes)), |signature: &Signature| {
    signature.0.to_bytes()
});

/// A signed JSON text: certificates, receipts, holes, manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The bytes that are signed.
    pub text: String,
    pub signature: Signature,
}

impl Document {
    /// Writes and signs.
    pub fn sign<T: Serialize>(content: &T, tag: Tag, key: &SecretKey) -> Self {
        let text = to_json(content);
        let signature = key.sign(tag, text.as_bytes());
        Self { text, signature }
    }

    /// Verifies and reads.
    pub fn open<T: DeserializeOwned>(&self, tag: Tag, key: &PublicKey) -> Result<T, NotAuthentic> {
        key.verify(tag, self.text.as_bytes(), &self.signature)?;
        self.peek()
    }

    /// Reads *without* verifying: to find out whose key to verify with.
    pub fn peek<T: DeserializeOwned>(&self) -> Result<T, NotAuthentic> {
        let json = json::parse(self.text.as_bytes())?;
        serde_json::from_value(json).map_err(|error| NotAuthentic::Shape(error.to_string()))
    }
}

/// An event as it is stored, sent and exported: two texts and a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedEvent {
    pub header: String,
    /// Absent: shredded, or withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    pub signature: Signature,
}

impl SignedEvent {
    /// Signs what was written.
    pub fn sign(written: Written, key: &SecretKey) -> Self {
        let signature = key.sign(Tag::Event, written.header.as_bytes());
        Self { header: written.header, body: Some(written.body), signature }
    }

    /// Reads without verifying the signature; the body is checked against its header.
    pub fn read(&self) -> Result<Event, Unreadable> {
        Event::read(&self.header, self.body.as_deref())
    }

    /// Verifies the signature and reads.
    pub fn open(&self, key: &PublicKey) -> Result<Event, NotAuthentic> {
        key.verify(Tag::Event, self.header.as_bytes(), &self.signature)?;
        Ok(self.read()?)
    }
}
