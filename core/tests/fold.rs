//! The laws of the fold: state is a function of the set of events, and nobody overwrites what they had not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::support::{
    Author, ENCOUNTER, LOS_ANGELES, MINUTE, NIGHT, answered, fold, los_angeles, opened, read, text,
};
use firsthours_core::protocol::{Phase, Value};
use firsthours_core::record::{
    Act, Derived, EntryId, Event, EventId, Hash, HoldReason, Kind, PersonId, PhaseStatus, Record, Register,
    Role, Sharing, State, Summary, decide, derive, phase_status, summarise,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// What a case is made of: who, what, and two numbers to choose with.
type Move = (u8, u8, u8, u8);

fn moves(most: usize) -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec(any::<Move>(), 1..most)
}

/// Only the county worker and the supervisor act.
fn moves_of_a_review() -> impl Strategy<Value = Vec<Move>> {
    moves(16).prop_map(|moves| moves.into_iter().map(|(who, what, a, b)| (who | 2, what, a, b)).collect())
}

fn pick<T: Clone>(from: &[T], number: u8) -> T {
    from[usize::from(number) % from.len()].clone()
}

fn entry(number: u8) -> EntryId {
    EntryId([number % 2; 8])
}

/// A value for one of a few fields, so that writes meet; now and then it is taken back.
fn an_answer(a: u8, b: u8) -> Kind {
    let moment = Value::from(NIGHT + i64::from(b) * MINUTE);
    let taken_back = b % 5 == 4;
    let (step, entry, field, value) = match a % 8 {
        0 => ("contact", None, "at", moment),
        1 => ("suspicion", None, "status", text(pick(&["suspected", "unclear", "not_suspected"], b))),
        2 => ("suspicion", None, "decided_at", moment),
        3 => ("hotline_call", Some(entry(b)), "outcome", text(pick(&["reached", "no_answer"], b / 2))),
        4 => ("hotline_call", Some(entry(b)), "called_at", moment),
        5 => ("absence", Some(entry(b)), "known_at", moment),
        6 => ("custody_basis", None, "station", Value::Flag(b.is_multiple_of(2))),
        _ => ("no_such_step", None, "field", text("of a newer protocol")),
    };
    answered(step, entry, &[(field, (!taken_back).then_some(value))])
}

/// Any kind, about any event before it; whether its author may make it is not asked here.
fn any_kind((_, what, a, b): Move, before: &[Arc<Event>]) -> Kind {
    let other =
        || before.get(usize::from(b) % before.len().max(1)).map_or(EventId([b; 32]), |event| event.id);
    let phase = pick(&[Phase::Scene, Phase::Outcome], a);
    let step = || pick(&["hotline_call", "advocate_call"], a).to_owned();
    let covers = || fold(before).tips(|event| event.header.stamp <= u64::from(b) % 8);
    match what % 24 {
        0 => opened(),
        1 => Kind::Cannot { step: step(), why: pick(&["no_line", "other"], b).to_owned(), note: None },
        2 => Kind::Reopened { step: step() },
        3 => Kind::EntryWithdrawn { step: "hotline_call".to_owned(), entry: entry(b) },
        4 => Kind::Noted { step: None, text: "seen".to_owned() },
        5 => Kind::Commented { step: Some(step()), text: "why?".to_owned() },
        6 => Kind::Replied { thread: other(), text: "so".to_owned() },
        7 => Kind::Resolved { thread: other() },
        8 => Kind::Submitted { phase, covers: covers() },
        9 => Kind::Returned { phase },
        10 => Kind::Approved { phase, covers: covers() },
        11 => Kind::Held { id: other(), why: HoldReason::NoGrant },
        12 => Kind::Released { id: other() },
        13 => Kind::Voided { why: "twice".to_owned() },
        14 => Kind::Unvoided,
        15 => Kind::Shared { how: Sharing::Pass, to: PersonId("p-2".to_owned()) },
        16 => Kind::Accepted { offer: other(), how: Sharing::Pass },
        _ => an_answer(a, b),
    }
}

fn authors() -> [Author; 4] {
    [
        Author::phone(1, Role::Deputy),
        Author::phone(2, Role::Deputy),
        Author::phone(3, Role::County),
        Author::desk(9, Role::Supervisor),
    ]
}

