//! A field: its value as text for those who read, its control for those who answer.

use firsthours_core::protocol::FieldKind;
use firsthours_core::view::{FieldView, OptionView};
use firsthours_core::words::{Label, StepSentence};
use maud::{Markup, html};

use super::moment;
use super::parts::{Draw, Key, flagged};

/// More options than this are a list to pull down.
const RADIOS: usize = 6;

/// Every field that has something to show, as a list of questions and answers. Who said it stands once under
/// answers that were given together.
pub(super) fn values(fields: &[FieldView]) -> Markup {
    let shown: Vec<&FieldView> =
        fields.iter().filter(|field| !field.value_text.is_empty() || !field.heads.is_empty()).collect();
    let last = |index: usize| shown.get(index + 1).is_none_or(|next| next.said != shown[index].said);
    html! {
        @if !shown.is_empty() {
            dl.fh-fields {
                @for (index, field) in shown.iter().enumerate() {
                    div { dt { (field.title) } dd { (value(field, last(index))) } }
                }
            }
        }
    }
}

fn value(field: &FieldView, says_who: bool) -> Markup {
    html! {
        @if !field.heads.is_empty() { (heads(field)) }
        @else if field.hidden { span.fh-masked { (field.value_text) } }
        @else { span.fh-value { (field.value_text) } }
        @if says_who && !field.said.is_empty() && field.heads.is_empty() { " " span.fh-meta { (field.said) } }
    }
}

/// Every answer of a conflict, side by side.
fn heads(field: &FieldView) -> Markup {
    html! {
        ul.fh-conflict__values { @for head in &field.heads { li.fh-conflict__value { (head.sentence) } } }
    }
}

/// The control of a field. A field that is hidden and has a value has none: nobody replaces what they cannot see.
pub(super) fn control(draw: Draw<'_>, key: &Key, field: &FieldView) -> Markup {
    let typed = draw.typed(key).is_some_and(|pairs| pairs.get(&format!("v.{}", field.id)).is_some());
    if field.hidden && !field.value_text.is_empty() && !typed {
        return html! {
            div.fh-field {
                span.fh-field__label { (field.title) }
                div { span.fh-masked { (field.value_text) } " " span.fh-meta { (field.said) } }
            }
        };
    }
    let name = format!("v.{}", field.id);
    let control = Control {
        draw,
        field,
        id: key.id(&name),
        fault: draw.fault(key, &name),
        now: draw.typed(key).is_some_and(|pairs| pairs.get(&format!("now.{}", field.id)).is_some()),
        twice: draw.twice(key, &name),
        typed: match draw.typed(key) {
            Some(pairs) => pairs.all(&name).map(str::to_owned).collect(),
            None => starting(draw, field),
        },
        name,
    };
    html! {
        input type="hidden" name={ "was." (field.id) } value=(showed(draw, field));
        (control.draw())
    }
}

/// What a control starts with: a half-written text, else the value. A conflict starts empty, so that it is
/// settled only by who says something.
fn starting(draw: Draw<'_>, field: &FieldView) -> Vec<String> {
    match (&field.draft, field.kind) {
        (Some(draft), _) => vec![draft.clone()],
        (None, FieldKind::Choices) => {
            showed(draw, field).split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect()
        }
        (None, _) => vec![showed(draw, field)],
    }
}

/// What the form shows of the field, to be compared with what comes back.
fn showed(draw: Draw<'_>, field: &FieldView) -> String {
    if !field.heads.is_empty() {
        return String::new();
    }
    match (field.kind, field.value.parse()) {
        (FieldKind::Moment, Ok(ms)) => moment::text(ms, &draw.forms.zone),
        _ => field.value.clone(),
    }
}

struct Control<'a> {
    draw: Draw<'a>,
    field: &'a FieldView,
    id: String,
    name: String,
    fault: Option<String>,
    typed: Vec<String>,
    now: bool,
    twice: bool,
}

