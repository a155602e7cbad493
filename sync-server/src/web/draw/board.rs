//! What a reader sees before the steps: the next step, how far review is, the clocks, the calls.

use firsthours_core::protocol::ClockResult;
use firsthours_core::record::PhaseStatus;
use firsthours_core::view::{CallView, ClockView, PhaseView};
use firsthours_core::words::{ClockSentence, Label, list};
use maud::{Markup, html};

use super::parts::{Draw, Key, Weight, chip, more, phase_word};
use super::{step, thread};

/// The card of the next step.
pub(super) fn next(draw: Draw<'_>) -> Markup {
    let language = draw.language;
    let Some(next) = &draw.view.next else {
        // At a desk most readers have no step of their own; a card that says so would only be in the way.
        return html! {
            @if !draw.forms.at_desk && !draw.view.void {
                section.fh-card aria-labelledby="next-title" {
                    h2 #next-title.fh-card__kicker { (Label::NextStep.text(language)) }
                    p.fh-card__text { (Label::NothingNext.text(language)) }
                }
            }
        };
    };
    if draw.forms.at_desk {
        // What waits for review comes before any step of a reviewer's own.
        if draw.view.phases.iter().any(|phase| phase.can_review) {
            return html! {};
        }
        return html! {
            section.fh-panel aria-labelledby="next-title" {
                p.fh-meta { (Label::NextStep.text(language)) ". " (next.because) }
                h2 #next-title.fh-panel__title { a href=(step::link(&next.step)) { (next.title) } }
            }
        };
    }
    html! {
        section.fh-card.fh-card--next aria-labelledby="next-title" {
            p.fh-card__kicker { (Label::NextStep.text(language)) ". " (next.because) }
            h2 #next-title.fh-card__title { (next.title) }
            p.fh-card__text { (next.guidance) }
            a class=(draw.button(Weight::Main)) href=(step::link(&next.step)) { (next.title) }
        }
    }
}

/// How far each phase is, with what this reader can do about it.
pub(super) fn phases(draw: Draw<'_>) -> Markup {
    let reviews = draw.view.phases.iter().any(|phase| phase.can_review);
    let title = if draw.forms.at_desk { Label::Review } else { Label::Status };
    html! {
        section #review.fh-panel.fh-panel--now[reviews] aria-labelledby="review-title" {
            h2 #review-title.fh-panel__title { (title.text(draw.language)) }
            ul.fh-phases { @for phase in &draw.view.phases { (one_phase(draw, phase)) } }
        }
    }
}

fn one_phase(draw: Draw<'_>, phase: &PhaseView) -> Markup {
    let word = phase_word(phase.phase);
    let (kind, label) = status(phase.status);
    let submit = Key::new("submit", "", "", word);
    html! {
        li.fh-phase id={ "phase-" (word) } {
            div.fh-phase__head { strong { (phase.title) } (chip(kind, label.text(draw.language))) }
            @if phase.status != PhaseStatus::Open { p.fh-meta { (phase.sentence) } }
            @if let Some(open) = &phase.still_open { p.fh-meta { (open) } }
            @if let Some(button) = &phase.submit {
                (draw.form(&submit, &html! {
                    button class=(draw.button(Weight::Main)) type="submit" { (button) }
                }))
            }
            @if phase.can_review { (review(draw, word)) }
        }
    }
}

/// One form with both decisions: a comment that was typed goes with either.
fn review(draw: Draw<'_>, phase: &str) -> Markup {
    let key = Key::new("review", "", "", phase);
    draw.form(
        &key,
        &html! {
            (draw.area(&key, "text", Label::CommentReturn.text(draw.language), thread::note_chars()))
            div.fh-actions {
                button class=(draw.button(Weight::Main)) type="submit" name="decide" value="approve" {
                    (Label::ButtonApprove.text(draw.language))
                }
                button class=(draw.button(Weight::Quiet)) type="submit" name="decide" value="return" {
                    (Label::ButtonReturn.text(draw.language))
                }
            }
        },
    )
}

