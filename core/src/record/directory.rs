//! The directory: who and where, for names and for numbers to call. It is the programme's, not the protocol's.

use serde::{Deserialize, Serialize};

use super::{AgencyId, PersonId, Role, StationId};
use crate::protocol::Channel;

/// Everything a phone looks up by name (`GET /v1/directory`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    pub programme: String,
    pub stations: Vec<DirectoryStation>,
    pub people: Vec<DirectoryPerson>,
    pub numbers: Vec<PartnerNumber>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryStation {
    pub id: StationId,
    pub agency: AgencyId,
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPerson {
    pub id: PersonId,
    /// As colleagues say it: `Sgt. Rivera`.
    pub name: String,
    pub role: Role,
    pub agency: AgencyId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<StationId>,
}

/// A number of a partner, by station and hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerNumber {
    pub partner: String,
    /// Absent: for every station.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<StationId>,
    pub channel: Channel,
    pub number: String,
    /// Minutes after local midnight, `from <= t < to`; a span over midnight has `from > to`. Absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<(u32, u32)>,
}

impl Directory {
    /// The numbers of a partner for a station at a minute of the local day, in the directory's order.
    pub fn numbers_of(&self, partner: &str, station: &StationId, minute: u32) -> Vec<PartnerNumber> {
        self.numbers
            .iter()
            .filter(|number| number.partner == partner)
            .filter(|number| number.station.as_ref().is_none_or(|at| at == station))
            .filter(|number| number.holds_at(minute))
            .cloned()
            .collect()
    }
}

impl PartnerNumber {
    /// Whether the number is answered at this minute of the local day.
    pub fn holds_at(&self, minute: u32) -> bool {
        match self.hours {
            None => true,
            Some((from, to)) if from <= to => (from..to).contains(&minute),
            Some((from, to)) => minute >= from || minute < to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_the_night_holds_over_midnight() {
        let number = PartnerNumber {
            partner: "unit".to_owned(),
            station: None,
            channel: Channel::Telephone,
            number: "555-0100".to_owned(),
            hours: Some((22 * 60, 6 * 60)),
        };
        let holds = [(21, 59), (22, 0), (0, 0), (5, 59), (6, 0)].map(|(h, m)| number.holds_at(h * 60 + m));
        assert_eq!(holds, [false, true, true, true, false]);
    }
}
