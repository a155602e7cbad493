//! Two people, one record: each rule, its sentence, and who ends it.

use firsthours_core::protocol::{Phase, Value};
use firsthours_core::record::{
    Act, Conflict, Dispute, PhaseStatus, Refusal, Sharing, StepState, disputes, holders, is_void,
    phase_status, same_as,
};

use super::paper::{OTHER, Paper, answer, answer_in, at, call, entries};
use crate::support::{NIGHT, text};

const SCENE: Phase = Phase::Scene;

fn notices(paper: &Paper) -> Vec<String> {
    paper.view("deputy", NIGHT).notices
}

/// Two deputies name different places, neither having seen the other's.
fn two_places() -> Paper {
    let mut paper = Paper::new();
    paper.act("deputy", answer("contact", &[("at", at(0)), ("place", text("street"))])).expect("an answer");
    let unseen = paper.last();
    paper.act_without("second", &unseen, answer("contact", &[("place", text("motel"))])).expect("an answer");
    paper
}

fn places_in_conflict(paper: &Paper) -> bool {
    paper.with(|derived| {
        let conflict = Conflict::Field { entry: None, field: "place".to_owned() };
        derived.step("contact").is_some_and(|step| step.conflicts.contains(&conflict))
    })
}

#[test]
fn different_fields_merge_and_equal_values_are_no_conflict() {
    let mut paper = Paper::new();
    paper.act("deputy", answer("contact", &[("at", at(0))])).expect("an answer");
    let unseen = paper.last();
    let both = [("at", at(0)), ("place", text("motel"))];
    paper.act_without("second", &unseen, answer("contact", &both)).expect("an answer");
    paper.with(|derived| {
        let contact = derived.step("contact").expect("a step");
        assert_eq!((contact.state, contact.conflicts.len()), (StepState::Done, 0));
    });
}

#[test]
fn a_supervisor_says_which_answer_counts_and_adds_none_of_their_own() {
    let mut paper = two_places();
    assert!(places_in_conflict(&paper));
    let own = answer("contact", &[("place", text("vehicle"))]);
    assert!(matches!(paper.act("sergeant", own), Err(Refusal::NotYours { .. })));
    let undisputed = answer("needs", &[("need", text("food"))]);
    assert!(matches!(paper.act("sergeant", undisputed), Err(Refusal::NotYours { .. })));
    paper.act("sergeant", answer("contact", &[("place", text("street"))])).expect("one of the two");
    assert!(!places_in_conflict(&paper));
    paper.with(|derived| {
        let contact = derived.step("contact").expect("a step");
        assert_eq!(contact.entries[0].value("place"), Some(&text("street")));
    });
    // Once it is decided, there is nothing more to choose.
    let again = answer("contact", &[("place", text("motel"))]);
    assert!(matches!(paper.act("sergeant", again), Err(Refusal::NotYours { .. })));
}

#[test]
fn the_deputy_decides_too() {
    let mut paper = two_places();
    paper.act("second", answer("contact", &[("place", text("vehicle"))])).expect("an answer");
    assert!(!places_in_conflict(&paper));
}

#[test]
fn who_decided_between_answers_does_not_approve_them() {
    let mut paper = two_places();
    paper.act("sergeant", answer("contact", &[("place", text("street"))])).expect("one of the two");
    for step in ["advocate_call", "needs", "report"] {
        let cannot = Act::Cannot { step: step.into(), why: "no_time".into(), note: None, reason: None };
        paper.act("deputy", cannot).expect("it can be said");
    }
    paper.act("deputy", Act::Submit { phase: SCENE }).expect("everything is settled");
    let own = Refusal::OwnWork { steps: vec!["contact".to_owned()] };
    assert_eq!(paper.act("sergeant", Act::Approve { phase: SCENE }), Err(own));
    paper.desk(9);
    paper.act("sergeant", Act::Approve { phase: SCENE }).expect("another supervisor may");
}

#[test]
fn cannot_against_an_answer_is_open_until_one_decides() {
    let mut paper = Paper::new();
    let cannot = Act::Cannot { step: "needs".into(), why: "no_time".into(), note: None, reason: None };
    paper.act("deputy", cannot).expect("it can be said");
    let unseen = paper.last();
    paper.act_without("second", &unseen, answer("needs", &[("need", text("food"))])).expect("an answer");
    let state = |paper: &Paper| paper.with(|derived| derived.step("needs").map(|step| step.state));
    assert_eq!(state(&paper), Some(StepState::Started));

    // The supervisor takes the answer away, and it cannot be done.
    let values = [("need".to_owned(), None)].into();
    let drop_it = Act::Answer { step: "needs".into(), entry: None, values, reason: None };
    paper.act("sergeant", drop_it).expect("one of the two");
    assert_eq!(state(&paper), Some(StepState::Cannot));
    let reopen = Act::Reopen { step: "needs".into(), reason: None };
    assert!(
        matches!(paper.act("sergeant", reopen), Err(Refusal::NotYours { .. })),
        "nothing is disputed now"
    );
}

