//! Who this install is: its id and key, whom it belongs to, which server it trusts.

use serde::{Deserialize, Serialize};

use super::outside::{Random, random_bytes};
use super::{AppError, Station};
use crate::evidence::{Document, InstallCertificate, Keyring, SecretKey, Trust};
use crate::record::{Actor, Install, InstallId, TimeAnchor};
use crate::store::Store;
use crate::wire::ProtocolNotice;
use crate::words::Trouble;

const INSTALL: &str = "install";
const STATION: &str = "station";
const CODE: &str = "enrolment_code";
const TRUST: &str = "trust";
const CERTIFICATE: &str = "certificate";
const NONCE: &str = "nonce";
const ANCHOR: &str = "time_anchor";
const NOTICES: &str = "protocol_notices";
pub(super) const DIRECTORY: &str = "directory";
pub(super) const DIRECTORY_ETAG: &str = "directory_etag";
pub(super) const LAST_SYNC: &str = "last_sync";

/// This install, as it is kept in memory.
pub(super) struct Me {
    pub(super) install: InstallId,
    pub(super) key: SecretKey,
    pub(super) station: Option<Station>,
    pub(super) code: Option<String>,
    pub(super) trust: Option<Trust>,
    pub(super) certificate: Option<InstallCertificate>,
    pub(super) nonce: String,
    pub(super) anchor: Option<TimeAnchor>,
    pub(super) notices: Vec<ProtocolNotice>,
}

#[derive(Serialize, Deserialize)]
struct InstallRow {
    install: InstallId,
    /// The key's 32 bytes in hex: they lie in the encrypted store and nowhere else.
    seed: String,
}

impl Me {
    /// Reads the install from the store; the first time, makes it.
    pub(super) fn load_or_make(store: &Store, random: &dyn Random) -> Result<Self, AppError> {
        let row = if let Some(row) = store.setting::<InstallRow>(INSTALL)? {
            row
        } else {
            let seed = hex::encode(random_bytes::<32>(random));
            let row = InstallRow { install: InstallId(random_bytes(random)), seed };
            store.set_setting(INSTALL, &row)?;
            row
        };
        let mut seed = [0; 32];
        hex::decode_to_slice(&row.seed, &mut seed)
            .map_err(|_| AppError::StoreFault { detail: "the key of this install is damaged".to_owned() })?;
        let mut me = Self {
            install: row.install,
            key: SecretKey::from_seed(&seed),
            station: store.setting(STATION)?,
            code: store.setting(CODE)?,
            trust: store.setting(TRUST)?,
            certificate: None,
            nonce: store.setting(NONCE)?.unwrap_or_default(),
            anchor: store.setting(ANCHOR)?,
            notices: store.setting(NOTICES)?.unwrap_or_default(),
        };
        if let Some(certificate) = store.setting::<Option<Document>>(CERTIFICATE)?.flatten() {
            me.certificate = me.keyring(&[]).ok().and_then(|mut ring| ring.admit(&certificate).ok().cloned());
        }
        Ok(me)
    }

    /// Whom this install belongs to; until it is approved nobody can record.
    pub(super) fn actor(&self) -> Result<&Actor, AppError> {
        let certificate = self.certificate.as_ref();
        certificate
            .map(|certificate| &certificate.actor)
            .ok_or(AppError::NotReady { trouble: Trouble::NotEnrolledYet })
    }

    /// Wipes the signing key from memory: the key is overwritten when it is dropped.
    pub(super) fn forget_key(&mut self) {
        self.key = SecretKey::from_seed(&[0; 32]);
    }

    pub(super) fn author(&self) -> Install {
        Install::Phone(self.install)
    }

    /// The keys to verify with: the server's, and those of the certificates given.
    pub(super) fn keyring(&self, certificates: &[Document]) -> Result<Keyring, AppError> {
        let (Some(station), Some(trust)) = (&self.station, &self.trust) else {
            return Err(AppError::NotReady { trouble: Trouble::NotEnrolledYet });
        };
        let not_the_station = |_| AppError::Sync { trouble: Trouble::NotTheStation };
        let mut ring = Keyring::new(trust, &station.fingerprint).map_err(not_the_station)?;
        for certificate in certificates {
            ring.admit(certificate).map_err(not_the_station)?;
        }
        Ok(ring)
    }

    pub(super) fn set_station(
        &mut self,
        store: &Store,
        station: Station,
        code: String,
    ) -> Result<(), AppError> {
        // Another programme's certificate is worth nothing here.
        if self.station.as_ref().is_some_and(|known| known.fingerprint != station.fingerprint) {
            store.set_setting(CERTIFICATE, &None::<Document>)?;
            self.certificate = None;
            self.trust = None;
        }
        store.set_setting(STATION, &station)?;
        store.set_setting(CODE, &code)?;
        self.station = Some(station);
        self.code = Some(code);
        Ok(())
    }

    /// Takes up the server's keys, if they stand under the trusted root.
    pub(super) fn set_trust(&mut self, store: &Store, trust: &Trust) -> Result<(), AppError> {
        let Some(station) = &self.station else {
            return Err(AppError::NotReady { trouble: Trouble::NotEnrolledYet });
        };
        if self.trust.as_ref() == Some(trust) {
            return Ok(());
        }
        Keyring::new(trust, &station.fingerprint)
            .map_err(|_| AppError::Sync { trouble: Trouble::NotTheStation })?;
        store.set_setting(TRUST, trust)?;
        self.trust = Some(trust.clone());
        Ok(())
    }

    /// Takes up this install's certificate, if it names this install and this key.
    pub(super) fn set_certificate(&mut self, store: &Store, document: &Document) -> Result<(), AppError> {
        let mut ring = self.keyring(&[])?;
        let not_the_station = AppError::Sync { trouble: Trouble::NotTheStation };
        let certificate = ring.admit(document).map_err(|_| not_the_station.clone())?.clone();
        if certificate.install != self.install || certificate.key != self.key.public() {
            return Err(not_the_station);
        }
        store.set_setting(CERTIFICATE, document)?;
        store.put_certificates(std::slice::from_ref(document))?;
        self.certificate = Some(certificate);
        Ok(())
    }

    pub(super) fn set_nonce(&mut self, store: &Store, nonce: &str) -> Result<(), AppError> {
        nonce.clone_into(&mut self.nonce);
        Ok(store.set_setting(NONCE, &self.nonce)?)
    }

    pub(super) fn set_anchor(&mut self, store: &Store, anchor: TimeAnchor) -> Result<(), AppError> {
        self.anchor = Some(anchor);
        Ok(store.set_setting(ANCHOR, &anchor)?)
    }

    pub(super) fn set_notices(&mut self, store: &Store, notices: &[ProtocolNotice]) -> Result<(), AppError> {
        if self.notices != notices {
            self.notices = notices.to_vec();
            store.set_setting(NOTICES, &self.notices)?;
        }
        Ok(())
    }
}
