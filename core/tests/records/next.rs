//! The next step: a call that nobody took and a stay that goes on are not in the way of what can be done now.

use firsthours_core::protocol::Author;
use firsthours_core::record::{NextReason, next_step};
use serde_json::{Value as Json, json};

use super::paper::{Paper, answer, at, first, words};
use crate::support::{MINUTE, NIGHT, text};

/// The advocate is urgent, and there is a stay of which a clock measures how long it lasts.
fn with_a_stay() -> Json {
    let mut document = first();
    let steps = document["steps"].as_array_mut().expect("steps");
    steps[1]["urgent"] = json!(true);
    let moment = |id: &str| json!({"id": id, "title": words(id), "kind": "moment"});
    let mut stay = steps[2].clone();
    stay["id"] = json!("stay");
    stay["fields"] = json!([moment("from"), moment("until")]);
    steps.insert(1, stay);
    let clocks = document["clocks"].as_array_mut().expect("clocks");
    let mut longest = clocks[1].clone();
    longest["id"] = json!("stay_2h");
    longest["from"]["step"] = json!("stay");
    longest["from"]["field"] = json!("from");
    longest["within_minutes"] = json!(120);
    longest["met_by"] = json!({"answer": {"step": "stay", "field": "until", "answered": true}});
    longest["met_at"] = json!([{"step": "stay", "field": "until", "of": "first"}]);
    clocks.push(longest);
    document
}

fn night() -> Paper {
    let mut paper = Paper::under(&with_a_stay());
    paper.act("deputy", answer("contact", &[("at", at(0)), ("place", text("street"))])).expect("an answer");
    paper
}

fn call(paper: &mut Paper, minutes: i64, outcome: &str) {
    let values = [("called_at", at(minutes)), ("outcome", text(outcome))];
    paper.act("deputy", answer("advocate_call", &values)).expect("a call");
}

/// The next step so many minutes after 21:00, and whether a clock chose it.
fn next(paper: &Paper, minutes: i64) -> (String, bool) {
    let now = NIGHT + minutes * MINUTE;
    let found = paper.with(|derived| next_step(&paper.definition, derived, Author::Deputy, now));
    let found = found.expect("something is next");
    (found.step, matches!(found.because, NextReason::Clock { .. }))
}

fn step(id: &str) -> (String, bool) {
    (id.to_owned(), false)
}

fn pressed(id: &str) -> (String, bool) {
    (id.to_owned(), true)
}

#[test]
fn a_call_that_nobody_took_stands_back_for_five_minutes() {
    let mut paper = night();
    assert_eq!(next(&paper, 1), step("advocate_call"));
    call(&mut paper, 10, "no_answer");
    assert_eq!(next(&paper, 10), pressed("report"));
    assert_eq!(next(&paper, 14), pressed("report"));
    assert_eq!(next(&paper, 15), step("advocate_call"));
    // The last attempt counts, and one that lies ahead says nothing of now.
    call(&mut paper, 16, "left_message");
    assert_eq!(next(&paper, 20), pressed("report"));
    assert_eq!(next(&paper, 12), step("advocate_call"));
}

#[test]
fn a_call_whose_outcome_is_still_to_come_stays_in_sight() {
    let mut paper = night();
    paper.act("deputy", answer("advocate_call", &[("called_at", at(10))])).expect("it rings");
    assert_eq!(next(&paper, 10), step("advocate_call"));
}

#[test]
fn a_call_that_nobody_took_is_next_when_nothing_else_is() {
    let mut paper = night();
    paper.act("deputy", answer("stay", &[("from", at(1)), ("until", at(2))])).expect("an answer");
    paper.act("deputy", answer("needs", &[("need", text("food"))])).expect("an answer");
    paper.act("deputy", answer("report", &[("sent_at", at(9))])).expect("an answer");
    call(&mut paper, 10, "no_answer");
    assert_eq!(next(&paper, 10), step("advocate_call"));
}

#[test]
fn a_stay_that_goes_on_waits_for_its_end_until_the_time_is_over() {
    let mut paper = night();
    call(&mut paper, 10, "reached");
    assert_eq!(next(&paper, 11), pressed("report"));
    paper.act("deputy", answer("report", &[("sent_at", at(11))])).expect("an answer");
    assert_eq!(next(&paper, 12), step("stay"), "where the child goes is to be said");
    paper.act("deputy", answer("stay", &[("from", at(12))])).expect("an answer");
    assert_eq!(next(&paper, 13), step("needs"));
    assert_eq!(next(&paper, 132), step("needs"));
    assert_eq!(next(&paper, 133), pressed("stay"));
    paper.act("deputy", answer("needs", &[("need", text("food"))])).expect("an answer");
    assert_eq!(next(&paper, 14), pressed("stay"), "there is nothing else");
    paper.act("deputy", answer("stay", &[("until", at(100))])).expect("an answer");
    assert!(paper.with(|derived| next_step(&paper.definition, derived, Author::Deputy, NIGHT)).is_none());
}

#[test]
fn a_stay_that_goes_on_is_before_the_days_after() {
    let mut document = with_a_stay();
    document["steps"][4]["phase"] = json!("follow_up");
    let mut paper = Paper::under(&document);
    paper.act("deputy", answer("contact", &[("at", at(0)), ("place", text("street"))])).expect("an answer");
    call(&mut paper, 10, "reached");
    paper.act("deputy", answer("stay", &[("from", at(12))])).expect("an answer");
    assert_eq!(next(&paper, 13), step("needs"));
    paper.act("deputy", answer("needs", &[("need", text("food"))])).expect("an answer");
    assert_eq!(next(&paper, 14), pressed("stay"));
    paper.act("deputy", answer("stay", &[("until", at(15))])).expect("an answer");
    assert_eq!(next(&paper, 16), pressed("report"));
}

#[test]
fn a_disputed_answer_that_decides_what_else_is_to_be_done_is_next() {
    let mut document = first();
    document["steps"][2]["applies"] =
        json!({"answer": {"step": "contact", "field": "place", "is": "street"}});
    let mut paper = Paper::under(&document);
    paper.act("deputy", answer("contact", &[("at", at(0)), ("place", text("street"))])).expect("an answer");
    call(&mut paper, 10, "reached");
    paper.act("deputy", answer("report", &[("sent_at", at(11))])).expect("an answer");
    assert_eq!(next(&paper, 12), step("needs"));
    paper.act("deputy", answer("contact", &[("place", text("street")), ("at", at(1))])).expect("an answer");
    let unseen = paper.last();
    let other = answer("contact", &[("place", text("motel")), ("at", at(2))]);
    paper.act_without("second", &unseen, other).expect("an answer");
    assert_eq!(next(&paper, 12), step("contact"));
    paper.act("second", answer("contact", &[("place", text("street"))])).expect("a decision");
    assert_eq!(next(&paper, 12), step("needs"), "when they met is disputed still, and holds nothing up");
}
