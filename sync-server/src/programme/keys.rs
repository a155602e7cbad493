//! The agency key, what is derived from it, and one data key for each encounter.
//!
//! The agency key is the one secret a server is given. Everything else comes from it under a purpose: the keys
//! of the two store files, the wrapping of data keys, the codes that replicas must agree on without talking.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use firsthours_core::outside::{Random, random_bytes};
use firsthours_core::protocol::Instant;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::store::{self, Store, StoreError, StoreKey, Tx, data_keys, migrate};

/// The first byte of everything sealed here, so that a later scheme can be told apart.
const SCHEME: u8 = 1;
const NONCE: usize = 12;

/// What went wrong with a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key store itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key file cannot be read or written.
    #[error("the agency key file: {0}")]
    File(#[from] std::io::Error),
    /// The key file does not hold 64 hex digits.
    #[error("the agency key is not 64 hex digits")]
    Shape,
    /// This encounter's key was destroyed; its bodies cannot be read again.
    #[error("the data key of this encounter was destroyed")]
    Shredded,
    /// There is no key for this encounter.
    #[error("there is no data key for this encounter")]
    Missing,
    /// The sealed bytes were altered, moved to another event, or sealed under another key.
    #[error("sealed bytes do not open for this event")]
    Sealed,
}

/// What a key is derived for; no two purposes share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The file of records.
    Store,
    /// The file of data keys.
    KeyStore,
    /// Wrapping data keys, and bodies that belong to no encounter.
    Wrap,
    /// Tokens and nonces of the sync interface.
    Tokens,
    /// The server's signing keys at rest.
    Signing,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Store => b"fh1-server-store",
            Self::KeyStore => b"fh1-server-keystore",
            Self::Wrap => b"fh1-server-wrap",
            Self::Tokens => b"fh1-server-tokens",
            Self::Signing => b"fh1-server-signing",
        }
    }
}

/// The one secret of a server.
pub struct AgencyKey(Zeroizing<[u8; 32]>);

impl AgencyKey {
    /// A fresh key.
    pub fn generate(random: &dyn Random) -> Self {
        Self(Zeroizing::new(random_bytes(random)))
    }

    /// The key written as 64 hex digits, with or without an end of line.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), key.as_mut_slice()).map_err(|_| KeyError::Shape)?;
        Ok(Self(key))
    }

    /// Reads the key file.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::from_hex(&Zeroizing::new(std::fs::read_to_string(path)?))
    }

    /// Writes a new key file; see [`write_new`].
    pub fn write_new(&self, path: &Path) -> Result<(), KeyError> {
        write_new(path, &Zeroizing::new(hex::encode(self.0.as_slice())))
    }

    /// The key for one purpose.
    pub fn derive(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        let mut mac = keyed(&self.0);
        mac.update(purpose.label());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// The key of the store file.
    pub fn store_key(&self) -> StoreKey {
        StoreKey::new(*self.derive(Purpose::Store))
    }
}

/// The key of one encounter, for as long as one request needs it.
pub struct DataKey {
    encounter: String,
    cipher: Aes256Gcm,
}

impl DataKey {
    fn new(encounter: &str, key: &[u8; 32]) -> Self {
        let cipher = Aes256Gcm::new(key.into());
        Self { encounter: encounter.to_owned(), cipher }
    }

    /// Seals the body of one event. It opens for this event of this encounter only.
    pub fn seal(&self, random: &dyn Random, event: &str, plain: &[u8]) -> Vec<u8> {
        seal(&self.cipher, random, &bound(b"fh1-body", &self.encounter, event), plain)
    }

    /// Opens the body of one event.
    pub fn open(&self, event: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        open(&self.cipher, &bound(b"fh1-body", &self.encounter, event), sealed)
    }
}

/// The key store: data keys in a file of their own, wrapped by the agency key.
#[derive(Clone)]
pub struct Keys {
    store: Store,
    wrap: Arc<Aes256Gcm>,
    random: Arc<dyn Random>,
}

impl Keys {
    /// Opens the key store, or makes it.
    pub fn open(
        path: &Path,
        agency: &AgencyKey,
        random: Arc<dyn Random>,
        now: Instant,
    ) -> Result<Self, KeyError> {
        let key = StoreKey::new(*agency.derive(Purpose::KeyStore));
        let store = store::open(path, &key, migrate::KEYS, now)?;
        let wrap = Aes256Gcm::new((&*agency.derive(Purpose::Wrap)).into());
        Ok(Self { store, wrap: Arc::new(wrap), random })
    }

    /// The key of an encounter that has one.
    pub fn get(&self, encounter: &str) -> Result<DataKey, KeyError> {
        self.store.read(|tx| self.held(tx, encounter)?.ok_or(KeyError::Missing))
    }

