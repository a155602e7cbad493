//! What an event can say, which registers it writes, and who may say it.
//!
//! The two tables here ([`Kind::writes`] and [`Kind::may_be_made_by`]) are the only ones: phone and server fold
//! with the same code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{AgencyId, EncounterId, EntryId, EventId, Hash, IncidentId, Install, PersonId, Role, StationId};
use crate::protocol::{Phase, Value};

/// One fact. The JSON key `kind` holds the variant's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// The record begins. `letter` is the first one free in the incident on this phone.
    Opened {
        protocol: Hash,
        agency: AgencyId,
        station: StationId,
        incident: IncidentId,
        letter: String,
    },
    /// Values of one entry; `null` withdraws a value.
    Answered {
        step: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entry: Option<EntryId>,
        values: BTreeMap<String, Option<Value>>,
        /// The record of the same incident that these facts were first entered in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copied: Option<EncounterId>,
    },
    /// The step cannot be done; `why` is one of its reasons.
    Cannot {
        step: String,
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Takes back a *cannot*.
    Reopened {
        step: String,
    },
    /// The entry was made in error.
    EntryWithdrawn {
        step: String,
        entry: EntryId,
    },
    /// A remark, at a step or at the whole record.
    Noted {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        text: String,
    },
    /// `covers`: per author the last events that the submitting screen showed; what a phone that did not know of it
    /// wrote meanwhile is none of those.
    Submitted {
        phase: Phase,
        covers: BTreeMap<Install, Vec<EventId>>,
    },
    /// The record was opened in error: kept, but out of clocks, queue and figures.
    Voided {
        why: String,
    },
    Unvoided,
    /// Offers the record to another person.
    Shared {
        how: Sharing,
        to: PersonId,
    },
    /// Takes up an offer.
    Accepted {
        offer: EventId,
        how: Sharing,
    },
    Declined {
        offer: EventId,
    },
    /// From here on the record is read under this version of its protocol.
    Moved {
        protocol: Hash,
    },
    /// The record belongs to this scene.
    IncidentLinked {
        incident: IncidentId,
    },
    /// Answers a comment.
    Replied {
        thread: EventId,
        text: String,
    },
    /// A supervisor's comment; its id names the thread.
    Commented {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        text: String,
    },
    /// The thread is closed.
    Resolved {
        thread: EventId,
    },
    Returned {
        phase: Phase,
    },
    /// Another person holds the record.
    Reassigned {
        to: PersonId,
    },
    /// This record and another are of one contact with one child; `None` takes that back.
    SameEncounter {
        with: Option<EncounterId>,
    },
    /// `covers`: per author the last events that the approving page showed.
    Approved {
        phase: Phase,
        covers: BTreeMap<Install, Vec<EventId>>,
    },
    /// Authentic, but not accepted until released.
    Held {
        id: EventId,
        why: HoldReason,
    },
    Released {
        id: EventId,
    },
    /// An author's events `enc_from ..= enc_to` of this encounter are missing and declared lost.
    Gap {
        author: Install,
        enc_from: u64,
        enc_to: u64,
        id_of_to: EventId,
    },
    /// The record's key was destroyed by this order: bodies are gone, the chain of headers stays whole.
    Shredded {
        order: String,
    },
    /// Made by a newer version: kept, forwarded, shown as such, without effect.
    #[serde(skip)]
    Unknown {
        kind: String,
    },
}

/// How a record goes to another person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// The other becomes the holder.
    Pass,
    /// Both write.
    Join,
}

/// Why an authentic event was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The author has no part in this record.
    NoGrant,
    /// This role may not make this kind of event.
    AuthorMayNot,
    /// The phone was revoked before the event arrived.
    Revoked,
    /// Larger or more than the programme's limits.
    OverLimit,
    /// A step, field or value that the protocol does not have.
    DoesNotFit,
    #[serde(other)]
    Unknown,
}

/// The smallest thing that can conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Register {
    Field { step: String, entry: Option<EntryId>, field: String },
    Cannot { step: String },
    Entry { step: String, entry: EntryId },
    Phase(Phase),
    Holder,
    Thread(EventId),
    Version,
    Void,
    Incident,
    Same,
    Hold(EventId),
}

