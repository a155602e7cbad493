//! A small protocol in two versions, and people who write under it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firsthours_core::protocol::{Definition, Instant, Value, load};
use firsthours_core::record::{
    Act, Derived, EncounterId, EntryId, Event, EventId, Hash, Kind, PersonId, Record, Refusal, Role, State,
    Summary, decide, derive, summarise,
};
use firsthours_core::view::{Context, EncounterView, NoNames, OnPhone, Reader, SheetView, sheet, view};
use firsthours_core::words::Language;
use serde_json::{Value as Json, json};

use crate::support::{Author, ENCOUNTER, MINUTE, NIGHT, opened_under, read};

pub(crate) fn words(en: &str) -> Json {
    json!({"en": en, "es": en})
}

fn step(id: &str, title: &str, more: &Json) -> Json {
    let mut step = json!({
        "id": id, "title": words(title), "guidance": words("Do it."), "why": words("It helps."),
        "phase": "scene", "by": "deputy",
        "cannot_reasons": [
            {"id": "no_time", "title": words("No time")}, {"id": "no_signal", "title": words("No signal")},
        ],
    });
    for (name, value) in more.as_object().expect("an object") {
        step[name] = value.clone();
    }
    step
}

fn choice(id: &str, title: &str, options: &[&str]) -> Json {
    let options: Vec<Json> = options.iter().map(|id| json!({"id": id, "title": words(id)})).collect();
    json!({"id": id, "title": words(title), "kind": "choice", "options": options})
}

/// The first version, as a document to change.
pub(crate) fn first() -> Json {
    let arrived = json!({"answer": {"step": "advocate_call", "field": "arrived_at", "answered": true}});
    json!({
        "id": "xx-paper", "version": 1, "title": words("Paper"), "jurisdiction": words("Nowhere"),
        "time_zone": "America/Los_Angeles", "effective": "2026-01-01", "changes": words("The first one."),
        "languages": ["en", "es"],
        "partners": [{
            "id": "advocate", "title": words("Advocate"), "why": words("For the child alone."),
            "reached_by": ["telephone", "radio"],
            "unavailable": [{"id": "no_one_free", "title": words("Nobody is free")}],
        }],
        "steps": [
            step("contact", "First contact", &json!({"shared": true, "fields": [
                {"id": "at", "title": words("When"), "kind": "moment"},
                choice("place", "Where", &["street", "motel", "vehicle"]),
            ]})),
            step("advocate_call", "Call the advocate", &json!({
                "shared": true, "partner": {"id": "advocate", "comes": true},
            })),
            step("needs", "What the child needs", &json!({"fields": [
                choice("need", "Need", &["food", "sleep"]),
                {"id": "told", "title": words("In the child’s words"), "kind": "note", "class": "narrative",
                 "required": false},
            ]})),
            step("report", "Report", &json!({"fields": [
                {"id": "sent_at", "title": words("Sent at"), "kind": "moment"},
                {"id": "number", "title": words("Report number"), "kind": "code", "required": false},
            ]})),
            step("review", "Review", &json!({"by": "supervisor", "required": false, "fields": [
                {"id": "seen", "title": words("Seen"), "kind": "flag"},
            ]})),
        ],
        "clocks": [
            {"id": "advocate_60", "title": words("Advocate within the hour"), "soft": true,
             "from": {"step": "advocate_call", "field": "called_at", "of": "first"}, "within_minutes": 60,
             "met_by": arrived, "met_at": [{"step": "advocate_call", "field": "arrived_at", "of": "first"}]},
            {"id": "report_12", "title": words("Report within twelve hours"),
             "from": {"step": "contact", "field": "at", "of": "first"}, "within_minutes": 720,
             "met_by": {"answer": {"step": "report", "field": "sent_at", "answered": true}},
             "met_at": [{"step": "report", "field": "sent_at", "of": "first"}]},
            {"id": "seen_1", "title": words("Seen in an hour"),
             "from": {"step": "contact", "field": "at", "of": "first"}, "within_minutes": 60,
             "met_by": {"answer": {"step": "review", "field": "seen", "answered": true}},
             "met_at": [{"step": "report", "field": "sent_at", "of": "first"}]},
        ],
        "sheets": [{
            "id": "handover", "title": words("Hand-over"), "reader": words("the advocate"),
            "note": words("No more than is needed."),
            "sections": [
                {"title": words("The scene"), "rows": [
                    {"title": words("First contact"), "step": "contact", "field": "at"},
                    {"title": words("Place"), "step": "contact", "field": "place"},
                    {"title": words("Advocate"), "step": "advocate_call"},
                ]},
                {"title": words("The child"), "rows": [
                    {"title": words("Needs"), "step": "needs", "field": "need"},
                    {"title": words("In the child’s words"), "step": "needs", "field": "told"},
                    {"title": words("Report"), "step": "report"},
                    {"title": words("Signature")},
                ]},
            ],
        }],
    })
}

