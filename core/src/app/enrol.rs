//! Enrolment: a one-time code, a key made here, a fingerprint that two people compare.

use serde::{Deserialize, Serialize};

use super::{AppError, FirstHours, lock};
use crate::evidence::{Keyring, Tag};
use crate::sync::{Method, Request, Transport};
use crate::wire::{EnrolReply, EnrolRequest, EnrolState, Problem, ProblemKind, ReadMessage};
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
    pub fn enrol(&self, station: Station, code: &str) -> Result<EnrolmentView, AppError> {
        let _one_at_a_time = lock(&self.syncing);
        let transport = (self.outside.connect)(&station.address, station.ca_pem.as_deref())?;
        self.ask_enrolment(transport.as_ref(), station, code.to_owned())
    }

    /// Sends the enrolment and takes up what comes back.
    pub(super) fn ask_enrolment(
        &self,
        transport: &dyn Transport,
        station: Station,
        code: String,
    ) -> Result<EnrolmentView, AppError> {
        let request = {
            let inner = self.lock();
            EnrolRequest {
                install: inner.me.install,
                key: inner.me.key.public(),
                device: format!("phone {}", &inner.me.install.to_string()[..4]),
                proof: inner.me.key.sign(Tag::Hello, code.as_bytes()),
                code: code.clone(),
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
            return Err(AppError::Sync { trouble: enrolment_trouble(&answer.body) });
        }
        let reply =
            EnrolReply::read(&answer.body).map_err(|_| AppError::Sync { trouble: Trouble::StationUnwell })?;
        self.take_up(station, code, &reply)
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
