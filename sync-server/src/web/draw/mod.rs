//! Core views as HTML: plain forms that are complete without scripts.
//!
//! The supervisor's record page and the demonstration's phones are drawn by the same functions; what differs is in
//! [`Forms`]. A view says everything, so nothing here decides anything about a record. Every form is sent to
//! `{base}/act` and read back by [`forms::read`].

mod about;
mod board;
mod field;
pub mod forms;
mod home;
pub mod moment;
mod parts;
mod sheet;
mod step;
mod thread;

pub use board::status as phase_chip;
pub use home::home;
pub use parts::{Desk, Forms, RefusedForm, chip, more};
pub use sheet::sheet;

use firsthours_core::view::EncounterView;
use firsthours_core::words::{Label, Language};
use maud::{Markup, html};

/// A whole record below its page's first heading. `aside` stands beside the steps, under the clocks and calls.
pub fn record(view: &EncounterView, forms: &Forms, language: Language, aside: &Markup) -> Markup {
    let draw = parts::Draw { view, forms, language };
    html! {
        (error_summary(draw))
        @for notice in &view.notices { p.fh-notice.fh-notice--warn { (notice) } }
        (about::newer(draw))
        (board::overdue(draw))
        (thread::offers(draw))
        @if forms.at_desk {
            div.fh-split.fh-split--wide-left {
                div.fh-stack {
                    (board::phases(draw))
                    (board::next(draw))
                    (sections(draw))
                    (about::carried(draw))
                }
                div.fh-stack {
                    (board::clocks(draw))
                    (board::calls(draw))
                    (remarks(draw))
                    (about::scene(draw))
                    (about::sheets(draw))
                    (about::reassign(draw))
                    (about::same(draw))
                    (aside)
                }
            }
        } @else {
            (board::next(draw))
            (board::clocks(draw))
            (board::calls(draw))
            (sections(draw))
            (about::carried(draw))
            (board::phases(draw))
            (remarks(draw))
            (about::scene(draw))
            (about::sheets(draw))
            (thread::join(draw))
            (thread::pass(draw))
            (thread::void(draw))
            (aside)
        }
    }
}

/// What was not accepted, linked to the controls it is about.
fn error_summary(draw: parts::Draw<'_>) -> Markup {
    let Some(refused) = &draw.forms.refused else { return html! {} };
    let key = parts::Key::of(&refused.pairs);
    html! {
        div.usa-alert.usa-alert--error role="alert" {
            div.usa-alert__body {
                h2.usa-alert__heading { (Label::LookAgain.text(draw.language)) }
                ul.usa-list {
                    @for fault in &refused.faults {
                        li.usa-alert__text {
                            a.usa-link href={ "#" (key.id(&fault.control)) } { (draw.fault_text(fault)) }
                        }
                    }
                }
            }
        }
    }
}

fn sections(draw: parts::Draw<'_>) -> Markup {
    html! {
        @for section in &draw.view.sections {
            section aria-labelledby={ "section-" (parts::phase_word(section.phase)) } {
                div.fh-head {
                    h2 id={ "section-" (parts::phase_word(section.phase)) } { (section.title) }
                    span.fh-meta {
                        (section.progress)
                        @if let Some(author) = step::author_of_all(section) { " · " (author) }
                    }
                }
                (step::list(draw, section))
            }
        }
    }
}

/// Comments and notes on the whole record.
fn remarks(draw: parts::Draw<'_>) -> Markup {
    let view = draw.view;
    let may_note = !draw.forms.at_desk && !view.void;
    let may_comment = draw.forms.comments && !view.void;
    html! {
        @if !view.threads.is_empty() || !view.notes.is_empty() || may_note || may_comment {
            section #whole.fh-panel aria-labelledby="whole-title" {
                h2 #whole-title.fh-panel__title { (Label::TheRecord.text(draw.language)) }
                (thread::threads(draw, &view.threads))
                (thread::notes(&view.notes))
                @if may_comment { (thread::comment(draw, "")) }
                @if may_note { (thread::note(draw, "")) }
            }
        }
    }
}

#[cfg(test)]
mod tests;