/// What a write puts into its register. Equal values are no conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    Value(Option<Value>),
    /// The reason, or `None` after *reopened*.
    Cannot(Option<String>),
    /// Whether the entry stands.
    Entry(bool),
    Phase(PhaseMark),
    Holder(PersonId),
    Thread(ThreadMark),
    Version(Hash),
    Void(bool),
    Incident(IncidentId),
    Same(Option<EncounterId>),
    /// Why it is held, or `None` after *released*.
    Hold(Option<HoldReason>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhaseMark {
    Submitted,
    Returned,
    Approved,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ThreadMark {
    Replied,
    Resolved,
}

/// One list of names for all that needs them. The match behind it takes every variant, so a new one does not compile until
/// it has its name here.
macro_rules! names {
    ($($variant:ident $name:literal),+ $(,)?) => {
        impl Kind {
            /// Every kind that this version knows, as it stands in the JSON.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// Its name in the JSON.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant { .. } => $name,)+
                    Self::Unknown { kind } => kind,
                }
            }
        }
    };
}

names! {
    Opened "opened",
    Answered "answered",
    Cannot "cannot",
    Reopened "reopened",
    EntryWithdrawn "entry_withdrawn",
    Noted "noted",
    Submitted "submitted",
    Voided "voided",
    Unvoided "unvoided",
    Shared "shared",
    Accepted "accepted",
    Declined "declined",
    Moved "moved",
    IncidentLinked "incident_linked",
    Replied "replied",
    Commented "commented",
    Resolved "resolved",
    Returned "returned",
    Reassigned "reassigned",
    SameEncounter "same_encounter",
    Approved "approved",
    Held "held",
    Released "released",
    Gap "gap",
    Shredded "shredded",
}

impl Kind {
    /// Reads the kind from a body; `None` if there is no `kind` at all.
    pub(crate) fn read(body: &Json) -> Option<Self> {
        let name = body.get("kind")?.as_str()?;
        let known = Self::NAMES.contains(&name).then(|| Self::deserialize(body).ok()).flatten();
        Some(known.unwrap_or_else(|| Self::Unknown { kind: name.to_owned() }))
    }

    /// The table from kind to registers. `noted`, `commented` and an unknown kind write none.
    pub fn writes(&self, actor: &PersonId) -> Vec<(Register, Content)> {
        match self {
            Self::Opened { protocol, incident, .. } => vec![
                (Register::Holder, Content::Holder(actor.clone())),
                (Register::Version, Content::Version(*protocol)),
                (Register::Incident, Content::Incident(*incident)),
            ],
            Self::Answered { step, entry, values, .. } => {
                let fields = values.iter().map(|(field, value)| {
                    let register =
                        Register::Field { step: step.clone(), entry: *entry, field: field.clone() };
                    (register, Content::Value(value.clone()))
                });
                // Writing into an entry says that it stands, so a withdrawal that did not see this conflicts with it.
                let entry =
                    entry.map(|entry| (Register::Entry { step: step.clone(), entry }, Content::Entry(true)));
                fields.chain(entry).collect()
            }
            Self::Cannot { step, why, .. } => {
                vec![(Register::Cannot { step: step.clone() }, Content::Cannot(Some(why.clone())))]
            }
            Self::Reopened { step } => vec![(Register::Cannot { step: step.clone() }, Content::Cannot(None))],
            Self::EntryWithdrawn { step, entry } => {
                vec![(Register::Entry { step: step.clone(), entry: *entry }, Content::Entry(false))]
            }
            Self::Submitted { phase, .. } => vec![phase_mark(*phase, PhaseMark::Submitted)],
            Self::Returned { phase } => vec![phase_mark(*phase, PhaseMark::Returned)],
            Self::Approved { phase, .. } => vec![phase_mark(*phase, PhaseMark::Approved)],
            Self::Voided { .. } => vec![(Register::Void, Content::Void(true))],
            Self::Unvoided => vec![(Register::Void, Content::Void(false))],
            Self::Accepted { how: Sharing::Pass, .. } => {
                vec![(Register::Holder, Content::Holder(actor.clone()))]
            }
            Self::Reassigned { to } => vec![(Register::Holder, Content::Holder(to.clone()))],
            Self::Moved { protocol } => vec![(Register::Version, Content::Version(*protocol))],
            Self::IncidentLinked { incident } => {
                vec![(Register::Incident, Content::Incident(*incident))]
            }
            Self::SameEncounter { with } => vec![(Register::Same, Content::Same(*with))],
            Self::Replied { thread, .. } => {
                vec![(Register::Thread(*thread), Content::Thread(ThreadMark::Replied))]
            }
            Self::Resolved { thread } => {
                vec![(Register::Thread(*thread), Content::Thread(ThreadMark::Resolved))]
            }
            Self::Held { id, why } => vec![(Register::Hold(*id), Content::Hold(Some(*why)))],
            Self::Released { id } => vec![(Register::Hold(*id), Content::Hold(None))],
            Self::Noted { .. }
            | Self::Shared { .. }
            | Self::Accepted { how: Sharing::Join, .. }
            | Self::Declined { .. }
            | Self::Commented { .. }
            | Self::Gap { .. }
            | Self::Shredded { .. }
            | Self::Unknown { .. } => Vec::new(),
        }
    }