#[test]
fn where_one_answered_and_another_said_cannot_a_supervisor_does_only_what_one_of_them_did() {
    let disputed = || {
        let mut paper = Paper::new();
        let cannot = Act::Cannot { step: "contact".into(), why: "no_time".into(), note: None, reason: None };
        paper.act("deputy", cannot).expect("it can be said");
        let unseen = paper.last();
        paper.act_without("second", &unseen, answer("contact", &[("at", at(0))])).expect("an answer");
        paper
    };
    let set = |field: &str, value: Option<Value>| {
        let values = [(field.to_owned(), value)].into();
        Act::Answer { step: "contact".into(), entry: None, values, reason: None }
    };
    let cannot =
        |why: &str| Act::Cannot { step: "contact".into(), why: why.into(), note: None, reason: None };
    let reopen = Act::Reopen { step: "contact".into(), reason: None };
    for (act, may) in [
        (set("at", Some(at(0))), true),
        (set("at", None), true),
        (set("at", Some(at(1))), false),
        (set("place", None), false),
        (set("place", Some(text("motel"))), false),
        (reopen.clone(), true),
        (cannot("no_signal"), false),
    ] {
        let mut paper = disputed();
        let said = format!("{act:?}");
        let outcome = paper.act("sergeant", act);
        assert_eq!(outcome.is_ok(), may, "{said}: {outcome:?}");
        assert!(may || matches!(outcome, Err(Refusal::NotYours { .. })), "{said}: {outcome:?}");
    }
    // Where only two answers differ, nobody said that it cannot be done.
    let mut paper = two_places();
    for act in [set("place", None), set("at", None), reopen] {
        let outcome = paper.act("sergeant", act);
        assert!(matches!(outcome, Err(Refusal::NotYours { .. })), "{outcome:?}");
    }
}

#[test]
fn of_two_reasons_why_not_a_supervisor_says_one_and_none_of_their_own() {
    let cannot = |why: &str| Act::Cannot { step: "needs".into(), why: why.into(), note: None, reason: None };
    let mut paper = Paper::new();
    paper.act("deputy", cannot("no_time")).expect("it can be said");
    let unseen = paper.last();
    paper.act_without("second", &unseen, cannot("no_signal")).expect("another reason");
    let disputed = |paper: &Paper| {
        paper.with(|derived| {
            derived.step("needs").is_some_and(|step| step.conflicts.contains(&Conflict::Cannot))
        })
    };
    assert!(disputed(&paper));
    let own = paper.act("sergeant", cannot("no_need"));
    assert!(matches!(own, Err(Refusal::NotYours { .. })), "{own:?}");
    paper.act("sergeant", cannot("no_signal")).expect("one of the two");
    assert!(!disputed(&paper));
    assert!(
        matches!(paper.act("sergeant", cannot("no_signal")), Err(Refusal::NotYours { .. })),
        "it is decided"
    );
}

#[test]
fn an_entry_that_one_withdrew_and_another_wrote_into_counts_until_one_decides() {
    let mut paper = Paper::new();
    paper.act("deputy", call(10)).expect("a call");
    let entry = entries(&paper, "advocate_call")[0];
    let withdraw = |entry| Act::WithdrawEntry { step: "advocate_call".into(), entry, reason: None };
    let undisputed = paper.act("sergeant", withdraw(entry));
    assert!(matches!(undisputed, Err(Refusal::NotYours { .. })), "{undisputed:?}");
    paper.act("deputy", withdraw(entry)).expect("it is withdrawn");
    let unseen = paper.last();
    let arrived = answer_in("advocate_call", Some(entry), &[("arrived_at", at(40))]);
    paper.act_without("second", &unseen, arrived).expect("an arrival");
    paper.with(|derived| {
        let call = derived.step("advocate_call").expect("a step");
        assert_eq!((call.state, call.entries.len()), (StepState::Done, 1));
        assert_eq!(call.conflicts, [Conflict::Entry { entry }]);
    });
    paper.act("sergeant", withdraw(entry)).expect("one of the two");
    paper.with(|derived| {
        let call = derived.step("advocate_call").expect("a step");
        assert_eq!((call.state, call.withdrawn.len(), call.conflicts.len()), (StepState::Todo, 1, 0));
    });
}

#[test]
fn two_who_take_the_record_over_both_hold_it_until_a_supervisor_says_who() {
    let mut paper = Paper::new();
    let (deputy, second) = (paper.person("deputy"), paper.person("second"));
    let pass = |to: &firsthours_core::record::PersonId| Act::Share { how: Sharing::Pass, to: to.clone() };
    paper.act("deputy", pass(&second)).expect("an offer");
    let to_second = paper.events.last().expect("the offer").id;
    paper.act("deputy", pass(&deputy)).expect("an offer");
    let to_deputy = paper.events.last().expect("the offer").id;
    paper.act("second", Act::Accept { offer: to_second }).expect("it is for them");
    let unseen = paper.last();
    paper.act_without("deputy", &unseen, Act::Accept { offer: to_deputy }).expect("it is for them");
    let both = vec![deputy, second.clone()];
    assert_eq!(holders(&paper.state()), both);
    assert_eq!(disputes(&paper.state()), [Dispute::Holder(both)]);
    let told = "p-1 and p-2 took this record over without knowing of each other. All of them hold it, until one passes it on or a supervisor says who does.";
    assert_eq!(notices(&paper), [told]);
    assert_eq!(paper.summary().conflicts, 1);
    paper.act("sergeant", Act::Reassign { to: second.clone() }).expect("a supervisor decides");
    assert_eq!(holders(&paper.state()), [second]);
    assert_eq!(notices(&paper), [""; 0]);
    let by_a_deputy = Act::Reassign { to: paper.person("deputy") };
    assert!(matches!(paper.act("deputy", by_a_deputy), Err(Refusal::MayNot { .. })));
}

