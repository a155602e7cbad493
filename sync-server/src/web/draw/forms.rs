//! Forms read back: from what a browser sent to the acts it asks for. One reader for the desk and the phone.
//!
//! A form names each answer `v.FIELD` and beside it, as `was.FIELD`, what it showed. Only what differs becomes part
//! of the act: a field that nobody touched is neither written again nor taken to settle a conflict. A field that was
//! emptied is taken back.

use std::collections::BTreeMap;

use firsthours_core::protocol::{FieldKind, FieldLimits, Instant, Phase, Value};
use firsthours_core::record::{Act, EncounterId, EntryId, EventId, PersonId, Refusal, Sharing};
use firsthours_core::view::{EncounterView, EntryView, FieldView, StepView};
use firsthours_core::words::{self, Label, Language};

use super::moment::{self, Unclear, Which};
use super::parts::read_phase;

/// The names and values of a form, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(pub Vec<(String, String)>);

impl Pairs {
    /// The first value of a name.
    pub fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Every value of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// What is wrong with a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The control's name; empty for the whole form.
    pub control: String,
    /// What it is.
    pub fault: FormFault,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormFault {
    /// Not a day and a time.
    Moment,
    /// A time over which the clocks were put forward.
    Skipped,
    /// A time that came twice.
    Twice,
    /// Not a whole number.
    Count,
    /// Nothing was changed or written.
    Nothing,
    /// None of several was chosen.
    Chosen,
    /// The form is not one of this record.
    Form,
    /// The record refuses it.
    RefusedForm(Refusal),
    /// A sentence that somebody else made.
    Said(String),
}

impl FormFault {
    /// The sentence. `title` gives the title of a step.
    pub fn text(&self, language: Language, title: &dyn Fn(&str) -> String) -> String {
        let label = match self {
            Self::Moment => Label::FaultMoment,
            Self::Skipped => Label::FaultSkipped,
            Self::Twice => Label::WhichHour,
            Self::Count => Label::FaultCount,
            Self::Nothing => Label::SaveNothing,
            Self::Chosen => Label::Choose,
            Self::Form => Label::FaultForm,
            Self::RefusedForm(refusal) => return words::refusal(refusal, language, title),
            Self::Said(sentence) => return sentence.clone(),
        };
        label.text(language).to_owned()
    }
}

/// The faults that a refusal means, each at the control it is about.
pub fn faults_of(refusal: Refusal) -> Vec<FieldFault> {
    let control = match &refusal {
        Refusal::DoesNotFit { field, .. } | Refusal::NoSuchField { field, .. } => format!("v.{field}"),
        Refusal::NoSuchReason { .. } => "why".to_owned(),
        Refusal::ReasonNeeded { .. } => "reason".to_owned(),
        Refusal::EmptyText | Refusal::TooLong { .. } => "text".to_owned(),
        _ => String::new(),
    };
    vec![FieldFault { control, fault: FormFault::RefusedForm(refusal) }]
}

/// The token of the view that the form was on.
pub fn seen(pairs: &Pairs) -> Option<i64> {
    pairs.get("seen")?.parse().ok()
}

/// Where the page goes on after the form: the step that it was on, if it was on one.
pub fn step(pairs: &Pairs) -> Option<&str> {
    pairs.get("step").filter(|step| !step.is_empty())
}

/// The acts that a form asks for, in order: one, or a review and the comment that goes with it.
///
/// `zone` is that of the protocol; `now` is what a ticked *Now* means.
pub fn read(
    pairs: &Pairs,
    view: &EncounterView,
    zone: &str,
    now: Instant,
) -> Result<Vec<Act>, Vec<FieldFault>> {
    let form = Form { pairs, view, zone, now };
    let act = match pairs.get("act").unwrap_or_default() {
        "review" => return form.review(),
        "answer" => form.answer()?,
        "cannot" => Act::Cannot {
            step: form.step()?.id.clone(),
            why: form.needed(
                "why",
                FormFault::RefusedForm(Refusal::NoSuchReason { step: String::new(), why: String::new() }),
            )?,
            note: form.text("note"),
            reason: form.text("reason"),
        },
        "reopen" => Act::Reopen { step: form.step()?.id.clone(), reason: form.text("reason") },
        "withdraw" => Act::WithdrawEntry {
            step: form.step()?.id.clone(),
            entry: form.entry()?.ok_or_else(|| whole(FormFault::Form))?,
            reason: form.text("reason"),
        },
        "note" => Act::Note { step: form.maybe_step()?, text: form.written("text")? },
        "comment" => Act::Comment { step: form.maybe_step()?, text: form.written("text")? },
        "reply" => Act::Reply { thread: form.on()?, text: form.written("text")? },
        "resolve" => Act::Resolve { thread: form.on()? },
        "submit" => Act::Submit { phase: form.phase()? },
        "void" => Act::Void { why: form.written("text")? },
        "unvoid" => Act::Unvoid,
        "accept" => Act::Accept { offer: form.on()? },
        "decline" => Act::Decline { offer: form.on()? },
        "join" => Act::Share { how: Sharing::Join, to: form.person()? },
        "pass" => Act::Share { how: Sharing::Pass, to: form.person()? },
        "reassign" => Act::Reassign { to: form.person()? },
        "same" => Act::SameEncounter { with: Some(form.record()?) },
        "not_same" => Act::SameEncounter { with: None },
        _ => return Err(whole(FormFault::Form)),
    };
    Ok(vec![act])
}

struct Form<'a> {
    pairs: &'a Pairs,
    view: &'a EncounterView,
    zone: &'a str,
    now: Instant,
}