/// Makes events from moves: bases are any events before, so most are stale; some are of a newer version.
fn events(moves: &[Move]) -> Vec<Arc<Event>> {
    let mut authors = authors();
    let mut events: Vec<Arc<Event>> = Vec::new();
    for (index, &made) in moves.iter().enumerate() {
        let (who, what, a, b) = made;
        let author = &mut authors[usize::from(who) % 4];
        if author.install.is_server() {
            author.acting_as(9, pick(&[Role::Supervisor, Role::Server], a));
        }
        let picked = |number: usize| (a >> (number % 8)) & 1 == 1;
        let base = events.iter().enumerate().filter(|(number, _)| picked(*number)).map(|(_, event)| event.id);
        // Stamps repeat: two phones that have not met count on from the same one.
        let stamp = 1 + (index as u64).saturating_sub(u64::from(b % 3));
        let written =
            author.write(stamp, NIGHT + i64::from(b), any_kind(made, &events), base.collect(), None);
        if what == 23 {
            let body = written.body.replacen(r#""kind":""#, r#""kind":"newer_"#, 1);
            let header = written.header.replace(
                &Hash::of(written.body.as_bytes()).to_string(),
                &Hash::of(body.as_bytes()).to_string(),
            );
            events.push(Arc::new(Event::read(&header, Some(&body)).expect("an unknown kind is readable")));
        } else {
            events.push(read(&written));
        }
    }
    events
}

fn summary(state: &State, derived: &Derived<'_>) -> Summary {
    summarise(ENCOUNTER, Hash::of(LOS_ANGELES.as_bytes()), los_angeles(), state, derived)
}

/// What is stored and shown of a state, as bytes.
fn bytes(state: &State) -> Vec<u8> {
    let derived = derive(los_angeles(), state);
    let mut bytes = summary(state, &derived).to_bytes();
    for record in &derived.steps {
        bytes.extend(format!("{:?}{:?}{:?}", record.state, record.conflicts, record.entries).into_bytes());
    }
    bytes
}

/// The event as one whose body is withheld from this reader.
fn without_body(event: &Event) -> Arc<Event> {
    Arc::new(Event { body: None, ..event.clone() })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]

    #[test]
    fn the_order_and_the_number_of_arrivals_change_nothing(
        moves in moves(14), order in any::<[u8; 14]>(), bare in any::<u16>(),
    ) {
        let events = events(&moves);
        let state = fold(&events);
        let held = state.events().filter(|event| state.held(&event.id).is_some()).count();
        prop_assert_eq!(summary(&state, &derive(los_angeles(), &state)).held, held);
        let mut other: Vec<(u8, Arc<Event>)> = order.into_iter().zip(events.iter().cloned()).collect();
        other.sort_by_key(|(rank, event)| (*rank, event.id));
        let mut other: Vec<Arc<Event>> = other.into_iter().map(|(_, event)| event).collect();
        // Some arrive twice, and some first without their bodies.
        let twice: Vec<Arc<Event>> = other.iter().step_by(2).cloned().collect();
        let bare = other.iter().enumerate().filter(|(n, _)| bare >> (n % 16) & 1 == 1).map(|(_, e)| without_body(e));
        let bare: Vec<Arc<Event>> = bare.collect();
        other.splice(0..0, bare.clone());
        other.extend(twice);
        other.extend(bare);
        let shuffled = fold(&other);
        prop_assert_eq!(&state, &shuffled);
        prop_assert_eq!(bytes(&state), bytes(&shuffled));
        let mut counting: Vec<&Event> =
            state.events().map(Arc::as_ref).filter(|event| state.counts(event)).collect();
        counting.sort_by_key(|event| (event.header.stamp, event.id));
        prop_assert_eq!(shuffled.counting().collect::<Vec<_>>(), counting);
    }

    #[test]
    fn merging_is_commutative_associative_and_idempotent(moves in moves(12), split in any::<u16>()) {
        let events = events(&moves);
        // Three parts that overlap.
        let part = |of: u16| {
            fold(&events.iter().enumerate().filter(|(n, _)| ((split >> n) ^ of) & 3 != 3).map(|(_, e)| e.clone()).collect::<Vec<_>>())
        };
        let merged = |parts: &[&State]| {
            let mut all = State::default();
            for part in parts {
                all.merge(part);
            }
            all
        };
        let (a, b, c) = (part(0), part(1), part(2));
        let whole = merged(&[&a, &b, &c]);
        prop_assert_eq!(&merged(&[&c, &b, &a]), &whole);
        prop_assert_eq!(&merged(&[&merged(&[&a, &b]), &c]), &merged(&[&a, &merged(&[&b, &c])]));
        prop_assert_eq!(&merged(&[&whole, &whole, &a]), &whole);
        prop_assert_eq!(&whole, &fold(&events), "every event is in one of the parts");
        prop_assert_eq!(bytes(&whole), bytes(&fold(&events)));
    }

    #[test]
    fn no_act_replaces_a_value_that_its_view_had_not_shown(moves in moves(14)) {
        let world = World::played(&moves);
        let state = fold(&world.events);
        for register in state.registers() {
            let heads: BTreeSet<EventId> = state.heads(register).iter().map(|head| head.event.id).collect();
            let writes: Vec<&Event> = world.events.iter().map(Arc::as_ref).filter(|event| writes(event, register)).collect();
            prop_assert!(!heads.is_empty());
            for write in &writes {
                let replaced_by_one_who_saw_it = writes.iter().any(|later| {
                    base(later).contains(&write.id) && world.shown[&later.id].contains(&write.id)
                });
                prop_assert!(heads.contains(&write.id) || replaced_by_one_who_saw_it, "{register:?} lost {write:?}");
            }
        }
        for event in &world.events {
            prop_assert!(base(event).iter().all(|named| world.shown[&event.id].contains(named)));
        }
    }

    #[test]
    fn what_is_approved_was_on_the_page_that_approved_it(moves in moves_of_a_review()) {
        let world = World::played(&moves);
        let state = fold(&world.events);
        let definition = los_angeles();
        let changes = |event: &&Arc<Event>| {
            event.kind().is_some_and(|kind| {
                kind.changes_a_step() && kind.step() == Some("absence")
                    || matches!(kind, Kind::Submitted { phase: Phase::Outcome, .. })
            })
        };
        if phase_status(&state, definition, Phase::Outcome) == PhaseStatus::Approved {
            let heads = state.heads(&Register::Phase(Phase::Outcome));
            let saw_all = heads.iter().any(|head| {
                world.events.iter().filter(changes).all(|event| world.shown[&head.event.id].contains(&event.id))
            });
            prop_assert!(saw_all, "approved without having been shown");
        }
    }
}