impl Control<'_> {
    fn draw(&self) -> Markup {
        match self.field.kind {
            FieldKind::Choice if self.field.options.len() > RADIOS => self.select(),
            FieldKind::Choice => self.group("radio", &self.field.options, true),
            FieldKind::Choices => self.group("checkbox", &self.field.options, false),
            FieldKind::Flag => self.group("radio", &self.yes_or_no(), true),
            FieldKind::Moment => self.moment(),
            FieldKind::Count => self.line("number", Some("numeric")),
            FieldKind::Code | FieldKind::Text => self.line("text", None),
            FieldKind::Note => self.note(),
        }
    }

    fn title(&self) -> Markup {
        let optional = Label::Optional.text(self.draw.language);
        html! {
            (self.field.title)
            @if !self.field.required { " " span.fh-field__hint { "(" (optional) ")" } }
        }
    }

    /// What is wrong, and every answer of a conflict.
    fn above(&self) -> Markup {
        html! {
            @if let Some(text) = &self.fault { p.fh-field__error id={ (self.id) "-error" } { (text) } }
            @if !self.field.heads.is_empty() { (heads(self.field)) }
        }
    }

    /// Terms in it that the language guard names, and who said what stands here now.
    fn below(&self) -> Markup {
        html! {
            (flagged(self.written(), self.draw.language))
            @if !self.field.said.is_empty() && self.field.heads.is_empty() && !self.field.value_text.is_empty() {
                p.fh-field__hint { (self.field.said) }
            }
        }
    }

    /// What a person wrote in their own words.
    fn written(&self) -> &str {
        match self.field.kind {
            FieldKind::Text | FieldKind::Note => self.value(),
            FieldKind::Choice
            | FieldKind::Choices
            | FieldKind::Flag
            | FieldKind::Moment
            | FieldKind::Count
            | FieldKind::Code => "",
        }
    }

    fn value(&self) -> &str {
        self.typed.first().map_or("", String::as_str)
    }

    fn invalid(&self) -> Option<&'static str> {
        self.fault.is_some().then_some("true")
    }

    fn described(&self, hint: bool) -> Option<String> {
        let mut ids = Vec::new();
        if self.fault.is_some() {
            ids.push(format!("{}-error", self.id));
        }
        if hint {
            ids.push(format!("{}-hint", self.id));
        }
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn yes_or_no(&self) -> [OptionView; 2] {
        [("yes", Label::Yes), ("no", Label::No)].map(|(id, label)| OptionView {
            id: id.to_owned(),
            title: label.text(self.draw.language).to_owned(),
            chosen: false,
        })
    }

    /// Radio buttons or checkboxes. A radio button cannot be let go, so an answered one gets "no answer".
    fn group(&self, kind: &str, options: &[OptionView], single: bool) -> Markup {
        let answered = single && !self.field.value.is_empty() && self.field.heads.is_empty();
        let option = |id: &str, title: &str| {
            html! {
                label.fh-option {
                    input type=(kind) name=(self.name) value=(id)
                        checked[self.typed.iter().any(|typed| typed == id) && !id.is_empty()];
                    span { (title) }
                }
            }
        };
        let short = options.len() <= 3 && options.iter().all(|option| option.title.len() <= 16);
        html! {
            fieldset.fh-field id=(self.id) tabindex="-1" aria-describedby=[self.described(false)] {
                legend.fh-field__label { (self.title()) }
                (self.above())
                div.fh-options.fh-options--row[short] {
                    @for found in options { (option(&found.id, &found.title)) }
                    @if answered { (option("", Label::NoAnswer.text(self.draw.language))) }
                }
                (self.below())
            }
        }
    }

    fn select(&self) -> Markup {
        html! {
            div.fh-field {
                label.fh-field__label for=(self.id) { (self.title()) }
                (self.above())
                select.fh-input id=(self.id) name=(self.name) aria-invalid=[self.invalid()]
                    aria-describedby=[self.described(false)] {
                    option value="" {
                        @if self.field.value.is_empty() { (Label::Choose.text(self.draw.language)) }
                        @else { (Label::NoAnswer.text(self.draw.language)) }
                    }
                    @for found in &self.field.options {
                        option value=(found.id) selected[self.value() == found.id] { (found.title) }
                    }
                }
                (self.below())
            }
        }
    }

    fn moment(&self) -> Markup {
        let language = self.draw.language;
        html! {
            div.fh-field {
                label.fh-field__label for=(self.id) { (self.title()) }
                p.fh-field__hint id={ (self.id) "-hint" } { (Label::MomentHint.text(language)) }
                (self.above())
                div.fh-moment {
                    input.fh-input id=(self.id) name=(self.name) type="datetime-local" value=(self.value())
                        aria-invalid=[self.invalid()] aria-describedby=[self.described(true)];
                    label.fh-option {
                        input type="checkbox" name={ "now." (self.field.id) } value="1" checked[self.now];
                        span { (Label::Now.text(language)) span.usa-sr-only { ": " (self.field.title) } }
                    }
                }
                @if self.twice { (self.which()) }
                (self.below())
            }
        }
    }

    /// Which of two hours with the same name.
    fn which(&self) -> Markup {
        let options = [("first", Label::FirstHour), ("second", Label::SecondHour)];
        html! {
            fieldset.fh-field {
                legend.fh-field__label { (Label::WhichHour.text(self.draw.language)) }
                div.fh-options.fh-options--row {
                    @for (value, label) in options {
                        label.fh-option {
                            input type="radio" name={ "which." (self.field.id) } value=(value);
                            span { (label.text(self.draw.language)) }
                        }
                    }
                }
            }
        }
    }

    fn line(&self, kind: &str, mode: Option<&str>) -> Markup {
        let written = kind == "text";
        html! {
            div.fh-field {
                label.fh-field__label for=(self.id) { (self.title()) }
                (self.above())
                input.fh-input.fh-input--short[!written] id=(self.id) name=(self.name) type=(kind) value=(self.value())
                    inputmode=[mode] maxlength=[written.then_some(self.field.max_chars)] autocomplete="off"
                    spellcheck="false" aria-invalid=[self.invalid()] aria-describedby=[self.described(false)];
                (self.below())
            }
        }
    }

    fn note(&self) -> Markup {
        let max = self.field.max_chars;
        html! {
            div.fh-field {
                label.fh-field__label for=(self.id) { (self.title()) }
                (self.above())
                textarea.fh-input id=(self.id) name=(self.name) rows="4" maxlength=(max) autocomplete="off"
                    spellcheck="false" aria-invalid=[self.invalid()] aria-describedby=[self.described(true)] {
                    // The parser drops the first end of line of a text area, so one is given away.
                    "\n" (self.value())
                }
                p.fh-field__hint id={ (self.id) "-hint" } { (StepSentence::AtMostChars { max }.text(self.draw.language)) }
                (self.below())
            }
        }
    }
}
