//! A step: one line until it is opened; then its guidance, its answers or its form, and what was said about it.

use firsthours_core::protocol::FieldClass;
use firsthours_core::record::{PhaseStatus, StepState, ThreadState};
use firsthours_core::view::{EntryView, FieldView, Section, StepView};
use firsthours_core::words::{Label, RecordSentence, StepSentence};
use maud::{Markup, html};

use super::parts::{Draw, Key, Weight, chip, more};
use super::{field, thread};

/// The longest line of answers beside a step's title.
const DIGEST: usize = 90;

/// A link to a step that opens it: a closed step would be found, but not read.
pub(super) fn link(step: &str) -> String {
    format!("?open={step}#step-{step}")
}

/// The steps of a phase, those that do not apply behind one line.
pub(super) fn list(draw: Draw<'_>, section: &Section) -> Markup {
    let settled = !matches!(
        draw.view.phases.iter().find(|phase| phase.phase == section.phase).map(|phase| phase.status),
        Some(PhaseStatus::Open | PhaseStatus::Returned) | None
    );
    let says_author = author_of_all(section).is_none();
    let quiet = |step: &&StepView| step.state == StepState::NotApplicable && !speaks(step);
    let (aside, shown): (Vec<&StepView>, Vec<&StepView>) = section.steps.iter().partition(quiet);
    let steps = |steps: &[&StepView]| {
        html! { ol.fh-steps { @for step in steps { li { (one(draw, step, settled, says_author)) } } } }
    };
    let count = StepSentence::StepsNotApplicable { count: aside.len() }.text(draw.language);
    let wanted = aside.iter().any(|step| draw.forms.open.as_deref() == Some(step.id.as_str()));
    html! {
        @if !shown.is_empty() { (steps(&shown)) }
        @if !aside.is_empty() { (more(&count, wanted, &steps(&aside))) }
    }
}

/// Whose steps these are, when all are of one: said once then, not at every step.
pub(super) fn author_of_all(section: &Section) -> Option<&str> {
    let first = section.steps.first()?;
    section.steps.iter().all(|step| step.by_text == first.by_text).then_some(&first.by_text)
}

/// Whether somebody has to look at it.
fn speaks(step: &StepView) -> bool {
    !step.conflicts.is_empty() || step.threads.iter().any(|thread| thread.state != ThreadState::Resolved)
}

fn one(draw: Draw<'_>, step: &StepView, settled: bool, says_author: bool) -> Markup {
    let sent_back =
        draw.forms.refused.as_ref().is_some_and(|refused| Key::of(&refused.pairs).step == step.id);
    let open = draw.forms.open.as_deref() == Some(step.id.as_str()) || sent_back || speaks(step);
    let kind = if step.conflicts.is_empty() { state_word(step.state) } else { "conflict" };
    let urgent = is_urgent(step);
    html! {
        details id={ "step-" (step.id) } class={ "fh-step fh-step--" (kind) @if urgent { " fh-step--urgent" } }
            open[open] {
            summary.fh-step__head { (head(draw, step, kind, says_author)) }
            div.fh-step__in { (body(draw, step, settled)) }
        }
    }
}

fn head(draw: Draw<'_>, step: &StepView, kind: &str, says_author: bool) -> Markup {
    let urgent = is_urgent(step);
    let comments = step.threads.iter().filter(|thread| thread.state != ThreadState::Resolved).count();
    let digest = digest(step);
    html! {
        h3.fh-step__title { (step.title) }
        span.fh-chips {
            @if comments > 0 {
                @let count = i32::try_from(comments).unwrap_or(i32::MAX);
                (chip("returned", &RecordSentence::CommentsOpen { count }.text(draw.language)))
            }
            @if urgent { (chip("urgent", Label::Urgent.text(draw.language))) }
            (chip(kind, &step.state_text))
        }
        @if says_author || !digest.is_empty() {
            span.fh-step__digest {
                @if says_author { (step.by_text) @if !digest.is_empty() { ": " } }
                (digest)
            }
        }
    }
}

