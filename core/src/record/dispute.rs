//! What two people decided differently about the record as a whole, and which of the two counts until one decides.
//!
//! The rules, and why: nothing is lost by a dispute, and while it lasts the stricter reading holds. What concerns one
//! step is [`super::Conflict`].

use super::{Content, PersonId, Register, State, derive::disagree, holders};
use crate::protocol::Phase;

/// A register of the whole record whose heads differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dispute {
    /// Several people took the record over. All of them hold it.
    Holder(Vec<PersonId>),
    /// One says that it was opened in error, another that it was not. It stays in sight.
    Void,
    /// It was moved to two versions. The one shown first counts.
    Version,
    /// One submitted or approved a phase, another sent it back or submitted it again. Sent back counts before
    /// submitted, and submitted before approved.
    Phase(Phase),
    /// It was linked to two scenes. The one shown first counts.
    Incident,
    /// It was said to be the same contact as two others, or as one and as none.
    Same,
}

/// Every dispute of a record.
pub fn disputes(state: &State) -> Vec<Dispute> {
    let differ = |register: &Register| {
        let heads = state.heads(register);
        !heads.is_empty() && disagree(&heads)
    };
    let phases = Phase::ALL;
    let mut found = Vec::new();
    if differ(&Register::Holder) {
        found.push(Dispute::Holder(holders(state)));
    }
    let whole = [
        (Register::Void, Dispute::Void),
        (Register::Version, Dispute::Version),
        (Register::Incident, Dispute::Incident),
        (Register::Same, Dispute::Same),
    ];
    found.extend(whole.into_iter().filter(|(register, _)| differ(register)).map(|(_, dispute)| dispute));
    let of_phase = phases.into_iter().filter(|phase| differ(&Register::Phase(*phase)));
    found.extend(of_phase.map(Dispute::Phase));
    found
}

impl Dispute {
    /// Whether a person has to decide it. A phase goes on by itself with the next act of its review.
    pub fn waits(&self) -> bool {
        !matches!(self, Self::Phase(_))
    }
}

/// Which other record this one was said to be the same contact as.
pub fn same_as(state: &State) -> Option<super::EncounterId> {
    state.heads(&Register::Same).into_iter().find_map(|head| match head.content {
        Content::Same(with) => *with,
        _ => None,
    })
}
