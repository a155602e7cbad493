//! A deputy who never rests: plans one act after another from what the screen shows, and does it.

use std::collections::BTreeMap;

use firsthours_core::app::{Act, AppError, DraftPlace, FirstHours, Sharing};
use firsthours_core::protocol::{FieldKind, Instant, Phase, Value};
use firsthours_core::record::{PersonId, StepState};
use firsthours_core::view::{EncounterView, EntryView, FieldView, StepView};

use super::{Chance, What, act_mark, draft_mark};
use crate::night::{Given, SCENE};

/// A record of more events is left for a new one.
const FULL: i64 = 60;
/// A note is sometimes longer than a page of the store.
const LONG_NOTE: usize = 3_900;
/// When everything happened; the night's order is not what is tested.
const MOMENT: Instant = Instant::from_ms(1_795_496_400_000);

/// One deputy on one app.
pub struct Player<'a> {
    app: &'a FirstHours,
    chance: Chance,
    view: Option<EncounterView>,
}

/// One thing to do.
#[derive(Debug, Clone)]
pub struct Deed {
    pub what: What,
    pub encounter: Option<String>,
    /// The field whose draft it writes.
    pub place: Option<String>,
    doing: Doing,
}

#[derive(Debug, Clone)]
enum Doing {
    Begin,
    Act(i64, Act),
    Draft(i64, DraftPlace, String),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done { encounter: String, seen: i64 },
    Refused,
}

impl<'a> Player<'a> {
    /// Goes on with one of the records that are here.
    pub fn new(app: &'a FirstHours, chance: Chance) -> Result<Self, AppError> {
        let mut player = Self { app, chance, view: None };
        player.turn_to_another()?;
        Ok(player)
    }

    /// Turns to another record, if there is one.
    pub fn turn_to_another(&mut self) -> Result<(), AppError> {
        let rows = self.app.home()?.rows.into_iter().map(|row| row.id).take(4).collect();
        if let Some(id) = self.chance.pick(rows) {
            self.view = Some(self.app.encounter(&id)?);
        }
        Ok(())
    }

    /// Looks at the screen again: what a sync brought is on it.
    pub fn look(&mut self) -> Result<(), AppError> {
        if let Some(view) = &self.view {
            self.view = Some(self.app.encounter(&view.id)?);
        }
        Ok(())
    }

    /// What to do next; `number` is the act's.
    pub fn plan(&mut self, number: u64) -> Deed {
        let Some(view) = self.view.take() else { return begin() };
        let settled = view.phases.first().is_some_and(|phase| phase.submit.is_none() && phase.can_review);
        let deed = if view.seen > FULL || self.chance.one_in(if settled { 3 } else { 40 }) {
            begin()
        } else {
            self.plan_on(&view, number)
        };
        self.view = Some(view);
        deed
    }

    /// Does it. Any error but a refusal is for the caller.
    pub fn perform(&mut self, deed: &Deed) -> Result<Outcome, AppError> {
        let id = deed.encounter.as_deref().unwrap_or_default();
        let done = match &deed.doing {
            Doing::Begin => self.app.start_encounter(None),
            Doing::Act(seen, act) => self.app.act(id, *seen, act.clone()),
            Doing::Draft(seen, place, text) => {
                self.app.draft(id, *seen, place.clone(), text).and_then(|_| self.app.encounter(id))
            }
        };
        match done {
            Ok(view) => {
                let (encounter, seen) = (view.id.clone(), view.seen);
                self.view = Some(view);
                Ok(Outcome::Done { encounter, seen })
            }
            Err(AppError::Refused { .. }) => {
                self.look()?;
                Ok(Outcome::Refused)
            }
            Err(error) => Err(error),
        }
    }