/// What a form changes in a field.
enum Change {
    Nothing,
    To(Value),
    TakenBack,
}

impl<'a> Form<'a> {
    fn review(&self) -> Result<Vec<Act>, Vec<FieldFault>> {
        let phase = self.phase()?;
        let decision = match self.pairs.get("decide") {
            Some("return") => Act::Return { phase },
            Some("approve") => Act::Approve { phase },
            _ => return Err(whole(FormFault::Form)),
        };
        // A comment that was typed is never dropped, whichever button was pressed.
        let comment = self.text("text").map(|text| Act::Comment { step: None, text });
        if let Some(Act::Comment { text, .. }) = &comment {
            fits(text)?;
        }
        // The decision comes first: refused, it leaves nothing behind, and the comment can be sent again.
        Ok([decision].into_iter().chain(comment).collect())
    }

    fn answer(&self) -> Result<Act, Vec<FieldFault>> {
        let step = self.step()?;
        let entry = self.entry()?;
        let mut values = BTreeMap::new();
        let mut faults = Vec::new();
        for field in fields(step, entry)? {
            match self.change(field) {
                Ok(Change::To(value)) => {
                    values.insert(field.id.clone(), Some(value));
                }
                Ok(Change::TakenBack) => {
                    values.insert(field.id.clone(), None);
                }
                Ok(Change::Nothing) => {}
                Err(fault) => faults.push(FieldFault { control: format!("v.{}", field.id), fault }),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if values.is_empty() {
            return Err(whole(FormFault::Nothing));
        }
        Ok(Act::Answer { step: step.id.clone(), entry, values, reason: self.text("reason") })
    }

    fn change(&self, field: &FieldView) -> Result<Change, FormFault> {
        let (value, was) = (format!("v.{}", field.id), format!("was.{}", field.id));
        // Without what it showed, the form did not hold this field.
        let Some(was) = self.pairs.get(&was).map(normal) else { return Ok(Change::Nothing) };
        if field.kind == FieldKind::Choices {
            let mut chosen: Vec<String> = self.pairs.all(&value).map(str::to_owned).collect();
            chosen.sort();
            chosen.dedup();
            return Ok(match chosen.join(",") {
                same if same == was => Change::Nothing,
                none if none.is_empty() => Change::TakenBack,
                _ => Change::To(Value::List(chosen)),
            });
        }
        if field.kind == FieldKind::Moment && self.pairs.get(&format!("now.{}", field.id)).is_some() {
            return Ok(Change::To(Value::from(self.now)));
        }
        let Some(typed) = self.pairs.get(&value).map(normal) else { return Ok(Change::Nothing) };
        // Spaces around one line are slips; in a note they may be meant.
        let typed = if field.kind == FieldKind::Note { typed } else { typed.trim().to_owned() };
        let which = self.which(field);
        if typed == was && which.is_none() {
            return Ok(Change::Nothing);
        }
        if typed.trim().is_empty() {
            return Ok(Change::TakenBack);
        }
        self.value(field, typed, which).map(Change::To)
    }

    fn value(&self, field: &FieldView, typed: String, which: Option<Which>) -> Result<Value, FormFault> {
        Ok(match field.kind {
            FieldKind::Flag => Value::Flag(match typed.as_str() {
                "yes" => true,
                "no" => false,
                _ => return Err(FormFault::Form),
            }),
            FieldKind::Moment => Value::from(moment::read(&typed, self.zone, which, self.now).map_err(
                |unclear| match unclear {
                    Unclear::Unreadable => FormFault::Moment,
                    Unclear::Skipped => FormFault::Skipped,
                    Unclear::Twice => FormFault::Twice,
                },
            )?),
            FieldKind::Count => Value::Number(typed.parse().map_err(|_| FormFault::Count)?),
            FieldKind::Choice | FieldKind::Code | FieldKind::Text | FieldKind::Note => Value::Text(typed),
            FieldKind::Choices => return Err(FormFault::Form),
        })
    }

    fn which(&self, field: &FieldView) -> Option<Which> {
        match self.pairs.get(&format!("which.{}", field.id))? {
            "first" => Some(Which::First),
            "second" => Some(Which::Second),
            _ => None,
        }
    }

    fn step(&self) -> Result<&'a StepView, Vec<FieldFault>> {
        let id = self.pairs.get("step").unwrap_or_default();
        let mut steps = self.view.sections.iter().flat_map(|section| &section.steps);
        steps.find(|step| step.id == id).ok_or_else(|| whole(FormFault::Form))
    }

    fn maybe_step(&self) -> Result<Option<String>, Vec<FieldFault>> {
        match step(self.pairs) {
            Some(_) => self.step().map(|step| Some(step.id.clone())),
            None => Ok(None),
        }
    }

    fn entry(&self) -> Result<Option<EntryId>, Vec<FieldFault>> {
        match self.pairs.get("entry").unwrap_or_default() {
            "" => Ok(None),
            id => id.parse().map(Some).map_err(|_| whole(FormFault::Form)),
        }
    }

    fn on(&self) -> Result<EventId, Vec<FieldFault>> {
        self.pairs.get("on").and_then(|id| id.parse().ok()).ok_or_else(|| whole(FormFault::Form))
    }

    fn person(&self) -> Result<PersonId, Vec<FieldFault>> {
        self.needed("to", FormFault::Chosen).map(PersonId)
    }

    fn record(&self) -> Result<EncounterId, Vec<FieldFault>> {
        self.needed("to", FormFault::Chosen)?.parse().map_err(|_| whole(FormFault::Form))
    }

    fn phase(&self) -> Result<Phase, Vec<FieldFault>> {
        self.pairs.get("on").and_then(read_phase).ok_or_else(|| whole(FormFault::Form))
    }

    /// A text that may be left out.
    fn text(&self, name: &str) -> Option<String> {
        self.pairs.get(name).map(normal).filter(|text| !text.trim().is_empty())
    }

    fn needed(&self, name: &str, fault: FormFault) -> Result<String, Vec<FieldFault>> {
        self.text(name).ok_or_else(|| vec![FieldFault { control: name.to_owned(), fault }])
    }

    fn written(&self, name: &str) -> Result<String, Vec<FieldFault>> {
        let text = self.needed(name, FormFault::RefusedForm(Refusal::EmptyText))?;
        fits(&text)?;
        Ok(text)
    }
}

/// The fields of an entry; of a new one, those of any: which of them apply is known once the first is answered.
fn fields(step: &StepView, entry: Option<EntryId>) -> Result<&[FieldView], Vec<FieldFault>> {
    let id = entry.map(|entry| entry.to_string()).unwrap_or_default();
    let same = |found: &&EntryView| found.id == id;
    let found = step.entries.iter().find(same).or_else(|| step.withdrawn.iter().find(same));
    let found = found.or_else(|| step.entries.first().filter(|_| entry.is_none()));
    found.map(|entry| entry.fields.as_slice()).ok_or_else(|| whole(FormFault::Form))
}

fn fits(text: &str) -> Result<(), Vec<FieldFault>> {
    let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    if chars <= FieldLimits::NOTE_CHARS {
        return Ok(());
    }
    Err(faults_of(Refusal::TooLong { chars, max: FieldLimits::NOTE_CHARS }))
}

fn whole(fault: FormFault) -> Vec<FieldFault> {
    vec![FieldFault { control: String::new(), fault }]
}

/// Browsers send every end of line as two characters.
fn normal(text: &str) -> String {
    text.replace("\r\n", "\n")
}
