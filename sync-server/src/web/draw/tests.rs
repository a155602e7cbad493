use std::collections::BTreeMap;

use firsthours_core::protocol::{FieldClass, FieldKind, Instant, Phase, Value};
use firsthours_core::record::{Act, PhaseStatus, Refusal, StepState};
use firsthours_core::view::{
    EncounterView, EntryView, FieldView, HeadView, OptionView, PhaseView, Section, StepView,
};
use firsthours_core::words::Language;
use maud::html;

use super::forms::{FieldFault, FormFault, Pairs, faults_of, read};
use super::{Forms, RefusedForm, record};

const ZONE: &str = "America/Los_Angeles";
/// 2026-11-23 21:14 there.
const NOW: Instant = Instant::from_ms(1_795_497_240_000);

fn field(id: &str, kind: FieldKind, value: &str) -> FieldView {
    let option = |id: &str| OptionView { id: id.to_owned(), title: format!("Option {id}"), chosen: false };
    FieldView {
        id: id.to_owned(),
        title: format!("Title of {id}"),
        kind,
        required: true,
        options: vec![option("a"), option("b")],
        value_text: value.to_owned(),
        value: value.to_owned(),
        said: String::new(),
        heads: Vec::new(),
        draft: None,
        max_chars: 100,
        class: FieldClass::Step,
        hidden: false,
    }
}

fn step(fields: Vec<FieldView>) -> StepView {
    StepView {
        id: "s1".to_owned(),
        title: "A step".to_owned(),
        state: StepState::Todo,
        state_text: "To do".to_owned(),
        guidance: "Do it".to_owned(),
        say: Vec::new(),
        why: String::new(),
        basis: Vec::new(),
        by_text: "Deputy".to_owned(),
        urgent: false,
        required: true,
        mine: true,
        sentences: Vec::new(),
        conflicts: Vec::new(),
        entries: vec![EntryView { id: String::new(), fields, can_withdraw: false }],
        withdrawn: Vec::new(),
        add_entry: None,
        cannot_reasons: Vec::new(),
        can_reopen: false,
        threads: Vec::new(),
        notes: Vec::new(),
    }
}

fn view(fields: Vec<FieldView>) -> EncounterView {
    EncounterView {
        id: "e1".repeat(16),
        seen: 3,
        handle: "B · 21:14 · Mill".to_owned(),
        code: "ABCDE".to_owned(),
        protocol: "Protocol".to_owned(),
        kept: String::new(),
        phases: vec![PhaseView {
            phase: Phase::Scene,
            title: "At the scene".to_owned(),
            status: PhaseStatus::Open,
            sentence: String::new(),
            submit: None,
            still_open: None,
            can_review: false,
        }],
        notices: Vec::new(),
        void: false,
        can_void: false,
        next: None,
        sections: vec![Section {
            phase: Phase::Scene,
            title: "At the scene".to_owned(),
            progress: String::new(),
            steps: vec![step(fields)],
        }],
        clocks: Vec::new(),
        calls: Vec::new(),
        threads: Vec::new(),
        notes: Vec::new(),
        offers: Vec::new(),
        colleagues: Vec::new(),
        conflicts: 0,
        carried: Vec::new(),
        newer: None,
        incident: Vec::new(),
        sheets: Vec::new(),
    }
}

