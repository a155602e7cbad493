//! How a record stands against the deadlines of its protocol.
//!
//! Everything here follows from recorded moments, so the order and the time of entry change nothing. Only
//! *missed* needs to know what time it is now.
//!
//! - A disputed anchor counts from its earliest head, a disputed `met_at` from its latest: while people
//!   disagree, nobody is told that a deadline was kept which one of them says was not.
//! - A clock whose condition is false, or whose first step does not apply, is not there at all. While its
//!   condition or its anchor is not known it waits.
//! - It is met when `met_by` holds *and* a moment of `met_at` is known; the latest moment counts. Met after the
//!   deadline is late, unless it is excused.
//! - `before` without a moment to be before has no end yet; met by then is met.

use serde::{Deserialize, Serialize};

use super::calendar::end_of_nth_day;
use super::condition::{Facts, FirstEntries, Reading, Truth, judge, judge_optional};
use super::local::{Zone, zone};
use super::{Anchor, AnchorOf, Clock, Deadline, Definition, FieldRef, Instant, Settled, Value};

/// One clock of a record: of a clock `each`, one for every entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockReading {
    /// Index into [`Definition::clocks`].
    pub clock: usize,
    /// The entry it counts from, for a clock of each.
    pub entry: Option<usize>,
    /// The moment that it counts from.
    pub anchor: Option<Instant>,
    /// The last instant that is in time; `None` while it waits, and for `before` while there is no such moment.
    pub due: Option<Instant>,
    /// How it stands, whatever the time is now.
    pub outcome: Outcome,
    /// Where the moment it counts from was corrected: how it stood from the moment that was entered first. A clock is
    /// not started again by entering a call again; both are shown.
    pub first_entered: Option<FirstEntered>,
}

/// How a clock stands by the moment that was entered first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstEntered {
    /// The moment that was entered first.
    pub anchor: Instant,
    /// The last instant that would be in time.
    pub due: Option<Instant>,
    /// How it stands, whatever the time is now.
    pub outcome: Outcome,
}

/// How a clock stands, whatever the time is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is not known whether it applies, or when it began.
    Waiting,
    /// Begun, and neither met nor excused.
    Running,
    /// Met in time.
    Met {
        /// When; not known where a `before` has no `met_at`.
        at: Option<Instant>,
    },
    /// Met after the deadline.
    MetLate {
        /// When.
        at: Instant,
    },
    /// Not met, or late, for a reason that the protocol accepts.
    Excused,
}

/// How a clock stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockResult {
    /// It is not known whether it applies, or when it began.
    Waiting,
    /// Begun, and still in time.
    Running,
    /// Met in time.
    Met,
    /// Met after the deadline.
    MetLate,
    /// The deadline has passed and it is not met.
    Missed,
    /// Not met, or late, for a reason that the protocol accepts.
    Excused,
}

impl ClockReading {
    /// How it stands at the instant `now`.
    pub fn result(&self, now: Instant) -> ClockResult {
        self.outcome.result(self.due, now)
    }
}

impl FirstEntered {
    /// How it stands at the instant `now`.
    pub fn result(&self, now: Instant) -> ClockResult {
        self.outcome.result(self.due, now)
    }
}

impl Outcome {
    fn result(self, due: Option<Instant>, now: Instant) -> ClockResult {
        match self {
            Self::Waiting => ClockResult::Waiting,
            Self::Running if due.is_some_and(|due| now > due) => ClockResult::Missed,
            Self::Running => ClockResult::Running,
            Self::Met { .. } => ClockResult::Met,
            Self::MetLate { .. } => ClockResult::MetLate,
            Self::Excused => ClockResult::Excused,
        }
    }
}

/// Every clock that there is for this record, in the order of the definition and of entries.
pub fn read_clocks(definition: &Definition, facts: &dyn FirstEntries) -> Vec<ClockReading> {
    let zone = zone(&definition.time_zone);
    let mut readings = Vec::new();
    for (index, clock) in definition.clocks.iter().enumerate() {
        let step = clock.from.field.step.as_str();
        if facts.settled(step) == Settled::NotApplicable {
            continue;
        }
        let entries: Vec<Option<usize>> = match clock.from.of {
            AnchorOf::Each => (0..facts.entries(step)).map(Some).collect(),
            AnchorOf::First | AnchorOf::Last => vec![None],
        };
        for entry in entries {
            let view = ClockOfRecord { definition, clock, facts, zone, entry };
            readings.extend(view.read(index));
        }
    }
    readings
}

/// One clock of one record.
struct ClockOfRecord<'a> {
    definition: &'a Definition,
    clock: &'a Clock,
    facts: &'a dyn FirstEntries,
    zone: Zone,
    entry: Option<usize>,
}

/// The record as `met_by` reads it: of an end that several people put at different moments the latest counts, and nobody
/// doubts that it came.
struct LatestEnds<'a> {
    facts: &'a dyn Facts,
    ends: &'a [Anchor],
}

