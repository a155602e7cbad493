//! The names that pages say: of people, and of stations.

use std::collections::BTreeMap;

use firsthours_core::record::{PersonId, StationId};
use firsthours_core::view::Names;

use crate::store::{Result, Tx, lists};

/// Everybody who ever had an account here, and every station.
#[derive(Debug, Clone, Default)]
pub struct Known {
    people: BTreeMap<String, String>,
    stations: BTreeMap<String, String>,
    installs: BTreeMap<String, String>,
}

impl Known {
    /// Reads them.
    pub fn read(tx: &mut dyn Tx) -> Result<Self> {
        Ok(Self {
            people: lists::names(tx)?,
            stations: lists::station_titles(tx)?,
            installs: lists::people_of_installs(tx)?,
        })
    }

    /// Who an entry of the log is about: a person, or the person of a phone.
    pub fn author(&self, who: &str) -> String {
        let person = match who.split_once('/') {
            Some(("person", id)) => Some(id),
            Some(("install", id)) => self.installs.get(id).map(String::as_str),
            _ => None,
        };
        person.and_then(|id| self.people.get(id)).map_or_else(|| who.to_owned(), Clone::clone)
    }
}

impl Names for Known {
    fn name(&self, person: &PersonId) -> Option<String> {
        self.people.get(&person.0).cloned()
    }

    fn station(&self, station: &StationId) -> Option<String> {
        self.stations.get(station.as_str()).cloned()
    }
}
