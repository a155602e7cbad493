//! A record of many events by several authors, each of any kind, in any state of completeness; and acts on it.
//!
//! A line is an event: its author (`1`, `2` phones, `d` a desk), its stamp (`.` the next, or a digit), whether it has a
//! body (`+`, `-`), and the body. `@0` … `@9`, `@a` … `@z` in it stand for the ids of the events before.

use std::sync::Arc;

use firsthours_core::protocol::{Definition, Phase, Value};
use firsthours_core::record::{
    Act, Actor, Body, EntryId, Event, EventId, Hash, Install, InstallId, Record, Role, Sharing, State, decide,
};

use crate::known::{self, known};
use crate::support::{self, EPOCH, NIGHT};
use crate::{event, hold, within};

/// More events than this would only make each run slow.
const MOST: usize = 36;

/// Folds what can be read, draws it, and tries an act of every kind on it.
pub fn check(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let how = input.iter().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    let events = events(text);
    let definition = &known().definition;
    let state = within(input.len(), 8 << 20, 4_000, || hold::folds_and_draws(definition, &events, how));
    acts(definition, &state, how);
    !events.is_empty()
}

fn events(text: &str) -> Vec<Arc<Event>> {
    let mut events: Vec<Arc<Event>> = Vec::new();
    for line in text.lines().take(MOST) {
        let mut letters = line.chars();
        let (Some(author), Some(stamp), Some(whole)) = (letters.next(), letters.next(), letters.next())
        else {
            continue;
        };
        let install = match author {
            '1' => Install::Phone(InstallId([1; 16])),
            '2' => Install::Phone(InstallId([2; 16])),
            _ => Install::Server(EPOCH),
        };
        let body = with_ids(letters.as_str(), &events);
        let next = u64::try_from(events.len()).unwrap_or(0) + 1;
        let stamp = stamp.to_digit(10).map_or(next, u64::from);
        let own = events.iter().rev().find(|event| event.header.install == install);
        let header = event::header(install, stamp, own.map(|event| event.id), Hash::of(body.as_bytes()));
        if let Ok(event) = Event::read(&header, (whole != '-').then_some(&body)) {
            events.push(Arc::new(event));
        }
    }
    events
}

fn with_ids(body: &str, events: &[Arc<Event>]) -> String {
    let mut whole = String::with_capacity(body.len());
    let mut parts = body.split('@');
    whole.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let mut letters = part.chars();
        let named =
            letters.next().and_then(|letter| letter.to_digit(36)).and_then(|n| usize::try_from(n).ok());
        if let Some(event) = named.and_then(|n| events.get(n)) {
            whole.push_str(&event.id.to_string());
            whole.push_str(letters.as_str());
        } else {
            whole.push('@');
            whole.push_str(part);
        }
    }
    whole
}

/// An act that is not refused becomes an event that its author may make and everybody can read.
fn acts(definition: &Definition, state: &State, how: u8) {
    let record = Record { definition, state };
    let reader = hold::reader(how);
    let install = if reader.at_desk { Install::Server(EPOCH) } else { Install::Phone(InstallId([1; 16])) };
    for act in some_acts(state) {
        let decided = decide(act, record, &reader.actor, install, EntryId([how; 8]), &|_| true);
        if let Ok(decision) = decided {
            assert!(decision.kind.may_be_made_by(install, reader.actor.role));
            becomes_an_event(state, &reader.actor, install, decision);
        }
    }
}

pub(crate) fn becomes_an_event(
    state: &State,
    actor: &Actor,
    install: Install,
    decision: firsthours_core::record::Decision,
) -> State {
    let body = Body {
        kind: decision.kind,
        actor: actor.clone(),
        at: support::at(NIGHT),
        base: decision.base,
        reason: decision.reason,
        audit: None,
    };
    let written = body.write(&event::place(install, state.next_stamp()), [0; 16]);
    let event = Event::read(&written.header, Some(&written.body)).expect("our own event is readable");
    assert_eq!(event.body.as_ref(), Some(&body), "it says what was decided");
    let mut after = state.clone();
    after.add(Arc::new(event));
    after
}

fn some_acts(state: &State) -> Vec<Act> {
    let event = state.events().next().map_or(EventId([0; 32]), |event| event.id);
    let entry = EntryId([0xaa; 8]);
    let step = || "contact".to_owned();
    let answer = |entry| Act::Answer {
        step: step(),
        entry,
        values: [("at".to_owned(), Some(Value::from(NIGHT)))].into(),
        reason: Some("why".to_owned()),
    };
    vec![
        answer(None),
        answer(Some(entry)),
        Act::Cannot { step: "hotline_call".to_owned(), why: "left".to_owned(), note: None, reason: None },
        Act::Reopen { step: step(), reason: None },
        Act::WithdrawEntry { step: "absence".to_owned(), entry, reason: None },
        Act::Note { step: None, text: "a note".to_owned() },
        Act::Submit { phase: Phase::Scene },
        Act::Void { why: "twice".to_owned() },
        Act::Unvoid,
        Act::Share { how: Sharing::Join, to: support::Author::phone(2, Role::Deputy).actor.person },
        Act::Accept { offer: event },
        Act::Decline { offer: event },
        Act::Reply { thread: event, text: "done".to_owned() },
        Act::Comment { step: Some(step()), text: "when?".to_owned() },
        Act::Resolve { thread: event },
        Act::Return { phase: Phase::Scene },
        Act::Approve { phase: Phase::Scene },
    ]
}