fn base(event: &Event) -> &[EventId] {
    event.body.as_ref().map(|body| body.base.as_slice()).unwrap_or_default()
}

fn writes(event: &Event, register: &Register) -> bool {
    let Some(body) = &event.body else { return false };
    body.kind.writes(&body.actor.person).iter().any(|(written, _)| written == register)
}

/// Four people who act on one record from screens that are more or less old.
struct World {
    /// In the order in which they were made.
    events: Vec<Arc<Event>>,
    /// What the author of an event had been shown, or had written itself, when it acted.
    shown: BTreeMap<EventId, BTreeSet<EventId>>,
}

/// What one person's device holds, in the order of arrival.
struct Holder {
    author: Author,
    held: Vec<Arc<Event>>,
    state: State,
}

impl World {
    fn played(moves: &[Move]) -> Self {
        let mut world = Self { events: Vec::new(), shown: BTreeMap::new() };
        let mut holders: Vec<Holder> = authors()
            .into_iter()
            .map(|author| Holder { author, held: Vec::new(), state: State::default() })
            .collect();
        let first = holders[0].author.write(1, NIGHT, opened(), Vec::new(), None);
        world.shown.insert(first.id, BTreeSet::new());
        world.events.push(read(&first));
        for holder in &mut holders {
            holder.take(&world.events);
        }
        for &made in moves {
            let holder = &mut holders[usize::from(made.0) % 4];
            match made.1 % 4 {
                // It syncs, perhaps only in part: events of one author arrive in order, so a prefix does.
                0 => {
                    let until = world.events.len() - usize::from(made.2 % 3).min(world.events.len());
                    holder.take(&world.events[..until]);
                }
                1 => {
                    holder.take(&world.events);
                    world.act(holder, made);
                }
                _ => world.act(holder, made),
            }
        }
        world
    }

    fn act(&mut self, holder: &mut Holder, made: Move) {
        // The screen is up to four arrivals old.
        let seen = holder.held.len().saturating_sub(usize::from(made.3 % 5)).max(1);
        let install = holder.author.install;
        let shown: BTreeSet<EventId> = holder
            .held
            .iter()
            .enumerate()
            .filter(|(arrival, event)| *arrival < seen || event.header.install == install)
            .map(|(_, event)| event.id)
            .collect();
        let definition = los_angeles();
        let record = Record { definition, state: &holder.state };
        let act = an_act(made, &holder.state, holder.author.actor.role);
        let visible = |event: &Event| shown.contains(&event.id);
        let new_entry = EntryId([u8::try_from(self.events.len()).unwrap_or(u8::MAX); 8]);
        let actor = holder.author.actor.clone();
        // An act that is refused leaves no trace.
        let Ok(decision) = decide(act, record, &actor, install, new_entry, &visible) else { return };
        let stamp = holder.state.next_stamp();
        let written = holder.author.write(stamp, NIGHT, decision.kind, decision.base, decision.reason);
        let event = read(&written);
        self.shown.insert(event.id, shown);
        self.events.push(Arc::clone(&event));
        holder.take(&[event]);
    }
}

impl Holder {
    fn take(&mut self, events: &[Arc<Event>]) {
        for event in events {
            if self.state.event(&event.id).is_none() {
                self.held.push(Arc::clone(event));
                self.state.add(Arc::clone(event));
            }
        }
    }
}

