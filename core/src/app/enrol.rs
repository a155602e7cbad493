//! Enrolment: a one-time code, a key made here, a fingerprint that two people compare.

use serde::{Deserialize, Serialize};

use super::install::CERTIFICATE;
use super::{AppError, FirstHours, Session};
use crate::evidence::{Document, Keyring, Tag};
use crate::sync::{Method, Request, Transport};
use crate::wire::{
    EnrolReply, EnrolRequest, EnrolState, Problem, ProblemKind, ReadMessage, Succession, enrol_message,
    read_code,
};
use crate::words::Trouble;

/// The server that this install belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerEndpoint {
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

/// Asks to be enrolled by a code, with no lock held while it waits for the answer.
pub(super) fn enrol(
    door: &FirstHours,
    server: ServerEndpoint,
    code: &str,
) -> Result<EnrolmentView, AppError> {
    let code = read_code(code).ok_or(AppError::Sync { trouble: Trouble::CodeNotValid })?;
    door.with(|session| session.may_enrol_at(&server))?;
    let transport = (door.outside.connect)(&server.address, server.ca_pem.as_deref())?;
    ask_enrolment(door, transport.as_ref(), server, Voucher::Code(code))
}

/// Sends the enrolment and takes up what comes back.
pub(super) fn ask_enrolment(
    door: &FirstHours,
    transport: &dyn Transport,
    server: ServerEndpoint,
    voucher: Voucher,
) -> Result<EnrolmentView, AppError> {
    let by_code = matches!(voucher, Voucher::Code(_));
    let request = door.with(|session| session.enrolment(voucher, &server.fingerprint))?;
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
    door.with(|session| session.take_enrolment(server, request.code, &reply))
}

impl Session {
    /// Whether this store may ask there: it belongs to one programme for its life, and, once enrolled, to one address.
    fn may_enrol_at(&self, server: &ServerEndpoint) -> Result<(), AppError> {
        let known = self.me.server.as_ref();
        if known.is_some_and(|known| known.fingerprint != server.fingerprint) {
            return Err(AppError::Sync { trouble: Trouble::OtherProgramme });
        }
        if self.me.certificate.is_some() && known != Some(server) {
            return Err(AppError::Sync { trouble: Trouble::EnrolledElsewhere });
        }
        Ok(())
    }

    /// What this install says of itself to the programme with this root.
    fn enrolment(&self, voucher: Voucher, root: &str) -> Result<EnrolRequest, AppError> {
        let (code, follows, certificate) = match voucher {
            Voucher::Code(code) => (code, None, None),
            Voucher::Itself => (String::new(), None, self.store.setting(CERTIFICATE)?.flatten()),
            Voucher::Ended => {
                let (succession, certificate) = self.succession()?;
                (String::new(), Some(succession), certificate)
            }
        };
        let (install, key) = (self.me.install, self.me.key.public());
        Ok(EnrolRequest {
            install,
            key,
            device: format!("phone {}", &install.to_string()[..4]),
            proof: self.me.key.sign(Tag::Enrol, &enrol_message(&code, install, &key, root)),
            code,
            follows,
            certificate,
        })
    }

    /// What the install that ended last says of the one that goes on from it.
    fn succession(&self) -> Result<(Document, Option<Document>), AppError> {
        let not_enrolled = AppError::NotReady { trouble: Trouble::NotEnrolledYet };
        let ended = self.me.ended.iter().rev().find(|ended| ended.certificate.is_some());
        let ended = ended.ok_or(not_enrolled)?;
        let head = self.store.head_of(ended.install)?;
        let succession = Succession {
            follows: ended.install,
            head: head.id.map(|id| (head.seq, id)),
            install: self.me.install,
            key: self.me.key.public(),
        };
        let certificate = ended.certificate.as_ref().map(|(document, _)| document.clone());
        Ok((Document::sign(&succession, Tag::Succession, &ended.key), certificate))
    }

    /// Nothing of an answer is kept before its keys stand under the root that the code's sheet names: what this phone
    /// belonged to before stays.
    fn take_enrolment(
        &mut self,
        server: ServerEndpoint,
        code: String,
        reply: &EnrolReply,
    ) -> Result<EnrolmentView, AppError> {
        Keyring::new(&reply.trust, &server.fingerprint)
            .map_err(|_| AppError::Sync { trouble: Trouble::NotTheStation })?;
        self.set_server(server, code)?;
        self.set_trust(&reply.trust)?;
        if let (EnrolState::Approved, Some(certificate)) = (reply.state, &reply.certificate) {
            self.set_certificate(certificate)?;
        }
        let approved = self.me.certificate.is_some();
        let trouble = match reply.state {
            EnrolState::Refused => Some(Trouble::EnrolmentRefused),
            EnrolState::Approved | EnrolState::Waiting | EnrolState::Unknown => {
                (!approved).then_some(Trouble::NotEnrolledYet)
            }
        };
        Ok(EnrolmentView {
            approved,
            fingerprint: grouped(&self.me.key.public().fingerprint()),
            sentence: trouble.map(|trouble| trouble.text(self.language)).unwrap_or_default(),
        })
    }
}

fn enrolment_trouble(body: &[u8]) -> Trouble {
    match Problem::read(body).map(|problem| problem.kind) {
        Ok(ProblemKind::NotEnrolled { state: EnrolState::Refused }) => Trouble::EnrolmentRefused,
        Ok(ProblemKind::NotEnrolled { .. } | ProblemKind::Malformed { .. }) => Trouble::CodeNotValid,
        Ok(
            ProblemKind::FreshNonce { .. }
            | ProblemKind::TokenExpired
            | ProblemKind::SendOnly
            | ProblemKind::NotFound
            | ProblemKind::Gap { .. }
            | ProblemKind::Fork { .. }
            | ProblemKind::TooLarge
            | ProblemKind::NotAuthentic { .. }
            | ProblemKind::TryLater { .. }
            | ProblemKind::UpdateNeeded { .. }
            | ProblemKind::Unknown,
        )
        | Err(_) => Trouble::StationUnwell,
    }
}

/// The first 20 hex digits in groups of four: enough to compare by eye, 80 bits against a forgery.
fn grouped(fingerprint: &str) -> String {
    let groups: Vec<&str> = (0..5).filter_map(|group| fingerprint.get(group * 4..group * 4 + 4)).collect();
    groups.join(" ")
}