/// The second version: nobody asks for needs any more, a vehicle is no place, the report is fixed.
pub(crate) fn second() -> Json {
    let mut document = first();
    document["version"] = json!(2);
    document["supersedes"] = json!(sha(&first()).to_string());
    let steps = document["steps"].as_array_mut().expect("steps");
    steps.remove(2);
    steps[0]["fields"][1] = choice("place", "Where", &["street", "motel", "station"]);
    steps[2]["fixed"] = json!(true);
    steps[2].as_object_mut().expect("a step").remove("cannot_reasons");
    let rows = document["sheets"][0]["sections"][1]["rows"].as_array_mut().expect("rows");
    rows.drain(..2);
    document
}

pub(crate) fn sha(document: &Json) -> Hash {
    Hash::of(document.to_string().as_bytes())
}

pub(crate) fn definition(document: &Json) -> Definition {
    load(document.to_string().as_bytes()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A record and those who write in it; each sees everything unless an act says otherwise.
pub(crate) struct Paper {
    pub(crate) definition: Definition,
    pub(crate) protocol: Hash,
    pub(crate) earlier: Vec<Arc<Definition>>,
    pub(crate) events: Vec<Arc<Event>>,
    authors: BTreeMap<&'static str, Author>,
    entries: u64,
}

impl Paper {
    /// A record that `deputy` opened under the first version at 21:00.
    pub(crate) fn new() -> Self {
        Self::under(&first())
    }

    /// A record that `deputy` opened under this definition at 21:00.
    pub(crate) fn under(document: &Json) -> Self {
        let authors = BTreeMap::from([
            ("deputy", Author::phone(1, Role::Deputy)),
            ("second", Author::phone(2, Role::Deputy)),
            ("county", Author::phone(4, Role::County)),
            ("sergeant", Author::desk(8, Role::Supervisor)),
        ]);
        let mut paper = Self {
            definition: definition(document),
            protocol: sha(document),
            earlier: Vec::new(),
            events: Vec::new(),
            authors,
            entries: 0,
        };
        paper.write("deputy", opened_under(&document.to_string()), Vec::new(), None);
        paper
    }

    pub(crate) fn state(&self) -> State {
        State::fold(self.events.iter().cloned())
    }

    /// Acts on what everybody wrote.
    pub(crate) fn act(&mut self, who: &'static str, act: Act) -> Result<(), Refusal> {
        let unseen = BTreeSet::new();
        self.act_without(who, &unseen, act)
    }

    /// Acts on a screen that did not show these events.
    pub(crate) fn act_without(
        &mut self,
        who: &'static str,
        unseen: &BTreeSet<EventId>,
        act: Act,
    ) -> Result<(), Refusal> {
        let state = self.state();
        let author = &self.authors[who];
        self.entries += 1;
        let entry = EntryId(self.entries.to_be_bytes());
        let record = Record { definition: &self.definition, state: &state };
        let visible = |event: &Event| !unseen.contains(&event.id);
        let decision = decide(act, record, &author.actor, author.install, entry, &visible)?;
        self.write(who, decision.kind, decision.base, decision.reason);
        Ok(())
    }

    /// What was written last.
    pub(crate) fn last(&self) -> BTreeSet<EventId> {
        self.events.last().map(|event| event.id).into_iter().collect()
    }

    /// Another supervisor sits down at the desk.
    pub(crate) fn desk(&mut self, n: u8) {
        self.authors.get_mut("sergeant").expect("there is a desk").acting_as(n, Role::Supervisor);
    }

    pub(crate) fn person(&self, who: &str) -> PersonId {
        self.authors[who].actor.person.clone()
    }

    fn write(&mut self, who: &str, kind: Kind, base: Vec<EventId>, reason: Option<String>) {
        let stamp = self.state().next_stamp();
        let wall = NIGHT + i64::try_from(stamp).expect("few events") * MINUTE;
        let author = self.authors.get_mut(who).expect("an author");
        self.events.push(read(&author.write(stamp, wall, kind, base, reason)));
    }

    /// From here on the record is read under this document.
    pub(crate) fn read_under(&mut self, document: &Json) {
        let before = std::mem::replace(&mut self.definition, definition(document));
        self.earlier.insert(0, Arc::new(before));
        self.protocol = sha(document);
    }

    pub(crate) fn with<T>(&self, see: impl FnOnce(&Derived<'_>) -> T) -> T {
        let state = self.state();
        see(&derive(&self.definition, &state))
    }

    pub(crate) fn summary(&self) -> Summary {
        let state = self.state();
        summarise(ENCOUNTER, self.protocol, &self.definition, &state, &derive(&self.definition, &state))
    }

    pub(crate) fn view(&self, who: &str, now: Instant) -> EncounterView {
        let state = self.state();
        self.drawn(who, now, |context| view(ENCOUNTER, &state, &derive(&self.definition, &state), context))
    }

    pub(crate) fn sheet(&self, who: &str, id: &str, now: Instant) -> Option<SheetView> {
        let state = self.state();
        self.drawn(who, now, |context| {
            sheet(id, ENCOUNTER, &state, &derive(&self.definition, &state), context)
        })
    }

    fn drawn<T>(&self, who: &str, now: Instant, draw: impl FnOnce(Context<'_>) -> T) -> T {
        let author = &self.authors[who];
        let at_desk = author.install.is_server();
        let here = OnPhone { earlier: self.earlier.clone(), ..OnPhone::default() };
        let reader = Reader { actor: author.actor.clone(), sees_all: !at_desk, at_desk };
        let language = Language::En;
        draw(Context {
            definition: &self.definition,
            here: &here,
            reader: &reader,
            language,
            now,
            names: &NoNames,
        })
    }
}

pub(crate) fn answer(step: &str, values: &[(&str, Value)]) -> Act {
    answer_in(step, None, values)
}

pub(crate) fn answer_in(step: &str, entry: Option<EntryId>, values: &[(&str, Value)]) -> Act {
    let values = values.iter().map(|(field, value)| ((*field).to_owned(), Some(value.clone()))).collect();
    Act::Answer { step: step.to_owned(), entry, values, reason: None }
}

/// So many minutes after 21:00.
pub(crate) fn at(minutes: i64) -> Value {
    Value::from(NIGHT + minutes * MINUTE)
}

pub(crate) fn call(minutes: i64) -> Act {
    let reached = Value::Text("reached".to_owned());
    let telephone = Value::Text("telephone".to_owned());
    answer("advocate_call", &[("called_at", at(minutes)), ("channel", telephone), ("outcome", reached)])
}

/// The entries of a step, in the order of their first moment.
pub(crate) fn entries(paper: &Paper, step: &str) -> Vec<EntryId> {
    paper.with(|derived| {
        let found = derived.step(step).expect("a step");
        found.entries.iter().filter_map(|entry| entry.id).collect()
    })
}

pub(crate) const OTHER: EncounterId = EncounterId([0xe2; 16]);
