//! A phase that two share: each submits their own part when it is ready, and the other's answers are no changes of it.

use firsthours_core::protocol::Phase;
use firsthours_core::record::{Act, PhaseStatus, Refusal, Submissions, is_settled, phase_status};
use serde_json::{Value as Json, json};

use super::paper::{Paper, answer, at, first};
use crate::support::NIGHT;

const FOLLOW_UP: Phase = Phase::FollowUp;
const SUBMIT: Act = Act::Submit { phase: FOLLOW_UP };

/// The deputy's report and the county worker's visit are one phase.
fn shared() -> Json {
    let mut document = first();
    let steps = document["steps"].as_array_mut().expect("steps");
    steps[3]["phase"] = json!("follow_up");
    let mut visit = steps[3].clone();
    visit["id"] = json!("visit");
    visit["by"] = json!("county");
    steps.insert(4, visit);
    document
}

fn report(minutes: i64) -> Act {
    answer("report", &[("sent_at", at(minutes))])
}

fn visit(minutes: i64) -> Act {
    answer("visit", &[("sent_at", at(minutes))])
}

/// The deputy has sent the report and submitted it.
fn night() -> Paper {
    let mut paper = Paper::under(&shared());
    paper.act("deputy", report(20)).expect("an answer");
    paper.act("deputy", SUBMIT).expect("it is all that the deputy has to do");
    paper
}

fn status(paper: &Paper) -> PhaseStatus {
    phase_status(&paper.state(), &paper.definition, FOLLOW_UP)
}

fn unexplained(paper: &Paper) -> usize {
    let state = paper.state();
    let submissions = Submissions::of(&state);
    state.events().filter(|event| submissions.changed_after(&paper.definition, event)).count()
}

fn settled(paper: &Paper, step: &str) -> bool {
    is_settled(&paper.state(), &paper.definition, paper.definition.step(step).expect("a step"))
}

#[test]
fn what_the_other_answers_after_a_submission_is_no_change_of_it() {
    let mut paper = night();
    assert!(settled(&paper, "report") && !settled(&paper, "visit"));
    assert_eq!(paper.act("deputy", report(25)), Err(Refusal::ReasonNeeded { phase: FOLLOW_UP }));
    paper.act("county", visit(90)).expect("no reason is asked for a first answer");
    assert_eq!((status(&paper), unexplained(&paper)), (PhaseStatus::Submitted, 0));
}

#[test]
fn each_submits_their_own_part_once_it_is_begun() {
    let mut paper = night();
    let submits = |paper: &Paper, who: &str| paper.view(who, NIGHT).phases[1].submit.clone();
    assert!(matches!(paper.act("county", SUBMIT), Err(Refusal::NotNow { .. })), "there is nothing of theirs");
    assert!(matches!(paper.act("deputy", SUBMIT), Err(Refusal::NotNow { .. })), "it is submitted");
    paper.act("county", visit(90)).expect("an answer");
    assert_eq!(
        (submits(&paper, "deputy"), submits(&paper, "county")),
        (None, Some("Submit for review".to_owned()))
    );
    paper.act("county", SUBMIT).expect("their part is ready");
    assert_eq!(submits(&paper, "county"), None);
    assert_eq!(paper.act("county", visit(95)), Err(Refusal::ReasonNeeded { phase: FOLLOW_UP }));
    assert_eq!(status(&paper), PhaseStatus::Submitted);
}

#[test]
fn an_approval_of_one_part_is_looked_at_again_when_the_other_comes() {
    let mut paper = night();
    paper.act("sergeant", Act::Approve { phase: FOLLOW_UP }).expect("the report is in order");
    paper.act("county", visit(90)).expect("no reason is asked for");
    assert_eq!(status(&paper), PhaseStatus::Stale);
    paper.act("county", SUBMIT).expect("their part is ready");
    paper.act("sergeant", Act::Approve { phase: FOLLOW_UP }).expect("and so is the visit");
    assert_eq!(status(&paper), PhaseStatus::Approved);
}