    /// The keys of these encounters, made where there is none, in one durable write at most. An encounter
    /// whose key was destroyed is an error: it must not be given a new one in silence.
    pub fn ensure(&self, encounters: &[&str], now: Instant) -> Result<BTreeMap<String, DataKey>, KeyError> {
        let mut keys = BTreeMap::new();
        let mut missing = Vec::new();
        self.store.read(|tx| {
            // The engine may run this again from the start.
            keys.clear();
            missing.clear();
            for encounter in encounters {
                match self.held(tx, encounter)? {
                    Some(key) => drop(keys.insert((*encounter).to_owned(), key)),
                    None => missing.push(*encounter),
                }
            }
            Ok::<_, KeyError>(())
        })?;
        if missing.is_empty() {
            return Ok(keys);
        }
        let made = self.store.write(|tx| {
            let mut made = Vec::with_capacity(missing.len());
            for encounter in &missing {
                made.push(self.make(tx, encounter, now)?);
            }
            Ok::<_, KeyError>(made)
        })?;
        keys.extend(made.into_iter().map(|key| (key.encounter.clone(), key)));
        Ok(keys)
    }

    /// Destroys the key of an encounter. What was sealed under it is gone with the last backup of this file.
    pub fn shred(&self, encounter: &str, now: Instant) -> Result<(), KeyError> {
        self.store.write(|tx| {
            data_keys::shred(tx, encounter, now)?;
            Ok(())
        })
    }

    /// Seals what belongs to no encounter yet (a pending event, a server's signing key) under the agency key.
    pub fn seal_agency(&self, what: &str, plain: &[u8]) -> Vec<u8> {
        seal(&self.wrap, &*self.random, &bound(b"fh1-agency", what, ""), plain)
    }

    /// Opens what [`Keys::seal_agency`] sealed for the same `what`.
    pub fn open_agency(&self, what: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        open(&self.wrap, &bound(b"fh1-agency", what, ""), sealed)
    }

    /// What a full check of the key store finds; empty is sound. Slow.
    pub fn check(&self) -> Result<Vec<String>, KeyError> {
        Ok(self.store.check()?)
    }

    fn held(&self, tx: &mut dyn Tx, encounter: &str) -> Result<Option<DataKey>, KeyError> {
        if let Some(wrapped) = data_keys::wrapped(tx, encounter)? {
            let plain = open(&self.wrap, &bound(b"fh1-key", encounter, ""), &wrapped)?;
            let key: &[u8; 32] = plain.as_slice().try_into().map_err(|_| KeyError::Sealed)?;
            return Ok(Some(DataKey::new(encounter, key)));
        }
        if data_keys::is_shredded(tx, encounter)? { Err(KeyError::Shredded) } else { Ok(None) }
    }

    /// Makes a key unless another request was faster.
    fn make(&self, tx: &mut dyn Tx, encounter: &str, now: Instant) -> Result<DataKey, KeyError> {
        if let Some(key) = self.held(tx, encounter)? {
            return Ok(key);
        }
        let key = Zeroizing::new(random_bytes::<32>(&*self.random));
        let wrapped = seal(&self.wrap, &*self.random, &bound(b"fh1-key", encounter, ""), key.as_slice());
        data_keys::insert(tx, encounter, wrapped, now)?;
        Ok(DataKey::new(encounter, &key))
    }
}

/// Writes 64 hex digits to a new file that only its owner may read, and returns once it is on disk under its name. An
/// existing file is never overwritten.
pub fn write_new(path: &Path, secret: &Zeroizing<String>) -> Result<(), KeyError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(secret.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    Ok(path.parent().map_or(Ok(()), sync_folder)?)
}

/// Opens a file to be read and added to, made for its owner alone when it is not there.
pub(crate) fn open_private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A new name is durable only once its folder is.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // A bare file name has an empty folder.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// What sealed bytes are bound to. Neither part holds a zero byte, so the parts cannot run into each other.
fn bound(tag: &[u8], first: &str, second: &str) -> Vec<u8> {
    [tag, first.as_bytes(), second.as_bytes()].join(&0)
}

fn seal(cipher: &Aes256Gcm, random: &dyn Random, aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = random_bytes::<NONCE>(random);
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad })
        .expect("a body is far below the limit of the cipher");
    let mut out = Vec::with_capacity(1 + NONCE + sealed.len());
    out.push(SCHEME);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    out
}

fn open(cipher: &Aes256Gcm, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let rest = sealed.strip_prefix(&[SCHEME]).ok_or(KeyError::Sealed)?;
    let (nonce, msg) = rest.split_first_chunk::<NONCE>().ok_or(KeyError::Sealed)?;
    cipher
        .decrypt(&Nonce::from(*nonce), Payload { msg, aad })
        .map(Zeroizing::new)
        .map_err(|_| KeyError::Sealed)
}

#[cfg(test)]
mod tests;
