//! What a condition means: true, false, or not known yet.
//!
//! Kleene's three values. *Unknown* is what makes the protocol honest: a step "may apply" until the question
//! that decides it is answered, and only *false* takes a step away. Three rules make it so:
//!
//! - **An answer is unknown** while its step is open without the value, while its heads disagree, while its
//!   step is marked *cannot*, and while there is no entry to read. It is **false** once its step is done
//!   without the value, and over a step that does not apply, whatever values it holds. That goes for `is_not`
//!   too: what was never said is not "something else".
//! - **Several entries.** `any` is true as soon as one entry's answer is; `every` is false as soon as one
//!   entry's answer is. While the step is open more entries may come, so the opposite is settled only when it
//!   is done: then `any` is false if no entry's answer was true, and `every` is true if all were (a missing
//!   one counts as false).
//! - **The state of a step** is unknown only while the step is open.
//!
//! So learning more (a value where there was none, one head where two disagreed, a step done that was open)
//! turns unknown into true or false, and never true into false or back.

use super::{AnchorOf, AnswerIs, Condition, FieldRef, Instant, Occurrence, Settled, StepIs, Value};

/// The outcome of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It cannot be told yet.
    Unknown,
}

/// What a condition may read of a record.
pub trait Facts {
    /// How far the step is. While it is being worked out (a step reads its own answers in `done_when` and in
    /// the conditions of its fields), the step itself is [`Settled::Open`].
    fn settled(&self, step: &str) -> Settled;
    /// Entries of the step, by their first moment; withdrawn ones are left out. A step without entry ids has
    /// none or one.
    fn entries(&self, step: &str) -> usize;
    /// What a field of an entry holds.
    fn reading(&self, step: &str, entry: usize, field: &str) -> Reading<'_>;
}

/// What only clocks ask beside: a correction must not move a start without a word.
pub trait FirstEntries: Facts {
    /// The moment of an anchor as it was first entered: before any correction, and with entries that were withdrawn
    /// since. `entry`, for a clock of each. `None` where that is not kept.
    fn as_first_entered(&self, field: &FieldRef, of: AnchorOf, entry: Option<usize>) -> Option<Instant>;
}

/// What a field of an entry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<'a> {
    /// No value, or it was withdrawn.
    Nothing,
    /// One value, though perhaps several people wrote it.
    One(&'a Value),
    /// Different values that nobody has decided between.
    Disputed(Vec<&'a Value>),
}

/// The outcome, and what would settle it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub truth: Truth,
    /// The first question that decides it; only when unknown.
    pub asks: Option<Question>,
}

/// A question that a person can answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The step it belongs to.
    pub step: String,
    /// The field; without one, the step as a whole has to be settled.
    pub field: Option<String>,
}

/// Judges a condition.
///
/// `same` is the entry being judged (step and number): every answer of that step is then read from that entry
/// only. Without it, `same` in a condition means the first entry.
pub fn judge(condition: &Condition, facts: &dyn Facts, same: Option<(&str, usize)>) -> Verdict {
    match condition {
        Condition::All(terms) => several(terms, Truth::False, facts, same),
        Condition::Any(terms) => several(terms, Truth::True, facts, same),
        Condition::Not(inner) => {
            let Verdict { truth, asks } = judge(inner, facts, same);
            Verdict { truth: truth.not(), asks }
        }
        Condition::Answer { field, test, of } => {
            let truth = answer(field, test, *of, facts, same);
            Verdict::of(truth, || Question { step: field.step.clone(), field: Some(field.field.clone()) })
        }
        Condition::Step { id, is } => {
            let truth = state(facts.settled(id), *is);
            Verdict::of(truth, || Question { step: id.clone(), field: None })
        }
    }
}

/// Judges a condition that may be left out: then it is true.
pub fn judge_optional(
    condition: Option<&Condition>,
    facts: &dyn Facts,
    same: Option<(&str, usize)>,
) -> Verdict {
    condition.map_or(Verdict { truth: Truth::True, asks: None }, |condition| judge(condition, facts, same))
}

impl Truth {
    /// The opposite; unknown stays unknown.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "an operator would hide that there are three values")]
    pub fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl Verdict {
    fn of(truth: Truth, question: impl FnOnce() -> Question) -> Self {
        Self { truth, asks: (truth == Truth::Unknown).then(question) }
    }
}

/// `all` and `any`: one term that is `decisive` settles it, else one that is unknown leaves it open.
fn several(terms: &[Condition], decisive: Truth, facts: &dyn Facts, same: Option<(&str, usize)>) -> Verdict {
    let mut asks = None;
    for term in terms {
        let verdict = judge(term, facts, same);
        if verdict.truth == decisive {
            return verdict;
        }
        asks = asks.or(verdict.asks);
    }
    let truth = if asks.is_some() { Truth::Unknown } else { decisive.not() };
    Verdict { truth, asks }
}

fn state(settled: Settled, is: StepIs) -> Truth {
    match settled {
        Settled::Open => Truth::Unknown,
        Settled::Done => (is == StepIs::Done).into(),
        Settled::Cannot => (is == StepIs::Cannot).into(),
        Settled::NotApplicable => (is == StepIs::NotApplicable).into(),
    }
}

fn answer(
    field: &FieldRef,
    test: &AnswerIs,
    of: Occurrence,
    facts: &dyn Facts,
    same: Option<(&str, usize)>,
) -> Truth {
    let is_done = match facts.settled(&field.step) {
        Settled::NotApplicable => return Truth::False,
        Settled::Cannot => return Truth::Unknown,
        Settled::Done => true,
        Settled::Open => false,
    };
    // What is missing is still to come while the step is open, and was not said once it is done.
    let missing = if is_done { Truth::False } else { Truth::Unknown };
    let entry = |number: usize| match facts.reading(&field.step, number, &field.field) {
        Reading::Nothing => missing,
        Reading::One(value) => holds(test, value).into(),
        Reading::Disputed(_) => Truth::Unknown,
    };
    let count = facts.entries(&field.step);
    let judged = same.filter(|(step, _)| *step == field.step).map(|(_, number)| number);
    if let Some(number) = judged {
        return entry(number);
    }
    if count == 0 {
        return missing;
    }
    match of {
        Occurrence::First | Occurrence::Same => entry(0),
        Occurrence::Last => entry(count - 1),
        Occurrence::Any => settle((0..count).map(entry), Truth::True, is_done),
        Occurrence::Every => settle((0..count).map(entry), Truth::False, is_done),
    }
}

/// The answer over all entries: one that is `decisive` settles it; the opposite needs every entry to be known
/// and no more to come.
fn settle(entries: impl Iterator<Item = Truth>, decisive: Truth, is_done: bool) -> Truth {
    let mut outcome = if is_done { decisive.not() } else { Truth::Unknown };
    for truth in entries {
        if truth == decisive {
            return decisive;
        }
        if truth == Truth::Unknown {
            outcome = Truth::Unknown;
        }
    }
    outcome
}

fn holds(test: &AnswerIs, value: &Value) -> bool {
    match test {
        AnswerIs::Is(wanted) => is(value, wanted),
        AnswerIs::IsNot(wanted) => !is(value, wanted),
        AnswerIs::AtLeast(least) => value.number().is_some_and(|number| number >= *least),
        AnswerIs::Answered => true,
    }
}

/// `is`: the same value, or among the chosen ones.
fn is(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::List(chosen), Value::Text(option)) => chosen.contains(option),
        (value, wanted) => value == wanted,
    }
}
