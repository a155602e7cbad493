//! What was answered under an earlier version of the protocol and has no place in this one: kept in sight.

use super::Context;
use super::step::{conceals, said_by, title_of, value_text};
use crate::protocol::{Definition, Step, Text, Value};
use crate::record::{Carried, Content, Derived, Head};
use crate::words::{Label, RecordSentence, StepSentence};

/// The answers of one earlier version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedView {
    /// `Answered under version 1`.
    pub title: String,
    /// One answer a line, with who gave it and when.
    pub lines: Vec<String>,
}

/// Draws what is carried, by the version that has words for it, the latest first.
pub(super) fn carried_views(context: Context<'_>, derived: &Derived<'_>) -> Vec<CarriedView> {
    let mut views: Vec<(Option<u32>, CarriedView)> = Vec::new();
    for carried in &derived.carried {
        let earlier = context.here.earlier.iter().find_map(|definition| knows(definition, carried));
        let version = earlier.map(|(definition, _)| definition.version);
        let step = earlier.map(|(_, step)| step);
        let lines = carried.heads.iter().filter_map(|head| line(context, carried, step, head));
        if let Some((_, view)) = views.iter_mut().find(|(known, _)| *known == version) {
            view.lines.extend(lines);
        } else {
            let title = version
                .map_or(RecordSentence::UnderEarlier, |version| RecordSentence::UnderVersion { version });
            views
                .push((version, CarriedView { title: title.text(context.language), lines: lines.collect() }));
        }
    }
    views.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    views.into_iter().map(|(_, view)| view).collect()
}

/// The definition and its step, if it has words for what is carried.
fn knows<'d>(
    definition: &'d std::sync::Arc<Definition>,
    carried: &Carried<'_>,
) -> Option<(&'d Definition, &'d Step)> {
    let step = definition.step(carried.step)?;
    let knows = carried.field.is_none_or(|field| step.field(field).is_some());
    knows.then_some((definition.as_ref(), step))
}

fn line(context: Context<'_>, carried: &Carried<'_>, step: Option<&Step>, head: &Head<'_>) -> Option<String> {
    let language = context.language;
    let title =
        step.map_or_else(|| context.unknown(carried.step), |step| text(&step.title, language).to_owned());
    let said = said_by(context, head.event);
    match head.content {
        Content::Cannot(Some(why)) => {
            let reason = step.and_then(|step| step.cannot_reasons.iter().find(|reason| reason.id == *why));
            let reason = reason
                .map_or_else(|| context.unknown(why), |reason| text(&reason.title, language).to_owned());
            Some(format!(
                "{title}: {} ({said})",
                StepSentence::CannotBecause { reason: &reason }.text(language)
            ))
        }
        Content::Value(Some(value)) => {
            let field = carried.field.unwrap_or_default();
            let (name, shown) = match step.and_then(|step| step.field(field)) {
                Some(found) if conceals(context.reader, found) => {
                    (title_of(found, language), Label::Hidden.text(language).to_owned())
                }
                Some(found) => (title_of(found, language), value_text(context, found, value)),
                // Nobody here knows how closely it is to be kept.
                None if !context.reader.sees_all => {
                    (context.unknown(field), Label::Hidden.text(language).to_owned())
                }
                None => (field.to_owned(), bare(value)),
            };
            Some(format!("{title}: {name}: {shown} ({said})"))
        }
        _ => None,
    }
}

fn text(text: &Text, language: crate::words::Language) -> &str {
    text.get(language.code())
}

/// A value whose field nobody here knows.
fn bare(value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(ids) => ids.join(", "),
    }
}
