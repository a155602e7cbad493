//! Ten written nights over the Los Angeles definition: what each person does, what the phone then says comes next and
//! why, how far steps are, and how clocks stand. The tables are in `fixtures/night`; this reads and plays them.
//!
//! A line that begins with a time is an act. The lines under it say what must then be so for the one who acted:
//! `next` (of the deputy unless they act at a desk), `step`, `clock`, `phase`, `conflict` or `refused`.
//! `@` times are of the night of 23 November 2026 in Los Angeles, `+1` is a day later.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firsthours_core::protocol::{
    Author as By, ClockReading, ClockResult, Definition, FieldKind, Phase, Step, Value,
};
use firsthours_core::record::{
    Act, Derived, EntryId, Event, EventId, Kind, NextReason, Record, Refusal, Role, State, Submissions,
    decide, derive, is_void, next_step, phase_status, threads,
};
use support::{Author, MINUTE, NIGHT, fold, los_angeles, opened, read};

const PHASES: [(&str, Phase); 3] =
    [("scene", Phase::Scene), ("follow_up", Phase::FollowUp), ("outcome", Phase::Outcome)];

/// One who acts: a device or a desk, and what it holds.
struct Person {
    author: Author,
    held: BTreeSet<EventId>,
    is_online: bool,
}

#[derive(Default)]
struct Night {
    people: BTreeMap<&'static str, Person>,
    /// Everything that anybody wrote, and what the station has of it.
    events: Vec<Arc<Event>>,
    station: BTreeSet<EventId>,
    /// Entries by the name that the table gives them.
    entries: BTreeMap<String, EntryId>,
    refused: Option<Refusal>,
}

/// A line of words; a text in quotation marks is one word.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            other => words.last_mut().expect("never empty").push(other),
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

/// `21:04`, or `02:10+1` on the day after.
fn moment(text: &str) -> i64 {
    let (clock, days) = text.split_once('+').unwrap_or((text, "0"));
    let number = |digits: &str| digits.parse::<i64>().unwrap_or_else(|_| panic!("{text} is no time"));
    let (hours, minutes) = clock.split_once(':').unwrap_or_else(|| panic!("{text} is no time"));
    NIGHT + ((number(days) * 24 + number(hours) - 21) * 60 + number(minutes)) * MINUTE
}

fn time_text(ms: i64) -> String {
    let minutes = (ms - NIGHT).div_euclid(MINUTE) + 21 * 60;
    let (days, minutes) = (minutes.div_euclid(24 * 60), minutes.rem_euclid(24 * 60));
    let day = if days == 0 { String::new() } else { format!("+{days}") };
    format!("{:02}:{:02}{day}", minutes / 60, minutes % 60)
}

fn phase(name: &str) -> Phase {
    PHASES.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is no phase")).1
}

