//! Which records a person at a desk may see. Nothing unless a line here says so; the SQL says it again.
//!
//! A supervisor sees the records of their station, and those in which a deputy of their station has a part. Who
//! follows up or watches sees those of their agency, and those in which it has a part. Nobody else sees any.

use firsthours_core::record::{Actor, EncounterId, PersonId, Role};

use super::reader::Reader;
use crate::store::{StoreError, Tx, Value};

/// What a person may see and do at a desk.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The person, in the role in which they act.
    pub actor: Actor,
    reach: Reach,
}

#[derive(Debug, Clone)]
enum Reach {
    Station(String),
    Agency,
    Nothing,
}

impl Scope {
    /// The scope of a signed-in person.
    pub fn of(reader: &Reader) -> Self {
        let role = serde_json::from_value(reader.role.as_str().into()).unwrap_or(Role::Unknown);
        let reach = match (role, &reader.station) {
            (Role::Supervisor, Some(station)) => Reach::Station(station.clone()),
            (Role::Detective | Role::County | Role::RecordsOfficer | Role::Auditor, _) => Reach::Agency,
            // A supervisor without a station has none to review.
            _ => Reach::Nothing,
        };
        let person = PersonId(reader.person.clone());
        Self { actor: Actor { person, role, agency: reader.agency.clone() }, reach }
    }

    /// Whether this role reads records at all.
    pub fn reads_records(&self) -> bool {
        !matches!(self.reach, Reach::Nothing)
    }

    /// Whether this role reviews: comments, sends back, approves.
    pub fn reviews(&self) -> bool {
        self.actor.role == Role::Supervisor
    }

    /// The station whose records this person reviews.
    pub(super) fn station(&self) -> Option<&str> {
        match &self.reach {
            Reach::Station(station) => Some(station),
            Reach::Agency | Reach::Nothing => None,
        }
    }

    /// Whether this role decides about phones.
    pub fn decides_on_phones(&self) -> bool {
        self.actor.role == Role::Administrator
    }

    /// Whether this person may see the record. A sealed one is closed to all but those who keep records.
    pub fn may_see(&self, tx: &mut dyn Tx, encounter: EncounterId) -> Result<bool, StoreError> {
        let Some((from, mut args)) = self.ids() else { return Ok(false) };
        let sealed = i64::from(self.actor.role == Role::RecordsOfficer);
        args.extend([encounter.to_string().into(), sealed.into()]);
        let sql = format!(
            "select e.id from encounter e where e.id = $3 and e.sealed <= $4 and e.id in ({})",
            from.replace("{more}", "and e.id = $3"),
        );
        Ok(tx.row(&sql, &args)?.is_some())
    }

    /// A query for the ids of the records in scope, with its first two arguments; `{more}` stands where a
    /// condition on the record `e` may narrow each of its parts.
    pub(super) fn ids(&self) -> Option<(&'static str, Vec<Value>)> {
        let agency = self.actor.agency.as_str();
        match &self.reach {
            Reach::Nothing => None,
            Reach::Station(station) => Some((
                "select e.id from encounter e where e.agency = $1 and e.station = $2 {more} union \
                 select e.id from person q join party p on p.person = q.id and p.until_ms is null \
                 join encounter e on e.id = p.encounter where q.agency = $1 and q.station = $2 {more}",
                vec![agency.into(), station.as_str().into()],
            )),
            Reach::Agency => Some((
                "select e.id from encounter e where e.agency = $1 {more} union \
                 select e.id from party p join encounter e on e.id = p.encounter \
                 where p.until_ms is null and (p.person = $2 or p.person = '' and p.agency = $1) {more}",
                vec![agency.into(), self.actor.person.0.as_str().into()],
            )),
        }
    }
}
