//! Clocks read from recorded moments.

use std::sync::LazyLock;

use firsthours_core::protocol::{
    AnswerIs, ClockReading, ClockResult, Condition, Deadline, Definition, FieldRef, Instant, Occurrence,
    Outcome, Settled, Value, read_clocks,
};
use proptest::prelude::*;

use super::book::{Book, MINUTE, NOON, books, text};
use super::tiny;

static TINY: LazyLock<Definition> = LazyLock::new(tiny);

const ADVOCATE: usize = 0;
const REPORT: usize = 1;
const RETURN: usize = 2;
const HOTLINE: usize = 3;

fn at(minutes: i64) -> Value {
    Value::from(NOON + minutes * MINUTE)
}

/// A contact at noon with a suspicion.
fn contact() -> Book {
    Book::default().with("contact", &[("at", at(0)), ("status", text("suspected"))])
}

fn readings(book: &Book, clock: usize) -> Vec<ClockReading> {
    read_clocks(&tiny(), book).into_iter().filter(|reading| reading.clock == clock).collect()
}

fn reading(book: &Book, clock: usize) -> ClockReading {
    let found = readings(book, clock);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn arrived(minutes: i64) -> Book {
    contact()
        .with("advocate_call", &[("outcome", text("reached")), ("arrived_at", at(minutes))])
        .settle("advocate_call", Settled::Done)
}

#[test]
fn a_clock_waits_until_it_is_known_to_apply_and_when_it_began() {
    let unknown = Book::default().with("contact", &[("at", at(0))]);
    assert_eq!(reading(&unknown, ADVOCATE).outcome, Outcome::Waiting);
    assert_eq!(reading(&unknown, ADVOCATE).due, None);
    let no_anchor = Book::default().with("contact", &[("status", text("suspected"))]);
    assert_eq!(reading(&no_anchor, ADVOCATE).outcome, Outcome::Waiting);
    assert_eq!(reading(&no_anchor, ADVOCATE).result(Instant::NEVER), ClockResult::Waiting);
}

#[test]
fn a_clock_that_does_not_apply_is_not_there() {
    let other = Book::default().with("contact", &[("at", at(0)), ("status", text("not_suspected"))]);
    assert!(readings(&other, ADVOCATE).is_empty());
    let gone = contact().settle("contact", Settled::NotApplicable);
    assert!(read_clocks(&tiny(), &gone).is_empty());
}

#[test]
fn a_running_clock_is_missed_only_after_its_last_instant() {
    let running = reading(&contact(), ADVOCATE);
    let due = NOON + 90 * MINUTE;
    assert_eq!((running.anchor, running.due, running.outcome), (Some(NOON), Some(due), Outcome::Running));
    assert_eq!(running.result(due), ClockResult::Running);
    assert_eq!(running.result(due + 1), ClockResult::Missed);
}

#[test]
fn late_is_what_happened_late_whenever_it_was_written_down() {
    assert_eq!(reading(&arrived(90), ADVOCATE).outcome, Outcome::Met { at: Some(NOON + 90 * MINUTE) });
    let late = reading(&arrived(91), ADVOCATE);
    assert_eq!(late.outcome, Outcome::MetLate { at: NOON + 91 * MINUTE });
    assert_eq!(late.result(Instant::default()), ClockResult::MetLate);
    let before_contact = reading(&arrived(-5), ADVOCATE);
    assert_eq!(before_contact.result(Instant::NEVER), ClockResult::Met);
}

#[test]
fn without_a_moment_of_it_nothing_is_met() {
    let done = contact().settle("advocate_call", Settled::Done);
    assert_eq!(reading(&done, ADVOCATE).outcome, Outcome::Running);
}

#[test]
fn an_excuse_covers_what_is_open_or_late_but_not_what_was_kept() {
    let because = |book: Book| book.with("advocate_call", &[("unavailable_because", text("no_one_free"))]);
    assert_eq!(reading(&because(contact()), ADVOCATE).outcome, Outcome::Excused);
    assert_eq!(reading(&because(arrived(200)), ADVOCATE).outcome, Outcome::Excused);
    assert_eq!(reading(&because(arrived(20)), ADVOCATE).result(Instant::default()), ClockResult::Met);
}

#[test]
fn a_disputed_anchor_counts_from_the_earliest_and_a_disputed_end_to_the_latest() {
    let mut book = arrived(80);
    let heads = |book: &mut Book, step: &str, field: &str, minutes: [i64; 2]| {
        let entry = &mut book.0.get_mut(step).expect("a step").1[0];
        entry.insert(field.to_owned(), minutes.map(|minutes| Some(at(minutes))).into());
    };
    heads(&mut book, "contact", "at", [10, -5]);
    assert_eq!(reading(&book, ADVOCATE).due, Some(NOON + 85 * MINUTE));
    assert_eq!(reading(&book, ADVOCATE).result(Instant::default()), ClockResult::Met);
    heads(&mut book, "advocate_call", "arrived_at", [80, 86]);
    assert_eq!(reading(&book, ADVOCATE).outcome, Outcome::MetLate { at: NOON + 86 * MINUTE });
}

#[test]
fn an_end_that_is_disputed_has_come() {
    let mut definition = tiny();
    let field = FieldRef { step: "advocate_call".into(), field: "arrived_at".into() };
    definition.clocks[ADVOCATE].met_by =
        Condition::Answer { field, test: AnswerIs::Answered, of: Occurrence::Any };
    let outcome = |minutes: &[Option<i64>]| {
        let mut book = arrived(80);
        let entry = &mut book.0.get_mut("advocate_call").expect("a step").1[0];
        entry.insert("arrived_at".to_owned(), minutes.iter().map(|minutes| minutes.map(at)).collect());
        read_clocks(&definition, &book)[0].outcome
    };
    assert_eq!(outcome(&[Some(80), Some(85)]), Outcome::Met { at: Some(NOON + 85 * MINUTE) });
    assert_eq!(outcome(&[Some(80), Some(95)]), Outcome::MetLate { at: NOON + 95 * MINUTE });
    assert_eq!(outcome(&[]), Outcome::Running);
    // One who took the moment back says that it did not come: nobody knows.
    assert_eq!(outcome(&[Some(80), None]), Outcome::Running);
}

#[test]
fn a_deadline_in_days_holds_through_its_last_day() {
    // Monday; Tuesday and Wednesday count; the end of Wednesday in Los Angeles is 08:00 UTC on Thursday.
    let due = Instant::from_ms(1_795_680_000_000) - 1;
    assert_eq!(reading(&contact(), REPORT).due, Some(due));
}

#[test]
fn a_clock_of_each_reads_its_own_entry_only() {
    let book = contact()
        .with("absence", &[("known_at", at(0)), ("back", Value::Flag(true)), ("back_at", at(60))])
        .with("absence", &[("known_at", at(500))])
        .with("absence", &[("back", Value::Flag(false))]);
    let found: Vec<_> =
        readings(&book, RETURN).iter().map(|reading| (reading.entry, reading.outcome)).collect();
    let met = Outcome::Met { at: Some(NOON + 60 * MINUTE) };
    assert_eq!(found, [(Some(0), met), (Some(1), Outcome::Running), (Some(2), Outcome::Waiting)]);
}

#[test]
fn before_has_no_end_until_there_is_something_to_be_before() {
    let none = reading(&contact(), HOTLINE);
    assert_eq!((none.due, none.outcome), (None, Outcome::Running));
    assert_eq!(none.result(Instant::NEVER), ClockResult::Running);

    let called = contact().with("hotline_call", &[("called_at", at(30)), ("outcome", text("reached"))]);
    assert_eq!(reading(&called, HOTLINE).result(Instant::default()), ClockResult::Met);
    let after = called.clone().with("report", &[("sent_at", at(29))]);
    assert_eq!(reading(&after, HOTLINE).outcome, Outcome::MetLate { at: NOON + 30 * MINUTE });
    let with_it = called.with("report", &[("sent_at", at(30))]);
    assert_eq!(reading(&with_it, HOTLINE).result(Instant::default()), ClockResult::Met);
    let only_report = contact().with("report", &[("sent_at", at(29))]);
    assert_eq!(reading(&only_report, HOTLINE).result(NOON + 30 * MINUTE), ClockResult::Missed);
}

#[test]
fn before_a_field_of_the_same_entry_reads_that_entry_and_of_another_step_the_first() {
    let mut definition = tiny();
    let before =
        |step: &str, field: &str| Deadline::Before(FieldRef { step: step.into(), field: field.into() });
    let dues = |definition: &Definition, book: &Book| -> Vec<_> {
        let of_return = |reading: &ClockReading| reading.clock == RETURN;
        read_clocks(definition, book).into_iter().filter(of_return).map(|reading| reading.due).collect()
    };
    let book = contact()
        .with("absence", &[("known_at", at(0)), ("back", Value::Flag(true)), ("back_at", at(60))])
        .with("absence", &[("known_at", at(500)), ("back", Value::Flag(true)), ("back_at", at(560))])
        .with("absence", &[("known_at", at(900))])
        .with("report", &[("sent_at", at(29))]);
    definition.clocks[RETURN].deadline = before("absence", "back_at");
    assert_eq!(dues(&definition, &book), [Some(NOON + 60 * MINUTE), Some(NOON + 560 * MINUTE), None]);
    definition.clocks[RETURN].deadline = before("report", "sent_at");
    assert_eq!(dues(&definition, &book), [Some(NOON + 29 * MINUTE); 3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_order_of_entry_changes_no_clock(book in books(&TINY), turn in 0..4_usize) {
        let mut other = book.clone();
        for (_, entries) in other.0.values_mut() {
            entries.reverse();
            let by = turn % entries.len().max(1);
            entries.rotate_left(by);
        }
        prop_assert_eq!(read_clocks(&TINY, &book.sorted()), read_clocks(&TINY, &other.sorted()));
    }

    #[test]
    fn time_alone_turns_running_into_missed_and_nothing_else(
        book in books(&TINY), one in -10_000..30_000_i64, two in -10_000..30_000_i64,
    ) {
        let (sooner, later) = (NOON + one.min(two) * MINUTE, NOON + one.max(two) * MINUTE);
        for reading in read_clocks(&TINY, &book) {
            let (before, after) = (reading.result(sooner), reading.result(later));
            let ran_out = (before, after) == (ClockResult::Running, ClockResult::Missed);
            prop_assert!(before == after || ran_out, "{before:?} became {after:?}");
        }
    }
}