fn pairs(sent: &[(&str, &str)]) -> Pairs {
    Pairs(sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

/// What an answer to one field becomes: `None` as a value takes it back.
fn answer(field: FieldView, sent: &[(&str, &str)]) -> Result<Option<Value>, FormFault> {
    let mut all = vec![("act", "answer"), ("step", "s1")];
    all.extend_from_slice(sent);
    let id = field.id.clone();
    match read(&pairs(&all), &view(vec![field]), ZONE, NOW) {
        Ok(acts) => match acts.as_slice() {
            [Act::Answer { values, .. }] => Ok(values[&id].clone()),
            other => panic!("{other:?}"),
        },
        Err(mut faults) => Err(faults.remove(0).fault),
    }
}

#[test]
fn each_kind_of_field_is_read() {
    let text = |text: &str| Ok(Some(Value::Text(text.to_owned())));
    let new = |kind| field("f", kind, "");
    let typed = |kind, value| answer(new(kind), &[("was.f", ""), ("v.f", value)]);
    assert_eq!(typed(FieldKind::Choice, "b"), text("b"));
    assert_eq!(typed(FieldKind::Flag, "yes"), Ok(Some(Value::Flag(true))));
    assert_eq!(typed(FieldKind::Flag, "no"), Ok(Some(Value::Flag(false))));
    assert_eq!(typed(FieldKind::Count, " 2 "), Ok(Some(Value::Number(2))));
    assert_eq!(typed(FieldKind::Code, " R-555-0142 "), text("R-555-0142"));
    assert_eq!(typed(FieldKind::Note, "one\r\ntwo"), text("one\ntwo"));
    assert_eq!(typed(FieldKind::Moment, "2026-11-23T21:14"), Ok(Some(Value::from(NOW))));
    let several = [("was.f", ""), ("v.f", "b"), ("v.f", "a"), ("v.f", "b")];
    let sorted = Value::List(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(answer(new(FieldKind::Choices), &several), Ok(Some(sorted)));
    let now = [("was.f", ""), ("v.f", ""), ("now.f", "1")];
    assert_eq!(answer(new(FieldKind::Moment), &now), Ok(Some(Value::from(NOW))));
}

#[test]
fn what_cannot_be_read_is_said_at_its_field() {
    let typed = |kind, value| answer(field("f", kind, ""), &[("was.f", ""), ("v.f", value)]);
    assert_eq!(typed(FieldKind::Count, "two"), Err(FormFault::Count));
    assert_eq!(typed(FieldKind::Flag, "maybe"), Err(FormFault::Form));
    assert_eq!(typed(FieldKind::Moment, "at night"), Err(FormFault::Moment));
    assert_eq!(typed(FieldKind::Moment, "2026-03-08T02:30"), Err(FormFault::Skipped));
    assert_eq!(typed(FieldKind::Moment, "2026-11-01T01:30"), Err(FormFault::Twice));
    let first = answer(
        field("f", FieldKind::Moment, ""),
        &[("was.f", ""), ("v.f", "2026-11-01T01:30"), ("which.f", "second")],
    );
    assert_eq!(first, Ok(Some(Value::Number(1_793_525_400_000))));
}

#[test]
fn every_fault_of_a_form_is_listed_at_once() {
    let view = view(vec![field("f", FieldKind::Count, ""), field("g", FieldKind::Moment, "")]);
    let sent =
        pairs(&[("act", "answer"), ("step", "s1"), ("was.f", ""), ("v.f", "x"), ("was.g", ""), ("v.g", "y")]);
    let faults = read(&sent, &view, ZONE, NOW).expect_err("two faults");
    let controls: Vec<&str> = faults.iter().map(|fault| fault.control.as_str()).collect();
    assert_eq!(controls, ["v.f", "v.g"]);
}

#[test]
fn only_what_was_changed_is_written_and_what_was_emptied_is_taken_back() {
    let nothing = Err(FormFault::Nothing);
    assert_eq!(answer(field("f", FieldKind::Text, "old"), &[("was.f", "old"), ("v.f", "old")]), nothing);
    assert_eq!(
        answer(field("f", FieldKind::Text, "new"), &[("was.f", "old"), ("v.f", "old")]),
        nothing,
        "somebody else changed it meanwhile; this form did not"
    );
    assert_eq!(answer(field("f", FieldKind::Text, "old"), &[("was.f", "old"), ("v.f", " ")]), Ok(None));
    assert_eq!(answer(field("f", FieldKind::Choices, "a"), &[("was.f", "a")]), Ok(None));
    assert_eq!(answer(field("f", FieldKind::Flag, "yes"), &[("was.f", "yes"), ("v.f", "")]), Ok(None));
    let ms = NOW.to_string();
    let shown = [("was.f", "2026-11-23T21:14"), ("v.f", "2026-11-23T21:14")];
    assert_eq!(answer(field("f", FieldKind::Moment, &ms), &shown), nothing, "the seconds are kept");
    assert_eq!(answer(field("f", FieldKind::Text, ""), &[("v.f", "forged")]), nothing, "not in the form");
}

#[test]
fn a_conflict_starts_empty_so_that_only_a_decision_settles_it() {
    let mut disputed = field("f", FieldKind::Text, "one");
    disputed.heads = ["one", "two"]
        .map(|value| HeadView { sentence: format!("A: {value}"), value: value.to_owned() })
        .into();
    let page = drawn(&view(vec![disputed.clone()]), Forms::default());
    assert!(page.contains("A: one") && page.contains("A: two"));
    assert!(page.contains("name=\"was.f\" value=\"\"") && !page.contains("value=\"one\""), "{page}");
    assert_eq!(answer(disputed.clone(), &[("was.f", ""), ("v.f", "")]), Err(FormFault::Nothing));
    let decided = answer(disputed, &[("was.f", ""), ("v.f", "two")]);
    assert_eq!(decided, Ok(Some(Value::Text("two".to_owned()))));
}

#[test]
fn a_review_keeps_the_comment_that_was_typed_with_either_button() {
    let view = view(Vec::new());
    let form = |decide| {
        read(
            &pairs(&[("act", "review"), ("on", "scene"), ("decide", decide), ("text", "see S1")]),
            &view,
            ZONE,
            NOW,
        )
    };
    let comment = Act::Comment { step: None, text: "see S1".to_owned() };
    assert_eq!(form("return"), Ok(vec![Act::Return { phase: Phase::Scene }, comment.clone()]));
    assert_eq!(form("approve"), Ok(vec![Act::Approve { phase: Phase::Scene }, comment]));
    assert!(form("other").is_err());
}

#[test]
fn a_form_of_nothing_is_refused_and_never_panics() {
    let view = view(vec![field("f", FieldKind::Text, "")]);
    for act in
        ["", "answer", "cannot", "withdraw", "reply", "resolve", "submit", "join", "review", "comment", "x"]
    {
        assert!(
            read(&pairs(&[("act", act), ("entry", "zz"), ("on", "é")]), &view, ZONE, NOW).is_err(),
            "{act}"
        );
    }
}

#[test]
fn a_refusal_stands_at_the_control_it_is_about() {
    let at = |refusal| faults_of(refusal).remove(0).control;
    assert_eq!(at(Refusal::EmptyText), "text");
    assert_eq!(at(Refusal::ReasonNeeded { phase: Phase::Scene }), "reason");
    assert_eq!(at(Refusal::NothingGiven), "");
}

fn drawn(view: &EncounterView, forms: Forms) -> String {
    let forms = Forms { zone: ZONE.to_owned(), ..forms };
    record(view, &forms, Language::En, &html! {}).into_string()
}

#[test]
fn a_form_that_was_refused_is_drawn_again_as_it_was_typed() {
    let sent = pairs(&[("act", "answer"), ("step", "s1"), ("was.f", ""), ("v.f", "<soon>")]);
    let faults = vec![FieldFault { control: "v.f".to_owned(), fault: FormFault::Moment }];
    let forms = Forms { refused: Some(RefusedForm { pairs: sent, faults }), ..Forms::default() };
    let page = drawn(&view(vec![field("f", FieldKind::Moment, "")]), forms);
    assert!(page.contains("value=\"&lt;soon&gt;\""), "typed text is kept and escaped: {page}");
    assert!(page.contains("href=\"#f-answer-s1-v-f\"") && page.contains("id=\"f-answer-s1-v-f\""));
    assert!(
        page.contains("<details id=\"step-s1\" class=\"fh-step fh-step--todo\" open>"),
        "its step is open"
    );
}

#[test]
fn what_a_person_wrote_is_weighed_under_its_control_and_what_was_chosen_is_not() {
    let words = "Seen as a prostitute";
    let page = |field| drawn(&view(vec![field]), Forms::default());
    let flagged = |kind| page(field("facts", kind, words)).contains("fh-flags");
    assert!(flagged(FieldKind::Note) && flagged(FieldKind::Text));
    assert!(!flagged(FieldKind::Code) && !flagged(FieldKind::Count));
    let mut hidden = field("facts", FieldKind::Note, words);
    (hidden.hidden, hidden.value_text) = (true, "Hidden until opened".to_owned());
    assert!(!page(hidden).contains("fh-flags"), "what is hidden is not told by what is said of it");
    let half_written = FieldView { draft: Some(words.to_owned()), ..field("facts", FieldKind::Note, "") };
    assert!(page(half_written).contains("fh-flags"));
}

#[test]
fn after_submission_a_change_asks_for_its_reason() {
    let mut view = view(vec![field("f", FieldKind::Text, "")]);
    assert!(!drawn(&view, Forms::default()).contains("name=\"reason\""));
    view.phases[0].status = PhaseStatus::Submitted;
    assert!(drawn(&view, Forms::default()).contains("name=\"reason\""));
}

#[test]
fn a_hidden_value_has_no_control_that_could_replace_it() {
    let mut hidden = field("f", FieldKind::Text, "");
    (hidden.hidden, hidden.value_text) = (true, "Hidden until opened".to_owned());
    let page = drawn(&view(vec![hidden]), Forms::default());
    assert!(page.contains("Hidden until opened") && !page.contains("name=\"v.f\""));
}

#[test]
fn every_control_has_a_label_and_every_id_stands_once() {
    let kinds = [
        FieldKind::Choice,
        FieldKind::Choices,
        FieldKind::Flag,
        FieldKind::Moment,
        FieldKind::Count,
        FieldKind::Code,
        FieldKind::Text,
        FieldKind::Note,
    ];
    let fields: Vec<FieldView> =
        kinds.into_iter().enumerate().map(|(n, kind)| field(&format!("f{n}"), kind, "")).collect();
    let page = drawn(&view(fields), Forms { comments: true, at_desk: true, ..Forms::default() });
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for id in page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        *ids.entry(id).or_default() += 1;
    }
    assert!(ids.values().all(|times| *times == 1), "{ids:?}");
    for label in page.split(" for=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains_key(label), "{label}");
    }
    assert!(!page.contains("style=") && !page.contains("<script"));
}