/// The chip of a phase's status.
pub fn status(status: PhaseStatus) -> (&'static str, Label) {
    match status {
        PhaseStatus::Open => ("started", Label::StatusOpen),
        PhaseStatus::Submitted => ("review", Label::StatusSubmitted),
        PhaseStatus::Returned => ("returned", Label::StatusReturned),
        PhaseStatus::Answered => ("review", Label::StatusAnswered),
        PhaseStatus::Approved => ("approved", Label::StatusApproved),
        PhaseStatus::Stale => ("changed", Label::StatusStale),
    }
}

/// What is overdue, in one line at the top: on a narrow page the clocks themselves stand further down.
pub(super) fn overdue(draw: Draw<'_>) -> Markup {
    let missed = draw.view.clocks.iter().filter(|clock| clock.state == ClockResult::Missed);
    let titles: Vec<&str> = missed.map(|clock| clock.title.as_str()).collect();
    html! {
        @if !titles.is_empty() {
            p.fh-notice.fh-notice--bad {
                strong { (Label::ClockMissed.text(draw.language)) } ": "
                a href="#clocks" { (list(&titles, draw.language)) }
            }
        }
    }
}

/// The clocks that press or went wrong, and the others behind one line.
pub(super) fn clocks(draw: Draw<'_>) -> Markup {
    let (pressing, others): (Vec<&ClockView>, Vec<&ClockView>) = draw.view.clocks.iter().partition(|clock| {
        matches!(clock.state, ClockResult::Missed | ClockResult::Running | ClockResult::MetLate)
    });
    let cards =
        |clocks: &[&ClockView]| html! { ul.fh-clocks { @for clock in clocks { (one_clock(draw, clock)) } } };
    let title = Label::Clocks.text(draw.language);
    if draw.view.clocks.is_empty() {
        return html! {};
    }
    if pressing.is_empty() {
        // Nothing runs yet: one line says how many there are.
        return html! { div #clocks { (more(&format!("{title} · {}", others.len()), false, &cards(&others))) } };
    }
    html! {
        section #clocks aria-labelledby="clocks-title" {
            h2 #clocks-title.fh-side-title { (title) }
            (cards(&pressing))
            @if !others.is_empty() {
                @let count = ClockSentence::OtherClocks { count: others.len() }.text(draw.language);
                (more(&count, false, &cards(&others)))
            }
        }
    }
}

fn one_clock(draw: Draw<'_>, clock: &ClockView) -> Markup {
    let (class, kind) = match clock.state {
        ClockResult::Waiting => ("waiting", "not-applicable"),
        ClockResult::Running => ("running", "running"),
        ClockResult::Met => ("met", "met"),
        ClockResult::MetLate => ("late", "late"),
        ClockResult::Missed => ("missed", "late"),
        ClockResult::Excused => ("excused", "excused"),
    };
    html! {
        li class={ "fh-clock fh-clock--" (class) } {
            div.fh-clock__head {
                p.fh-clock__title { (clock.title) }
                (chip(kind, &clock.state_text))
            }
            p.fh-clock__sentence {
                (clock.sentence)
                @if clock.soft { " (" (Label::SoftTarget.text(draw.language)) ")" }
            }
        }
    }
}

/// Who is called, at which number, and what came of it.
pub(super) fn calls(draw: Draw<'_>) -> Markup {
    html! {
        @if !draw.view.calls.is_empty() {
            section #calls aria-labelledby="calls-title" {
                h2 #calls-title.fh-side-title { (Label::Calls.text(draw.language)) }
                ul.fh-calls { @for call in &draw.view.calls { (one_call(draw, call)) } }
            }
        }
    }
}

fn one_call(draw: Draw<'_>, call: &CallView) -> Markup {
    html! {
        li.fh-call {
            a.fh-call__name href=(step::link(&call.step)) { (call.partner) }
            (chip(step::state_word(call.state), &call.state_text))
            @if !draw.forms.at_desk {
                p.fh-call__state.fh-meta { (call.why) }
                @for number in &call.numbers {
                    span { (number.channel) }
                    span.fh-call__number { (number.number) }
                }
                @if !call.no_number.is_empty() { p.fh-call__state.fh-meta { (call.no_number) } }
            }
        }
    }
}