fn is_urgent(step: &StepView) -> bool {
    step.urgent && step.state.is_open()
}

/// The first answers, as far as one line holds them; nothing of who the child is.
fn digest(step: &StepView) -> String {
    if let (StepState::Cannot, Some(why)) = (step.state, step.sentences.first()) {
        return why.clone();
    }
    let mut line = String::new();
    let fields = step.entries.iter().flat_map(|entry| &entry.fields);
    let open = fields.filter(|field| field.class == FieldClass::Step && !field.value_text.is_empty());
    for field in open.filter(|field| field.heads.is_empty()) {
        let part = if matches!(field.value.as_str(), "yes" | "no") {
            format!("{}: {}", field.title, field.value_text)
        } else {
            field.value_text.clone()
        };
        let gap = if line.is_empty() { "" } else { " · " };
        if line.chars().count() + gap.chars().count() + part.chars().count() > DIGEST {
            line.push_str(if line.is_empty() { "" } else { " …" });
            break;
        }
        line = format!("{line}{gap}{part}");
    }
    line
}

fn body(draw: Draw<'_>, step: &StepView, settled: bool) -> Markup {
    let language = draw.language;
    let may_note = (!draw.forms.at_desk || step.mine) && !draw.view.void;
    html! {
        @if step.mine { p.fh-guidance { (step.guidance) } (say(draw, step)) }
        @for conflict in &step.conflicts { p.fh-notice.fh-notice--odd { (conflict) } }
        @for sentence in &step.sentences { p.fh-meta { (sentence) } }
        (entries(draw, step, settled))
        (thread::threads(draw, &step.threads))
        (thread::notes(&step.notes))
        @if step.mine && !draw.view.void { (cannot(draw, step, settled)) }
        @if draw.forms.comments && !draw.view.void { (thread::comment(draw, &step.id)) }
        @if may_note { (thread::note(draw, &step.id)) }
        (more(Label::Details.text(language), false, &html! {
            @if !step.mine { p { (step.guidance) } (say(draw, step)) }
            p { strong { (Label::WhyThis.text(language)) ": " } (step.why) }
            @if !step.basis.is_empty() {
                p { strong { (Label::Basis.text(language)) } }
                ul.usa-list { @for basis in &step.basis { li { (basis) } } }
            }
        }))
    }
}

/// What to read to the child, in its own languages; the reader's stands first.
fn say(draw: Draw<'_>, step: &StepView) -> Markup {
    let mut said: Vec<_> = step.say.iter().collect();
    said.sort_by_key(|say| say.id != draw.language.code());
    html! {
        @if !said.is_empty() {
            div.fh-says {
                span.fh-say__label { (Label::SayThis.text(draw.language)) }
                @for say in said { blockquote.fh-say lang=(say.id) { (say.title) } }
            }
        }
    }
}

fn entries(draw: Draw<'_>, step: &StepView, settled: bool) -> Markup {
    let several = step.entries.len() > 1 || step.add_entry.is_some();
    let forms = step.mine && !draw.view.void && step.state != StepState::Cannot;
    html! {
        @for (index, entry) in step.entries.iter().enumerate() {
            div.fh-step__entry[several] {
                @if several {
                    h4 { (StepSentence::EntryNumber { number: index + 1 }.text(draw.language)) }
                }
                @if forms { (answer(draw, step, &entry.id, &entry.fields, settled)) (withdraw(draw, step, entry, settled)) }
                @else { (field::values(&entry.fields)) }
            }
        }
        @if let (Some(label), true) = (&step.add_entry, forms) {
            @let fields = blank(step);
            @let key = Key::new("answer", &step.id, "", "");
            (more(label, draw.typed(&key).is_some(), &answer(draw, step, "", &fields, settled)))
        }
        @if !step.withdrawn.is_empty() {
            (more(Label::WithdrawnEntry.text(draw.language), false, &html! {
                @for entry in &step.withdrawn { (field::values(&entry.fields)) }
            }))
        }
    }
}

