//! What a phone's victims said they did, and whether the store says the same.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::record::{EncounterId, EventId, Kind};
use firsthours_tests::programme::Fault;
use firsthours_tests::victim::{Said, What, marks};

use crate::held::{Held, Holds};

/// Every act of one phone.
#[derive(Default)]
pub(crate) struct Ledger {
    tries: BTreeMap<u64, Try>,
    /// The event of each acknowledged act, once it was seen: it never changes.
    known: BTreeMap<u64, EventId>,
    pub(crate) totals: Totals,
}

struct Try {
    what: What,
    encounter: Option<String>,
    place: Option<String>,
    came: Came,
}

enum Came {
    /// Killed before it came back: whole, or absent.
    Unknown,
    Acknowledged {
        encounter: String,
        seen: u64,
    },
    Refused,
}

/// What is counted over all phones.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) kills: u64,
    pub(crate) while_opening: u64,
    pub(crate) during_an_act: u64,
    pub(crate) during_a_sync: u64,
    pub(crate) while_closing: u64,
    pub(crate) acts: u64,
    pub(crate) acknowledged: u64,
    pub(crate) refused: u64,
    /// Of the unacknowledged, those whose event is there.
    pub(crate) landed: u64,
    pub(crate) events: u64,
    pub(crate) checks: u64,
}

impl Totals {
    /// Adds what another phone counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.while_opening += other.while_opening;
        self.during_an_act += other.during_an_act;
        self.during_a_sync += other.during_a_sync;
        self.while_closing += other.while_closing;
        self.acts += other.acts;
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.landed += other.landed;
        self.events += other.events;
        self.checks += other.checks;
    }
}

impl Ledger {
    /// The number of the next act.
    pub(crate) fn next(&self) -> u64 {
        self.tries.last_key_value().map_or(1, |(number, _)| number + 1)
    }

    /// Takes down what a victim said.
    pub(crate) fn note(&mut self, said: Said) -> Result<(), Fault> {
        match said {
            Said::Trying { number, what, encounter, place } => {
                self.tries.insert(number, Try { what, encounter, place, came: Came::Unknown });
            }
            Said::Done { number, encounter, seen } => {
                let seen = u64::try_from(seen)?;
                self.tried(number)?.came = Came::Acknowledged { encounter, seen };
            }
            Said::Refused { number } => self.tried(number)?.came = Came::Refused,
            Said::Fault { detail } => return Err(detail.into()),
            Said::Open
            | Said::Waiting
            | Said::Ready
            | Said::Syncing
            | Said::Synced { .. }
            | Said::Closing => {}
        }
        Ok(())
    }

    fn tried(&mut self, number: u64) -> Result<&mut Try, Fault> {
        Ok(self.tries.get_mut(&number).ok_or("a victim came back from an act that it had not begun")?)
    }

    /// Compares with what the phone holds.
    pub(crate) fn check(&mut self, holds: &Holds) -> Result<(), Fault> {
        let own: Vec<&Held> = holds.events.iter().filter(|held| held.own).collect();
        let found = self.acknowledged(&own)?;
        self.nothing_else(&own, &found)?;
        self.drafts(holds, &own)?;
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let totals = &mut self.totals;
        totals.checks += 1;
        totals.events = count(own.len());
        totals.landed = count(own.len() - found.len());
        totals.acts = count(self.tries.len());
        totals.refused =
            count(self.tries.values().filter(|tried| matches!(tried.came, Came::Refused)).count());
        let acknowledged = |tried: &&Try| matches!(tried.came, Came::Acknowledged { .. });
        totals.acknowledged = count(self.tries.values().filter(acknowledged).count());
        Ok(())
    }

