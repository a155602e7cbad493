//! The first screen of a phone: its records and how it stands with the station.

use firsthours_core::view::Home;
use firsthours_core::words::{Label, Language};
use maud::{Markup, html};

use super::Forms;

/// The list of a phone's records. A new record is asked for at `{base}/new`, a sync at `{base}/sync`; a record is at
/// `{base}/records/{id}`.
pub fn home(home: &Home, forms: &Forms, language: Language) -> Markup {
    let all_there = home.sync.unsent == 0;
    html! {
        @for notice in &home.notices { p.fh-notice.fh-notice--warn { (notice) } }
        @if home.can_start {
            form method="post" action={ (forms.base) "/new" } {
                button.fh-btn.fh-btn--main type="submit" { (Label::NewRecord.text(language)) }
            }
        }
        section aria-labelledby="records-title" {
            h2 #records-title { (Label::OpenRecords.text(language)) }
            @if home.rows.is_empty() { p.fh-empty { (home.nothing) } }
            @else {
                ul.fh-records {
                    @for row in &home.rows {
                        li {
                            a.fh-record.fh-record--asks[row.needs_you] href={ (forms.base) "/records/" (row.id) } {
                                span.fh-record__name { (row.handle) " " span.fh-code { (row.code) } }
                                span { (row.sentence) }
                                @if !row.clock.is_empty() { span.fh-meta { (row.clock) } }
                                @if !row.kept.is_empty() { span.fh-meta { (row.kept) } }
                            }
                        }
                    }
                }
            }
        }
        p.fh-sync.fh-sync--received[all_there] { span { (home.sync.sentence) " " span.fh-meta { (home.sync.last) } } }
        form method="post" action={ (forms.base) "/sync" } {
            button.fh-btn.fh-btn--quiet type="submit" { (Label::ButtonSync.text(language)) }
        }
    }
}
