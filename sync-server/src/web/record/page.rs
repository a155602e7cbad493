//! The page around a record's view: how to open hidden fields, the timeline, and who looked.

use firsthours_core::protocol::Instant;
use firsthours_core::record::EncounterId;
use firsthours_core::words::{Label, Language, SyncSentence, day_and_time};
use maud::{Markup, html};

use super::{Drawn, Line, LookEntry, REASONS};
use crate::app::App;
use crate::programme::audit::{self, What};
use crate::store::audit::{self as log, EntryRow};
use crate::store::{Result, Tx};
use crate::web::draw::{self, Forms, chip, more};
use crate::web::layout;
use crate::web::names::Known;
use crate::web::pages;
use crate::web::reader::{Lang, Reader};

/// Looks that are shown.
const LOOKS: i64 = 40;

/// What is shown, and how.
pub(super) struct Shown<'a> {
    pub(super) drawn: &'a Drawn,
    pub(super) forms: &'a Forms,
    pub(super) now: Instant,
    pub(super) opened: bool,
    pub(super) reason_lacks: bool,
    /// Whether this reader may open hidden fields at all.
    pub(super) may_open: bool,
    pub(super) id: &'a str,
}

/// The whole page.
pub(super) fn page(app: &App, lang: Lang, reader: &Reader, shown: &Shown<'_>) -> Markup {
    let language = lang.language();
    let drawn = shown.drawn;
    let Some(view) = &drawn.view else {
        let frame = pages::frame(app, lang, reader, &drawn.code, "");
        let body = html! {
            h1 { (Label::Record.text(language)) " " span.fh-code { (drawn.code) } }
            p.fh-notice.fh-notice--warn { (Label::UnknownProtocol.text(language)) }
            (looks_list(shown, language))
        };
        return layout::page(&frame, &body);
    };
    let frame = pages::frame(app, lang, reader, &view.handle, "");
    let aside = html! { (hidden(shown, language)) (looks_list(shown, language)) };
    let body = html! {
        div {
            p.fh-meta { a href="/queue" { (Label::Queue.text(language)) } }
            div.fh-head { h1 { (view.handle) } span.fh-code { (view.code) } }
            p.fh-meta { (view.protocol) }
        }
        @if drawn.new > 0 {
            p.fh-notice role="status" { (SyncSentence::NewSinceOpened { count: drawn.new }.text(language)) }
        }
        @if shown.opened { p.fh-notice.fh-notice--warn role="status" { (Label::HiddenShown.text(language)) } }
        (draw::record(view, shown.forms, language, &aside))
        details #timeline.fh-fold open[drawn.timeline.iter().any(|line| line.new || line.row.set_aside)] {
            summary {
                h2 { (Label::Timeline.text(language)) }
                span.fh-meta { (drawn.timeline.len()) }
            }
            div.fh-fold__in {
                ol.fh-timeline { @for line in &drawn.timeline { (event(line, language)) } }
            }
        }
    };
    layout::page(&frame, &body)
}

fn hidden(shown: &Shown<'_>, language: Language) -> Markup {
    if shown.opened || !shown.may_open {
        return html! {};
    }
    reason_form(&format!("/records/{}/hidden", shown.id), shown.reason_lacks, language)
}

/// Asks why hidden fields are needed, and opens them once.
pub(super) fn reason_form(action: &str, reason_lacks: bool, language: Language) -> Markup {
    let says = |label: Label| label.text(language);
    let reasons = [Label::ReasonReview, Label::ReasonCare, Label::ReasonInvestigation, Label::ReasonCourt];
    html! {
        section #hidden.fh-panel aria-labelledby="hidden-title" {
            h2 #hidden-title.fh-panel__title { (says(Label::HiddenTitle)) }
            p.fh-meta { (says(Label::HiddenWhy)) }
            form.fh-form method="post" action=(action) {
                div.fh-field {
                    label.fh-field__label for="hidden-reason" { (says(Label::HiddenReason)) }
                    @if reason_lacks {
                        p #hidden-error.fh-field__error role="alert" { (says(Label::HiddenReason)) }
                    }
                    select #hidden-reason.fh-input name="why" required
                        aria-invalid=[reason_lacks.then_some("true")]
                        aria-describedby=[reason_lacks.then_some("hidden-error")] {
                        option value="" { (says(Label::Choose)) }
                        @for (value, label) in REASONS.into_iter().zip(reasons) {
                            option value=(value) { (says(label)) }
                        }
                    }
                }
                button.usa-button.usa-button--outline type="submit" { (says(Label::HiddenShow)) }
            }
        }
    }
}