fn snake(debug: &impl std::fmt::Debug) -> String {
    let name = format!("{debug:?}");
    let name = name.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn value(step: &Step, field: &str, text: &str) -> Option<Value> {
    if text == "-" {
        return None;
    }
    let kind = step.field(field).unwrap_or_else(|| panic!("{} has no field {field}", step.id)).kind;
    Some(match kind {
        FieldKind::Flag => Value::Flag(text == "yes"),
        FieldKind::Moment => Value::Number(moment(text)),
        FieldKind::Count => Value::Number(text.parse().expect("a number")),
        FieldKind::Choices => {
            let mut chosen: Vec<String> = text.split('+').map(str::to_owned).collect();
            chosen.sort();
            Value::List(chosen)
        }
        FieldKind::Choice | FieldKind::Code | FieldKind::Text | FieldKind::Note => {
            Value::Text(text.to_owned())
        }
    })
}

impl Night {
    fn new() -> Self {
        let person = |author| Person { author, held: BTreeSet::new(), is_online: true };
        let people = BTreeMap::from([
            ("deputy", person(Author::phone(1, Role::Deputy))),
            ("second", person(Author::phone(2, Role::Deputy))),
            ("detective", person(Author::phone(3, Role::Detective))),
            ("county", person(Author::phone(4, Role::County))),
            ("sergeant", person(Author::desk(9, Role::Supervisor))),
        ]);
        Self { people, ..Self::default() }
    }

    fn person(&mut self, who: &str) -> &mut Person {
        self.people.get_mut(who).unwrap_or_else(|| panic!("nobody is called {who}"))
    }

    /// Events go up and come down.
    fn sync(&mut self, who: &str) {
        let held: Vec<EventId> = self.person(who).held.iter().copied().collect();
        self.station.extend(held);
        let station = self.station.clone();
        self.person(who).held.extend(station);
    }

    fn state(&self, who: &str) -> State {
        let held = &self.people[who].held;
        State::fold(self.events.iter().filter(|event| held.contains(&event.id)).cloned())
    }

    /// Does what one line says.
    fn act(&mut self, at: i64, who: &str, words: &[String]) {
        self.refused = None;
        if self.person(who).is_online {
            self.sync(who);
        }
        match words[0].as_str() {
            "waits" => {}
            "goes_offline" => self.person(who).is_online = false,
            "syncs" => {
                self.person(who).is_online = true;
                self.sync(who);
            }
            "opens" => self.write(at, who, opened(), Vec::new(), None),
            _ => self.decide(at, who, words),
        }
        if self.person(who).is_online {
            self.sync(who);
        }
    }

    /// As a phone does: the act is checked against the record as it is held, and names what its screen showed.
    fn decide(&mut self, at: i64, who: &str, words: &[String]) {
        let state = self.state(who);
        let definition = los_angeles();
        let act = self.act_of(words, &state);
        let author = self.people[who].author.clone();
        let new_entry = EntryId((self.events.len() as u64).to_be_bytes());
        let record = Record { definition, state: &state };
        match decide(act, record, &author.actor, author.install, new_entry, &|_| true) {
            Ok(decision) => {
                if let (Kind::Answered { entry: Some(entry), .. }, Some(name)) =
                    (&decision.kind, words.get(1).and_then(|word| word.split_once('#')))
                {
                    self.entries.insert(name.1.to_owned(), *entry);
                }
                self.write(at, who, decision.kind, decision.base, decision.reason);
            }
            Err(refusal) => self.refused = Some(refusal),
        }
    }

    fn write(&mut self, at: i64, who: &str, kind: Kind, base: Vec<EventId>, reason: Option<String>) {
        let stamp = self.state(who).greatest_stamp() + 1;
        let person = self.person(who);
        let written = person.author.write(stamp, at, kind, base, reason);
        person.held.insert(written.id);
        self.events.push(read(&written));
    }

    fn act_of(&self, words: &[String], state: &State) -> Act {
        let (words, reason) = match words.iter().position(|word| word == "because") {
            Some(at) => (&words[..at], Some(words[at + 1].clone())),
            None => (words, None),
        };
        let of =
            |index: usize| words.get(index).cloned().unwrap_or_else(|| panic!("{words:?} says too little"));
        let step_and_entry = || match of(1).split_once('#') {
            Some((step, name)) => (step.to_owned(), self.entries.get(name).copied()),
            None => (of(1), None),
        };
        let threads = threads(state);
        let thread = || threads.last().expect("there is a comment").comment.id;
        match words[0].as_str() {
            "answers" => {
                let (step, entry) = step_and_entry();
                let found = los_angeles().step(&step).unwrap_or_else(|| panic!("there is no step {step}"));
                let values = words[2..].iter().map(|pair| {
                    let (field, text) = pair.split_once('=').unwrap_or_else(|| panic!("{pair} is no value"));
                    (field.to_owned(), value(found, field, text))
                });
                Act::Answer { step, entry, values: values.collect(), reason }
            }
            "cannot" => Act::Cannot { step: of(1), why: of(2), note: words.get(3).cloned(), reason },
            "reopens" => Act::Reopen { step: of(1), reason },
            "withdraws" => {
                let (step, entry) = step_and_entry();
                Act::WithdrawEntry { step, entry: entry.expect("an entry that was named"), reason }
            }
            "submits" => Act::Submit { phase: phase(&of(1)) },
            "returns" => Act::Return { phase: phase(&of(1)) },
            "approves" => Act::Approve { phase: phase(&of(1)) },
            "voids" => Act::Void { why: of(1) },
            "keeps" => Act::Unvoid,
            "comments" => Act::Comment { step: Some(of(1)), text: of(2) },
            "replies" => Act::Reply { thread: thread(), text: of(1) },
            "resolves" => Act::Resolve { thread: thread() },
            other => panic!("nobody can do {other}"),
        }
    }

    /// What is so for one person, in the words of the table.
    fn said(&self, now: i64, who: &str, what: &str, about: &str) -> String {
        let state = self.state(who);
        let definition = los_angeles();
        let derived = derive(definition, &state);
        match what {
            "next" => next_text(definition, &state, &derived, self.people[who].author.actor.role, now),
            "step" => {
                let found = derived.step(about).unwrap_or_else(|| panic!("there is no step {about}"));
                snake(&found.state)
            }
            "values" => {
                let found = derived.step(about).unwrap_or_else(|| panic!("there is no step {about}"));
                found
                    .entries
                    .iter()
                    .flat_map(|entry| &entry.fields)
                    .map(|(_, heads)| heads.len())
                    .sum::<usize>()
                    .to_string()
            }
            "clock" => clock_text(definition, &derived, about, now),
            "phase" => snake(&phase_status(&state, definition, phase(about))),
            "conflict" => {
                let conflicts =
                    derived.step(about).map(|found| found.conflicts.iter().map(snake).collect::<Vec<_>>());
                let conflicts = conflicts.unwrap_or_else(|| panic!("there is no step {about}"));
                if conflicts.is_empty() { "none".to_owned() } else { conflicts.join("+") }
            }
            "unexplained" => {
                let submissions = Submissions::of(&state);
                let is_so = |event: &&Arc<Event>| submissions.changed_after(definition, event);
                state.events().filter(is_so).count().to_string()
            }
            "refused" => self.refused.as_ref().map_or_else(|| "nothing".to_owned(), snake),
            other => panic!("{other} is nothing that can be said"),
        }
    }
}

fn next_text(definition: &Definition, state: &State, derived: &Derived<'_>, role: Role, now: i64) -> String {
    if is_void(state) {
        return "nothing".to_owned();
    }
    match next_step(definition, derived, role.author().unwrap_or(By::Deputy), now) {
        None => "nothing".to_owned(),
        Some(next) => match next.because {
            NextReason::Urgent => format!("{} urgent", next.step),
            NextReason::InOrder => format!("{} in order", next.step),
            NextReason::Clock { clock, due } => format!("{} for {clock} {}", next.step, time_text(due)),
        },
    }
}

/// `running until 22:45`; `none` when the clock is not there; several entries are joined by `,`.
fn clock_text(definition: &Definition, derived: &Derived<'_>, id: &str, now: i64) -> String {
    assert!(definition.clocks.iter().any(|clock| clock.id == id), "there is no clock {id}");
    let of = |reading: &&ClockReading| definition.clocks[reading.clock].id == id;
    let texts: Vec<String> = derived
        .clocks
        .iter()
        .filter(of)
        .map(|reading| match (reading.result(now), reading.due) {
            (ClockResult::Running, Some(due)) => format!("running until {}", time_text(due)),
            (ClockResult::Missed, Some(due)) => format!("missed since {}", time_text(due)),
            (result, _) => snake(&result),
        })
        .collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

/// Plays one table. Every act must say what comes next.
fn play(name: &str, table: &str) {
    let mut night = Night::new();
    let mut faults = Vec::new();
    let mut last: Option<(i64, String)> = None;
    let mut says_next = true;
    for (line, text) in (1..).zip(table.lines()) {
        let words = words(text);
        let Some(first) = words.first().filter(|first| !first.starts_with("//")) else { continue };
        if text.starts_with(char::is_numeric) {
            assert!(says_next, "{name}, line {line}: the act before does not say what comes next");
            says_next = false;
            let at = moment(first);
            night.act(at, &words[1], &words[2..]);
            last = Some((at, words[1].clone()));
            continue;
        }
        let (now, who) = last.as_ref().unwrap_or_else(|| panic!("{name}, line {line}: nothing happened yet"));
        let (about, expected) = if matches!(first.as_str(), "next" | "refused" | "unexplained") {
            (String::new(), words[1..].join(" "))
        } else {
            (words[1].clone(), words[2..].join(" "))
        };
        says_next |= first == "next";
        let said = night.said(*now, who, first, &about);
        if said != expected {
            faults.push(format!("line {line}: {first} {about}: the table says {expected}, it is {said}"));
        }
    }
    assert!(says_next && last.is_some(), "{name}: the last act does not say what comes next");
    assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
    // Whatever the night, the station's record is the same whichever way it came together.
    let mut backwards = night.events.clone();
    backwards.reverse();
    assert_eq!(fold(&backwards), fold(&night.events));
}

macro_rules! nights {
    ($($test:ident $file:literal,)*) => {
        $(
            #[test]
            fn $test() {
                play($file, include_str!(concat!("fixtures/night/", $file, ".txt")));
            }
        )*
    };
}

nights! {
    an_ordinary_night_ends_with_everything_done "01_ordinary",
    a_hotline_that_nobody_answers_is_called_again "02_nobody_answers",
    a_suspicion_that_is_not_confirmed_takes_steps_away_and_keeps_their_values "03_not_confirmed",
    a_child_who_leaves_before_the_partners_come_is_recorded_without_blame "04_child_leaves",
    two_deputies_in_one_field_conflict_until_one_decides "05_two_deputies",
    six_hours_at_the_station_are_counted_from_the_arrival "06_station",
    an_earlier_call_entered_late_does_not_start_the_clock_again "07_late_entry",
    cannot_and_reopened_and_cannot_against_an_answer "08_cannot",
    sent_back_answered_approved_and_then_stale "09_review",
    a_record_opened_by_mistake_is_kept_and_leaves_everything "10_opened_by_mistake",
}