    /// Every acknowledged act's event is there, where the act said, and is the same as at the last look.
    fn acknowledged(&mut self, own: &[&Held]) -> Result<BTreeSet<EventId>, Fault> {
        let places: BTreeMap<(String, u64), &&Held> =
            own.iter().map(|held| ((held.encounter.to_string(), held.arrival), held)).collect();
        let mut found = BTreeSet::new();
        for (number, tried) in &self.tries {
            let Came::Acknowledged { encounter, seen } = &tried.came else { continue };
            if tried.what == What::Draft {
                continue;
            }
            let lost =
                || format!("LOST: act {number} came back, and number {seen} of record {encounter} is not it");
            let held = places.get(&(encounter.clone(), *seen)).ok_or_else(lost)?;
            let kind = held.event.kind();
            let is_it = match tried.what {
                What::Act => marks(&held.body, "act#") == [*number],
                What::Begin => *seen == 1 && matches!(kind, Some(Kind::Opened { .. })),
                What::Bare => {
                    marks(&held.body, "act#").is_empty() && !matches!(kind, Some(Kind::Opened { .. }))
                }
                What::Draft => true,
            };
            let id = held.event.id;
            if !is_it || *self.known.entry(*number).or_insert(id) != id {
                return Err(lost().into());
            }
            if !found.insert(id) {
                return Err(format!("LOST: act {number} and another came back as the same event").into());
            }
        }
        Ok(found)
    }

    /// Every other own event belongs to one act that was killed before it came back, or to a submit's drafts.
    fn nothing_else(&self, own: &[&Held], found: &BTreeSet<EventId>) -> Result<(), Fault> {
        let mut claimed: BTreeSet<u64> = own
            .iter()
            .filter(|held| found.contains(&held.event.id))
            .flat_map(|held| marks(&held.body, "act#"))
            .collect();
        for held in own.iter().filter(|held| !found.contains(&held.event.id)) {
            let record = held.encounter.to_string();
            let unnumbered = |what: What| {
                self.tries.iter().find(|(number, tried)| {
                    let here = tried.encounter.as_ref().is_none_or(|encounter| *encounter == record);
                    tried.what == what
                        && here
                        && matches!(tried.came, Came::Unknown)
                        && !claimed.contains(number)
                })
            };
            let by = match (marks(&held.body, "act#").as_slice(), held.event.kind()) {
                ([number], _) => self.tries.get(number).map(|tried| (*number, tried)),
                ([], Some(Kind::Opened { .. })) => {
                    unnumbered(What::Begin).map(|(number, tried)| (*number, tried))
                }
                ([], Some(Kind::Answered { .. })) if self.submitted(held.encounter) => continue,
                ([], _) => unnumbered(What::Bare).map(|(number, tried)| (*number, tried)),
                _ => None,
            };
            let stray = || {
                format!(
                    "DOUBLED: event {} of record {record} is no act's: {:?}",
                    held.arrival,
                    held.event.kind()
                )
            };
            let (number, tried) = by.ok_or_else(stray)?;
            if !matches!(tried.came, Came::Unknown) || !claimed.insert(number) {
                return Err(format!("DOUBLED: act {number} has made event {} too", held.event.id).into());
            }
        }
        Ok(())
    }

    fn submitted(&self, encounter: EncounterId) -> bool {
        let record = encounter.to_string();
        self.tries.values().any(|tried| tried.what == What::Bare && tried.encounter.as_ref() == Some(&record))
    }

    /// A draft is a draft or an answer, never both; one that was acknowledged and not written over is one of them.
    fn drafts(&self, holds: &Holds, own: &[&Held]) -> Result<(), Fault> {
        let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
        let texts = holds.drafts.iter().map(|draft| &draft.text).chain(own.iter().map(|held| &held.body));
        for number in texts.flat_map(|text| marks(text, "draft#")) {
            *seen.entry(number).or_default() += 1;
        }
        let mut last: BTreeMap<&str, u64> = BTreeMap::new();
        for (number, tried) in self.tries.iter().filter(|(_, tried)| !matches!(tried.came, Came::Refused)) {
            if let Some(place) = &tried.place {
                last.insert(place, *number);
            }
        }
        for (number, tried) in self.tries.iter().filter(|(_, tried)| tried.what == What::Draft) {
            let times = seen.remove(number).unwrap_or(0);
            let stands = tried.place.as_deref().and_then(|place| last.get(place)) == Some(number)
                && matches!(tried.came, Came::Acknowledged { .. });
            if times > 1 {
                return Err(format!("DOUBLED: draft {number} is there {times} times").into());
            }
            if stands && times == 0 {
                return Err(
                    format!("LOST: draft {number} came back and is neither a draft nor an answer").into()
                );
            }
        }
        match seen.first_key_value() {
            Some((number, _)) => Err(format!("DOUBLED: draft {number} is no act's").into()),
            None => Ok(()),
        }
    }
}
