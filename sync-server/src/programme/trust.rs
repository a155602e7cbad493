//! Whom phones trust: the programme's root, the server's keys under it, and the epoch of this store.
//!
//! The root's private half exists once, in the answer of [`init`], to be written to a file and taken off line. The
//! server keeps three keys of its own, sealed under the agency key, each with a certificate of the root.

use std::io::Write;
use std::path::{Path, PathBuf};

use firsthours_core::evidence::{
    ALGORITHM, Document, InstallCertificate, Keyring, NotAuthentic, PublicKey, Purpose, Revocation,
    SecretKey, ServerCertificate, Tag, Trust,
};
use firsthours_core::outside::{Random, random_bytes};
use firsthours_core::protocol::Instant;
use firsthours_core::record::Epoch;
use zeroize::Zeroizing;

use crate::programme::audit::{self, Entry, What, Who};
use crate::programme::keys::{self, KeyError, Keys};
use crate::store::meta::{self, get as fact, set};
use crate::store::{Store, StoreError, Tx};

/// The file beside the store that lists every epoch it ever had, one in a line.
pub const EPOCHS_FILE: &str = "epochs";

const PURPOSES: [(Purpose, &str); 3] =
    [(Purpose::Event, "event"), (Purpose::Receipt, "receipt"), (Purpose::Cert, "cert")];
const TOKEN_KEY: &str = "token_key";
const PUT_BACK: &str = "put_back_ms";

