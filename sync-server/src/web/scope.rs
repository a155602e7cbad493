//! A signed-in person as the table of permissions asks for them, and that table asked in the SQL.

use firsthours_core::record::{Actor, EncounterId, Role, StationId};

use super::reader::Reader;
use crate::programme::audit::{self, Source};
use crate::programme::permission::{self, Deed, Viewer};
use crate::store::scope::Covers;
use crate::store::{StoreError, Tx};

/// What a person may see and do at a desk.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The person, in the role in which they act.
    pub actor: Actor,
    station: Option<StationId>,
    source: Source,
}

impl Scope {
    /// The scope of a signed-in person.
    pub fn of(reader: &Reader) -> Self {
        Self {
            actor: Actor { person: reader.person.clone(), role: reader.role, agency: reader.agency.clone() },
            station: reader.station.clone(),
            source: reader.source.clone(),
        }
    }

    /// As whom the log knows them, and from where they ask.
    pub fn who(&self) -> audit::Who<'_> {
        audit::Who::Person(&self.actor.person, &self.source)
    }

    /// From where they ask.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether this role reads records at all.
    pub fn reads_records(&self) -> bool {
        self.covers(Deed::Look).is_some()
    }

    /// Whether this role may ever do this.
    pub fn ever(&self, deed: Deed) -> bool {
        permission::ever(self.actor.role, deed)
    }

    /// The station whose records this person reviews.
    pub(super) fn station(&self) -> Option<&StationId> {
        self.station.as_ref().filter(|_| self.ever(Deed::Review))
    }

    /// Whether this role decides about phones.
    pub fn decides_on_phones(&self) -> bool {
        self.actor.role == Role::Administrator
    }

    /// Whether this person may do this to the record. A sealed one is closed to all but those who keep records.
    pub fn may(&self, tx: &mut dyn Tx, encounter: EncounterId, deed: Deed) -> Result<bool, StoreError> {
        let Some(covers) = self.covers(deed) else { return Ok(false) };
        covers.has(tx, encounter, permission::sees_sealed(self.actor.role))
    }

    /// The records to which this person may do this; `None`: to none.
    pub(super) fn covers(&self, deed: Deed) -> Option<Covers> {
        let Actor { person, role, agency } = &self.actor;
        let who = Viewer { role: *role, agency, station: self.station.as_ref(), person };
        permission::covers(who, deed)
    }

    /// The queues that this person reads, as agency, station, person, and the role that a step is for.
    pub(super) fn queues(&self) -> Vec<[&str; 4]> {
        let agency = self.actor.agency.as_str();
        let own = ["", "", self.actor.person.0.as_str(), ""];
        match (self.actor.role, &self.station) {
            (Role::Supervisor, Some(station)) => vec![[agency, station.as_str(), "", ""]],
            (Role::Detective, _) => vec![[agency, "", "", "detective"], [agency, "", "", "party"], own],
            (Role::County, _) => vec![[agency, "", "", "county"], [agency, "", "", "party"], own],
            (Role::RecordsOfficer | Role::Auditor, _) => {
                vec![[agency, "", "", ""], [agency, "", "", "party"], own]
            }
            (Role::Supervisor, None) => Vec::new(),
            (Role::Deputy | Role::Administrator | Role::Analyst | Role::Server | Role::Unknown, _) => {
                Vec::new()
            }
        }
    }
}