    fn plan_on(&mut self, view: &EncounterView, number: u64) -> Deed {
        let mark = act_mark(number);
        if view.void {
            return bare(view, Act::Unvoid);
        }
        if let Some(offer) = view.offers.first().and_then(|offer| offer.id.parse().ok()) {
            return bare(view, Act::Accept { offer });
        }
        match self.chance.below(100) {
            0..40 => script(view, mark),
            40..70 => self.answer(view, number, mark),
            70..78 => act(view, Act::Note { step: None, text: mark }),
            78..90 => {
                self.draft(view, number).unwrap_or_else(|| act(view, Act::Note { step: None, text: mark }))
            }
            90..94 => self.cannot(view, mark),
            94..97 => withdraw(view, mark),
            97..99 => self.talk(view, mark),
            _ => act(view, Act::Void { why: mark }),
        }
    }

    /// One or more fields of one step, as they come.
    fn answer(&mut self, view: &EncounterView, number: u64, mark: String) -> Deed {
        let Some((step, entry)) = self.form(view, |_| true) else {
            return act(view, Act::Note { step: None, text: mark });
        };
        let mut values = BTreeMap::new();
        let fields = 1 + self.chance.below(3);
        for _ in 0..fields {
            if let Some(field) = self.chance.pick(entry.fields.iter().collect()) {
                values.insert(field.id.clone(), self.give(field, number));
            }
        }
        let entry = entry.id.parse().ok();
        act(view, Act::Answer { step: step.id.clone(), entry, values, reason: Some(mark) })
    }

    /// A half-written text.
    fn draft(&mut self, view: &EncounterView, number: u64) -> Option<Deed> {
        let (step, entry) = self.form(view, |field| is_written(field.kind))?;
        let field = self.chance.pick(entry.fields.iter().filter(|field| is_written(field.kind)).collect())?;
        let mut text = draft_mark(number);
        if field.kind == FieldKind::Note && field.max_chars >= 4_000 && self.chance.one_in(2) {
            text.push_str(&"x".repeat(LONG_NOTE));
        }
        let place =
            DraftPlace { step: step.id.clone(), entry: entry.id.parse().ok(), field: field.id.clone() };
        Some(Deed {
            what: What::Draft,
            encounter: Some(view.id.clone()),
            place: Some(format!("{} {} {} {}", view.id, step.id, entry.id, field.id)),
            doing: Doing::Draft(view.seen, place, text),
        })
    }

    fn cannot(&mut self, view: &EncounterView, mark: String) -> Deed {
        let reason = Some(mark.clone());
        if let Some(step) = steps(view).find(|step| step.can_reopen) {
            return act(view, Act::Reopen { step: step.id.clone(), reason });
        }
        let offered = steps(view).filter(|step| step.mine && !step.cannot_reasons.is_empty()).collect();
        let Some(step) = self.chance.pick(offered) else {
            return act(view, Act::Note { step: None, text: mark });
        };
        let why = step.cannot_reasons[0].id.clone();
        act(view, Act::Cannot { step: step.id.clone(), why, note: None, reason })
    }

    /// Answers a comment, or asks a colleague to join.
    fn talk(&mut self, view: &EncounterView, mark: String) -> Deed {
        let threads = view.threads.iter().chain(steps(view).flat_map(|step| &step.threads));
        let thread = self.chance.pick(threads.filter(|thread| thread.can_reply).collect());
        if let Some(thread) = thread.and_then(|thread| thread.id.parse().ok()) {
            return act(view, Act::Reply { thread, text: mark });
        }
        match view.colleagues.first() {
            Some(colleague) => {
                bare(view, Act::Share { how: Sharing::Join, to: PersonId(colleague.id.clone()) })
            }
            None => act(view, Act::Note { step: None, text: mark }),
        }
    }

