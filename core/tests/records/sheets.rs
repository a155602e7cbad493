//! Sheets: what the record says, every gap by name, and no more than the rows.

use firsthours_core::view::RowTold::{self, ByHand, Gap, Recorded};

use super::paper::{Paper, answer, answer_in, at, call, entries};
use crate::support::{MINUTE, NIGHT, golden, text};

fn night() -> Paper {
    let mut paper = Paper::new();
    paper.act("deputy", answer("contact", &[("at", at(0)), ("place", text("motel"))])).expect("an answer");
    paper.act("deputy", call(5)).expect("a call");
    let entry = entries(&paper, "advocate_call")[0];
    let arrived = answer_in("advocate_call", Some(entry), &[("arrived_at", at(40))]);
    paper.act("deputy", arrived).expect("an arrival");
    paper.act("deputy", answer("needs", &[("told", text("“I am cold.”"))])).expect("an answer");
    paper
}

#[test]
fn a_sheet_reads_as_a_page_of_plain_text() {
    let sheet = night().sheet("deputy", "handover", NIGHT + 50 * MINUTE).expect("there is one");
    golden("sheet/handover.txt", &sheet.text());
}

#[test]
fn gaps_are_named_and_a_blank_is_no_gap() {
    let sheet = night().sheet("deputy", "handover", NIGHT + 50 * MINUTE).expect("there is one");
    assert_eq!(sheet.gaps, "2 gaps: Needs and Report");
    let told: Vec<RowTold> =
        sheet.sections.iter().flat_map(|section| &section.rows).map(|row| row.told).collect();
    assert_eq!(told, [Recorded, Recorded, Recorded, Gap, Recorded, Gap, ByHand]);
}

#[test]
fn while_two_disagree_a_sheet_says_what_each_said() {
    let mut paper = night();
    let place = |place: &str| answer("contact", &[("place", text(place))]);
    paper.act("deputy", place("street")).expect("an answer");
    let unseen = paper.last();
    paper.act_without("second", &unseen, place("vehicle")).expect("an answer");
    let sheet = paper.sheet("deputy", "handover", NIGHT + 50 * MINUTE).expect("there is one");
    let row = &sheet.sections[0].rows[1];
    assert_eq!(row.text, "vehicle (p-2, 21:07)\nstreet (p-1, 21:06)");
}

#[test]
fn what_a_reader_may_not_see_is_not_on_their_sheet() {
    let sheet = night().sheet("sergeant", "handover", NIGHT + 50 * MINUTE).expect("there is one");
    let row = &sheet.sections[1].rows[1];
    assert_eq!((row.text.as_str(), row.told), ("Hidden until opened", RowTold::Hidden));
    assert!(!sheet.text().contains("cold"));
}

#[test]
fn a_sheet_that_the_protocol_does_not_have_is_none() {
    assert_eq!(night().sheet("deputy", "nowhere", NIGHT), None);
}
