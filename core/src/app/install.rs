//! Who this install is: its id and key, whom it belongs to, which server it trusts.

use std::sync::OnceLock;

use zeroize::Zeroizing;

use super::enrol::Voucher;
use super::{AppError, ServerEndpoint, Session};
use crate::evidence::{Chain, Document, InstallCertificate, Keyring, SecretKey, Trust};
use crate::outside::{Random, random_bytes};
use crate::record::{Actor, Install, InstallId, TimeAnchor};
use crate::store::{Store, StoredInstall};
use crate::wire::ProtocolNotice;
use crate::words::Trouble;

const SERVER: &str = "station";
const CODE: &str = "enrolment_code";
const TRUST: &str = "trust";
pub(super) const CERTIFICATE: &str = "certificate";
const NONCE: &str = "nonce";
const ANCHOR: &str = "time_anchor";
const NOTICES: &str = "protocol_notices";
/// Statements that installs are trusted no further, as they came with pages.
pub(super) const REVOCATIONS: &str = "revocations";
pub(super) const DIRECTORY: &str = "directory";
pub(super) const DIRECTORY_ETAG: &str = "directory_etag";
/// What the station decided about phones, as it came last.
pub(super) const POLICY: &str = "policy";
pub(super) const POLICY_ETAG: &str = "policy_etag";
/// Checkpoints of the server's log, to be given back.
pub(super) const CHECKPOINTS: &str = "checkpoints";
pub(super) const LAST_SYNC: &str = "last_sync";

/// This install, as it is kept in memory.
pub(super) struct OwnInstall {
    pub(super) install: InstallId,
    pub(super) key: SecretKey,
    /// The installs whose chains ended here, the oldest first: this store was put back or copied.
    pub(super) ended: Vec<Ended>,
    pub(super) server: Option<ServerEndpoint>,
    pub(super) code: Option<String>,
    pub(super) trust: Option<Trust>,
    pub(super) certificate: Option<InstallCertificate>,
    pub(super) nonce: String,
    pub(super) anchor: Option<TimeAnchor>,
    pub(super) notices: Vec<ProtocolNotice>,
    /// The keys of `trust`, once they were checked: each check costs a signature a key, and every page asks for them.
    ring: OnceLock<Keyring>,
}

/// An install whose chain ended. Its key still vouches for the one that goes on from it, and sends what it wrote.
pub(super) struct Ended {
    pub(super) install: InstallId,
    pub(super) key: SecretKey,
    pub(super) certificate: Option<(Document, InstallCertificate)>,
}

/// What is asked of, and known to, an install alone: another one begins without.
const OF_ONE_INSTALL: [&str; 3] = [CODE, CERTIFICATE, NONCE];

impl OwnInstall {
    /// Reads the install from the store; the first time, makes it.
    pub(super) fn load_or_make(store: &Store, random: &dyn Random) -> Result<Self, AppError> {
        let mut installs = store.installs()?;
        let live = match installs.pop() {
            Some(live) => live,
            None => begin(store, random)?,
        };
        let mut me = Self {
            install: live.id,
            key: SecretKey::from_seed(&live.seed),
            ended: Vec::new(),
            server: store.setting(SERVER)?,
            code: store.setting(CODE)?,
            trust: store.setting(TRUST)?,
            certificate: None,
            nonce: store.setting(NONCE)?.unwrap_or_default(),
            anchor: store.setting(ANCHOR)?,
            notices: store.setting(NOTICES)?.unwrap_or_default(),
            ring: OnceLock::new(),
        };
        if let Some(certificate) = store.setting::<Option<Document>>(CERTIFICATE)?.flatten() {
            me.certificate = me.keyring(&[]).ok().and_then(|mut ring| ring.admit(&certificate).ok().cloned());
        }
        if !installs.is_empty() {
            me.ended = me.recall(store, installs)?;
        }
        Ok(me)
    }

    /// Whom this install belongs to; until it is approved nobody can record. One that goes on from another belongs to
    /// the same person: its events wait for the approval, the deputy does not.
    pub(super) fn actor(&self) -> Result<&Actor, AppError> {
        let before = self.ended.iter().rev().find_map(|ended| ended.certificate.as_ref());
        let certificate = self.certificate.as_ref().or(before.map(|(_, certificate)| certificate));
        certificate
            .map(|certificate| &certificate.actor)
            .ok_or(AppError::NotReady { trouble: Trouble::NotEnrolledYet })
    }

    fn recall(&self, store: &Store, installs: Vec<StoredInstall>) -> Result<Vec<Ended>, AppError> {
        let known = store.certificates()?;
        let mut ring = self.keyring(&[]).ok();
        let mut certificate_of = |install| {
            known.iter().rev().find_map(|document| {
                let certificate = ring.as_mut()?.admit(document).ok()?;
                (certificate.install == install).then(|| (document.clone(), certificate.clone()))
            })
        };
        let ended = installs.into_iter().map(|ended| Ended {
            install: ended.id,
            key: SecretKey::from_seed(&ended.seed),
            certificate: certificate_of(ended.id),
        });
        Ok(ended.collect())
    }

