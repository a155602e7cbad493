//! What conditions mean: three values, and learning more never turns true into false.

use std::collections::BTreeSet;

use firsthours_core::protocol::{
    AnswerIs, Condition, FieldRef, Occurrence, Question, Settled, StepIs, Truth, Value, judge,
};
use proptest::prelude::*;

use super::book::{Book, Entry, heads, settled, text};

fn answer(test: AnswerIs, of: Occurrence) -> Condition {
    Condition::Answer { field: FieldRef { step: "calls".into(), field: "outcome".into() }, test, of }
}

fn reached(of: Occurrence) -> Condition {
    answer(AnswerIs::Is(text("reached")), of)
}

fn outcome(value: &str) -> [(&'static str, Value); 1] {
    [("outcome", text(value))]
}

fn truth(condition: &Condition, book: &Book) -> Truth {
    judge(condition, book, None).truth
}

fn disputed() -> Entry {
    [("outcome".to_owned(), vec![Some(text("no_answer")), Some(text("reached"))])].into()
}

#[test]
fn an_answer_is_unknown_while_open_and_false_once_done_without_it() {
    let is = reached(Occurrence::First);
    let is_not = answer(AnswerIs::IsNot(text("reached")), Occurrence::First);
    let answered = answer(AnswerIs::Answered, Occurrence::First);
    for book in [Book::default(), Book::default().with("calls", &[])] {
        for condition in [&is, &is_not, &answered] {
            assert_eq!(truth(condition, &book), Truth::Unknown);
            assert_eq!(truth(condition, &book.clone().settle("calls", Settled::Done)), Truth::False);
            assert_eq!(truth(condition, &book.clone().settle("calls", Settled::Cannot)), Truth::Unknown);
            assert_eq!(truth(condition, &book.clone().settle("calls", Settled::NotApplicable)), Truth::False);
        }
    }
    let said = Book::default().with("calls", &outcome("no_answer"));
    assert_eq!(truth(&is, &said), Truth::False);
    assert_eq!(truth(&is_not, &said), Truth::True);
    assert_eq!(truth(&answered, &said), Truth::True);
}

#[test]
fn the_values_of_a_step_that_does_not_apply_are_not_read() {
    let book = Book::default().with("calls", &outcome("reached")).settle("calls", Settled::NotApplicable);
    assert_eq!(truth(&reached(Occurrence::Any), &book), Truth::False);
}

#[test]
fn heads_that_disagree_are_unknown_even_where_each_would_do() {
    let book = Book::default().with_entry("calls", disputed()).settle("calls", Settled::Done);
    for test in [AnswerIs::Answered, AnswerIs::Is(text("reached")), AnswerIs::IsNot(text("wrong_number"))] {
        for of in [Occurrence::First, Occurrence::Last, Occurrence::Any, Occurrence::Every, Occurrence::Same]
        {
            assert_eq!(truth(&answer(test.clone(), of), &book), Truth::Unknown);
        }
    }
}

#[test]
fn any_needs_one_entry_and_every_needs_all_with_no_more_to_come() {
    let mixed = Book::default().with("calls", &outcome("no_answer")).with("calls", &outcome("reached"));
    assert_eq!(truth(&reached(Occurrence::Any), &mixed), Truth::True);
    assert_eq!(truth(&reached(Occurrence::Every), &mixed), Truth::False);
    assert_eq!(truth(&reached(Occurrence::First), &mixed), Truth::False);
    assert_eq!(truth(&reached(Occurrence::Last), &mixed), Truth::True);

    let all = Book::default().with("calls", &outcome("reached")).with("calls", &outcome("reached"));
    assert_eq!(truth(&reached(Occurrence::Every), &all), Truth::Unknown, "another call may come");
    assert_eq!(truth(&reached(Occurrence::Every), &all.settle("calls", Settled::Done)), Truth::True);

    let none = Book::default().with("calls", &outcome("no_answer"));
    assert_eq!(truth(&reached(Occurrence::Any), &none), Truth::Unknown, "another call may come");
    assert_eq!(truth(&reached(Occurrence::Any), &none.settle("calls", Settled::Done)), Truth::False);
}

#[test]
fn the_entry_being_judged_is_the_only_one_read() {
    let book = Book::default().with("calls", &outcome("no_answer")).with("calls", &outcome("reached"));
    for of in [Occurrence::Same, Occurrence::Any, Occurrence::Every] {
        assert_eq!(judge(&reached(of), &book, Some(("calls", 0))).truth, Truth::False);
        assert_eq!(judge(&reached(of), &book, Some(("calls", 1))).truth, Truth::True);
    }
    assert_eq!(judge(&reached(Occurrence::Any), &book, Some(("other", 0))).truth, Truth::True);
}

#[test]
fn a_choice_among_several_is_what_was_chosen() {
    let chosen = Value::List(vec!["food".into(), "water".into()]);
    let book = Book::default().with("calls", &[("outcome", chosen)]);
    let is = |option: &str| truth(&answer(AnswerIs::Is(text(option)), Occurrence::First), &book);
    assert_eq!((is("water"), is("rest")), (Truth::True, Truth::False));
    let is_not = |option: &str| truth(&answer(AnswerIs::IsNot(text(option)), Occurrence::First), &book);
    assert_eq!((is_not("water"), is_not("rest")), (Truth::False, Truth::True));
}

#[test]
fn a_count_is_at_least_itself() {
    let book = Book::default().with("calls", &[("outcome", Value::Number(2))]);
    let at_least = |least| truth(&answer(AnswerIs::AtLeast(least), Occurrence::First), &book);
    assert_eq!([at_least(1), at_least(2), at_least(3)], [Truth::True, Truth::True, Truth::False]);
}

#[test]
fn the_state_of_a_step_is_unknown_only_while_it_is_open() {
    let is = |is| Condition::Step { id: "calls".into(), is };
    for (settled, known) in [
        (Settled::Done, StepIs::Done),
        (Settled::Cannot, StepIs::Cannot),
        (Settled::NotApplicable, StepIs::NotApplicable),
    ] {
        let book = Book::default().settle("calls", settled);
        for asked in [StepIs::Done, StepIs::Cannot, StepIs::NotApplicable] {
            assert_eq!(truth(&is(asked), &book), Truth::from(asked == known));
            assert_eq!(truth(&is(asked), &Book::default()), Truth::Unknown);
        }
    }
}

#[test]
fn what_is_unknown_names_the_first_question_that_decides_it() {
    let done = Condition::Step { id: "report".into(), is: StepIs::Done };
    let both = Condition::All(vec![reached(Occurrence::Any), Condition::Not(Box::new(done))]);
    let asks = |book: &Book| judge(&both, book, None).asks;
    let question = |step: &str, field: Option<&str>| {
        Some(Question { step: step.to_owned(), field: field.map(str::to_owned) })
    };
    assert_eq!(asks(&Book::default()), question("calls", Some("outcome")));
    let book = Book::default().with("calls", &outcome("reached"));
    assert_eq!(asks(&book), question("report", None));
    assert_eq!(asks(&book.settle("report", Settled::Done)), None);
}

const STEPS: [&str; 2] = ["one", "two"];
const FIELDS: [&str; 2] = ["a", "b"];

fn value() -> impl Strategy<Value = Value> {
    (0..3_i64).prop_map(Value::Number)
}

fn conditions() -> impl Strategy<Value = Condition> {
    let test = prop_oneof![
        value().prop_map(AnswerIs::Is),
        value().prop_map(AnswerIs::IsNot),
        (0..3_i64).prop_map(AnswerIs::AtLeast),
        Just(AnswerIs::Answered),
    ];
    let of = proptest::sample::select(vec![
        Occurrence::First,
        Occurrence::Last,
        Occurrence::Any,
        Occurrence::Every,
        Occurrence::Same,
    ]);
    let step = proptest::sample::select(&STEPS[..]);
    let field = proptest::sample::select(&FIELDS[..]);
    let answer = (step.clone(), field, test, of).prop_map(|(step, field, test, of)| Condition::Answer {
        field: FieldRef { step: step.into(), field: field.into() },
        test,
        of,
    });
    let states = proptest::sample::select(vec![StepIs::Done, StepIs::Cannot, StepIs::NotApplicable]);
    let state = (step, states).prop_map(|(id, is)| Condition::Step { id: id.into(), is });
    prop_oneof![4 => answer, 1 => state].prop_recursive(4, 24, 4, |inner| {
        let terms = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            terms.clone().prop_map(Condition::All),
            terms.prop_map(Condition::Any),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    (heads(value()), heads(value())).prop_map(|(a, b)| [("a".to_owned(), a), ("b".to_owned(), b)].into())
}

fn records() -> impl Strategy<Value = Book> {
    let step = || (settled().prop_map(Some), proptest::collection::vec(entry(), 0..4));
    (step(), step()).prop_map(|(one, two)| Book([("one".to_owned(), one), ("two".to_owned(), two)].into()))
}

fn not(condition: &Condition) -> Condition {
    Condition::Not(Box::new(condition.clone()))
}

/// Learns more: of two heads one goes, an empty field is filled, an open step gets an entry or is done.
fn learn(book: &Book, choices: &[u8]) -> Book {
    let mut more = book.clone();
    let mut choices = choices.iter().copied().cycle();
    let mut choose = || choices.next().unwrap_or(0);
    for (settled, entries) in more.0.values_mut() {
        let is_open = *settled == Some(Settled::Open);
        if is_open && choose() % 3 == 0 {
            entries.push(Entry::new());
        }
        for field in FIELDS {
            for entry in entries.iter_mut() {
                let heads = entry.entry(field.to_owned()).or_default();
                let pick = choose();
                match heads.len() {
                    0 if is_open && pick % 2 == 0 => heads.push(Some(Value::Number(i64::from(pick / 2 % 3)))),
                    2 if pick % 2 == 0 => {
                        heads.remove(usize::from(pick / 2 % 2));
                    }
                    _ => {}
                }
            }
        }
        if is_open && choose() % 3 == 0 {
            *settled = Some(Settled::Done);
        }
    }
    more
}

/// The last entry is another one when an entry comes: that is news, not knowledge.
fn without_last(condition: Condition) -> Condition {
    match condition {
        Condition::All(terms) => Condition::All(terms.into_iter().map(without_last).collect()),
        Condition::Any(terms) => Condition::Any(terms.into_iter().map(without_last).collect()),
        Condition::Not(inner) => Condition::Not(Box::new(without_last(*inner))),
        Condition::Answer { field, test, of: Occurrence::Last } => {
            Condition::Answer { field, test, of: Occurrence::First }
        }
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_laws_of_kleene_hold(a in conditions(), b in conditions(), book in records()) {
        let both = Condition::All(vec![a.clone(), b.clone()]);
        let either = Condition::Any(vec![a.clone(), b.clone()]);
        prop_assert_eq!(truth(&not(&both), &book), truth(&Condition::Any(vec![not(&a), not(&b)]), &book));
        prop_assert_eq!(truth(&not(&either), &book), truth(&Condition::All(vec![not(&a), not(&b)]), &book));
        prop_assert_eq!(truth(&not(&not(&a)), &book), truth(&a, &book));
        prop_assert_eq!(truth(&both, &book), truth(&Condition::All(vec![b.clone(), a.clone()]), &book));
        prop_assert_eq!(truth(&either, &book), truth(&Condition::Any(vec![b.clone(), a.clone()]), &book));
        prop_assert_eq!(truth(&Condition::All(vec![a.clone(), either]), &book), truth(&a, &book));
        prop_assert_eq!(truth(&Condition::Any(vec![a.clone(), both]), &book), truth(&a, &book));
    }

    #[test]
    fn what_is_unknown_asks_something_and_what_is_known_does_not(a in conditions(), book in records()) {
        let verdict = judge(&a, &book, None);
        prop_assert_eq!(verdict.truth == Truth::Unknown, verdict.asks.is_some());
        let steps: BTreeSet<&str> = STEPS.into();
        prop_assert!(verdict.asks.is_none_or(|question| steps.contains(question.step.as_str())));
    }

    #[test]
    fn learning_more_never_turns_true_into_false_or_back(
        a in conditions().prop_map(without_last), book in records(),
        choices in proptest::collection::vec(any::<u8>(), 1..40), same in proptest::option::of(0..2_usize),
    ) {
        let same = same.map(|entry| ("one", entry));
        let before = judge(&a, &book, same).truth;
        let after = judge(&a, &learn(&book, &choices), same).truth;
        prop_assert!(before == Truth::Unknown || before == after, "{before:?} became {after:?}");
    }
}
