//! Clocks: reckoned once more by hand, independent of arrivals, and going forward only.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firsthours_core::protocol::{
    Anchor, AnchorOf, Calendar, Clock, ClockResult, Deadline, FieldRef, Instant, Outcome, Step,
};
use firsthours_core::record::{EntryId, Event, Kind, State, StepState, derive};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{cases, is_whole_run};
use crate::random::naive::{self, Naive, Same, value};
use crate::random::play::Play;
use crate::random::{Drawn, bytes, definitions};
use crate::support::MINUTE;

const DAY: i64 = 1_440 * MINUTE;
const HOUR: i64 = 60 * MINUTE;

/// Days since 1970 of a date, and back: the reckoning of any almanac.
fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let before = |year: i64| 365 * year + year / 4 - year / 100 + year / 400;
    let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months: i64 = lengths.iter().take(usize::try_from(month - 1).expect("a month")).sum();
    before(year - 1) - before(1969) + months + day - 1
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn date_of(day: i64) -> (i64, i64, i64) {
    let mut year = 1970;
    while day_of(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| day_of(year, *month, 1) <= day).expect("a month");
    (year, month, day - day_of(year, month, 1) + 1)
}

/// 1 = Monday; 1970 began on a Thursday.
fn weekday(day: i64) -> u8 {
    u8::try_from((day + 3).rem_euclid(7) + 1).expect("a weekday")
}

/// The `n`-th Sunday of a month.
fn sunday(year: i64, month: i64, n: i64) -> i64 {
    let first = day_of(year, month, 1);
    first + i64::from(7 - weekday(first)) + 7 * (n - 1)
}

/// How far a zone is behind UTC.
fn behind(zone: &str, ms: i64) -> i64 {
    if zone == "UTC" {
        return 0;
    }
    let year = date_of(ms.div_euclid(DAY)).0;
    // From two in the morning of the second Sunday of March to two of the first of November.
    let summer = sunday(year, 3, 2) * DAY + 10 * HOUR..sunday(year, 11, 1) * DAY + 9 * HOUR;
    if summer.contains(&ms) { 7 * HOUR } else { 8 * HOUR }
}

/// The last instant of the `n`-th day that counts after that of `start`: one day after the other.
fn last_instant(start: Instant, n: u32, calendar: &Calendar, zone: &str) -> Instant {
    let mut day = (start.ms() - behind(zone, start.ms())).div_euclid(DAY);
    let mut left = n;
    while left > 0 {
        day += 1;
        let (year, month, of_month) = date_of(day);
        let date = format!("{year:04}-{month:02}-{of_month:02}");
        if !calendar.closed_weekdays.contains(&weekday(day)) && !calendar.closed_dates.contains(&date) {
            left -= 1;
        }
    }
    // Midnight is never within the hour that is changed.
    let midnight = (day + 1) * DAY;
    Instant::from_ms(midnight + behind(zone, midnight + 8 * HOUR) - 1)
}

/// A clock reckoned by hand.
struct Hand<'n, 'd> {
    naive: &'n Naive<'d>,
    events: &'n [Arc<Event>],
    clock: &'d Clock,
    /// The entry that it counts from, for a clock of each.
    judged: Same<'d>,
}

pub(crate) type Reckoned =
    (Option<Instant>, Option<Instant>, Outcome, Option<(Instant, Option<Instant>, Outcome)>);

impl Hand<'_, '_> {
    fn reckon(&self) -> Option<Reckoned> {
        let applies = match &self.clock.applies {
            Some(condition) => self.naive.truth(condition, None, self.judged),
            None => Some(true),
        };
        if applies == Some(false) {
            return None;
        }
        let anchor = self.moment(&self.clock.from, false);
        if applies.is_none() {
            return Some((anchor, None, Outcome::Waiting, None));
        }
        let (due, outcome) = anchor.map_or((None, Outcome::Waiting), |start| self.from(start));
        let first = self.first_entered().filter(|first| anchor != Some(*first));
        let first = first.map(|first| (first, self.from(first).0, self.from(first).1));
        Some((anchor, due, outcome, first))
    }

    fn from(&self, start: Instant) -> (Option<Instant>, Outcome) {
        let definition = self.naive.definition;
        let due = match &self.clock.deadline {
            Deadline::WithinMinutes(minutes) => Some(start + i64::from(*minutes) * MINUTE),
            Deadline::WithinDays { n, calendar } => {
                let calendar = definition.calendars.iter().find(|known| known.id == *calendar);
                Some(last_instant(start, *n, calendar.expect("it is there"), &definition.time_zone))
            }
            Deadline::Before(field) => {
                let of = AnchorOf::Each;
                self.moment(&Anchor { field: field.clone(), of }, false)
            }
        };
        let holds = |condition| self.naive.truth(condition, None, self.judged) == Some(true);
        let at = self.clock.met_at.iter().filter_map(|anchor| self.moment(anchor, true)).max();
        let is_met = self.naive.is_met(&self.clock.met_by, &self.clock.met_at, self.judged)
            && (at.is_some() || self.clock.met_at.is_empty());
        let is_late = at.zip(due).is_some_and(|(at, due)| at > due);
        let is_excused = self.clock.excused_by.as_ref().is_some_and(holds);
        let outcome = match (is_met, is_late, is_excused) {
            (true, false, _) => Outcome::Met { at },
            (_, _, true) => Outcome::Excused,
            (true, true, false) => Outcome::MetLate { at: at.expect("it was late") },
            (false, _, false) => Outcome::Running,
        };
        (due, outcome)
    }

