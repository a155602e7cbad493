//! Several children, one scene: what is shared is entered once and copied, and nothing is written over.

use firsthours_core::record::{Act, Record, copies, derive};

use super::paper::{OTHER, Paper, answer, answer_in, at, call, entries};
use crate::support::text;

fn lacking(from: &Paper, to: &Paper) -> Vec<Act> {
    let (source, target) = (from.state(), to.state());
    copies(OTHER, &derive(&from.definition, &source), Record { definition: &to.definition, state: &target })
}

/// Takes every copy up; gives how many there were.
fn copy(from: &Paper, to: &mut Paper) -> usize {
    let acts = lacking(from, to);
    let count = acts.len();
    for act in acts {
        to.act("deputy", act).expect("a copy is an answer like any other");
    }
    count
}

#[test]
fn what_is_shared_is_copied_once_and_what_is_of_one_child_is_not() {
    let (mut one, mut other) = (Paper::new(), Paper::new());
    one.act("deputy", answer("contact", &[("at", at(0)), ("place", text("motel"))])).expect("an answer");
    one.act("deputy", call(5)).expect("a call");
    one.act("deputy", answer("needs", &[("need", text("food"))])).expect("an answer");
    assert_eq!(copy(&one, &mut other), 2);
    assert_eq!(copy(&one, &mut other), 0);
    other.with(|derived| {
        let value = |step: &str, field: &str| {
            derived.step(step).and_then(|step| step.entries.first()?.value(field).cloned())
        };
        assert_eq!(value("contact", "place"), Some(text("motel")));
        assert_eq!(value("advocate_call", "called_at"), Some(at(5)));
        assert_eq!(value("needs", "need"), None);
    });
    let view = other.view("deputy", crate::support::NIGHT);
    assert_eq!(view.calls[0].attempts.len(), 1);
}

#[test]
fn an_arrival_that_is_entered_later_goes_into_the_same_row_of_both() {
    let (mut one, mut other) = (Paper::new(), Paper::new());
    one.act("deputy", call(5)).expect("a call");
    copy(&one, &mut other);
    assert_eq!(entries(&one, "advocate_call"), entries(&other, "advocate_call"));
    let entry = entries(&one, "advocate_call")[0];
    one.act("deputy", answer_in("advocate_call", Some(entry), &[("arrived_at", at(50))]))
        .expect("an arrival");
    assert_eq!(copy(&one, &mut other), 1);
    other.with(|derived| {
        let call = derived.step("advocate_call").expect("a step");
        assert_eq!(call.entries.len(), 1);
        assert_eq!(call.entries[0].value("arrived_at"), Some(&at(50)));
    });
}

#[test]
fn what_anybody_wrote_in_the_other_record_stays() {
    let (mut one, mut other) = (Paper::new(), Paper::new());
    one.act("deputy", answer("contact", &[("at", at(0)), ("place", text("motel"))])).expect("an answer");
    other.act("second", answer("contact", &[("place", text("street"))])).expect("an answer");
    assert_eq!(copy(&one, &mut other), 1);
    other.with(|derived| {
        let contact = derived.step("contact").expect("a step");
        assert_eq!(contact.entries[0].value("place"), Some(&text("street")));
        assert_eq!(contact.entries[0].value("at"), Some(&at(0)));
        assert_eq!(contact.conflicts, []);
    });
}

#[test]
fn what_is_disputed_is_not_copied_and_a_closed_record_takes_no_copies() {
    let (mut one, mut other) = (Paper::new(), Paper::new());
    one.act("deputy", answer("contact", &[("place", text("motel"))])).expect("an answer");
    let unseen = one.last();
    one.act_without("second", &unseen, answer("contact", &[("place", text("street"))])).expect("an answer");
    assert_eq!(lacking(&one, &other), []);
    one.act("deputy", answer("contact", &[("place", text("street"))])).expect("a decision");
    assert_eq!(lacking(&one, &other).len(), 1);
    other.act("deputy", Act::Void { why: "pocket".into() }).expect("it can be voided");
    assert_eq!(lacking(&one, &other), []);
}

#[test]
fn only_what_the_protocol_calls_shared_can_be_copied() {
    let mut paper = Paper::new();
    let values = [("need".to_owned(), Some(text("food")))].into();
    let own = Act::Copy { from: OTHER, step: "needs".into(), entry: None, values };
    assert!(matches!(paper.act("deputy", own), Err(firsthours_core::record::Refusal::NotShared { .. })));
}
