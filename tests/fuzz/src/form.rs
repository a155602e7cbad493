//! Forms of the pages: from the bytes that a browser sends to acts, and the page that shows them again.
//!
//! The first byte chooses the record and the reader (`A` and on), or one of the other forms (`a` and on); the rest is
//! the body as `application/x-www-form-urlencoded`.

use std::sync::OnceLock;

use firsthours_core::record::{EntryId, Install, Record, State, decide};
use firsthours_core::view::EncounterView;
use firsthours_core::words::Language;
use firsthours_server::web::draw::forms::{Pairs, faults_of, read, seen, step};
use firsthours_server::web::draw::{self, Desk, Forms, RefusedForm};
use maud::html;

use crate::known::known;
use crate::support::{EPOCH, NIGHT};
use crate::{hold, record_of_many, within};

/// Records in which everything can be seen: one just begun, and the seeds of [`record_of_many`].
pub fn records() -> &'static [State] {
    static RECORDS: OnceLock<Vec<State>> = OnceLock::new();
    RECORDS.get_or_init(|| {
        let seeds = record_of_many::seeds();
        let lines = |name: &str| {
            let found = seeds.iter().find(|(known, _)| known == name);
            found.map(|(_, lines)| lines.as_slice()).unwrap_or_default()
        };
        let begun: Vec<u8> =
            lines("review").split_inclusive(|byte| *byte == b'\n').take(4).flatten().copied().collect();
        vec![record_of_many::record(&begun), record_of_many::record(lines("review"))]
    })
}

/// A form becomes acts or faults, its acts become events, and what was typed never becomes markup.
pub fn check(input: &[u8]) -> bool {
    let Some((choice, body)) = input.split_first() else { return false };
    let Ok(sent) = serde_urlencoded::from_bytes::<Vec<(String, String)>>(body) else { return false };
    let pairs = Pairs(sent);
    let _ = (seen(&pairs), step(&pairs));
    let choice = choice.wrapping_sub(b'A');
    let state = &records()[usize::from(choice & 1)];
    let how = choice >> 1 & 31;
    let view = shown(usize::from(choice & 1), how);
    within(input.len(), 8 << 20, 4_000, || on(state, view, &pairs, how))
}

/// The page that the form was on. It is drawn once.
fn shown(record: usize, how: u8) -> &'static EncounterView {
    static SHOWN: [[OnceLock<EncounterView>; 32]; 2] = [const { [const { OnceLock::new() }; 32] }; 2];
    SHOWN[record][usize::from(how)].get_or_init(|| hold::draws(&known().definition, &records()[record], how))
}

fn on(state: &State, view: &EncounterView, pairs: &Pairs, how: u8) -> bool {
    let definition = &known().definition;
    let reader = hold::reader(how);
    let language = Language::ALL[usize::from(how & 1)];
    let mut forms = Forms {
        base: "/records/e1".to_owned(),
        at_desk: reader.at_desk,
        zone: definition.time_zone.clone(),
        comments: true,
        open: step(pairs).map(str::to_owned),
        refused: None,
        desk: Desk {
            deputies: vec![("p-2".to_owned(), "Dep. <fz>Reed</fz>".to_owned())],
            near: vec![("e2".repeat(16), "C · 21:14 · Mill Road".to_owned())],
            is_same: how & 2 == 2,
        },
    };
    let install = if reader.at_desk {
        Install::Server(EPOCH)
    } else {
        Install::Phone(firsthours_core::record::InstallId([1; 16]))
    };
    let (read_well, faults) = match read(pairs, view, &definition.time_zone, NIGHT) {
        Ok(acts) => {
            assert!(!acts.is_empty(), "a form that asks for nothing is a fault");
            let mut faults = Vec::new();
            for act in acts {
                let record = Record { definition, state };
                match decide(act, record, &reader.actor, install, EntryId([9; 8]), &|_| true) {
                    Ok(decision) => {
                        let after = record_of_many::becomes_an_event(state, &reader.actor, install, decision);
                        let shown = hold::draws(definition, &after, how);
                        no_markup(&draw::record(&shown, &forms, language, &html! {}).into_string());
                    }
                    Err(refusal) => faults.extend(faults_of(refusal)),
                }
            }
            (true, faults)
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "refused, and nothing is said to be wrong");
            (false, faults)
        }
    };
    forms.refused = Some(RefusedForm { pairs: pairs.clone(), faults });
    no_markup(&draw::record(view, &forms, language, &html! {}).into_string());
    read_well
}

