//! What is so for one person at one time, in the words of the tables.

use std::sync::Arc;

use firsthours_core::protocol::{Author as By, ClockReading, ClockResult, Definition, Instant};
use firsthours_core::record::{
    Derived, Event, NextReason, Role, State, StepRecord, Submissions, derive, disputes, holders, is_void,
    next_step, phase_status, same_as,
};

use super::dates::Dates;
use super::player::{Line, Night, encounter, phase};
use super::versions::version;

/// How a clock stands, and when it is due.
type Stands = (ClockResult, Option<Instant>);

/// A record as one person has it.
struct Seen<'a> {
    night: &'a Night,
    line: &'a Line,
    definition: &'static Definition,
    state: &'a State,
    derived: Derived<'a>,
}

/// What `what` is about `about`: for `step contact`, how far that step is.
pub(crate) fn said(night: &Night, line: &Line, what: &str, about: &str) -> String {
    let state = night.state(&line.who, &line.record);
    let definition = night.under(&line.who, &state);
    let seen = Seen { night, line, definition, state: &state, derived: derive(definition, &state) };
    match what {
        "next" => seen.next(night.person(&line.who).role),
        "step" => snake(&seen.step(about).state),
        // How many values stand in it.
        "values" => {
            let entries = &seen.step(about).entries;
            entries.iter().flat_map(|entry| entry.fields.values()).map(Vec::len).sum::<usize>().to_string()
        }
        // Required fields that it lacks.
        "missing" => {
            listed(seen.step(about).entries.iter().flat_map(|entry| &entry.missing).map(ToString::to_string))
        }
        // The question that decides whether it applies.
        "asks" => seen.step(about).asks.as_ref().map_or_else(
            || "nothing".to_owned(),
            |question| dotted(&question.step, question.field.as_deref()),
        ),
        "conflict" => listed(seen.step(about).conflicts.iter().map(snake)),
        "clock" => seen.clock(about, &|reading| Some((reading.result(line.at), reading.due))),
        // How the clock stands from the moment that was entered first, where that was corrected.
        "at_first" => seen
            .clock(about, &|reading| reading.first_entered.map(|first| (first.result(line.at), first.due))),
        "phase" => snake(&phase_status(&state, definition, phase(about))),
        "dispute" => listed(disputes(&state).iter().map(snake)),
        "holder" => listed(holders(&state).iter().map(|person| night.name_of(person).to_owned())),
        "same" => {
            let other = same_as(&state);
            let named = ('A'..='Z').map(String::from).find(|letter| other == Some(encounter(letter)));
            named.unwrap_or_else(|| "none".to_owned())
        }
        "version" => definition.version.to_string(),
        // What was answered under an earlier version and is not asked by this one.
        "carried" => listed(seen.derived.carried.iter().map(|carried| dotted(carried.step, carried.field))),
        // How much another record lacks of what this one says of the scene.
        "lacks" => night.lacking(&line.who, &line.record, about).len().to_string(),
        // Changes of a submitted phase that say no reason.
        "unexplained" => {
            let submissions = Submissions::of(&state);
            let is_so = |event: &&Arc<Event>| submissions.changed_after(definition, event);
            state.events().filter(is_so).count().to_string()
        }
        "refused" => night.refused.as_ref().map_or_else(|| "nothing".to_owned(), snake),
        other => panic!("{other} is nothing that can be said"),
    }
}

/// Whether `what` is said of something, and not of the record as a whole.
pub(crate) fn is_about_something(what: &str) -> bool {
    matches!(
        what,
        "step" | "values" | "missing" | "asks" | "conflict" | "clock" | "at_first" | "phase" | "lacks"
    )
}

impl Seen<'_> {
    fn step(&self, id: &str) -> &StepRecord<'_> {
        self.derived.step(id).unwrap_or_else(|| panic!("there is no step {id}"))
    }

    fn next(&self, role: Role) -> String {
        if is_void(self.state) {
            return "nothing".to_owned();
        }
        let reader = role.author().unwrap_or(By::Deputy);
        let Some(next) = next_step(self.definition, &self.derived, reader, self.line.at) else {
            return "nothing".to_owned();
        };
        match next.because {
            NextReason::Urgent => format!("{} urgent", next.step),
            NextReason::InOrder => format!("{} in order", next.step),
            NextReason::Clock { clock, due } => {
                format!("{} for {clock} {}", next.step, self.night.dates.text(due))
            }
        }
    }

    /// `running until 22:45`; `none` when the clock is not there; those of several entries are joined by `,`.
    fn clock(&self, id: &str, stands: &dyn Fn(&ClockReading) -> Option<Stands>) -> String {
        assert!(version(1).definition.clocks.iter().any(|clock| clock.id == id), "there is no clock {id}");
        let of = |reading: &&ClockReading| self.definition.clocks[reading.clock].id == id;
        let readings = self.derived.clocks.iter().filter(of).filter_map(stands);
        let texts: Vec<String> = readings.map(|stands| clock_text(stands, &self.night.dates)).collect();
        if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
    }
}

fn clock_text((result, due): Stands, dates: &Dates) -> String {
    match (result, due) {
        (ClockResult::Running, Some(due)) => format!("running until {}", dates.text(due)),
        (ClockResult::Missed, Some(due)) => format!("missed since {}", dates.text(due)),
        (result, _) => snake(&result),
    }
}

fn dotted(step: &str, field: Option<&str>) -> String {
    field.map_or_else(|| step.to_owned(), |field| format!("{step}.{field}"))
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join("+") }
}

/// The name of a variant as the tables write it.
fn snake(debug: &impl std::fmt::Debug) -> String {
    let name = format!("{debug:?}");
    let mut snake = String::new();
    for letter in name.split([' ', '(', '{']).next().unwrap_or_default().chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
