//! A record moves to a newer version; what that one does not ask is kept in sight.

use std::convert::Infallible;
use std::sync::Arc;

use firsthours_core::protocol::{Phase, Value};
use firsthours_core::record::{
    Act, Dispute, Hash, PhaseStatus, Refusal, StepState, disputes, phase_status, under, versions,
};

use super::paper::{Paper, answer, at, definition, first, second, sha};
use crate::support::{NIGHT, text};

fn moved(protocol: Hash) -> Act {
    Act::Move { protocol, reason: None }
}

/// A night under the first version, then the second.
fn night() -> Paper {
    let mut paper = Paper::new();
    paper.act("deputy", answer("contact", &[("at", at(0)), ("place", text("vehicle"))])).expect("an answer");
    paper
        .act("deputy", answer("needs", &[("need", text("sleep")), ("told", text("“Tired.”"))]))
        .expect("one");
    let cannot = Act::Cannot { step: "report".into(), why: "no_signal".into(), note: None, reason: None };
    paper.act("deputy", cannot).expect("it can be said");
    paper.act("deputy", moved(sha(&second()))).expect("a move");
    paper.read_under(&second());
    paper
}

#[test]
fn what_the_newer_version_asks_too_is_read_and_the_rest_is_carried() {
    let paper = night();
    assert_eq!(versions(&paper.state()), [sha(&second()), sha(&first())]);
    paper.with(|derived| {
        let contact = derived.step("contact").expect("it is asked still");
        assert_eq!(contact.entries[0].value("at"), Some(&at(0)));
        // A vehicle is no place any more, so the question is open again.
        assert_eq!(
            (contact.state, contact.entries[0].missing.as_slice()),
            (StepState::Started, &["place"][..])
        );
        // It is fixed now: nobody may leave it out.
        assert_eq!(derived.step("report").map(|report| report.state), Some(StepState::Todo));
        let carried: Vec<_> = derived.carried.iter().map(|carried| (carried.step, carried.field)).collect();
        let expected =
            [("contact", Some("place")), ("needs", Some("need")), ("needs", Some("told")), ("report", None)];
        assert_eq!(carried, expected);
    });
}

#[test]
fn what_is_carried_is_read_in_the_words_of_its_own_version() {
    let paper = night();
    let view = paper.view("deputy", NIGHT);
    let [carried] = view.carried.as_slice() else { panic!("{:?}", view.carried) };
    assert_eq!(carried.title, "Answered under version 1");
    let expected = [
        "First contact: Where: vehicle (p-1, 21:02)",
        "What the child needs: Need: sleep (p-1, 21:03)",
        "What the child needs: In the child’s words: “Tired.” (p-1, 21:03)",
        "Report: Cannot be done: No signal (p-1, 21:04)",
    ];
    assert_eq!(carried.lines, expected);
    // At a desk a narrative is masked here as everywhere.
    let desk = paper.view("sergeant", NIGHT);
    assert_eq!(
        desk.carried[0].lines[2],
        "What the child needs: In the child’s words: Hidden until opened (p-1, 21:03)"
    );
}

#[test]
fn without_the_older_definition_nothing_is_hidden_away() {
    let mut paper = night();
    paper.earlier.clear();
    let view = paper.view("deputy", NIGHT);
    assert_eq!(view.carried[0].title, "Answered under another version");
    assert_eq!(view.carried[0].lines.len(), 4);
    assert_eq!(view.carried[0].lines[1], "needs: need: sleep (p-1, 21:03)");
}

#[test]
fn two_who_move_it_apart_are_told_and_a_third_move_decides() {
    let mut paper = night();
    let apart = paper.last();
    let mut third = second();
    third["version"] = serde_json::json!(3);
    paper.act_without("second", &apart, moved(sha(&third))).expect("a move");
    assert_eq!(disputes(&paper.state()), [Dispute::Version]);
    // Whoever holds the same events reads it under the same version.
    assert_eq!(versions(&paper.state()), [sha(&third), sha(&second()), sha(&first())]);
    let notice = "This record was moved to two versions of the protocol. It is read under the one that was chosen last; move it again to decide.";
    assert!(paper.view("deputy", NIGHT).notices.contains(&notice.to_owned()));
    paper.act("deputy", moved(sha(&third))).expect("the one that stands may be chosen");
    assert_eq!(disputes(&paper.state()), []);
    assert_eq!(paper.act("deputy", moved(sha(&third))), Err(Refusal::SameVersion));
}

