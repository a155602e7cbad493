//! What every part of a drawing needs: where forms go, which form was sent back, and how its controls are named.

use firsthours_core::protocol::Phase;
use firsthours_core::view::{EncounterView, flags};
use firsthours_core::words::{Label, Language};
use maud::{Markup, html};

use super::forms::{FieldFault, FormFault, Pairs};

/// How the forms of a drawing work.
#[derive(Debug, Clone, Default)]
pub struct Forms {
    /// Prefix of every address: forms go to `{base}/act`, records of the list are at `{base}/records/{id}`.
    pub base: String,
    /// A page at a desk, else a phone's screen.
    pub at_desk: bool,
    /// The protocol's time zone: moments are shown and read in it.
    pub zone: String,
    /// The reader reviews: comments can be made.
    pub comments: bool,
    /// The step to show open.
    pub open: Option<String>,
    /// The form that was not accepted: drawn again as it was typed, with what is wrong beside it.
    pub refused: Option<RefusedForm>,
    /// What only a page at a desk offers.
    pub desk: Desk,
}

/// What a supervisor may choose from; empty for everybody else.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    /// Who could hold the record: ids and names.
    pub deputies: Vec<(String, String)>,
    /// Records that may be of the same contact, or of the same scene: ids and handles.
    pub near: Vec<(String, String)>,
    /// Somebody said that the record is the same contact as another.
    pub is_same: bool,
}

/// A form that was not accepted.
#[derive(Debug, Clone, Default)]
pub struct RefusedForm {
    /// What was sent.
    pub pairs: Pairs,
    /// What is wrong with it.
    pub faults: Vec<FieldFault>,
}

/// What is being drawn.
#[derive(Clone, Copy)]
pub(super) struct Draw<'a> {
    pub(super) view: &'a EncounterView,
    pub(super) forms: &'a Forms,
    pub(super) language: Language,
}

/// Which form of a page: its hidden fields, and the start of its controls' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) act: String,
    pub(super) step: String,
    pub(super) entry: String,
    /// The comment, offer or phase that the act is on.
    pub(super) on: String,
}

impl Key {
    pub(super) fn new(act: &str, step: &str, entry: &str, on: &str) -> Self {
        Self { act: act.to_owned(), step: step.to_owned(), entry: entry.to_owned(), on: on.to_owned() }
    }

    /// The key of a form that was sent.
    pub(super) fn of(pairs: &Pairs) -> Self {
        let get = |name: &str| pairs.get(name).unwrap_or_default().to_owned();
        Self { act: get("act"), step: get("step"), entry: get("entry"), on: get("on") }
    }

    /// The id of a control; of the form itself for no control.
    pub(super) fn id(&self, control: &str) -> String {
        let parts = ["f", &self.act, &self.step, &self.entry, &self.on, control];
        let id: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        // What was sent comes back here; only what may stand in an id does.
        id.join("-").replace(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_', "-")
    }
}

impl Draw<'_> {
    /// A form with its hidden fields.
    pub(super) fn form(&self, key: &Key, body: &Markup) -> Markup {
        let about = [("act", &key.act), ("step", &key.step), ("entry", &key.entry), ("on", &key.on)];
        let whole = self.fault(key, "");
        html! {
            form.fh-form id=(key.id("")) method="post" action={ (self.forms.base) "/act" } {
                input type="hidden" name="seen" value=(self.view.seen);
                @for (name, value) in about {
                    @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
                }
                @if let Some(text) = whole { p.fh-field__error { (text) } }
                (body)
            }
        }
    }

    /// What was typed into a form that was sent back; `None` for every other form.
    pub(super) fn typed(&self, key: &Key) -> Option<&Pairs> {
        let refused = self.forms.refused.as_ref()?;
        (Key::of(&refused.pairs) == *key).then_some(&refused.pairs)
    }

    /// What is wrong with a control of this form.
    pub(super) fn fault(&self, key: &Key, control: &str) -> Option<String> {
        self.typed(key)?;
        let refused = self.forms.refused.as_ref()?;
        let fault = refused.faults.iter().find(|fault| fault.control == control)?;
        Some(self.fault_text(fault))
    }

