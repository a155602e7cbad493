//! The summary: a projection that is a cache, and a rebuild gives equal bytes.
//!
//! It holds derived states, due instants, counts and codes; no *now*, no language, no identity, location,
//! narrative or health value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::to_json;
use super::status::{PhaseStatus, ThreadState, is_void, phase_head, phase_status, threads};
use super::{
    AgencyId, Content, Derived, EncounterId, Event, EventId, Hash, IncidentId, Kind, PersonId, Register,
    State, StationId, StepState, disputes, same_as, versions,
};
use crate::protocol::{Definition, Instant, Outcome, Phase};

/// The code that made a summary; an older one is rebuilt when it is read.
pub const SUMMARY_VERSION: u32 = 2;

/// What lists and queues need to know of an encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub version: u32,
    pub encounter: EncounterId,
    /// Absent until the record's first event has arrived.
    pub opened: Option<Opened>,
    /// The version of the protocol that it was read under.
    pub protocol: Hash,
    /// The version that it was moved to, while that was not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<Hash>,
    /// The record that it is the same contact as, by a supervisor's word.
    pub same_as: Option<EncounterId>,
    /// The scene that it belongs to now.
    pub incident: Option<IncidentId>,
    pub holder: Vec<PersonId>,
    pub events: usize,
    pub last_event: Option<EventId>,
    pub void: bool,
    pub phases: BTreeMap<Phase, PhaseSummary>,
    pub steps: BTreeMap<String, StepState>,
    pub clocks: Vec<ClockSummary>,
    pub conflicts: usize,
    pub threads_open: usize,
    pub held: usize,
    pub unknown: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub protocol: Hash,
    pub agency: AgencyId,
    pub station: StationId,
    pub incident: IncidentId,
    pub letter: String,
    /// The wall time of its entry, as the phone's clock showed it; it never changes.
    pub wall: Instant,
    pub by: PersonId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseSummary {
    pub status: PhaseStatus,
    /// When the phase came to where it is.
    pub since: Option<Instant>,
    /// By whom.
    pub by: Option<PersonId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSummary {
    pub clock: String,
    pub due: Option<Instant>,
    pub outcome: Outcome,
}

/// Summarises a record.
pub fn summarise(
    encounter: EncounterId,
    protocol: Hash,
    definition: &Definition,
    state: &State,
    derived: &Derived<'_>,
) -> Summary {
    let phases = Phase::ALL
        .into_iter()
        .filter(|phase| definition.steps.iter().any(|step| step.phase == *phase))
        .map(|phase| {
            let head = phase_head(state, phase);
            let summary = PhaseSummary {
                status: phase_status(state, definition, phase),
                since: head.and_then(|event| event.body.as_ref()).map(|body| body.at.corrected()),
                by: head.and_then(|event| event.body.as_ref()).map(|body| body.actor.person.clone()),
            };
            (phase, summary)
        })
        .collect();
    Summary {
        version: SUMMARY_VERSION,
        encounter,
        opened: state.opened().and_then(read_opened),
        protocol,
        lacks: versions(state).first().copied().filter(|wanted| *wanted != protocol),
        same_as: same_as(state),
        incident: incident_of(state),
        holder: holders(state),
        events: state.len(),
        last_event: state.last().map(|event| event.id),
        void: is_void(state),
        phases,
        steps: derived.steps.iter().map(|record| (record.step.id.clone(), record.state)).collect(),
        clocks: derived
            .clocks
            .iter()
            .filter_map(|reading| {
                let clock = definition.clocks.get(reading.clock)?.id.clone();
                Some(ClockSummary { clock, due: reading.due, outcome: reading.outcome })
            })
            .collect(),
        conflicts: derived.conflicts() + disputes(state).iter().filter(|dispute| dispute.waits()).count(),
        threads_open: threads(state).iter().filter(|thread| thread.state != ThreadState::Resolved).count(),
        held: state.holds().filter(|(id, _)| state.event(id).is_some()).count(),
        unknown: state.events().filter(|event| matches!(event.kind(), Some(Kind::Unknown { .. }))).count(),
    }
}

impl Summary {
    /// The bytes that are stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_json(self).into_bytes()
    }

    /// Reads stored bytes; `None` if they are of another version, and then the record is folded again.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(bytes).ok().filter(|summary| summary.version == SUMMARY_VERSION)
    }
}

/// What the record's first event says.
pub fn read_opened(event: &Event) -> Option<Opened> {
    let body = event.body.as_ref()?;
    match &body.kind {
        Kind::Opened { protocol, agency, station, incident, letter } => Some(Opened {
            protocol: *protocol,
            agency: agency.clone(),
            station: station.clone(),
            incident: *incident,
            letter: letter.clone(),
            wall: body.at.wall,
            by: body.actor.person.clone(),
        }),
        _ => None,
    }
}

/// The scene that the record belongs to.
fn incident_of(state: &State) -> Option<IncidentId> {
    state.heads(&Register::Incident).into_iter().find_map(|head| match head.content {
        Content::Incident(incident) => Some(*incident),
        _ => None,
    })
}

/// Who holds the record: one, or several while two took it up at once.
pub fn holders(state: &State) -> Vec<PersonId> {
    let mut holders: Vec<PersonId> = state
        .heads(&Register::Holder)
        .into_iter()
        .filter_map(|head| match head.content {
            Content::Holder(person) => Some(person.clone()),
            _ => None,
        })
        .collect();
    holders.sort();
    holders.dedup();
    holders
}