    /// What vouches for this install where it is not enrolled: the code it was given, or the one that ended before it.
    pub(super) fn voucher(&self) -> Option<Voucher> {
        match &self.code {
            Some(code) if !code.is_empty() => Some(Voucher::Code(code.clone())),
            _ => self.ended.iter().any(|ended| ended.certificate.is_some()).then_some(Voucher::Ended),
        }
    }

    pub(super) fn author(&self) -> Install {
        Install::Phone(self.install)
    }

    /// The keys to verify with: the server's, and those of the certificates given.
    pub(super) fn keyring(&self, certificates: &[Document]) -> Result<Keyring, AppError> {
        let (Some(server), Some(trust)) = (&self.server, &self.trust) else {
            return Err(AppError::NotReady { trouble: Trouble::NotEnrolledYet });
        };
        let not_the_station = |_| AppError::Sync { trouble: Trouble::NotTheStation };
        let checked = if let Some(checked) = self.ring.get() {
            checked
        } else {
            let checked = Keyring::new(trust, &server.fingerprint).map_err(not_the_station)?;
            self.ring.get_or_init(|| checked)
        };
        let mut ring = checked.clone();
        for certificate in certificates {
            ring.admit(certificate).map_err(not_the_station)?;
        }
        Ok(ring)
    }
}

impl Session {
    /// Ends this install's chain and begins another: nobody goes on with the chain of a copy.
    pub(super) fn start_anew(&mut self) -> Result<(), AppError> {
        begin(&self.store, self.outside.random.as_ref())?;
        self.me = OwnInstall::load_or_make(&self.store, self.outside.random.as_ref())?;
        Ok(())
    }

    /// The end of this install's chain: only acts move it, and each says where to.
    pub(super) fn own_head(&mut self) -> Result<Chain, AppError> {
        let author = self.me.author();
        if let Some((of, head)) = self.own
            && of == author
        {
            debug_assert_eq!(self.store.own_head().ok(), Some(head), "the disk has what is in memory");
            return Ok(head);
        }
        let head = self.store.own_head()?;
        self.own = Some((author, head));
        Ok(head)
    }

    pub(super) fn set_server(&mut self, server: ServerEndpoint, code: String) -> Result<(), AppError> {
        // One root for a store's life: the caller has refused another, and nothing here would outlive a mistake.
        if self.me.server.as_ref().is_some_and(|known| known.fingerprint != server.fingerprint) {
            return Err(AppError::Sync { trouble: Trouble::OtherProgramme });
        }
        self.store.set_setting(SERVER, &server)?;
        self.store.set_setting(CODE, &code)?;
        self.me.server = Some(server);
        self.me.code = Some(code);
        Ok(())
    }

    /// Takes up the server's keys, if they stand under the trusted root.
    pub(super) fn set_trust(&mut self, trust: &Trust) -> Result<(), AppError> {
        let Some(server) = &self.me.server else {
            return Err(AppError::NotReady { trouble: Trouble::NotEnrolledYet });
        };
        if self.me.trust.as_ref() == Some(trust) {
            return Ok(());
        }
        let checked = Keyring::new(trust, &server.fingerprint)
            .map_err(|_| AppError::Sync { trouble: Trouble::NotTheStation })?;
        self.store.set_setting(TRUST, trust)?;
        self.me.trust = Some(trust.clone());
        self.me.ring = OnceLock::from(checked);
        Ok(())
    }

    /// Takes up this install's certificate, if it names this install and this key.
    pub(super) fn set_certificate(&mut self, document: &Document) -> Result<(), AppError> {
        let mut ring = self.me.keyring(&[])?;
        let not_the_station = AppError::Sync { trouble: Trouble::NotTheStation };
        let certificate = ring.admit(document).map_err(|_| not_the_station.clone())?.clone();
        if certificate.install != self.me.install || certificate.key != self.me.key.public() {
            return Err(not_the_station);
        }
        self.store.set_setting(CERTIFICATE, document)?;
        self.store.put_certificates(std::slice::from_ref(document))?;
        self.me.certificate = Some(certificate);
        Ok(())
    }

    pub(super) fn set_nonce(&mut self, nonce: &str) -> Result<(), AppError> {
        self.store.set_setting(NONCE, &nonce)?;
        nonce.clone_into(&mut self.me.nonce);
        Ok(())
    }

    pub(super) fn set_anchor(&mut self, anchor: TimeAnchor) -> Result<(), AppError> {
        self.store.set_setting(ANCHOR, &anchor)?;
        self.me.anchor = Some(anchor);
        Ok(())
    }

    pub(super) fn set_notices(&mut self, notices: &[ProtocolNotice]) -> Result<(), AppError> {
        if self.me.notices != notices {
            self.store.set_setting(NOTICES, &notices)?;
            self.me.notices = notices.to_vec();
        }
        Ok(())
    }
}

/// Makes an install and its key, and keeps it as the live one.
fn begin(store: &Store, random: &dyn Random) -> Result<StoredInstall, AppError> {
    let seed = Zeroizing::new(random_bytes(random));
    let install = StoredInstall { id: InstallId(random_bytes(random)), seed };
    store.begin_install(&install, &OF_ONE_INSTALL)?;
    Ok(install)
}