/// Seeds: every kind in one record, and a review with a conflict, a hold and a gap.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let bodies: Vec<String> = known::events().into_iter().filter_map(|event| event.body).collect();
    let author = |body: &str| if body.contains("\"role\":\"deputy\"") { '1' } else { 'd' };
    let line = |body: &String| format!("{}.+{body}\n", author(body));
    let (one, other) = bodies.split_at(bodies.len() / 2);
    let say = |author: char, role: &str, what: &str| {
        let person = if author == 'd' { "p-9" } else { "p-1" };
        format!(
            "{author}.+{{{what},\"actor\":{{\"person\":\"{person}\",\"role\":\"{role}\",\"agency\":\"sheriff\"}},\
             \"at\":{{\"wall\":{NIGHT},\"offset\":-480,\"mono\":1,\"boot\":7,\
             \"anchor\":{{\"server\":{NIGHT},\"wall\":{NIGHT},\"mono\":1,\"boot\":7}}}}}}\n"
        )
    };
    let opened = "\"kind\":\"opened\",\"protocol\":\"1111111111111111111111111111111111111111111111111111111111111111\",\
                  \"agency\":\"sheriff\",\"station\":\"century\",\
                  \"incident\":\"1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c\",\"letter\":\"A\"";
    let answered = |step: &str, entry: &str, values: &str, base: &str| {
        format!("\"kind\":\"answered\",\"step\":\"{step}\"{entry},\"values\":{{{values}}},\"base\":[{base}]")
    };
    let absence = ",\"entry\":\"aaaaaaaaaaaaaaaa\"";
    let review = [
        say('1', "deputy", opened),
        say(
            '1',
            "deputy",
            &answered("contact", "", &format!("\"at\":{NIGHT},\"status\":\"suspected\""), "\"@0\""),
        ),
        say('2', "deputy", &answered("contact", "", "\"status\":\"not_suspected\"", "")),
        say('1', "county", &answered("absence", absence, &format!("\"known_at\":{NIGHT},\"back\":true"), "")),
        say(
            '1',
            "county",
            "\"kind\":\"entry_withdrawn\",\"step\":\"absence\",\"entry\":\"aaaaaaaaaaaaaaaa\"",
        ),
        say(
            '1',
            "deputy",
            "\"kind\":\"cannot\",\"step\":\"hotline_call\",\"why\":\"left\",\"note\":\"quiet\"",
        ),
        say('1', "deputy", "\"kind\":\"submitted\",\"phase\":\"scene\",\"covers\":{}"),
        say('d', "supervisor", "\"kind\":\"commented\",\"step\":\"contact\",\"text\":\"When?\""),
        say('d', "supervisor", "\"kind\":\"returned\",\"phase\":\"scene\",\"base\":[\"@6\"]"),
        say('1', "deputy", "\"kind\":\"replied\",\"thread\":\"@7\",\"text\":\"At nine.\""),
        say(
            'd',
            "supervisor",
            "\"kind\":\"approved\",\"phase\":\"scene\",\"base\":[\"@8\"],\"covers\":{\"01010101010101010101010101010101\":[\"@9\"]}",
        ),
        say('d', "server", "\"kind\":\"held\",\"id\":\"@2\",\"why\":\"no_grant\""),
        say('d', "server", "\"kind\":\"released\",\"id\":\"@2\",\"base\":[\"@b\"]"),
        say(
            'd',
            "server",
            "\"kind\":\"gap\",\"author\":\"02020202020202020202020202020202\",\"enc_from\":4,\"enc_to\":5,\"id_of_to\":\"@2\"",
        ),
        say('1', "deputy", "\"kind\":\"shared\",\"how\":\"join\",\"to\":\"p-1\""),
        say('2', "deputy", "\"kind\":\"accepted\",\"offer\":\"@e\",\"how\":\"pass\""),
        "13-{\"kind\":\"noted\"}\n".to_owned(),
    ];
    vec![
        ("kinds_1".to_owned(), one.iter().map(line).collect::<String>().into_bytes()),
        ("kinds_2".to_owned(), other.iter().map(line).collect::<String>().into_bytes()),
        ("review".to_owned(), review.concat().into_bytes()),
    ]
}

/// A record of these lines.
pub(crate) fn record(lines: &[u8]) -> State {
    State::fold(events(std::str::from_utf8(lines).unwrap_or_default()))
}
