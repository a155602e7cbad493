//! Plays a night: what each person does becomes events, as on their phone or page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firsthours_core::protocol::{Definition, FieldKind, Instant, Phase, Step, Value};
use firsthours_core::record::{
    Act, Content, EncounterId, EntryId, Event, EventId, IncidentId, Kind, PersonId, Record, Refusal,
    Register, Role, Sharing, State, copies, decide, derive, threads, versions,
};

use super::dates::Dates;
use super::people::Person;
use super::versions::{by_hash, version};
use crate::support::{Author, read};

const PHASES: [(&str, Phase); 3] =
    [("scene", Phase::Scene), ("follow_up", Phase::FollowUp), ("outcome", Phase::Outcome)];

/// One act of a table: when, who, in which record.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) at: Instant,
    pub(crate) who: String,
    pub(crate) record: String,
}

/// The people of a night, and everything that any of them wrote.
pub(crate) struct Night {
    pub(crate) dates: Dates,
    people: BTreeMap<&'static str, Person>,
    server: Author,
    pub(crate) events: Vec<Arc<Event>>,
    station: BTreeSet<EventId>,
    published: BTreeSet<u32>,
    /// Entries by the name that the table gives them. A copy keeps its entry, and so its name.
    entries: BTreeMap<String, EntryId>,
    /// Why the last act was not possible.
    pub(crate) refused: Option<Refusal>,
}

pub(crate) fn phase(name: &str) -> Phase {
    PHASES.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is no phase")).1
}

/// Records are called by their letters.
pub(crate) fn encounter(letter: &str) -> EncounterId {
    EncounterId([0xa0 + letter.bytes().next().expect("a letter") - b'A'; 16])
}

impl Night {
    pub(crate) fn on(evening: &str) -> Self {
        let people = BTreeMap::from([
            ("deputy", Person::with_phone(1, Role::Deputy)),
            ("second", Person::with_phone(2, Role::Deputy)),
            ("third", Person::with_phone(5, Role::Deputy)),
            ("detective", Person::with_phone(3, Role::Detective)),
            ("county", Person::with_phone(4, Role::County)),
            ("sergeant", Person::at_a_desk(9, Role::Supervisor)),
            ("lieutenant", Person::at_a_desk(8, Role::Supervisor)),
            ("office", Person::at_a_desk(7, Role::Administrator)),
        ]);
        Self {
            dates: Dates::of(evening, version(1).definition.time_zone.parse().expect("a zone")),
            people,
            server: Author::desk(9, Role::Supervisor),
            events: Vec::new(),
            station: BTreeSet::new(),
            published: BTreeSet::new(),
            entries: BTreeMap::new(),
            refused: None,
        }
    }

    pub(crate) fn person(&self, who: &str) -> &Person {
        self.people.get(who).unwrap_or_else(|| panic!("nobody is called {who}"))
    }

    fn person_mut(&mut self, who: &str) -> &mut Person {
        self.people.get_mut(who).unwrap_or_else(|| panic!("nobody is called {who}"))
    }