fn event(line: &Line, language: Language) -> Markup {
    let row = &line.row;
    html! {
        li.fh-event.fh-event--desk[line.desk].fh-event--new[line.new].fh-event--aside[row.set_aside] {
            span.fh-event__when { (row.when) }
            div {
                span.fh-event__what { (row.sentence) }
                @if row.set_aside { " " (chip("held", Label::NotCounted.text(language))) }
                @for detail in &row.details { p.fh-event__detail { (detail) } }
            }
        }
    }
}

fn looks_list(shown: &Shown<'_>, language: Language) -> Markup {
    let looks = &shown.drawn.looks;
    let zone = &shown.drawn.zone;
    let list = html! {
        ul.fh-looks {
            @for look in looks {
                li {
                    span { strong { (look.who) } " " (what(look.what).text(language)) }
                    @if let Some(why) = look.why.as_deref().and_then(reason) { span { " (" (why.text(language)) ")" } }
                    span.fh-meta { (day_and_time(look.at, shown.now, zone, language)) }
                }
            }
        }
    };
    html! {
        section #looks.fh-panel aria-labelledby="looks-title" {
            h2 #looks-title.fh-panel__title { (Label::WhoOpened.text(language)) }
            @if looks.len() > 6 { (more(&latest(looks, language), false, &list)) } @else { (list) }
        }
    }
}

/// The one line that stands for a long list.
fn latest(looks: &[LookEntry], language: Language) -> String {
    let mut names: Vec<&str> = Vec::new();
    for look in looks {
        if !names.contains(&look.who.as_str()) {
            names.push(&look.who);
        }
    }
    names.truncate(3);
    firsthours_core::words::list(&names, language)
}

fn what(what: What) -> Label {
    match what {
        What::FieldsUnmasked => Label::LookedAtHidden,
        What::RecordServed => Label::LookedAtPhone,
        What::SheetMade => Label::LookedAtSheet,
        _ => Label::LookedAt,
    }
}

fn reason(code: &str) -> Option<Label> {
    match code {
        "review" => Some(Label::ReasonReview),
        "care" => Some(Label::ReasonCare),
        "investigation" => Some(Label::ReasonInvestigation),
        "court" => Some(Label::ReasonCourt),
        _ => None,
    }
}

/// Who last looked at the record, the newest first; the same look again and again is one line.
pub(super) fn looks(tx: &mut dyn Tx, names: &Known, encounter: EncounterId) -> Result<Vec<LookEntry>> {
    let rows = log::looks(tx, encounter, LOOKS)?;
    let mut looks: Vec<LookEntry> = Vec::new();
    for row in &rows {
        let look = look(row, names);
        let again = looks.last().is_some_and(|last| (&last.who, last.what) == (&look.who, look.what));
        if !again {
            looks.push(look);
        }
    }
    Ok(looks)
}

fn look(row: &EntryRow, names: &Known) -> LookEntry {
    let kinds = [What::FieldsUnmasked, What::RecordServed, What::RecordOpened, What::SheetMade];
    let what = kinds.into_iter().find(|what| audit::code(*what) == row.what).unwrap_or(What::RecordOpened);
    let said: serde_json::Value = serde_json::from_str(&row.text).unwrap_or_default();
    let why = said.pointer("/detail/why").and_then(|why| why.as_str()).map(str::to_owned);
    LookEntry { who: names.author(&row.who), what, why, at: row.at }
}