/// No page has an element of this name, so it can only be what somebody typed.
fn no_markup(page: &str) {
    assert!(!page.contains("<fz"), "what was typed became markup");
}

/// Seeds: a form of every kind, as the pages send it.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let review = &records()[1];
    let id = |kind: &str| {
        let found = review.events().find(|event| {
            event
                .body
                .as_ref()
                .is_some_and(|body| serde_json::to_string(&body.kind).is_ok_and(|text| text.contains(kind)))
        });
        found.map(|event| event.id.to_string()).unwrap_or_default()
    };
    // Records: A the one just begun, B the review; then two for each reader and language.
    let (deputy, supervisor) = ('B', 'F');
    let contact = "&step=contact&entry=";
    let forms = [
        (
            "answer",
            'A',
            format!(
                "act=answer{contact}&was.at=&v.at=2026-11-23T21%3A14&was.status=&v.status=suspected&was.others=&v.others=2&was.place=&v.place=a+%3Cfz%3E+b&was.signs=&v.signs=hotel&v.signs=older_person"
            ),
        ),
        (
            "answer_now",
            'A',
            format!(
                "act=answer{contact}&was.at=&now.at=on&was.hurt=&v.hurt=yes&was.hurt_note=&v.hurt_note=two%0D%0Alines&was.report=&v.report=R-12"
            ),
        ),
        (
            "answer_twice",
            'A',
            format!("act=answer{contact}&was.at=&v.at=2026-11-01T01%3A30&which.at=second&reason=late"),
        ),
        ("cannot", deputy, "act=cannot&step=advocate_call&why=left&note=quiet&reason=why".to_owned()),
        ("reopen", deputy, "act=reopen&step=hotline_call&reason=line+is+back".to_owned()),
        ("withdraw", 'H', "act=withdraw&step=absence&entry=aaaaaaaaaaaaaaaa&reason=twice".to_owned()),
        ("note", deputy, format!("act=note{contact}&text=quiet")),
        ("comment", supervisor, "act=comment&step=contact&text=When%3F".to_owned()),
        ("reply", deputy, format!("act=reply&on={}&text=At+nine", id("commented"))),
        ("resolve", supervisor, format!("act=resolve&on={}", id("commented"))),
        ("submit", deputy, "act=submit&on=scene".to_owned()),
        ("review_return", supervisor, "act=review&on=scene&decide=return&text=Which+place%3F".to_owned()),
        ("review_approve", supervisor, "act=review&on=outcome&decide=approve&text=".to_owned()),
        ("void", 'A', "act=void&text=opened+twice".to_owned()),
        ("unvoid", 'A', "act=unvoid".to_owned()),
        ("accept", deputy, format!("act=accept&on={}", id("shared"))),
        ("decline", deputy, format!("act=decline&on={}", id("shared"))),
        ("join", deputy, "act=join&to=p-2".to_owned()),
        ("pass", deputy, "act=pass&to=p-2".to_owned()),
        ("reassign", supervisor, "act=reassign&to=p-2".to_owned()),
        ("same", supervisor, format!("act=same&to={}", "e2".repeat(16))),
        ("not_same", supervisor, "act=not_same".to_owned()),
    ];
    forms
        .into_iter()
        .map(|(name, choice, body)| (name.to_owned(), format!("{choice}seen=17&{body}").into_bytes()))
        .collect()
}