#[test]
fn opened_in_error_against_not_stays_in_sight() {
    let mut paper = Paper::new();
    paper.act("deputy", Act::Void { why: "pocket".into() }).expect("it can be voided");
    let unseen = paper.last();
    paper.act_without("second", &unseen, Act::Unvoid).expect("it can be kept");
    assert!(!is_void(&paper.state()));
    assert_eq!(disputes(&paper.state()), [Dispute::Void]);
    let told = "One person says that this record was opened by mistake, another that it was not. It stays in sight until one decides.";
    assert_eq!(notices(&paper), [told]);
    paper.act("deputy", Act::Void { why: "pocket".into() }).expect("one decides");
    assert!(is_void(&paper.state()));
    assert_eq!(disputes(&paper.state()), []);
}

/// Everything of the scene is settled and submitted.
fn submitted() -> Paper {
    let mut paper = Paper::new();
    for step in ["contact", "advocate_call", "needs", "report"] {
        let cannot = Act::Cannot { step: step.into(), why: "no_time".into(), note: None, reason: None };
        paper.act("deputy", cannot).expect("it can be said");
    }
    paper.act("deputy", Act::Submit { phase: SCENE }).expect("everything is settled");
    paper
}

/// Two supervisors act at the same moment, neither seeing the other's act.
fn at_once(one: Act, other: Act) -> Paper {
    let mut paper = submitted();
    let before = paper.events.clone();
    paper.act("sergeant", one).expect("an act");
    let first = paper.events.last().cloned().expect("it was written");
    paper.events = before;
    paper.desk(9);
    paper.act("sergeant", other).expect("an act");
    paper.events.push(first);
    paper
}

#[test]
fn sent_back_counts_before_approved() {
    let mut paper = at_once(Act::Approve { phase: SCENE }, Act::Return { phase: SCENE });
    assert_eq!(phase_status(&paper.state(), &paper.definition, SCENE), PhaseStatus::Returned);
    assert_eq!(disputes(&paper.state()), [Dispute::Phase(SCENE)]);
    let told = "Two people acted on “At the scene” without knowing of each other. It counts as: Sent back.";
    assert_eq!(notices(&paper), [told]);
    assert_eq!(paper.summary().conflicts, 0, "the next act of the review goes on from it");
    paper.act("deputy", Act::Submit { phase: SCENE }).expect("it was sent back");
    assert_eq!(disputes(&paper.state()), []);
}

#[test]
fn what_a_phone_wrote_without_knowing_of_the_submission_is_accepted_and_shown() {
    let mut paper = submitted();
    let unseen = paper.last();
    let said = Act::Note { step: Some("needs".into()), text: "Warm now.".into() };
    paper.act_without("second", &unseen, said).expect("a remark needs no reason");
    let late = answer("report", &[("number", text("77-1"))]);
    assert_eq!(paper.act("second", late), Err(Refusal::ReasonNeeded { phase: SCENE }));
}

#[test]
fn two_approvals_are_one_approval_by_both() {
    let paper = at_once(Act::Approve { phase: SCENE }, Act::Approve { phase: SCENE });
    assert_eq!(disputes(&paper.state()), []);
    let view = paper.view("deputy", NIGHT);
    assert_eq!(view.phases[0].sentence, "At the scene: approved by p-8 and p-9");
}

#[test]
fn the_same_contact_is_said_and_taken_back_by_a_supervisor() {
    let mut paper = Paper::new();
    let itself = Act::SameEncounter { with: Some(crate::support::ENCOUNTER) };
    assert_eq!(paper.act("sergeant", itself), Err(Refusal::ItsOwn));
    paper.act("sergeant", Act::SameEncounter { with: Some(OTHER) }).expect("a supervisor may");
    assert_eq!(same_as(&paper.state()), Some(OTHER));
    assert_eq!(paper.summary().same_as, Some(OTHER));
    let code = firsthours_core::record::code(OTHER);
    assert_eq!(notices(&paper), [format!("The same contact as {code}. It is counted once.")]);
    paper.act("sergeant", Act::SameEncounter { with: None }).expect("and take it back");
    assert_eq!(same_as(&paper.state()), None);
    let by_a_deputy = Act::SameEncounter { with: Some(OTHER) };
    assert!(matches!(paper.act("deputy", by_a_deputy), Err(Refusal::MayNot { .. })));
}
