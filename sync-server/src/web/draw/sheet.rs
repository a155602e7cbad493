//! A sheet of a record, to be read on a screen or printed.

use firsthours_core::view::{RowTold, SheetRowView, SheetView};
use maud::{Markup, html};

/// The sheet, with its own first heading.
pub fn sheet(sheet: &SheetView) -> Markup {
    html! {
        article.fh-sheet {
            div.fh-head { h1 { (sheet.title) } span.fh-code { (sheet.code) } }
            p.fh-meta { (sheet.handle) }
            p.fh-meta { (sheet.made) }
            @if !sheet.note.is_empty() { p.fh-notice { (sheet.note) } }
            @for section in &sheet.sections {
                section {
                    h2 { (section.title) }
                    dl.fh-fields { @for row in &section.rows { (self::row(row)) } }
                }
            }
            p.fh-sheet__gaps { (sheet.gaps) }
        }
    }
}

fn row(row: &SheetRowView) -> Markup {
    let mark = match row.told {
        RowTold::Gap => "fh-sheet__row fh-sheet__row--gap",
        RowTold::ByHand => "fh-sheet__row fh-sheet__row--hand",
        RowTold::NotApplicable => "fh-sheet__row fh-sheet__row--none",
        RowTold::Recorded | RowTold::Hidden => "fh-sheet__row",
    };
    html! {
        div class=(mark) {
            dt { (row.title) }
            dd.fh-value { (row.text) }
        }
    }
}