    /// A step of one's own and one of its entries, with a field that will do.
    fn form<'v>(
        &mut self,
        view: &'v EncounterView,
        will_do: impl Fn(&FieldView) -> bool,
    ) -> Option<(&'v StepView, &'v EntryView)> {
        let entries = steps(view)
            .filter(|step| step.mine)
            .flat_map(|step| step.entries.iter().map(move |entry| (step, entry)))
            .filter(|(_, entry)| entry.fields.iter().any(&will_do));
        self.chance.pick(entries.collect())
    }

    /// A value that fits; a text that was begun is finished.
    fn give(&mut self, field: &FieldView, number: u64) -> Option<Value> {
        if let Some(draft) = &field.draft {
            return Some(Value::Text(draft.clone()));
        }
        let options = field.options.iter().map(|option| option.id.clone()).collect();
        Some(match field.kind {
            FieldKind::Choice => Value::Text(self.chance.pick(options)?),
            FieldKind::Choices => Value::List(vec![self.chance.pick(options)?]),
            FieldKind::Flag => Value::Flag(self.chance.one_in(2)),
            FieldKind::Moment => Value::from(MOMENT + i64::try_from(number).unwrap_or(0)),
            FieldKind::Count => Value::Number(1),
            FieldKind::Code | FieldKind::Text | FieldKind::Note => Value::Text(format!("SYN-{number}")),
        })
    }
}

/// The next row of an ordinary night; when all are done, the scene is submitted.
fn script(view: &EncounterView, mark: String) -> Deed {
    let open = SCENE.iter().find(|tap| {
        let begun = steps(view).find(|step| step.id == tap.step);
        let waits = tap.fields.iter().all(|(field, _)| *field == "arrived_at");
        begun.is_some_and(|step| match step.state {
            StepState::Done | StepState::Cannot | StepState::NotApplicable => false,
            StepState::Waiting => waits,
            _ => !waits,
        })
    });
    let Some(tap) = open else {
        return match view.phases.first() {
            Some(phase) if phase.submit.is_some() => bare(view, Act::Submit { phase: Phase::Scene }),
            _ => act(view, Act::Note { step: None, text: mark }),
        };
    };
    let entry = steps(view).find(|step| step.id == tap.step).and_then(|step| step.entries.last());
    let values = tap.fields.iter().map(|(id, given)| {
        // A text that was begun in this field is finished, not replaced.
        let field = entry.and_then(|entry| entry.fields.iter().find(|field| field.id == *id));
        let draft = field.and_then(|field| field.draft.clone()).map(Value::Text);
        ((*id).to_owned(), Some(draft.unwrap_or_else(|| value(*given))))
    });
    let values = values.collect();
    let entry = entry.and_then(|entry| entry.id.parse().ok());
    act(view, Act::Answer { step: tap.step.to_owned(), entry, values, reason: Some(mark) })
}

fn withdraw(view: &EncounterView, mark: String) -> Deed {
    let found = steps(view)
        .filter(|step| step.mine)
        .flat_map(|step| step.entries.iter().map(move |entry| (step, entry)))
        .filter(|(_, entry)| entry.can_withdraw)
        .find_map(|(step, entry)| Some((step.id.clone(), entry.id.parse().ok()?)));
    match found {
        Some((step, entry)) => act(view, Act::WithdrawEntry { step, entry, reason: Some(mark) }),
        None => act(view, Act::Note { step: None, text: mark }),
    }
}

fn begin() -> Deed {
    Deed { what: What::Begin, encounter: None, place: None, doing: Doing::Begin }
}

fn act(view: &EncounterView, act: Act) -> Deed {
    Deed { what: What::Act, encounter: Some(view.id.clone()), place: None, doing: Doing::Act(view.seen, act) }
}

fn bare(view: &EncounterView, of: Act) -> Deed {
    Deed { what: What::Bare, ..act(view, of) }
}

fn steps(view: &EncounterView) -> impl Iterator<Item = &StepView> {
    view.sections.iter().flat_map(|section| &section.steps)
}

fn is_written(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Code | FieldKind::Text | FieldKind::Note)
}

fn value(given: Given) -> Value {
    match given {
        Given::Now | Given::MinutesAgo(_) => Value::from(MOMENT),
        Given::Yes => Value::Flag(true),
        Given::No => Value::Flag(false),
        Given::One(text) | Given::Text(text) => Value::Text(text.to_owned()),
        Given::Some(options) => Value::List(options.iter().map(|option| (*option).to_owned()).collect()),
        Given::Count(count) => Value::Number(count),
    }
}