/// Why the server has no keys to sign with.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key does not open.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// `init` has not made the keys.
    #[error("the store has no {0}; run `init` first")]
    Missing(String),
    /// There are keys already; new ones would cut every phone off.
    #[error("the store has its keys already")]
    Exists,
    /// What the store holds is not what `init` wrote.
    #[error("the store's own {0} cannot be read")]
    Damaged(&'static str),
    /// The list of epochs cannot be read or written.
    #[error("the list of epochs: {0}")]
    File(#[from] std::io::Error),
    /// The list of epochs names a later life of this store.
    #[error("this store was put back to an earlier state")]
    RolledBack,
}

/// The programme's root, as `init` hands it out once.
pub struct Root {
    /// The private half: 64 hex digits.
    pub seed: Zeroizing<String>,
    /// What is published, and what every phone is given.
    pub fingerprint: String,
}

/// What the server signs with, and what it tells phones of it.
pub struct ServerKeys {
    /// The server's name within the programme.
    pub server: String,
    folder: PathBuf,
    /// The root and the server's certificates.
    pub trust: Trust,
    /// Signs acts at a desk, holds, releases and gaps.
    pub event: SecretKey,
    /// Signs receipts.
    pub receipt: SecretKey,
    cert: SecretKey,
    token: Zeroizing<[u8; 32]>,
    keyring: Keyring,
}

/// Makes the root, the server's keys and the first epoch. Call it once; the root is not kept.
pub fn init(
    store: &Store,
    keys: &Keys,
    random: &dyn Random,
    server: &str,
    folder: &Path,
) -> Result<Root, TrustError> {
    let root = SecretKey::from_seed(&random_bytes(random));
    let mut facts =
        vec![("server".to_owned(), server.to_owned()), ("root".to_owned(), root.public().to_string())];
    for (purpose, name) in PURPOSES {
        let key = SecretKey::from_seed(&random_bytes(random));
        let certificate = ServerCertificate {
            v: 1,
            server: server.to_owned(),
            purpose,
            key: key.public(),
            algorithm: ALGORITHM.to_owned(),
        };
        let sealed = keys.seal_agency(&key_name(name), &key.seed());
        facts.push((key_name(name), hex::encode(sealed)));
        facts.push((certificate_name(name), text_of(&Document::sign(&certificate, Tag::Cert, &root))?));
    }
    let token = Zeroizing::new(random_bytes::<32>(random));
    facts.push((TOKEN_KEY.to_owned(), hex::encode(keys.seal_agency(TOKEN_KEY, token.as_slice()))));
    store.write(|tx| {
        if fact(tx, "root")?.is_some() {
            return Err(TrustError::Exists);
        }
        for (name, value) in &facts {
            set(tx, name, value)?;
        }
        Ok(())
    })?;
    new_epoch(store, random, folder)?;
    Ok(Root { seed: Zeroizing::new(hex::encode(root.seed())), fingerprint: root.public().fingerprint() })
}

/// Begins a new epoch: at `init`, after the store was put back, in a copy. Every cursor of every phone is void from
/// here on, and the server begins a new chain of its own in each record.
pub fn new_epoch(store: &Store, random: &dyn Random, folder: &Path) -> Result<Epoch, TrustError> {
    let epoch = Epoch(random_bytes(random));
    store.write(|tx| turn(tx, epoch))?;
    list_epoch(folder, epoch)?;
    Ok(epoch)
}

/// Begins a new epoch because the store was put back to an earlier state, and notes it for those who look after it.
pub fn put_back(
    store: &Store,
    random: &dyn Random,
    folder: &Path,
    proof: &str,
    now: Instant,
) -> Result<Epoch, TrustError> {
    let epoch = Epoch(random_bytes(random));
    store.write(|tx| note_put_back(tx, epoch, proof, now))?;
    list_epoch(folder, epoch)?;
    Ok(epoch)
}

/// When the store was last found put back to an earlier state.
pub fn put_back_at(tx: &mut dyn Tx) -> Result<Option<Instant>, StoreError> {
    Ok(fact(tx, PUT_BACK)?.and_then(|text| text.parse().ok()))
}

fn note_put_back(tx: &mut dyn Tx, epoch: Epoch, proof: &str, now: Instant) -> Result<(), StoreError> {
    turn(tx, epoch)?;
    set(tx, PUT_BACK, &now.to_string())?;
    audit::append(tx, &Entry::new(now, Who::Server, What::Restored).with("proof", proof))?;
    Ok(())
}

fn turn(tx: &mut dyn Tx, epoch: Epoch) -> Result<(), StoreError> {
    set(tx, "epoch", &epoch.to_string())?;
    meta::begin_desk_chains(tx)
}

impl ServerKeys {
    /// Opens the keys that `init` made, and compares the epoch with the list outside the store.
    pub fn open(store: &Store, keys: &Keys, folder: &Path) -> Result<Self, TrustError> {
        let read = |name: &str| -> Result<String, TrustError> {
            store.read(|tx| fact(tx, name)?.ok_or_else(|| TrustError::Missing(name.to_owned())))
        };
        let root: PublicKey = read("root")?.parse().map_err(|_| TrustError::Damaged("root"))?;
        let epoch: Epoch = read("epoch")?.parse().map_err(|_| TrustError::Damaged("epoch"))?;
        let secret = |name: &str| -> Result<Zeroizing<[u8; 32]>, TrustError> {
            let sealed = hex::decode(read(name)?).map_err(|_| TrustError::Damaged("key"))?;
            let plain = keys.open_agency(name, &sealed)?;
            Ok(Zeroizing::new(plain.as_slice().try_into().map_err(|_| TrustError::Damaged("key"))?))
        };
        let mut server = Vec::new();
        for (_, name) in PURPOSES {
            let text = read(&certificate_name(name))?;
            server.push(serde_json::from_str(&text).map_err(|_| TrustError::Damaged("certificate"))?);
        }
        let trust = Trust { root, server };
        let keyring =
            Keyring::new(&trust, &root.fingerprint()).map_err(|_| TrustError::Damaged("certificate"))?;
        check_epoch(folder, epoch)?;
        Ok(Self {
            server: read("server")?,
            folder: folder.to_path_buf(),
            trust,
            event: SecretKey::from_seed(&*secret(&key_name("event"))?),
            receipt: SecretKey::from_seed(&*secret(&key_name("receipt"))?),
            cert: SecretKey::from_seed(&*secret(&key_name("cert"))?),
            token: secret(TOKEN_KEY)?,
            keyring,
        })
    }

    /// Begins a new epoch while the server runs, if the one at hand still is `old`: a phone has proved that the store
    /// was put back. Of several phones with a proof, one turns it.
    pub fn turn_epoch(
        &self,
        store: &Store,
        random: &dyn Random,
        old: Epoch,
        now: Instant,
    ) -> Result<(), TrustError> {
        let new = Epoch(random_bytes(random));
        let turned = store.write(|tx| {
            if meta::epoch(tx)? != old {
                return Ok(false);
            }
            note_put_back(tx, new, "a receipt of this server", now)?;
            Ok::<_, StoreError>(true)
        })?;
        if turned { Ok(list_epoch(&self.folder, new)?) } else { Ok(()) }
    }

    /// The fingerprint of the root: what a phone is enrolled with.
    pub fn fingerprint(&self) -> String {
        self.trust.root.fingerprint()
    }

    /// Signs the certificate of an install.
    pub fn certify(&self, certificate: &InstallCertificate) -> Document {
        Document::sign(certificate, Tag::Cert, &self.cert)
    }

    /// Signs that an install is trusted no further.
    pub fn revoke(&self, revocation: &Revocation) -> Document {
        Document::sign(revocation, Tag::Revocation, &self.cert)
    }

    /// Verifies a certificate that came with what it vouches for.
    pub fn open_certificate(&self, document: &Document) -> Result<InstallCertificate, NotAuthentic> {
        self.keyring.clone().admit(document).cloned()
    }

    /// The server's own verified keys, without any install.
    pub fn keyring(&self) -> Keyring {
        self.keyring.clone()
    }

    /// The key of tokens, nonces and enrolment codes.
    pub(crate) fn token_key(&self) -> &[u8; 32] {
        &self.token
    }
}

fn key_name(purpose: &str) -> String {
    format!("key_{purpose}")
}

fn certificate_name(purpose: &str) -> String {
    format!("certificate_{purpose}")
}

fn text_of(document: &Document) -> Result<String, TrustError> {
    serde_json::to_string(document).map_err(|_| TrustError::Damaged("certificate"))
}

/// The store knows an epoch before the list does, so an epoch that is not listed was cut off between the two
/// writes; one that is listed, but not last, is of a store that was put back.
fn check_epoch(folder: &Path, epoch: Epoch) -> Result<(), TrustError> {
    let listed = match std::fs::read_to_string(folder.join(EPOCHS_FILE)) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    let text = epoch.to_string();
    let lines: Vec<&str> = listed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.iter().position(|line| *line == text) {
        Some(place) if place + 1 == lines.len() => Ok(()),
        Some(_) => Err(TrustError::RolledBack),
        None => list_epoch(folder, epoch),
    }
}

fn list_epoch(folder: &Path, epoch: Epoch) -> Result<(), TrustError> {
    let path = folder.join(EPOCHS_FILE);
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{epoch}\n").as_bytes())?;
    file.sync_all()?;
    Ok(keys::sync_folder(folder)?)
}