    /// The table of who may make which kind.
    pub fn may_be_made_by(&self, install: Install, role: Role) -> bool {
        // A deputy has no desk: the key of the server must not be able to speak for one.
        if install.is_server() && role == Role::Deputy {
            return false;
        }
        let field_role = matches!(role, Role::Deputy | Role::Detective | Role::County | Role::Supervisor);
        match self {
            // The record of the scene is made on phones.
            Self::Opened { .. }
            | Self::Voided { .. }
            | Self::Unvoided
            | Self::Shared { .. }
            | Self::Accepted { .. }
            | Self::Declined { .. }
            | Self::Moved { .. }
            | Self::IncidentLinked { .. } => {
                !install.is_server() && matches!(role, Role::Deputy | Role::Detective)
            }
            // Steps are answered on phones and, by those whose steps they are, at a desk.
            Self::Answered { .. }
            | Self::Cannot { .. }
            | Self::Reopened { .. }
            | Self::EntryWithdrawn { .. }
            | Self::Noted { .. }
            | Self::Submitted { .. }
            | Self::Replied { .. } => field_role,
            // A review is made where the whole record is seen, under the server's own look at who may.
            Self::Commented { .. }
            | Self::Resolved { .. }
            | Self::Returned { .. }
            | Self::Reassigned { .. }
            | Self::SameEncounter { .. }
            | Self::Approved { .. } => install.is_server() && role == Role::Supervisor,
            Self::Held { .. } | Self::Released { .. } | Self::Gap { .. } => {
                install.is_server() && role == Role::Server
            }
            Self::Shredded { .. } => install.is_server() && role == Role::RecordsOfficer,
            // It has no effect here, so nobody gains by it; it must survive for those who know it.
            Self::Unknown { .. } => true,
        }
    }

    /// The version of the protocol that the event puts the record under.
    pub(super) fn version(&self) -> Option<Hash> {
        match self {
            Self::Opened { protocol, .. } | Self::Moved { protocol } => Some(*protocol),
            Self::Answered { .. }
            | Self::Cannot { .. }
            | Self::Reopened { .. }
            | Self::EntryWithdrawn { .. }
            | Self::Noted { .. }
            | Self::Submitted { .. }
            | Self::Voided { .. }
            | Self::Unvoided
            | Self::Shared { .. }
            | Self::Accepted { .. }
            | Self::Declined { .. }
            | Self::IncidentLinked { .. }
            | Self::Replied { .. }
            | Self::Commented { .. }
            | Self::Resolved { .. }
            | Self::Returned { .. }
            | Self::Reassigned { .. }
            | Self::SameEncounter { .. }
            | Self::Approved { .. }
            | Self::Held { .. }
            | Self::Released { .. }
            | Self::Gap { .. }
            | Self::Shredded { .. }
            | Self::Unknown { .. } => None,
        }
    }

    /// The step that the event is about.
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::Answered { step, .. }
            | Self::Cannot { step, .. }
            | Self::Reopened { step }
            | Self::EntryWithdrawn { step, .. } => Some(step),
            Self::Noted { step, .. } | Self::Commented { step, .. } => step.as_deref(),
            Self::Opened { .. }
            | Self::Moved { .. }
            | Self::Submitted { .. }
            | Self::Voided { .. }
            | Self::Unvoided
            | Self::Shared { .. }
            | Self::Accepted { .. }
            | Self::Declined { .. }
            | Self::IncidentLinked { .. }
            | Self::Replied { .. }
            | Self::Resolved { .. }
            | Self::Returned { .. }
            | Self::Reassigned { .. }
            | Self::SameEncounter { .. }
            | Self::Approved { .. }
            | Self::Held { .. }
            | Self::Released { .. }
            | Self::Gap { .. }
            | Self::Shredded { .. }
            | Self::Unknown { .. } => None,
        }
    }

    /// Whether it changes what the protocol asked for (and so needs a reason once its phase is submitted).
    pub fn changes_a_step(&self) -> bool {
        matches!(
            self,
            Self::Answered { .. } | Self::Cannot { .. } | Self::Reopened { .. } | Self::EntryWithdrawn { .. }
        )
    }
}

fn phase_mark(phase: Phase, mark: PhaseMark) -> (Register, Content) {
    (Register::Phase(phase), Content::Phase(mark))
}