    /// Whether this hour has to be told apart from its double.
    pub(super) fn twice(&self, key: &Key, control: &str) -> bool {
        let faults = self.forms.refused.iter().flat_map(|refused| &refused.faults);
        let asked = faults.clone().any(|fault| fault.control == control && fault.fault == FormFault::Twice);
        asked && self.typed(key).is_some()
    }

    pub(super) fn fault_text(&self, fault: &FieldFault) -> String {
        let title = |id: &str| {
            let mut steps = self.view.sections.iter().flat_map(|section| &section.steps);
            steps.find(|step| step.id == id).map_or_else(|| id.to_owned(), |step| step.title.clone())
        };
        fault.fault.text(self.language, &title)
    }

    /// The class of a button: the one to press, a lesser one, one that sends back or refuses.
    pub(super) fn button(&self, weight: Weight) -> &'static str {
        match (self.forms.at_desk, weight) {
            (true, Weight::Main) => "usa-button",
            (true, Weight::Quiet) => "usa-button usa-button--outline",
            (true, Weight::Bad) => "usa-button usa-button--outline fh-button--bad",
            (false, Weight::Main) => "fh-btn fh-btn--main",
            (false, Weight::Quiet) => "fh-btn fh-btn--quiet",
            (false, Weight::Bad) => "fh-btn fh-btn--bad",
        }
    }

    /// A form behind one line that asks for one of several, as `to`.
    pub(super) fn choose<'o>(
        &self,
        act: &str,
        title: Label,
        question: Label,
        options: impl Iterator<Item = (&'o str, &'o str)>,
    ) -> Markup {
        let key = Key::new(act, "", "", "");
        let id = key.id("to");
        let title = title.text(self.language);
        let fault = self.fault(&key, "to");
        let error = format!("{id}-error");
        let form = self.form(
            &key,
            &html! {
                div.fh-field {
                    label.fh-field__label for=(id) { (question.text(self.language)) }
                    @if let Some(text) = &fault { p.fh-field__error id=(error) { (text) } }
                    select.fh-input id=(id) name="to" aria-invalid=[fault.is_some().then_some("true")]
                        aria-describedby=[fault.is_some().then_some(&error)] {
                        option value="" { (Label::Choose.text(self.language)) }
                        @for (value, name) in options { option value=(value) { (name) } }
                    }
                }
                button class=(self.button(Weight::Main)) type="submit" { (title) }
            },
        );
        more(title, fault.is_some(), &form)
    }

    /// A text area with its label, the text kept when it was sent back.
    pub(super) fn area(&self, key: &Key, name: &str, label: &str, max: i32) -> Markup {
        let id = key.id(name);
        let fault = self.fault(key, name);
        let typed = self.typed(key).and_then(|pairs| pairs.get(name)).unwrap_or_default();
        let error = format!("{id}-error");
        html! {
            div.fh-field {
                label.fh-field__label for=(id) { (label) }
                @if let Some(text) = &fault { p.fh-field__error id=(error) { (text) } }
                textarea.fh-input id=(id) name=(name) rows="3" maxlength=(max) autocomplete="off"
                    aria-invalid=[fault.is_some().then_some("true")]
                    aria-describedby=[fault.is_some().then_some(&error)] { (typed) }
                (flagged(typed, self.language))
            }
        }
    }
}

/// What the language guard says of a text that a form holds. Nothing is refused for it: it is the writer's to change or to keep.
pub(super) fn flagged(text: &str, language: Language) -> Markup {
    let flags = flags(text, language);
    html! {
        @if !flags.is_empty() {
            ul.fh-flags { @for flag in &flags { li { (flag.sentence) } } }
        }
    }
}

/// How much a button weighs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weight {
    Main,
    Quiet,
    Bad,
}

/// A disclosure: one line until it is opened.
pub fn more(title: &str, open: bool, body: &Markup) -> Markup {
    html! { details.fh-more open[open] { summary { (title) } div.fh-more__in { (body) } } }
}

/// A chip: a word with its sign and colour.
pub fn chip(kind: &str, text: &str) -> Markup {
    html! { span class={ "fh-chip fh-chip--" (kind) } { (text) } }
}

pub(super) fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Scene => "scene",
        Phase::FollowUp => "follow_up",
        Phase::Outcome => "outcome",
    }
}

pub(super) fn read_phase(word: &str) -> Option<Phase> {
    Phase::ALL.into_iter().find(|phase| phase_word(*phase) == word)
}
