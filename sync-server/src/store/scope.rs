//! Which records somebody stands to, as a condition on them: the second place, beside the table of rules, where it is asked.

use firsthours_core::record::{AgencyId, EncounterId, PersonId, Role, StationId};

use super::engine::Tx;
use super::error::Result;
use super::row::Value;

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

/// The reader, as rules ask for them.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    /// Their role.
    pub role: Role,
    /// Their agency.
    pub agency: &'a AgencyId,
    /// Their station; without one they stand to no record by it.
    pub station: Option<&'a StationId>,
    /// Their id.
    pub person: &'a PersonId,
}

/// A condition on a record `e`, with its arguments from `$1` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Covers {
    pub(super) sql: String,
    pub(super) args: Vec<Value>,
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

impl Covers {
    /// The records to which a reader stands in any of these ways; `None`: to none.
    pub(crate) fn any_of(who: Viewer<'_>, relations: impl IntoIterator<Item = Relation>) -> Option<Self> {
        let parts: Vec<&str> = relations.into_iter().map(|relation| relation.sql(who.role)).collect();
        if parts.is_empty() {
            return None;
        }
        let mut sql = format!("({})", parts.join(" or "));
        let mut args = Vec::new();
        let said = [
            ("{agency}", Value::from(who.agency)),
            ("{station}", who.station.map_or(Value::Null, Value::from)),
            ("{person}", who.person.into()),
        ];
        for (name, value) in said {
            if sql.contains(name) {
                args.push(value);
                sql = sql.replace(name, &format!("${}", args.len()));
            }
        }
        Some(Self { sql, args })
    }

    /// The condition, for a test that asks it another way.
    #[cfg(test)]
    pub(crate) fn parts(self) -> (String, Vec<Value>) {
        (self.sql, self.args)
    }

    /// Whether a record is among them; a sealed one only where those are seen.
    pub(crate) fn has(mut self, tx: &mut dyn Tx, encounter: EncounterId, sealed: bool) -> Result<bool> {
        let place = self.args.len() + 1;
        self.args.extend([encounter.to_string().into(), sealed.into()]);
        let sql = format!(
            "select e.id from encounter e where e.id = ${place} and e.sealed <= ${} and {}",
            place + 1,
            self.sql
        );
        Ok(tx.row(&sql, &self.args)?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_has_an_argument_for_each_of_its_places() {
        for role in [Role::Supervisor, Role::Detective, Role::County, Role::RecordsOfficer, Role::Auditor] {
            for relations in [&Relation::ALL[..], &Relation::ALL[..1], &Relation::ALL[4..]] {
                let who =
                    Viewer { role, agency: &"a".into(), station: Some(&"s".into()), person: &"p".into() };
                let Covers { sql, args } = Covers::any_of(who, relations.iter().copied()).expect("some");
                for place in 1..=args.len() {
                    assert!(sql.contains(&format!("${place}")), "{sql}");
                }
                assert!(!sql.contains('{') && !sql.contains(&format!("${}", args.len() + 1)), "{sql}");
            }
        }
        let nobody = Viewer { role: Role::Unknown, agency: &"a".into(), station: None, person: &"p".into() };
        assert_eq!(Covers::any_of(nobody, []), None);
    }
}