/// Something that this role may well do.
fn an_act((_, what, a, b): Move, state: &State, role: Role) -> Act {
    let entries: BTreeSet<EntryId> = state
        .registers()
        .filter_map(|register| match register {
            Register::Entry { entry, .. } => Some(*entry),
            _ => None,
        })
        .collect();
    let entries: Vec<EntryId> = entries.into_iter().collect();
    let some_entry = (!entries.is_empty() && b % 3 != 0).then(|| pick(&entries, b));
    let reason = Some("seen later".to_owned()).filter(|_| b % 2 == 0);
    let moment = Some(Value::from(NIGHT + i64::from(b) * MINUTE));
    let answer = |step: &str, entry: Option<EntryId>, field: &str, value: Option<Value>| Act::Answer {
        step: step.to_owned(),
        entry,
        values: BTreeMap::from([(field.to_owned(), value)]),
        reason: reason.clone(),
    };
    let events: Vec<EventId> = state.events().map(|event| event.id).collect();
    let some_event = pick(&events, b);
    match (role, what / 4 % 8) {
        (Role::Deputy, 0 | 1) => answer("contact", None, "at", moment.filter(|_| a % 4 != 0)),
        (Role::Deputy, 2 | 3) => {
            answer("suspicion", None, "status", Some(text(pick(&["suspected", "unclear"], a))))
        }
        (Role::Deputy, 4) => answer("hotline_call", some_entry, "called_at", moment),
        (Role::Deputy, 5) => match some_entry {
            Some(entry) => Act::WithdrawEntry { step: "hotline_call".to_owned(), entry, reason },
            None => Act::Share { how: pick(&[Sharing::Pass, Sharing::Join], a), to: PersonId("p-2".into()) },
        },
        (Role::Deputy, 6) if a % 2 == 0 => Act::Reopen { step: "advocate_call".to_owned(), reason },
        (Role::Deputy, 6) => {
            let why = pick(&["no_line", "other"], b).to_owned();
            Act::Cannot { step: "advocate_call".to_owned(), why, note: None, reason }
        }
        (Role::Deputy, _) => match a % 3 {
            0 => Act::Accept { offer: some_event },
            1 => Act::Void { why: "twice".to_owned() },
            _ => Act::Unvoid,
        },
        (Role::County, 0..=2) => Act::Submit { phase: Phase::Outcome },
        (Role::County, 3) => Act::Reply { thread: some_event, text: "so".to_owned() },
        (Role::County, _) => answer("absence", some_entry, "known_at", moment),
        (_, 0) => Act::Comment { step: None, text: "why?".to_owned() },
        (_, 1) => Act::Resolve { thread: some_event },
        (_, 2 | 3) => Act::Return { phase: Phase::Outcome },
        (_, _) => Act::Approve { phase: Phase::Outcome },
    }
}

fn outcome_phase(state: &State) -> PhaseStatus {
    phase_status(state, los_angeles(), Phase::Outcome)
}

#[test]
fn the_played_world_reaches_every_outcome_that_its_properties_speak_of() {
    // Properties about approvals and conflicts would hold of a world in which nothing happens.
    let reached = |moves: BoxedStrategy<Vec<Move>>, outcome: fn(&State) -> bool| {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let worlds = (0..1_000).map(|_| moves.new_tree(&mut runner).expect("moves are made").current());
        worlds.filter(|moves| outcome(&fold(&World::played(moves).events))).count()
    };
    assert!(reached(moves(14).boxed(), |state| derive(los_angeles(), state).conflicts() > 0) > 50);
    assert!(reached(moves_of_a_review().boxed(), |state| outcome_phase(state) == PhaseStatus::Approved) > 5);
    assert!(reached(moves_of_a_review().boxed(), |state| outcome_phase(state) == PhaseStatus::Stale) > 5);
}

#[test]
fn the_last_of_an_author_is_the_end_of_its_chain_whatever_its_stamp() {
    let noted = || Kind::Noted { step: None, text: "seen".to_owned() };
    let (mut one, mut other) = (Author::phone(1, Role::Deputy), Author::phone(2, Role::Deputy));
    let mut state = State::default();
    for written in [
        one.write(1, NIGHT, opened(), Vec::new(), None),
        one.write(9, NIGHT, noted(), Vec::new(), None),
        one.write(4, NIGHT, noted(), Vec::new(), None),
        other.write(12, NIGHT, noted(), Vec::new(), None),
    ] {
        state.add(read(&written));
    }
    let last = |author: &Author| state.last_of(author.install).map(|event| event.id);
    assert_eq!((last(&one), last(&other)), (one.last(), other.last()));
    assert_eq!(last(&Author::phone(3, Role::Deputy)), None);
}
