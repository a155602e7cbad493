//! Who may do what with a record at a desk: one table. Nothing is allowed but what a line here says.
//!
//! A reader has *relations* to a record; each line of the table gives a role a set of deeds by one relation. The same lines
//! make the condition by which the store finds records (`covers`), so the two cannot say different things. A relation
//! ends with its `until`: who was a party once is nobody to the record.
//!
//! Until records are assigned to people, a detective and a county worker see those in which a step of theirs applies, and
//! those in which they have a part. Who keeps records and who audits see that a record is there, its clocks and its log; they
//! open nothing in it. DESIGN section 9.

use firsthours_core::record::Role;

use crate::store::scope::Covers;
pub use crate::store::scope::{Relation, Viewer};

/// What somebody does with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// See that it is there: in a list, its steps and clocks, what is not anybody's words.
    Look,
    /// Open what is hidden: identity, place, narrative, health, and every text that a person wrote.
    Open,
    /// Make a sheet for a person outside.
    Sheet,
    /// Answer a step that is theirs.
    Answer,
    /// Comment, send back, decide between answers, reassign, approve.
    Review,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 5] = [Self::Look, Self::Open, Self::Sheet, Self::Answer, Self::Review];
}

use Deed::{Answer, Look, Open, Review, Sheet};
use Relation::{Agency, AgencyParty, Asked, Party, Station, StationParty};

/// Role, relation, and what it allows.
const TABLE: [(Role, Relation, &[Deed]); 14] = [
    (Role::Supervisor, Station, &[Look, Open, Sheet, Answer, Review]),
    (Role::Supervisor, StationParty, &[Look, Open, Sheet, Answer, Review]),
    (Role::Detective, Asked, &[Look, Open, Sheet, Answer]),
    (Role::Detective, Party, &[Look, Open, Sheet, Answer]),
    (Role::Detective, AgencyParty, &[Look, Open, Sheet, Answer]),
    (Role::County, Asked, &[Look, Open, Sheet, Answer]),
    (Role::County, Party, &[Look, Open, Sheet, Answer]),
    (Role::County, AgencyParty, &[Look, Open, Sheet, Answer]),
    (Role::RecordsOfficer, Agency, &[Look]),
    (Role::RecordsOfficer, AgencyParty, &[Look]),
    (Role::RecordsOfficer, Party, &[Look]),
    (Role::Auditor, Agency, &[Look]),
    (Role::Auditor, AgencyParty, &[Look]),
    (Role::Auditor, Party, &[Look]),
];

/// Whether a role may do this to a record that it stands so to.
pub fn allows(role: Role, relation: Relation, deed: Deed) -> bool {
    TABLE.iter().any(|(who, how, deeds)| (*who, *how) == (role, relation) && deeds.contains(&deed))
}

/// Whether a role may do this to any record at all.
pub fn ever(role: Role, deed: Deed) -> bool {
    Relation::ALL.into_iter().any(|relation| allows(role, relation, deed))
}

/// Whether a role still sees records that were sealed.
pub fn sees_sealed(role: Role) -> bool {
    role == Role::RecordsOfficer
}

/// The records to which this reader may do this; `None`: to none.
pub(crate) fn covers(who: Viewer<'_>, deed: Deed) -> Option<Covers> {
    let by_station = |relation| matches!(relation, Station | StationParty);
    let relations = Relation::ALL
        .into_iter()
        .filter(|relation| allows(who.role, *relation, deed))
        .filter(|relation| who.station.is_some() || !by_station(*relation));
    Covers::any_of(who, relations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_line_allows_is_denied() {
        for role in [Role::Deputy, Role::Administrator, Role::Analyst, Role::Server, Role::Unknown] {
            for deed in Deed::ALL {
                assert!(!ever(role, deed), "{role:?} {deed:?}");
                let who =
                    Viewer { role, agency: &"a".into(), station: Some(&"s".into()), person: &"p".into() };
                assert_eq!(covers(who, deed), None);
            }
        }
        for role in [Role::RecordsOfficer, Role::Auditor] {
            assert!(ever(role, Look));
            assert!(Deed::ALL.into_iter().filter(|deed| *deed != Look).all(|deed| !ever(role, deed)));
        }
        assert!(!ever(Role::Detective, Review) && !ever(Role::County, Review));
    }

    #[test]
    fn a_supervisor_without_a_station_has_no_records() {
        assert_eq!(
            covers(
                Viewer { role: Role::Supervisor, agency: &"a".into(), station: None, person: &"p".into() },
                Look
            ),
            None
        );
    }
}