impl Facts for LatestEnds<'_> {
    fn settled(&self, step: &str) -> Settled {
        self.facts.settled(step)
    }

    fn entries(&self, step: &str) -> usize {
        self.facts.entries(step)
    }

    fn reading(&self, step: &str, entry: usize, field: &str) -> Reading<'_> {
        let is_end = self.ends.iter().any(|end| end.field.step == step && end.field.field == field);
        match self.facts.reading(step, entry, field) {
            // One value alone is disputed by somebody who took it back.
            Reading::Disputed(values) if is_end && values.len() > 1 => {
                values.into_iter().max_by_key(|value| value.moment()).map_or(Reading::Nothing, Reading::One)
            }
            other => other,
        }
    }
}

/// Which head of a disputed moment counts.
#[derive(Clone, Copy)]
enum WhichHead {
    Earliest,
    Latest,
}

impl<'a> ClockOfRecord<'a> {
    /// How it stands; nothing where the clock does not apply.
    fn read(&self, clock: usize) -> Option<ClockReading> {
        let applies = judge_optional(self.clock.applies.as_ref(), self.facts, self.same()).truth;
        if applies == Truth::False {
            return None;
        }
        let anchor = self.moment(&self.clock.from, WhichHead::Earliest);
        let (due, outcome) = match anchor.filter(|_| applies == Truth::True) {
            Some(start) => self.from(start),
            None => (None, Outcome::Waiting),
        };
        let Anchor { field, of } = &self.clock.from;
        let first_entered = self
            .facts
            .as_first_entered(field, *of, self.entry)
            .filter(|first| applies == Truth::True && anchor != Some(*first))
            .map(|anchor| {
                let (due, outcome) = self.from(anchor);
                FirstEntered { anchor, due, outcome }
            });
        Some(ClockReading { clock, entry: self.entry, anchor, due, outcome, first_entered })
    }

    /// When it is due if it counts from `start`, and how it stands.
    fn from(&self, start: Instant) -> (Option<Instant>, Outcome) {
        let same = self.same();
        let due = self.due(start);
        let ends = LatestEnds { facts: self.facts, ends: &self.clock.met_at };
        let is_met = judge(&self.clock.met_by, &ends, same).truth == Truth::True;
        let excuse = self.clock.excused_by.as_ref();
        let is_excused = excuse.is_some_and(|excuse| judge(excuse, self.facts, same).truth == Truth::True);
        let outcome = match self.met(due).filter(|_| is_met) {
            Some(met @ Outcome::Met { .. }) => met,
            _ if is_excused => Outcome::Excused,
            Some(late) => late,
            None => Outcome::Running,
        };
        (due, outcome)
    }

    /// What it is if `met_by` holds; nothing while no moment of it is known.
    fn met(&self, due: Option<Instant>) -> Option<Outcome> {
        let at = self.clock.met_at.iter().filter_map(|anchor| self.moment(anchor, WhichHead::Latest)).max();
        match (at, due) {
            (Some(at), Some(due)) if at > due => Some(Outcome::MetLate { at }),
            (Some(at), _) => Some(Outcome::Met { at: Some(at) }),
            (None, _) => self.clock.met_at.is_empty().then_some(Outcome::Met { at: None }),
        }
    }

    fn due(&self, start: Instant) -> Option<Instant> {
        match &self.clock.deadline {
            Deadline::WithinMinutes(minutes) => Some(start + i64::from(*minutes) * 60_000),
            Deadline::WithinDays { n, calendar } => {
                let calendar = self.definition.calendars.iter().find(|known| known.id == *calendar)?;
                Some(end_of_nth_day(start, *n, calendar, self.zone) - 1)
            }
            // In the entry that the clock is of, if the field is of its step; the first anywhere else.
            Deadline::Before(field) => {
                self.moment(&Anchor { field: field.clone(), of: AnchorOf::Each }, WhichHead::Earliest)
            }
        }
    }

    /// The entry that conditions read, for a clock of each.
    fn same(&self) -> Option<(&'a str, usize)> {
        let clock: &'a Clock = self.clock;
        self.entry.map(|entry| (clock.from.field.step.as_str(), entry))
    }

    fn moment(&self, anchor: &Anchor, head: WhichHead) -> Option<Instant> {
        let field = &anchor.field;
        if self.facts.settled(&field.step) == Settled::NotApplicable {
            return None;
        }
        match (anchor.of, self.same()) {
            (AnchorOf::Each, Some((step, entry))) if step == field.step => self.head(field, entry, head),
            (AnchorOf::First | AnchorOf::Each, _) => self.moments(field, head).min(),
            (AnchorOf::Last, _) => self.moments(field, head).max(),
        }
    }

    fn moments(&self, field: &FieldRef, head: WhichHead) -> impl Iterator<Item = Instant> {
        (0..self.facts.entries(&field.step)).filter_map(move |entry| self.head(field, entry, head))
    }

    fn head(&self, field: &FieldRef, entry: usize, head: WhichHead) -> Option<Instant> {
        match self.facts.reading(&field.step, entry, &field.field) {
            Reading::Nothing => None,
            Reading::One(value) => value.moment(),
            Reading::Disputed(values) => {
                let moments = values.into_iter().filter_map(Value::moment);
                match head {
                    WhichHead::Earliest => moments.min(),
                    WhichHead::Latest => moments.max(),
                }
            }
        }
    }
}