/// The fields of an entry that is not begun: those that every entry has, empty.
fn blank(step: &StepView) -> Vec<FieldView> {
    let Some(first) = step.entries.first() else { return Vec::new() };
    let everywhere =
        |id: &str| step.entries.iter().all(|entry| entry.fields.iter().any(|field| field.id == id));
    first
        .fields
        .iter()
        .filter(|field| everywhere(&field.id))
        .map(|field| FieldView {
            value: String::new(),
            value_text: String::new(),
            said: String::new(),
            heads: Vec::new(),
            draft: None,
            ..field.clone()
        })
        .collect()
}

fn answer(draw: Draw<'_>, step: &StepView, entry: &str, fields: &[FieldView], settled: bool) -> Markup {
    let key = Key::new("answer", &step.id, entry, "");
    draw.form(
        &key,
        &html! {
            @for field in fields { (field::control(draw, &key, field)) }
            @if settled { (reason(draw, &key)) }
            button class=(draw.button(Weight::Main)) type="submit" { (Label::ButtonSave.text(draw.language)) }
        },
    )
}

/// After a submission a change says why.
fn reason(draw: Draw<'_>, key: &Key) -> Markup {
    draw.area(key, "reason", Label::ReasonForChange.text(draw.language), thread::note_chars())
}

fn withdraw(draw: Draw<'_>, step: &StepView, entry: &EntryView, settled: bool) -> Markup {
    if !entry.can_withdraw {
        return html! {};
    }
    let key = Key::new("withdraw", &step.id, &entry.id, "");
    let title = Label::ButtonWithdrawEntry.text(draw.language);
    let button = html! { button class=(draw.button(Weight::Quiet)) type="submit" { (title) } };
    if settled {
        let form = draw.form(&key, &html! { (reason(draw, &key)) (button) });
        return more(title, draw.typed(&key).is_some(), &form);
    }
    draw.form(&key, &button)
}

/// Marks the step as one that cannot be done, or takes that back.
fn cannot(draw: Draw<'_>, step: &StepView, settled: bool) -> Markup {
    let language = draw.language;
    if step.can_reopen {
        let key = Key::new("reopen", &step.id, "", "");
        return draw.form(
            &key,
            &html! {
                @if settled { (reason(draw, &key)) }
                button class=(draw.button(Weight::Quiet)) type="submit" { (Label::ButtonReopen.text(language)) }
            },
        );
    }
    if step.cannot_reasons.is_empty() {
        return html! {};
    }
    let key = Key::new("cannot", &step.id, "", "");
    let typed = draw.typed(&key).and_then(|pairs| pairs.get("why")).unwrap_or_default();
    let fault = draw.fault(&key, "why");
    let id = key.id("why");
    let title = Label::ButtonCannot.text(language);
    let form = draw.form(
        &key,
        &html! {
            fieldset.fh-field id=(id) tabindex="-1" {
                legend.fh-field__label { (Label::CannotWhy.text(language)) }
                @if let Some(text) = &fault { p.fh-field__error { (text) } }
                div.fh-options {
                    @for reason in &step.cannot_reasons {
                        label.fh-option {
                            input type="radio" name="why" value=(reason.id) checked[reason.id == typed];
                            span { (reason.title) }
                        }
                    }
                }
            }
            (draw.area(&key, "note", Label::Note.text(language), thread::note_chars()))
            @if settled { (reason(draw, &key)) }
            button class=(draw.button(Weight::Bad)) type="submit" { (title) }
        },
    );
    more(title, draw.typed(&key).is_some(), &form)
}

/// The class word of a step's state.
pub(super) fn state_word(state: StepState) -> &'static str {
    match state {
        StepState::Todo => "todo",
        StepState::MayApply => "may-apply",
        StepState::Started => "started",
        StepState::Waiting => "waiting",
        StepState::Done => "done",
        StepState::Cannot => "cannot",
        StepState::NotApplicable => "not-applicable",
    }
}