    /// The moment of an anchor: of a disputed one the earliest head, or the latest.
    fn moment(&self, anchor: &Anchor, latest: bool) -> Option<Instant> {
        let step = self.naive.step(&anchor.field.step);
        if self.naive.state(step) == StepState::NotApplicable {
            return None;
        }
        let head = |entry: Option<EntryId>| {
            let heads = self.naive.readable(step, entry, &anchor.field.field);
            let moments = heads.into_iter().filter_map(|said| value(&said.content)?.moment());
            if latest { moments.max() } else { moments.min() }
        };
        if let Some((_, entry)) =
            self.judged.filter(|(judged, _)| anchor.of == AnchorOf::Each && *judged == step.id)
        {
            return head(entry);
        }
        let moments = self.naive.entries(step).into_iter().filter_map(head);
        if anchor.of == AnchorOf::Last { moments.max() } else { moments.min() }
    }

    fn first_entered(&self) -> Option<Instant> {
        let FieldRef { step, field } = &self.clock.from.field;
        let step: &Step = self.naive.step(step);
        let first = |entry: Option<EntryId>| {
            let mut written: Vec<(u64, _, Instant)> = Vec::new();
            for event in self.events {
                if let Some(Kind::Answered { step: of, entry: into, values, .. }) = event.kind()
                    && *of == step.id
                    && *into == entry
                    && let Some(Some(value)) = values.get(field)
                    && step.fields.iter().any(|known| known.id == *field && naive::fits(known, value))
                {
                    let moment = value.moment().expect("a clock counts from a moment");
                    written.push((event.header.stamp, event.id, moment));
                }
            }
            written.into_iter().min().map(|(_, _, moment)| moment)
        };
        match (self.clock.from.of, self.judged) {
            (AnchorOf::Each, Some((_, entry))) => first(entry),
            (AnchorOf::Last, _) => self.naive.entries(step).into_iter().filter_map(first).max(),
            _ => self.naive.written(step).into_iter().filter_map(first).min(),
        }
    }
}

/// Every clock of a record by hand.
pub(crate) fn by_hand(drawn: &Drawn, events: &[Arc<Event>]) -> Vec<(usize, Option<usize>, Reckoned)> {
    let heads = naive::heads(events);
    let naive = Naive::new(&drawn.definition, &heads);
    let mut all = Vec::new();
    for (index, clock) in drawn.definition.clocks.iter().enumerate() {
        let step = naive.step(&clock.from.field.step);
        if naive.state(step) == StepState::NotApplicable {
            continue;
        }
        let judged: Vec<(Option<usize>, Same<'_>)> = match clock.from.of {
            AnchorOf::Each => {
                let entries = naive.entries(step).into_iter().enumerate();
                entries.map(|(number, entry)| (Some(number), Some((step.id.as_str(), entry)))).collect()
            }
            _ => vec![(None, None)],
        };
        for (number, judged) in judged {
            let hand = Hand { naive: &naive, events, clock, judged };
            all.extend(hand.reckon().map(|reckoned| (index, number, reckoned)));
        }
    }
    all
}

pub(crate) fn by_engine(drawn: &Drawn, state: &State) -> Vec<(usize, Option<usize>, Reckoned)> {
    let readings = derive(&drawn.definition, state).clocks;
    let first = |reading: &firsthours_core::protocol::ClockReading| {
        reading.first_entered.map(|first| (first.anchor, first.due, first.outcome))
    };
    readings
        .iter()
        .map(|reading| {
            (reading.clock, reading.entry, (reading.anchor, reading.due, reading.outcome, first(reading)))
        })
        .collect()
}

#[test]
fn the_almanac_of_these_tests_is_right() {
    for (day, date) in
        [(0, (1970, 1, 1)), (20_519, (2026, 3, 7)), (20_780, (2026, 11, 23)), (19_782, (2024, 2, 29))]
    {
        assert_eq!(date_of(day), date);
        assert_eq!(day_of(date.0, date.1, date.2), day);
    }
    assert_eq!(date_of(sunday(2026, 3, 2)), (2026, 3, 8));
    assert_eq!(date_of(sunday(2026, 11, 1)), (2026, 11, 1));
}

