//! Enrolment: a one-time code, a key made here, a fingerprint that two people compare.

use serde::{Deserialize, Serialize};

use super::me::CERTIFICATE;
use super::{AppError, FirstHours, lock};
use crate::evidence::{Document, Keyring, Tag};
use crate::sync::{Method, Request, Transport};
use crate::wire::{
    EnrolReply, EnrolRequest, EnrolState, Problem, ProblemKind, ReadMessage, Succession, enrol_message,
    read_code,
};
use crate::words::Trouble;

/// The server that this install belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// `https://host[:port]`; clear text only to this machine itself.
    pub address: String,
    /// Fingerprint of the programme's root key, from the code's sheet and published outside.
    pub fingerprint: String,
    /// The programme's own CA in PEM; needed for `https`.
    #[serde(default)]
    pub ca_pem: Option<String>,
}

/// What vouches for a phone that asks to be enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Voucher {
    /// A one-time code.
    Code(String),
    /// This install's own certificate: the server was put back and does not know it any more.
    Itself,
    /// The install that ended here: this store was put back or copied.
    Ended,
}

/// How the enrolment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentView {
    pub approved: bool,
    /// The install key's fingerprint, in groups: what the administrator's screen must show too.
    pub fingerprint: String,
    pub sentence: String,
}

impl FirstHours {
    /// Asks to be enrolled, or, asked again with the same code, how that stands.
    ///
    /// A store belongs to one programme for its life: a sheet of another is refused before anything is sent. One that is
    /// enrolled stays at its station's address too, because whoever answers elsewhere could show the same certificates.
    pub fn enrol(&self, station: Station, code: &str) -> Result<EnrolmentView, AppError> {
        let _one_at_a_time = lock(&self.syncing);
        let code = read_code(code).ok_or(AppError::Sync { trouble: Trouble::CodeNotValid })?;
        {
            let inner = self.lock();
            if inner.me.station.as_ref().is_some_and(|known| known.fingerprint != station.fingerprint) {
                return Err(AppError::Sync { trouble: Trouble::OtherProgramme });
            }
            if inner.me.certificate.is_some() && inner.me.station.as_ref() != Some(&station) {
                return Err(AppError::Sync { trouble: Trouble::EnrolledElsewhere });
            }
        }
        let transport = (self.outside.connect)(&station.address, station.ca_pem.as_deref())?;
        self.ask_enrolment(transport.as_ref(), station, Voucher::Code(code))
    }

    /// Sends the enrolment and takes up what comes back.
    pub(super) fn ask_enrolment(
        &self,
        transport: &dyn Transport,
        station: Station,
        voucher: Voucher,
    ) -> Result<EnrolmentView, AppError> {
        let by_code = matches!(voucher, Voucher::Code(_));
        let (code, follows, certificate) = match voucher {
            Voucher::Code(code) => (code, None, None),
            Voucher::Itself => (String::new(), None, self.store.setting(CERTIFICATE)?.flatten()),
            Voucher::Ended => {
                let (succession, certificate) = self.succession()?;
                (String::new(), Some(succession), certificate)
            }
        };
        let request = {
            let inner = self.lock();
            EnrolRequest {
                install: inner.me.install,
                key: inner.me.key.public(),
                device: format!("phone {}", &inner.me.install.to_string()[..4]),
                proof: inner.me.key.sign(
                    Tag::Enrol,
                    &enrol_message(&code, inner.me.install, &inner.me.key.public(), &station.fingerprint),
                ),
                code: code.clone(),
                follows,
                certificate,
            }
        };
        let body = serde_json::to_vec(&request).map_err(|_| AppError::BadInput { what: "code" })?;
        let answer = transport.send(&Request {
            method: Method::Post,
            path: "/v1/enrol".to_owned(),
            headers: vec![("content-type", "application/json".to_owned())],
            body,
        })?;
        if answer.status != 200 {
            let trouble = match enrolment_trouble(&answer.body) {
                // There was no code: what vouched for this phone did not do.
                Trouble::CodeNotValid if !by_code => Trouble::EnrolmentRefused,
                trouble => trouble,
            };
            return Err(AppError::Sync { trouble });
        }
        let reply =
            EnrolReply::read(&answer.body).map_err(|_| AppError::Sync { trouble: Trouble::StationUnwell })?;
        self.take_up(station, code, &reply)
    }

    /// What the install that ended last says of the one that goes on from it.
    fn succession(&self) -> Result<(Document, Option<Document>), AppError> {
        let inner = self.lock();
        let not_enrolled = AppError::NotReady { trouble: Trouble::NotEnrolledYet };
        let ended = inner.me.ended.iter().rev().find(|ended| ended.certificate.is_some());
        let ended = ended.ok_or(not_enrolled)?;
        let head = self.store.head_of(ended.install)?;
        let succession = Succession {
            follows: ended.install,
            head: head.id.map(|id| (head.seq, id)),
            install: inner.me.install,
            key: inner.me.key.public(),
        };
        let certificate = ended.certificate.as_ref().map(|(document, _)| document.clone());
        Ok((Document::sign(&succession, Tag::Succession, &ended.key), certificate))
    }

    /// Nothing of an answer is kept before its keys stand under the root that the code's sheet names: what this phone
    /// belonged to before stays.
    fn take_up(&self, station: Station, code: String, reply: &EnrolReply) -> Result<EnrolmentView, AppError> {
        Keyring::new(&reply.trust, &station.fingerprint)
            .map_err(|_| AppError::Sync { trouble: Trouble::NotTheStation })?;
        let mut inner = self.lock();
        inner.me.set_station(&self.store, station, code)?;
        inner.me.set_trust(&self.store, &reply.trust)?;
        if let (EnrolState::Approved, Some(certificate)) = (reply.state, &reply.certificate) {
            inner.me.set_certificate(&self.store, certificate)?;
        }
        let approved = inner.me.certificate.is_some();
        let trouble = match reply.state {
            EnrolState::Refused => Some(Trouble::EnrolmentRefused),
            _ if approved => None,
            _ => Some(Trouble::NotEnrolledYet),
        };
        Ok(EnrolmentView {
            approved,
            fingerprint: grouped(&inner.me.key.public().fingerprint()),
            sentence: trouble.map(|trouble| trouble.text(self.language)).unwrap_or_default(),
        })
    }
}

fn enrolment_trouble(body: &[u8]) -> Trouble {
    match Problem::read(body).map(|problem| problem.kind) {
        Ok(ProblemKind::NotEnrolled { state: EnrolState::Refused }) => Trouble::EnrolmentRefused,
        Ok(ProblemKind::NotEnrolled { .. } | ProblemKind::Malformed { .. }) => Trouble::CodeNotValid,
        _ => Trouble::StationUnwell,
    }
}

/// The first 20 hex digits in groups of four: enough to compare by eye, 80 bits against a forgery.
fn grouped(fingerprint: &str) -> String {
    let groups: Vec<&str> = (0..5).filter_map(|group| fingerprint.get(group * 4..group * 4 + 4)).collect();
    groups.join(" ")
}
