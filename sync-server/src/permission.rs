//! Who may do what with a record at a desk: one table. Nothing is allowed but what a line here says.
//!
//! A reader has *relations* to a record; each line of the table gives a role a set of deeds by one relation. The same lines
//! make the condition that lists and pages put into SQL ([`condition`]), so the two cannot say different things. A relation
//! ends with its `until`: who was a party once is nobody to the record.
//!
//! Until records are assigned to people, a detective and a county worker see those in which a step of theirs applies, and
//! those in which they have a part. Who keeps records and who audits see that a record is there, its clocks and its log; they
//! open nothing in it. DESIGN section 9.

use firsthours_core::record::Role;

use crate::store::Value;

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

/// How a reader stands to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It is of the reader's station.
    Station,
    /// A deputy of the reader's station has a part in it now.
    StationParty,
    /// It is of the reader's agency.
    Agency,
    /// The reader's agency as a whole has a part in it now.
    AgencyParty,
    /// The reader has a part in it now.
    Party,
    /// It is of the reader's agency, and a step for their role applies.
    Asked,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Self; 6] =
        [Self::Station, Self::StationParty, Self::Agency, Self::AgencyParty, Self::Party, Self::Asked];

    /// That a record `e` stands so to the reader. `{agency}`, `{station}` and `{person}` are theirs.
    fn sql(self, role: Role) -> &'static str {
        match (self, role) {
            (Self::Station, _) => "e.agency = {agency} and e.station = {station}",
            (Self::StationParty, _) => {
                "exists (select 1 from party p join person q on q.id = p.person \
                 where p.encounter = e.id and p.until_ms is null and q.agency = {agency} and q.station = {station})"
            }
            (Self::Agency, _) => "e.agency = {agency}",
            (Self::AgencyParty, _) => {
                "exists (select 1 from party p where p.encounter = e.id and p.until_ms is null \
                 and p.person = '' and p.agency = {agency})"
            }
            (Self::Party, _) => {
                "exists (select 1 from party p where p.encounter = e.id and p.until_ms is null \
                 and p.person = {person})"
            }
            (Self::Asked, Role::Detective) => "e.agency = {agency} and e.asks_detective = 1",
            (Self::Asked, Role::County) => "e.agency = {agency} and e.asks_county = 1",
            (Self::Asked, _) => "1 = 0",
        }
    }
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

/// The reader, as the table asks for them.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// Their role.
    pub role: Role,
    /// Their agency.
    pub agency: &'a str,
    /// Their station; without one they stand to no record by it.
    pub station: Option<&'a str>,
    /// Their id.
    pub person: &'a str,
}

/// The condition on a record `e` that this reader may do this to it, with its arguments from `$1` on. `None`: to none.
pub fn condition(who: Who<'_>, deed: Deed) -> Option<(String, Vec<Value>)> {
    let by_station = |relation| matches!(relation, Station | StationParty);
    let parts: Vec<&str> = Relation::ALL
        .into_iter()
        .filter(|relation| allows(who.role, *relation, deed))
        .filter(|relation| who.station.is_some() || !by_station(*relation))
        .map(|relation| relation.sql(who.role))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let mut sql = format!("({})", parts.join(" or "));
    let mut args = Vec::new();
    let said =
        [("{agency}", who.agency), ("{station}", who.station.unwrap_or_default()), ("{person}", who.person)];
    for (name, value) in said {
        if sql.contains(name) {
            args.push(value.into());
            sql = sql.replace(name, &format!("${}", args.len()));
        }
    }
    Some((sql, args))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_line_allows_is_denied() {
        for role in [Role::Deputy, Role::Administrator, Role::Analyst, Role::Server, Role::Unknown] {
            for deed in Deed::ALL {
                assert!(!ever(role, deed), "{role:?} {deed:?}");
                let who = Who { role, agency: "a", station: Some("s"), person: "p" };
                assert_eq!(condition(who, deed), None);
            }
        }
        for role in [Role::RecordsOfficer, Role::Auditor] {
            assert!(ever(role, Look));
            assert!(Deed::ALL.into_iter().filter(|deed| *deed != Look).all(|deed| !ever(role, deed)));
        }
        assert!(!ever(Role::Detective, Review) && !ever(Role::County, Review));
    }

    #[test]
    fn a_condition_has_an_argument_for_each_of_its_places() {
        for role in [Role::Supervisor, Role::Detective, Role::County, Role::RecordsOfficer, Role::Auditor] {
            let who = Who { role, agency: "a", station: Some("s"), person: "p" };
            let (sql, args) = condition(who, Look).expect("some records");
            for place in 1..=args.len() {
                assert!(sql.contains(&format!("${place}")), "{sql}");
            }
            assert!(!sql.contains('{') && !sql.contains(&format!("${}", args.len() + 1)), "{sql}");
        }
    }

    #[test]
    fn a_supervisor_without_a_station_has_no_records() {
        assert_eq!(
            condition(Who { role: Role::Supervisor, agency: "a", station: None, person: "p" }, Look),
            None
        );
    }
}
