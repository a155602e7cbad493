//! Whom to believe: from one fingerprint to every author's key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ALGORITHM, Document, InstallCertificate, NotAuthentic, PublicKey, Purpose, Revocation, ServerCertificate,
    SignedEvent, Tag,
};
use crate::record::{Actor, Event, Install, InstallId};

/// The root key and the server's certificates, as they travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    pub root: PublicKey,
    /// Signed by the root; see [`ServerCertificate`].
    pub server: Vec<Document>,
}

/// Verified keys: of the server by purpose, of installs by id.
#[derive(Debug, Clone)]
pub struct Keyring {
    root: PublicKey,
    event: Vec<PublicKey>,
    receipt: Vec<PublicKey>,
    cert: Vec<PublicKey>,
    installs: BTreeMap<InstallId, InstallCertificate>,
    revoked: BTreeMap<InstallId, Revocation>,
}

impl Keyring {
    /// Checks the root against the fingerprint that is trusted, and the server's certificates against the root.
    pub fn new(trust: &Trust, fingerprint: &str) -> Result<Self, NotAuthentic> {
        if trust.root.fingerprint() != fingerprint {
            return Err(NotAuthentic::Root);
        }
        let mut ring = Self {
            root: trust.root,
            event: Vec::new(),
            receipt: Vec::new(),
            cert: Vec::new(),
            installs: BTreeMap::new(),
            revoked: BTreeMap::new(),
        };
        for document in &trust.server {
            let certificate: ServerCertificate = document.open(Tag::Cert, &ring.root)?;
            known_algorithm(&certificate.algorithm)?;
            match certificate.purpose {
                Purpose::Event => ring.event.push(certificate.key),
                Purpose::Receipt => ring.receipt.push(certificate.key),
                Purpose::Cert => ring.cert.push(certificate.key),
                // A purpose of a newer version is nothing to rely on here.
                Purpose::Unknown => {}
            }
        }
        Ok(ring)
    }

    /// Verifies and keeps an install's certificate.
    pub fn admit(&mut self, document: &Document) -> Result<&InstallCertificate, NotAuthentic> {
        let certificate: InstallCertificate = open_with(&self.cert, document, Tag::Cert)?;
        known_algorithm(&certificate.algorithm)?;
        let install = certificate.install;
        Ok(self.installs.entry(install).insert_entry(certificate).into_mut())
    }

    /// Verifies and keeps the statement that an install is trusted no further. Of two, the one that trusts less.
    pub fn revoke(&mut self, document: &Document) -> Result<&Revocation, NotAuthentic> {
        let revocation: Revocation = open_with(&self.cert, document, Tag::Revocation)?;
        let install = revocation.install;
        let kept = self.revoked.remove(&install).filter(|kept| kept.last_seq <= revocation.last_seq);
        Ok(self.revoked.entry(install).or_insert(kept.unwrap_or(revocation)))
    }

    /// How far an install is trusted, if not for ever.
    pub fn revocation(&self, install: &InstallId) -> Option<&Revocation> {
        self.revoked.get(install)
    }

    /// The certificate of an install that was admitted.
    pub fn install(&self, install: &InstallId) -> Option<&InstallCertificate> {
        self.installs.get(install)
    }

    /// Every install that was admitted.
    pub fn installs(&self) -> impl Iterator<Item = &InstallCertificate> {
        self.installs.values()
    }

    /// Verifies an event: signature, body, and that its actor is whom the certificate names.
    ///
    /// An event of the server names its actor itself: the server authenticated the person.
    pub fn open_event(&self, event: &SignedEvent) -> Result<Event, NotAuthentic> {
        let read = event.read()?;
        match read.header.install {
            Install::Server(_) => verify_with(&self.event, event)?,
            Install::Phone(install) => {
                let certificate = self.installs.get(&install).ok_or(NotAuthentic::NoCertificate)?;
                certificate.key.verify(Tag::Event, event.header.as_bytes(), &event.signature)?;
                if read.body.as_ref().is_some_and(|body| body.actor != certificate.actor) {
                    return Err(NotAuthentic::OtherActor);
                }
            }
        }
        Ok(read)
    }

    /// Verifies a receipt or a manifest.
    pub fn open_receipt<T: serde::de::DeserializeOwned>(
        &self,
        document: &Document,
        tag: Tag,
    ) -> Result<T, NotAuthentic> {
        open_with(&self.receipt, document, tag)
    }

    /// Whose install it is.
    pub fn actor(&self, install: &InstallId) -> Option<&Actor> {
        self.installs.get(install).map(|certificate| &certificate.actor)
    }
}

fn known_algorithm(name: &str) -> Result<(), NotAuthentic> {
    if name == ALGORITHM { Ok(()) } else { Err(NotAuthentic::Algorithm(name.to_owned())) }
}

fn open_with<T: serde::de::DeserializeOwned>(
    keys: &[PublicKey],
    document: &Document,
    tag: Tag,
) -> Result<T, NotAuthentic> {
    let fits = |key: &&PublicKey| key.verify(tag, document.text.as_bytes(), &document.signature).is_ok();
    keys.iter().find(fits).ok_or(NotAuthentic::Signature)?;
    document.peek()
}

fn verify_with(keys: &[PublicKey], event: &SignedEvent) -> Result<(), NotAuthentic> {
    let fits = |key: &PublicKey| key.verify(Tag::Event, event.header.as_bytes(), &event.signature).is_ok();
    if keys.iter().any(fits) { Ok(()) } else { Err(NotAuthentic::Signature) }
}
