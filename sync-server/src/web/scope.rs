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
        let Some((covers, mut args)) = self.covers() else { return Ok(false) };
        let sealed = i64::from(self.actor.role == Role::RecordsOfficer);
        args.extend([encounter.to_string().into(), sealed.into()]);
        let sql = format!("select e.id from encounter e where e.id = $3 and e.sealed <= $4 and {covers}");
        Ok(tx.row(&sql, &args)?.is_some())
    }

    /// The condition on a record `e` that it is in scope, with its two arguments.
    pub(super) fn covers(&self) -> Option<(&'static str, Vec<Value>)> {
        let agency = self.actor.agency.as_str();
        match &self.reach {
            Reach::Nothing => None,
            Reach::Station(station) => Some((
                "(e.agency = $1 and e.station = $2 or exists (select 1 from party p join person q on q.id = p.person \
                 where p.encounter = e.id and p.until_ms is null and q.agency = $1 and q.station = $2))",
                vec![agency.into(), station.as_str().into()],
            )),
            Reach::Agency => Some((
                "(e.agency = $1 or exists (select 1 from party p where p.encounter = e.id and p.until_ms is null \
                 and (p.person = $2 or p.person = '' and p.agency = $1)))",
                vec![agency.into(), self.actor.person.0.as_str().into()],
            )),
        }
    }

    /// The queues that this person reads, as agency, station and person.
    pub(super) fn queues(&self) -> Vec<[&str; 3]> {
        let agency = self.actor.agency.as_str();
        match &self.reach {
            Reach::Nothing => Vec::new(),
            Reach::Station(station) => vec![[agency, station, ""]],
            Reach::Agency => vec![[agency, "", ""], ["", "", &self.actor.person.0]],
        }
    }
}