    /// The name in the table of a person that an event names.
    pub(crate) fn name_of(&self, person: &PersonId) -> &'static str {
        let found = self.people.iter().find(|(_, known)| known.actor.person == *person);
        found.map(|(name, _)| *name).expect("a person of the night")
    }

    /// A record as this person's device or page has it.
    pub(crate) fn state(&self, who: &str, letter: &str) -> State {
        let held = &self.person(who).held;
        let id = Some(encounter(letter));
        let here = |event: &&Arc<Event>| event.header.encounter == id && held.contains(&event.id);
        State::fold(self.events.iter().filter(here).cloned())
    }

    /// The version that this person reads the record under: the one it was moved to last, of those that are here.
    pub(crate) fn under(&self, who: &str, state: &State) -> &'static Definition {
        let here = &self.person(who).protocols;
        let found = versions(state).into_iter().map(|hash| by_hash(&hash));
        let found = found.into_iter().find(|version| here.contains(&version.number));
        &found.unwrap_or_else(|| version(1)).definition
    }

    /// The records of the same scene that this person holds.
    fn others_of_incident(&self, who: &str, letter: &str) -> Vec<String> {
        let scene = incident(&self.state(who, letter));
        let letters = ('A'..='Z').map(String::from).filter(|other| other != letter);
        letters.filter(|other| scene.is_some() && incident(&self.state(who, other)) == scene).collect()
    }

    /// What another record lacks of what this one says of the scene.
    pub(crate) fn lacking(&self, who: &str, from: &str, to: &str) -> Vec<Act> {
        let (source, target) = (self.state(who, from), self.state(who, to));
        let derived = derive(self.under(who, &source), &source);
        copies(encounter(from), &derived, Record { definition: self.under(who, &target), state: &target })
    }

    /// Events go up and come down, and so do the versions that the county has published.
    fn sync(&mut self, who: &str) {
        let (station, published) = (self.station.clone(), self.published.clone());
        let person = self.person_mut(who);
        person.held.extend(station);
        person.protocols.extend(published);
        let held: Vec<EventId> = person.held.iter().copied().collect();
        self.station.extend(held);
    }

    fn sync_if_online(&mut self, who: &str) {
        if self.person(who).is_online {
            self.sync(who);
        }
    }

    /// Does what one line says.
    pub(crate) fn act(&mut self, line: &Line, words: &[String]) {
        let who = line.who.as_str();
        self.refused = None;
        self.sync_if_online(who);
        match words[0].as_str() {
            "waits" => {}
            "goes_offline" => self.person_mut(who).is_online = false,
            "syncs" => {
                self.person_mut(who).is_online = true;
                self.sync(who);
            }
            "looks" => {
                let person = self.person_mut(who);
                person.looked_at = Some(person.held.clone());
            }
            "publishes" => {
                self.published.insert(words[1].parse().expect("the number of a version"));
            }
            "opens" => self.open(line, words.get(2).map(String::as_str)),
            "copies" => {
                for other in self.others_of_incident(who, &line.record) {
                    for act in self.lacking(who, &line.record, &other) {
                        self.decide(&Line { record: other.clone(), ..line.clone() }, act, None);
                    }
                }
            }
            _ => {
                let act = self.act_of(line, words);
                let name = words.get(1).and_then(|word| word.split_once('#')).map(|(_, name)| name);
                self.decide(line, act, name);
            }
        }
        self.sync_if_online(who);
    }

    /// Opens a record under the newest version that is here, in the scene of another one or in a new scene.
    fn open(&mut self, line: &Line, beside: Option<&str>) {
        let person = self.person(&line.who);
        let newest = *person.protocols.last().expect("a phone holds a protocol");
        let of_other = beside.and_then(|other| incident(&self.state(&line.who, other)));
        let kind = Kind::Opened {
            protocol: version(newest).hash,
            agency: "sheriff".into(),
            station: "century".into(),
            incident: of_other.unwrap_or(IncidentId(encounter(&line.record).0)),
            letter: line.record.clone(),
        };
        self.write(line, kind, Vec::new(), None);
    }

    /// As a phone or a page does: the act is checked against the record as it is held, and names what its screen showed.
    fn decide(&mut self, line: &Line, act: Act, entry_name: Option<&str>) {
        let looked_at = self.person_mut(&line.who).looked_at.take();
        let state = self.state(&line.who, &line.record);
        let record = Record { definition: self.under(&line.who, &state), state: &state };
        let person = self.person(&line.who);
        let new_entry = EntryId((self.events.len() as u64).to_be_bytes());
        let shown = |event: &Event| looked_at.as_ref().is_none_or(|shown| shown.contains(&event.id));
        let install = person.install(&self.server);
        match decide(act, record, &person.actor, install, new_entry, &shown) {
            Ok(decision) => {
                if let (Kind::Answered { entry: Some(entry), .. }, Some(name)) = (&decision.kind, entry_name)
                {
                    self.entries.insert(name.to_owned(), *entry);
                }
                self.write(line, decision.kind, decision.base, decision.reason);
            }
            Err(refusal) => self.refused = Some(refusal),
        }
    }

    fn write(&mut self, line: &Line, kind: Kind, base: Vec<EventId>, reason: Option<String>) {
        let stamp = self.state(&line.who, &line.record).next_stamp();
        let person = self.people.get_mut(line.who.as_str()).expect("somebody acts");
        let author = person.author(&mut self.server);
        let written = author.write_in(encounter(&line.record), stamp, line.at, kind, base, reason);
        person.held.insert(written.id);
        self.events.push(read(&written));
    }

    fn act_of(&self, line: &Line, words: &[String]) -> Act {
        let state = self.state(&line.who, &line.record);
        let definition = self.under(&line.who, &state);
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
        let person = |index: usize| self.person(&of(index)).actor.person.clone();
        let me = self.person(&line.who).actor.person.clone();
        let thread = || threads(&state).last().expect("there is a comment").comment.id;
        match words[0].as_str() {
            "answers" => {
                let (step, entry) = step_and_entry();
                let found = definition.step(&step).unwrap_or_else(|| panic!("there is no step {step}"));
                let values = words[2..].iter().map(|pair| {
                    let (field, text) = pair.split_once('=').unwrap_or_else(|| panic!("{pair} is no value"));
                    (field.to_owned(), self.value(found, field, text))
                });
                Act::Answer { step, entry, values: values.collect(), reason }
            }
            "cannot" => Act::Cannot { step: of(1), why: of(2), note: words.get(3).cloned(), reason },
            "reopens" => Act::Reopen { step: of(1), reason },
            "withdraws" => {
                let (step, entry) = step_and_entry();
                Act::WithdrawEntry { step, entry: entry.expect("an entry that was named"), reason }
            }
            "notes" => Act::Note { step: Some(of(1)), text: of(2) },
            "moves" => {
                Act::Move { protocol: version(of(1).parse().expect("the number of a version")).hash, reason }
            }
            "links" => Act::LinkIncident {
                incident: incident(&self.state(&line.who, &of(1))).expect("a record that is here"),
            },
            "shares" if of(1) == "pass" => Act::Share { how: Sharing::Pass, to: person(2) },
            "shares" => Act::Share { how: Sharing::Join, to: person(2) },
            "accepts" => Act::Accept { offer: offer(&state, &me) },
            "declines" => Act::Decline { offer: offer(&state, &me) },
            "reassigns" => Act::Reassign { to: person(1) },
            "says_same_as" => Act::SameEncounter { with: (of(1) != "none").then(|| encounter(&of(1))) },
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

    fn value(&self, step: &Step, field: &str, text: &str) -> Option<Value> {
        if text == "-" {
            return None;
        }
        let kind = step.field(field).unwrap_or_else(|| panic!("{} has no field {field}", step.id)).kind;
        Some(match kind {
            FieldKind::Flag => Value::Flag(text == "yes"),
            FieldKind::Moment => Value::from(self.dates.moment(text)),
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
}

fn incident(state: &State) -> Option<IncidentId> {
    state.heads(&Register::Incident).first().and_then(|head| match head.content {
        Content::Incident(incident) => Some(*incident),
        _ => None,
    })
}

/// The last offer of the record to this person.
fn offer(state: &State, person: &PersonId) -> EventId {
    let is_to_them = |event: &&Event| matches!(event.kind(), Some(Kind::Shared { to, .. }) if to == person);
    state.counting().rfind(is_to_them).expect("the record was offered").id
}
