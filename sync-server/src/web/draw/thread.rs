//! Comments, notes and requests, and the forms that answer them.

use firsthours_core::protocol::FieldLimits;
use firsthours_core::record::ThreadState;
use firsthours_core::view::{NoteView, ThreadView};
use firsthours_core::words::Label;
use maud::{Markup, html};

use super::parts::{Draw, Key, Weight, chip, more};

/// The longest text of a comment, reply or note.
pub(super) fn note_chars() -> i32 {
    i32::try_from(FieldLimits::NOTE_CHARS).unwrap_or(i32::MAX)
}

/// Comments with their replies, open ones first.
pub(super) fn threads(draw: Draw<'_>, threads: &[ThreadView]) -> Markup {
    let mut sorted: Vec<&ThreadView> = threads.iter().collect();
    sorted.sort_by_key(|thread| thread.state == ThreadState::Resolved);
    html! {
        @if !sorted.is_empty() {
            ul.fh-comments { @for thread in sorted { (one(draw, thread)) } }
        }
    }
}

fn one(draw: Draw<'_>, thread: &ThreadView) -> Markup {
    let language = draw.language;
    let resolved = thread.state == ThreadState::Resolved;
    let (kind, label) = match thread.state {
        ThreadState::Open => ("returned", Label::ThreadOpen),
        ThreadState::Replied => ("review", Label::ThreadReplied),
        ThreadState::Resolved => ("done", Label::ThreadResolved),
    };
    let reply = Key::new("reply", "", "", &thread.id);
    let resolve = Key::new("resolve", "", "", &thread.id);
    html! {
        li.fh-comment.fh-comment--resolved[resolved] id={ "thread-" (thread.id) } {
            div.fh-comment__head {
                p.fh-comment__who { (thread.said) }
                (chip(kind, label.text(language)))
            }
            p.fh-comment__text { (thread.text) }
            @if !thread.replies.is_empty() {
                ul.fh-comments {
                    @for said in &thread.replies {
                        li.fh-comment.fh-comment--reply {
                            p.fh-comment__who { (said.said) }
                            p.fh-comment__text { (said.text) }
                        }
                    }
                }
            }
            @if thread.can_reply {
                (more(Label::ButtonReply.text(language), draw.typed(&reply).is_some() || !draw.forms.at_desk,
                    &draw.form(&reply, &html! {
                        (draw.area(&reply, "text", Label::YourReply.text(language), note_chars()))
                        button class=(draw.button(Weight::Main)) type="submit" { (Label::ButtonReply.text(language)) }
                    })))
            }
            @if thread.can_resolve {
                (draw.form(&resolve, &html! {
                    button class=(draw.button(Weight::Quiet)) type="submit" {
                        (Label::ButtonResolve.text(language))
                    }
                }))
            }
        }
    }
}

/// Remarks.
pub(super) fn notes(notes: &[NoteView]) -> Markup {
    html! {
        @if !notes.is_empty() {
            ul.fh-comments {
                @for note in notes {
                    li.fh-comment.fh-comment--reply.fh-comment--note {
                        p.fh-comment__who { (note.said) }
                        p.fh-comment__text { (note.text) }
                    }
                }
            }
        }
    }
}

/// A comment on a step, or on the whole record.
pub(super) fn comment(draw: Draw<'_>, step: &str) -> Markup {
    let title = if step.is_empty() { Label::ButtonCommentRecord } else { Label::ButtonComment };
    write(draw, "comment", step, title, Label::YourComment)
}

/// A note at a step, or at the whole record.
pub(super) fn note(draw: Draw<'_>, step: &str) -> Markup {
    write(draw, "note", step, Label::ButtonNote, Label::Note)
}

fn write(draw: Draw<'_>, act: &str, step: &str, title: Label, label: Label) -> Markup {
    let key = Key::new(act, step, "", "");
    let title = title.text(draw.language);
    let form = draw.form(
        &key,
        &html! {
            (draw.area(&key, "text", label.text(draw.language), note_chars()))
            button class=(draw.button(Weight::Main)) type="submit" { (title) }
        },
    );
    more(title, draw.typed(&key).is_some(), &form)
}

/// Requests to this reader to take part.
pub(super) fn offers(draw: Draw<'_>) -> Markup {
    let language = draw.language;
    html! {
        @for offer in &draw.view.offers {
            section.fh-notice {
                p { (offer.sentence) }
                p { (offer.said) }
                div.fh-actions {
                    @for (act, label, weight) in [
                        ("accept", Label::ButtonAccept, Weight::Main), ("decline", Label::ButtonDecline, Weight::Quiet),
                    ] {
                        (draw.form(&Key::new(act, "", "", &offer.id), &html! {
                            button class=(draw.button(weight)) type="submit" { (label.text(language)) }
                        }))
                    }
                }
            }
        }
    }
}

/// Asks a colleague to join.
pub(super) fn join(draw: Draw<'_>) -> Markup {
    ask(draw, "join", Label::ButtonJoin, Label::JoinWhom)
}

/// Asks a colleague to take the record over.
pub(super) fn pass(draw: Draw<'_>) -> Markup {
    ask(draw, "pass", Label::ButtonPass, Label::PassWhom)
}

fn ask(draw: Draw<'_>, act: &str, title: Label, whom: Label) -> Markup {
    if draw.view.colleagues.is_empty() || draw.view.void {
        return html! {};
    }
    let people = draw.view.colleagues.iter().map(|person| (person.id.as_str(), person.name.as_str()));
    draw.choose(act, title, whom, people)
}

/// Marks the record as opened by mistake, or takes that back.
pub(super) fn void(draw: Draw<'_>) -> Markup {
    let language = draw.language;
    if draw.view.can_void {
        let key = Key::new("void", "", "", "");
        let title = Label::ButtonVoid.text(language);
        let form = draw.form(
            &key,
            &html! {
                (draw.area(&key, "text", Label::Note.text(language), note_chars()))
                button class=(draw.button(Weight::Bad)) type="submit" { (title) }
            },
        );
        return more(title, draw.typed(&key).is_some(), &form);
    }
    if draw.view.void && !draw.forms.at_desk {
        return draw.form(
            &Key::new("unvoid", "", "", ""),
            &html! {
                button class=(draw.button(Weight::Quiet)) type="submit" { (Label::ButtonUnvoid.text(language)) }
            },
        );
    }
    html! {}
}
