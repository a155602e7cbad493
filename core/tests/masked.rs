//! Need to know: whoever has not opened the hidden fields reads nothing that another person wrote, wherever it stands.
//!
//! The law is checked by a generator: every kind of event with a text, every field of the Los Angeles protocol that people
//! write in, accepted and held, each with a word that stands nowhere else; then everything that is drawn is searched for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::{Author, ENCOUNTER, LOS_ANGELES, NIGHT, opened_under, read};
use firsthours_core::protocol::{Definition, FieldKind, Value, load};
use firsthours_core::record::{
    Actor, EntryId, Event, EventId, Hash, HoldReason, Kind, PersonId, Role, State, derive, summarise,
};
use firsthours_core::view::{Context, NoNames, OnPhone, Reader, queue_row, sheet, timeline, view};
use firsthours_core::words::Language;

const CANARY: &str = "quillfeather";

struct Record {
    events: Vec<Arc<Event>>,
    deputy: Author,
    desk: Author,
}

impl Record {
    fn new() -> Self {
        let (deputy, desk) = (Author::phone(1, Role::Deputy), Author::desk(9, Role::Supervisor));
        let mut record = Self { events: Vec::new(), deputy, desk };
        record.write(opened_under(LOS_ANGELES), None);
        record
    }

    fn stamp(&self) -> u64 {
        u64::try_from(self.events.len()).expect("few") + 1
    }

    fn write(&mut self, kind: Kind, reason: Option<&str>) -> EventId {
        let stamp = self.stamp();
        let written = self.deputy.write(stamp, NIGHT, kind, vec![], reason.map(str::to_owned));
        self.events.push(read(&written));
        written.id
    }

    fn at_desk(&mut self, kind: Kind, role: Role) -> EventId {
        self.desk.acting_as(9, role);
        let written = self.desk.write(self.stamp(), NIGHT, kind, vec![], None);
        self.events.push(read(&written));
        written.id
    }
}

fn text() -> String {
    CANARY.to_owned()
}

/// Every text that a person can write into a record.
fn written(definition: &Definition) -> Record {
    let mut record = Record::new();
    for step in &definition.steps {
        let entry = step.has_entries().then_some(EntryId([7; 8]));
        for field in &step.fields {
            let value = match field.kind {
                FieldKind::Text | FieldKind::Note | FieldKind::Code => Value::Text(text()),
                _ => continue,
            };
            let values = BTreeMap::from([(field.id.clone(), Some(value))]);
            let kind = Kind::Answered { step: step.id.clone(), entry, values, copied: None };
            // Twice, so that it is disputed too; and with a reason.
            record.write(kind.clone(), None);
            record.write(kind, Some(CANARY));
        }
        record.write(Kind::Noted { step: Some(step.id.clone()), text: text() }, None);
        if let Some(reason) = step.cannot_reasons.first() {
            let kind = Kind::Cannot { step: step.id.clone(), why: reason.id.clone(), note: Some(text()) };
            record.write(kind, Some(CANARY));
        }
    }
    record.write(Kind::Noted { step: None, text: text() }, Some(CANARY));
    for step in [None, Some(definition.steps[0].id.clone())] {
        let thread = record.at_desk(Kind::Commented { step, text: text() }, Role::Supervisor);
        record.write(Kind::Replied { thread, text: text() }, None);
    }
    record.write(Kind::Voided { why: text() }, None);
    record.write(Kind::Unvoided, None);
    // What does not fit the protocol is held, and its very names are what somebody wrote.
    let values = BTreeMap::from([(text(), Some(Value::Text(text())))]);
    let odd = [
        Kind::Answered { step: text(), entry: None, values, copied: None },
        Kind::Cannot { step: text(), why: text(), note: Some(text()) },
        Kind::Noted { step: Some(text()), text: text() },
        Kind::Reopened { step: text() },
        Kind::EntryWithdrawn { step: text(), entry: EntryId([8; 8]) },
    ];
    for kind in odd {
        let id = record.write(kind, Some(CANARY));
        record.at_desk(Kind::Held { id, why: HoldReason::DoesNotFit }, Role::Server);
    }
    record
}

fn reader(role: Role, person: &str, sees_all: bool) -> Reader {
    let actor = Actor { person: PersonId(person.to_owned()), role, agency: "sheriff".into() };
    Reader { actor, sees_all, at_desk: true }
}

/// Everything that is drawn of a record for this reader.
fn drawn(definition: &Definition, events: &[Arc<Event>], reader: &Reader, language: Language) -> String {
    let state = State::fold(events.iter().cloned());
    let here = OnPhone::default();
    let context = Context { definition, here: &here, reader, language, now: NIGHT, names: &NoNames };
    let derived = derive(definition, &state);
    let summary = summarise(ENCOUNTER, Hash::of(LOS_ANGELES.as_bytes()), definition, &state, &derived);
    let mut all = vec![
        format!("{:#?}", view(ENCOUNTER, &state, &derived, context)),
        format!("{:#?}", timeline(&state, context)),
        format!("{:#?}", queue_row(&summary, definition, language, NIGHT, &NoNames)),
        String::from_utf8(summary.to_bytes()).expect("text"),
    ];
    let sheets = definition.sheets.iter();
    all.extend(sheets.map(|one| format!("{:#?}", sheet(&one.id, ENCOUNTER, &state, &derived, context))));
    all.join("\n")
}

#[test]
fn nothing_that_another_wrote_is_read_before_it_is_opened() {
    let definition = load(LOS_ANGELES.as_bytes()).expect("a definition");
    let record = written(&definition);
    let roles = [
        Role::Supervisor,
        Role::Detective,
        Role::County,
        Role::RecordsOfficer,
        Role::Administrator,
        Role::Analyst,
        Role::Auditor,
        Role::Deputy,
    ];
    // Also each event alone after the opening: what hides among many may stand out in a short record.
    let mut sets: Vec<Vec<Arc<Event>>> = vec![record.events.clone()];
    sets.extend(record.events.iter().skip(1).map(|event| vec![record.events[0].clone(), event.clone()]));
    for role in roles {
        for set in &sets {
            let all = drawn(&definition, set, &reader(role, "p-77", false), Language::En);
            let found: Vec<&str> = all.lines().filter(|line| line.contains(CANARY)).collect();
            let wrote = set.last().and_then(|event| event.kind());
            assert!(found.is_empty(), "{role:?} reads {found:?} of {wrote:?}");
        }
    }
}

#[test]
fn what_was_opened_is_all_there_and_one_s_own_words_always_are() {
    let definition = load(LOS_ANGELES.as_bytes()).expect("a definition");
    let record = written(&definition);
    let opened = drawn(&definition, &record.events, &reader(Role::Supervisor, "p-77", true), Language::En);
    assert!(
        opened.matches(CANARY).count() > 50,
        "or the search above finds nothing because nothing is drawn"
    );
    let own = drawn(&definition, &record.events, &reader(Role::Supervisor, "p-9", false), Language::Es);
    let comments = own.lines().filter(|line| line.contains(CANARY)).count();
    assert!(comments > 0, "their own comments");
}
