//! A call that reached somebody, and what else it was made for.

use firsthours_core::protocol::Value;
use firsthours_core::record::StepState;
use serde_json::{Value as Json, json};

use super::paper::{Paper, answer_in, at, call, entries, first, words};
use crate::support::text;

/// Whoever calls the advocate asks whether they know the child; where `comes` is false, that is all they call for.
fn with_a_question(comes: bool) -> Json {
    let mut document = first();
    let step = &mut document["steps"][1];
    step["fields"] = json!([{
        "id": "knows", "title": words("Knows the child"), "kind": "flag",
        "applies": {"answer": {"step": "advocate_call", "field": "outcome", "is": "reached", "of": "same"}},
    }]);
    step["partner"]["comes"] = json!(comes);
    if !comes {
        document["partners"][0].as_object_mut().expect("a partner").remove("unavailable");
        // Nobody arrives, so no clock waits for it.
        document["clocks"].as_array_mut().expect("clocks").remove(0);
    }
    document
}

fn state(paper: &Paper) -> Option<StepState> {
    paper.with(|derived| derived.step("advocate_call").map(|step| step.state))
}

#[test]
fn a_call_is_not_done_before_its_own_question_is_answered() {
    let mut paper = Paper::under(&with_a_question(false));
    paper.act("deputy", call(5)).expect("a call");
    assert_eq!(state(&paper), Some(StepState::Started));
    let entry = entries(&paper, "advocate_call")[0];
    let knows = [("knows", Value::Flag(false))];
    paper.act("deputy", answer_in("advocate_call", Some(entry), &knows)).expect("an answer");
    assert_eq!(state(&paper), Some(StepState::Done));
}

#[test]
fn a_partner_who_comes_is_waited_for_and_then_asked_about() {
    let mut paper = Paper::under(&with_a_question(true));
    paper.act("deputy", call(5)).expect("a call");
    assert_eq!(state(&paper), Some(StepState::Waiting));
    let entry = entries(&paper, "advocate_call")[0];
    let arrived = answer_in("advocate_call", Some(entry), &[("arrived_at", at(30))]);
    paper.act("deputy", arrived).expect("an arrival");
    assert_eq!(state(&paper), Some(StepState::Started));
    // Another call that they came for has all its answers: one is enough.
    let whole = [
        ("called_at", at(6)),
        ("outcome", text("reached")),
        ("arrived_at", at(30)),
        ("knows", Value::Flag(true)),
    ];
    paper.act("deputy", answer_in("advocate_call", None, &whole)).expect("a call");
    assert_eq!(state(&paper), Some(StepState::Done));
}
