//! What rings: in time, in order, and in words that say nothing to whoever sees the screen.

use firsthours_core::protocol::{Author, ClockResult, Instant};
use firsthours_core::record::Act;
use firsthours_core::view::{Alarm, alarms};
use firsthours_core::words::Language;

use super::paper::{Paper, answer, answer_in, at, call, entries};
use crate::support::{MINUTE, NIGHT, text};

fn rings(paper: &Paper, minutes: i64) -> Vec<(i64, bool, String)> {
    let summary = paper.summary();
    let now = NIGHT + minutes * MINUTE;
    let of = |alarm: Alarm| ((Instant::from_ms(alarm.at_ms) - NIGHT) / MINUTE, alarm.strict, alarm.text);
    alarms([(&summary, &paper.definition)], Author::Deputy, Language::En, now).into_iter().map(of).collect()
}

fn called() -> Paper {
    let mut paper = Paper::new();
    paper.act("deputy", answer("contact", &[("at", at(0)), ("place", text("motel"))])).expect("an answer");
    paper.act("deputy", call(5)).expect("a call");
    paper
}

#[test]
fn each_running_clock_rings_before_its_end_and_at_it_the_next_first() {
    let soon = |at: &str| format!("Something is due at {at}.");
    let due = || "Something is due now.".to_owned();
    let expected =
        [(55, false, soon("22:05")), (65, false, due()), (600, true, soon("09:00")), (720, true, due())];
    assert_eq!(rings(&called(), 6), expected);
    assert_eq!(rings(&called(), 56), expected[1..]);
}

#[test]
fn a_ring_says_nothing_of_what_it_is_about() {
    let paper = called();
    for (_, _, said) in rings(&paper, 6) {
        let lower = said.to_lowercase();
        for word in ["advocate", "report", "child", "call", "century", "paper", "motel"] {
            assert!(!lower.contains(word), "{said}");
        }
    }
}

#[test]
fn what_is_met_or_void_or_another_s_to_meet_does_not_ring() {
    let mut paper = called();
    let entry = entries(&paper, "advocate_call")[0];
    let arrived = answer_in("advocate_call", Some(entry), &[("arrived_at", at(40))]);
    paper.act("deputy", arrived).expect("an arrival");
    assert_eq!(rings(&paper, 41).len(), 2, "only the report is still due");
    let supervisors: Vec<Alarm> =
        alarms([(&paper.summary(), &paper.definition)], Author::Supervisor, Language::En, NIGHT);
    assert_eq!(supervisors.len(), 2, "the hour in which it is to be seen is the supervisor's");
    paper.act("deputy", Act::Void { why: "pocket".into() }).expect("it can be voided");
    assert_eq!(rings(&paper, 41), []);
}

#[test]
fn a_call_that_is_entered_again_does_not_start_its_clock_again() {
    let mut paper = called();
    let entry = entries(&paper, "advocate_call")[0];
    let withdraw = Act::WithdrawEntry { step: "advocate_call".into(), entry, reason: None };
    paper.act("deputy", withdraw).expect("it is withdrawn");
    paper.act("deputy", call(50)).expect("and entered again");
    let now = NIGHT + 70 * MINUTE;
    let view = paper.view("deputy", now);
    let clock = view.clocks.iter().find(|clock| clock.id == "advocate_60").expect("it runs");
    assert_eq!((clock.state, clock.sentence.as_str()), (ClockResult::Running, "40 min left, until 22:50"));
    let first = "As first entered, from 21:05: 5 min overdue, was due 22:05";
    assert_eq!(clock.first_entered.as_deref(), Some(first));
}

#[test]
fn a_corrected_moment_shows_both_results() {
    let mut paper = called();
    let entry = entries(&paper, "advocate_call")[0];
    let arrived = answer_in("advocate_call", Some(entry), &[("arrived_at", at(66))]);
    paper.act("deputy", arrived).expect("an arrival");
    let corrected = answer_in("advocate_call", Some(entry), &[("called_at", at(8))]);
    paper.act("deputy", corrected).expect("a correction");
    let view = paper.view("deputy", NIGHT + 90 * MINUTE);
    let clock = view.clocks.iter().find(|clock| clock.id == "advocate_60").expect("it is there");
    assert_eq!(clock.sentence, "Met at 22:06");
    assert_eq!(
        clock.first_entered.as_deref(),
        Some("As first entered, from 21:05: Met at 22:06, 1 min late")
    );
}

#[test]
fn what_was_met_before_it_began_says_so() {
    let mut paper = called();
    let entry = entries(&paper, "advocate_call")[0];
    let early = answer_in("advocate_call", Some(entry), &[("arrived_at", at(2))]);
    paper.act("deputy", early).expect("an arrival");
    let view = paper.view("deputy", NIGHT + 90 * MINUTE);
    let clock = view.clocks.iter().find(|clock| clock.id == "advocate_60").expect("it is there");
    assert_eq!((clock.state, clock.sentence.as_str()), (ClockResult::Met, "Met at 21:02, before it began"));
}