#[test]
fn after_a_submission_a_move_needs_a_reason_and_an_approval_is_looked_at_again() {
    let mut paper = Paper::new();
    paper.act("deputy", answer("contact", &[("at", at(0)), ("place", text("street"))])).expect("an answer");
    paper.act("deputy", answer("needs", &[("need", text("sleep"))])).expect("an answer");
    paper.act("deputy", answer("report", &[("sent_at", at(9))])).expect("an answer");
    let cannot =
        Act::Cannot { step: "advocate_call".into(), why: "no_time".into(), note: None, reason: None };
    paper.act("deputy", cannot).expect("it can be said");
    let phase = Phase::Scene;
    paper.act("deputy", Act::Submit { phase }).expect("everything is done");
    paper.act("sergeant", Act::Approve { phase }).expect("an approval");
    let protocol = sha(&second());
    assert_eq!(paper.act("deputy", moved(protocol)), Err(Refusal::ReasonNeeded { phase }));
    let reason = Some("the county asks for it".to_owned());
    paper.act("deputy", Act::Move { protocol, reason }).expect("with a reason");
    paper.read_under(&second());
    assert_eq!(phase_status(&paper.state(), &paper.definition, phase), PhaseStatus::Stale);
}

#[test]
fn an_answer_that_was_taken_back_is_not_carried() {
    let mut paper = Paper::new();
    paper.act("deputy", answer("needs", &[("need", text("food"))])).expect("an answer");
    let values = [("need".to_owned(), None::<Value>)].into();
    paper
        .act("deputy", Act::Answer { step: "needs".into(), entry: None, values, reason: None })
        .expect("it is taken back");
    paper.act("deputy", moved(sha(&second()))).expect("a move");
    paper.read_under(&second());
    paper.with(|derived| assert!(derived.carried.is_empty()));
}

#[test]
fn a_count_of_an_earlier_version_is_not_the_moment_that_a_clock_began_at() {
    let mut counts = first();
    counts["steps"][0]["fields"][0]["kind"] = serde_json::json!("count");
    counts["clocks"] = serde_json::json!([]);
    let mut paper = Paper::new();
    paper.read_under(&counts);
    let hours = [("at", Value::Number(3)), ("place", text("street"))];
    paper.act("deputy", answer("contact", &hours)).expect("it is a count there");
    paper.read_under(&first());
    paper.act("deputy", answer("contact", &[("at", at(0))])).expect("it is a moment here");
    paper.with(|derived| {
        let report = derived.clocks.iter().find(|reading| reading.clock == 1).expect("a clock");
        assert_eq!((report.anchor, report.first_entered), (Some(NIGHT), None));
    });
}

#[test]
fn a_record_is_read_under_the_latest_version_that_is_here_and_says_if_it_was_moved_further() {
    let [newest, middle, oldest] = ["newest", "middle", "oldest"].map(|text| Hash::of(text.as_bytes()));
    let read = |here: &[Hash]| {
        let found = under(&[newest, middle, oldest], |version| {
            Ok::<_, Infallible>(here.contains(&version).then(|| Arc::new(definition(&first()))))
        });
        let Ok(found) = found;
        found.map(|found| (found.protocol, found.lacks, found.earlier.len()))
    };
    assert_eq!(read(&[newest, middle, oldest]), Some((newest, false, 2)));
    assert_eq!(read(&[newest, oldest]), Some((newest, false, 1)));
    assert_eq!(read(&[middle, oldest]), Some((middle, true, 1)));
    assert_eq!(read(&[oldest]), Some((oldest, true, 0)));
    assert_eq!(read(&[]), None);
    assert_eq!(under(&[newest], |_| Err("no disk")).map(|found| found.is_some()), Err("no disk"));
}