#[test]
fn clocks_agree_with_a_reckoning_by_hand() {
    let reckoned = Cell::new(BTreeMap::<&str, usize>::new());
    let strategy = (definitions(), bytes(400));
    let law = |(drawn, acts): (Drawn, Vec<u8>)| {
        let play = Play::played(&drawn, &acts);
        let expected = by_hand(&drawn, &play.events);
        prop_assert_eq!(&by_engine(&drawn, &State::fold(play.events.iter().cloned())), &expected);
        prop_assert_eq!(&by_engine(&drawn, &State::fold(play.events.iter().rev().cloned())), &expected);
        let mut counts = reckoned.take();
        for (_, _, (_, _, outcome, first)) in &expected {
            let name = match outcome {
                Outcome::Waiting => "waiting",
                Outcome::Running => "running",
                Outcome::Met { .. } => "met",
                Outcome::MetLate { .. } => "late",
                Outcome::Excused => "excused",
            };
            *counts.entry(name).or_default() += 1;
            *counts.entry("corrected").or_default() += usize::from(first.is_some());
        }
        reckoned.set(counts);
        Ok(())
    };
    let outcome = TestRunner::new(cases(3_000)).run(&strategy, law);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let counts = reckoned.take();
    let seen: BTreeSet<&str> =
        counts.iter().filter(|(_, count)| **count > 20).map(|(name, _)| *name).collect();
    let expected = ["waiting", "running", "met", "late", "excused", "corrected"].into();
    assert!(seen == expected || !is_whole_run(), "{counts:?}");
}

proptest! {
    #![proptest_config(cases(2_500))]

    #[test]
    fn as_time_goes_on_a_clock_goes_forward_only(
        drawn in definitions(), acts in bytes(300), minutes in prop::collection::vec(-500..20_000_i64, 2..8),
    ) {
        let play = Play::played(&drawn, &acts);
        let state = State::fold(play.events.iter().cloned());
        for reading in derive(&drawn.definition, &state).clocks {
            let edges = reading.due.into_iter().flat_map(|due| [due - 1, due, due + 1]);
            let mut times: Vec<Instant> = minutes.iter().map(|after| play.night + after * MINUTE).collect();
            times.extend(edges.chain([Instant::from_ms(i64::MIN), Instant::NEVER]));
            times.sort_unstable();
            let results: Vec<ClockResult> = times.iter().map(|now| reading.result(*now)).collect();
            for (pair, now) in results.windows(2).zip(&times[1..]) {
                let ran_out = (pair[0], pair[1]) == (ClockResult::Running, ClockResult::Missed);
                prop_assert!(pair[0] == pair[1] || ran_out, "{:?} became {:?}", pair[0], pair[1]);
                prop_assert!(!ran_out || reading.due.is_some_and(|due| due < *now));
            }
        }
    }
}

/// When the clocks that do not restart began, by the moment that was entered first; by clock and entry.
fn starts(drawn: &Drawn, state: &State) -> BTreeMap<(usize, Option<EntryId>), (Instant, Option<Instant>)> {
    let derived = derive(&drawn.definition, state);
    let mut starts = BTreeMap::new();
    for reading in &derived.clocks {
        let from = &drawn.definition.clocks[reading.clock].from;
        let counted = reading.anchor.filter(|_| reading.outcome != Outcome::Waiting);
        let start = reading.first_entered.map(|first| first.anchor).or(counted);
        let step = derived.step(&from.field.step).expect("it is there");
        let entry = reading.entry.and_then(|entry| step.entries[entry].id);
        if let Some(start) = start.filter(|_| from.of != AnchorOf::Last) {
            starts.insert((reading.clock, entry), (start, reading.anchor));
        }
    }
    starts
}

#[test]
fn a_clock_is_not_started_again_by_entering_its_moment_again() {
    let moved = Cell::new(0_usize);
    let strategy = (definitions(), bytes(400));
    let law = |(drawn, acts): (Drawn, Vec<u8>)| {
        let mut before = BTreeMap::new();
        let mut reset = None;
        Play::played_in_line(&drawn, &acts, |play| {
            let after = starts(&drawn, &State::fold(play.events.iter().cloned()));
            for (key, (start, anchor)) in &after {
                let Some((was, had)) = before.get(key) else { continue };
                if start > was {
                    reset = Some(format!("{key:?} from {was} to {start}"));
                }
                // The moment itself was put later, or taken away, and yet the clock shows when it began.
                moved.set(moved.get() + usize::from(anchor > had || anchor.is_none() && had.is_some()));
            }
            before = after;
        });
        prop_assert_eq!(reset, None);
        Ok(())
    };
    let outcome = TestRunner::new(cases(2_000)).run(&strategy, law);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(moved.get() > 50 || !is_whole_run(), "only {} moments were put later", moved.get());
}
