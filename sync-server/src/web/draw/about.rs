//! What concerns the record as a whole: its versions, its scene, who holds it, and what is printed of it.

use firsthours_core::words::Label;
use maud::{Markup, html};

use super::parts::{Draw, Key, Weight};

/// That a newer version of the protocol is here. Only a phone moves a record.
pub(super) fn newer(draw: Draw<'_>) -> Markup {
    let Some(newer) = draw.view.newer.as_ref().filter(|_| !draw.forms.at_desk) else { return html! {} };
    html! {
        p.fh-notice {
            (newer.sentence) " "
            a href={ (draw.forms.base) "/move" } { (Label::SeeChange.text(draw.language)) }
        }
    }
}

/// What was answered under an earlier version and has no place in this one.
pub(super) fn carried(draw: Draw<'_>) -> Markup {
    html! {
        @for carried in &draw.view.carried {
            details.fh-fold {
                summary { h2 { (carried.title) } span.fh-meta { (carried.lines.len()) } }
                div.fh-fold__in { ul.usa-list { @for line in &carried.lines { li { (line) } } } }
            }
        }
    }
}

/// The records of the other children of this scene.
pub(super) fn scene(draw: Draw<'_>) -> Markup {
    let language = draw.language;
    let Draw { view, forms, .. } = draw;
    if view.incident.is_empty() && (forms.at_desk || view.void) {
        return html! {};
    }
    let records = forms.base.rsplit_once('/').map_or(forms.base.as_str(), |(records, _)| records);
    let lacks = view.incident.iter().any(|other| !other.lacks.is_empty());
    html! {
        section #scene.fh-panel aria-labelledby="scene-title" {
            h2 #scene-title.fh-panel__title { (Label::Scene.text(language)) }
            @if !view.incident.is_empty() {
                ul.usa-list {
                    @for other in &view.incident {
                        li {
                            a href={ (records) "/" (other.id) } { (other.handle) }
                            @if !other.lacks.is_empty() { p.fh-meta { (other.lacks) } }
                        }
                    }
                }
            }
            @if !forms.at_desk {
                div.fh-actions {
                    @if lacks { (button(draw, "copy", Label::ButtonCopyScene)) }
                    @if !view.void { (button(draw, "another", Label::ButtonAnotherChild)) }
                }
            }
        }
    }
}

/// A button whose form is no act on the record itself.
fn button(draw: Draw<'_>, path: &str, label: Label) -> Markup {
    html! {
        form.fh-form method="post" action={ (draw.forms.base) "/" (path) } {
            button class=(draw.button(Weight::Quiet)) type="submit" { (label.text(draw.language)) }
        }
    }
}

/// The sheets that can be made of the record.
pub(super) fn sheets(draw: Draw<'_>) -> Markup {
    let language = draw.language;
    html! {
        @if !draw.view.sheets.is_empty() {
            section #sheets.fh-panel aria-labelledby="sheets-title" {
                h2 #sheets-title.fh-panel__title { (Label::Sheets.text(language)) }
                ul.usa-list {
                    @for sheet in &draw.view.sheets {
                        li {
                            a href={ (draw.forms.base) "/sheets/" (sheet.id) } { (sheet.title) }
                            span.fh-meta { " " (Label::SheetFor.text(language)) " " (sheet.reader) }
                        }
                    }
                }
            }
        }
    }
}

/// A supervisor says who holds the record.
pub(super) fn reassign(draw: Draw<'_>) -> Markup {
    let deputies = &draw.forms.desk.deputies;
    if deputies.is_empty() || draw.view.void {
        return html! {};
    }
    let people = deputies.iter().map(|(id, name)| (id.as_str(), name.as_str()));
    draw.choose("reassign", Label::ButtonReassign, Label::ReassignWhom, people)
}

/// A supervisor says that this record and another are of one contact with one child, or takes that back.
pub(super) fn same(draw: Draw<'_>) -> Markup {
    if !draw.forms.comments || draw.view.void {
        return html! {};
    }
    if draw.forms.desk.is_same {
        let title = Label::ButtonNotSame.text(draw.language);
        return draw.form(
            &Key::new("not_same", "", "", ""),
            &html! { button class=(draw.button(Weight::Quiet)) type="submit" { (title) } },
        );
    }
    let near = draw.forms.desk.near.iter().map(|(id, handle)| (id.as_str(), handle.as_str()));
    html! {
        @if !draw.forms.desk.near.is_empty() {
            (draw.choose("same", Label::ButtonSame, Label::SameWhich, near))
        }
    }
}
