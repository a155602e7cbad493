//! What is held, generated from the protocol: every step in every way in which an event about it may fit or not.

use std::collections::BTreeMap;

use firsthours_core::protocol::{Author, Definition, Field, FieldKind, Step, Value, load};
use firsthours_core::record::{EncounterId, EntryId, EventId, HoldReason, Kind, PersonId, Sharing};

use crate::phone::{PROTOCOL, Phone, Server, encounter};

/// What is tried, what must come of it, and what it is called in a failure.
type Case = (Kind, Option<HoldReason>, String);

fn value(field: &Field) -> Option<Value> {
    let first = field.options.first().map(|option| option.id.clone());
    match field.kind {
        FieldKind::Choice => Some(Value::Text(first?)),
        FieldKind::Choices => Some(Value::List(vec![first?])),
        FieldKind::Flag => Some(Value::Flag(true)),
        FieldKind::Moment => Some(Value::Number(1_780_000_000_000)),
        FieldKind::Count => Some(Value::Number(i64::from(field.limits.min.is_none_or(|min| min <= 1)))),
        FieldKind::Code | FieldKind::Text | FieldKind::Note => Some(Value::Text("7".to_owned())),
    }
}

fn answer(
    step: &Step,
    entry: Option<EntryId>,
    field: &str,
    value: Value,
    copied: Option<EncounterId>,
) -> Kind {
    let values = BTreeMap::from([(field.to_owned(), Some(value))]);
    Kind::Answered { step: step.id.clone(), entry, values, copied }
}

/// Every way for one step.
fn cases_of(step: &Step) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut case = |kind, fits: bool, what: &str| {
        let held = (!fits).then_some(HoldReason::DoesNotFit);
        cases.push((kind, held, format!("{}: {what}", step.id)));
    };
    let theirs = step.by == Author::Deputy;
    let entry = step.has_entries().then_some(EntryId([7; 8]));
    let other_entry = if step.has_entries() { None } else { Some(EntryId([7; 8])) };
    let copied = Some(encounter(200));
    if let Some((field, some)) = step.fields.iter().find_map(|field| Some((field, value(field)?))) {
        case(answer(step, entry, &field.id, some.clone(), None), theirs, "an answer");
        case(answer(step, other_entry, &field.id, some.clone(), None), false, "with or without an entry");
        case(answer(step, entry, &field.id, some.clone(), copied), theirs && step.shared, "copied");
        case(answer(step, entry, "no_such_field", some, None), false, "a field that it has not");
    }
    if let Some(field) = step.fields.iter().find(|field| field.kind == FieldKind::Choice) {
        case(answer(step, entry, &field.id, Value::Text("by balloon".to_owned()), None), false, "no option");
        case(answer(step, entry, &field.id, Value::Flag(true), None), false, "another kind of value");
    }
    let why = step.cannot_reasons.first().map(|reason| reason.id.clone());
    let cannot = |why: &str| Kind::Cannot { step: step.id.clone(), why: why.to_owned(), note: None };
    if let Some(why) = &why {
        case(cannot(why), theirs && !step.fixed, "cannot");
    }
    case(cannot("no_such_reason"), false, "cannot, for no reason of its");
    case(Kind::Reopened { step: step.id.clone() }, theirs, "reopened");
    let withdrawn = Kind::EntryWithdrawn { step: step.id.clone(), entry: EntryId([7; 8]) };
    case(withdrawn, theirs && step.has_entries(), "an entry withdrawn");
    case(Kind::Noted { step: Some(step.id.clone()), text: "seen".to_owned() }, true, "a remark");
    cases
}

/// What is of no step, or of one that there is not.
fn others(colleague: &PersonId, not_offered: EventId) -> Vec<Case> {
    let held = |why| Some(why);
    let fits = HoldReason::DoesNotFit;
    let nobody = PersonId("p-nobody".to_owned());
    let none = || "no_such_step".to_owned();
    let phase = firsthours_core::protocol::Phase::Scene;
    let values = BTreeMap::from([("x".to_owned(), None)]);
    vec![
        (Kind::Noted { step: None, text: "seen".to_owned() }, None, "a remark".to_owned()),
        (Kind::Noted { step: Some(none()), text: "seen".to_owned() }, held(fits), "at no step".to_owned()),
        (
            Kind::Answered { step: none(), entry: None, values, copied: None },
            held(fits),
            "of no step".to_owned(),
        ),
        (Kind::Shared { how: Sharing::Join, to: colleague.clone() }, None, "shared".to_owned()),
        (
            Kind::Shared { how: Sharing::Pass, to: nobody.clone() },
            held(fits),
            "shared with nobody".to_owned(),
        ),
        (
            Kind::Accepted { offer: not_offered, how: Sharing::Pass },
            held(fits),
            "taken up unoffered".to_owned(),
        ),
        (
            Kind::Moved { protocol: firsthours_core::record::Hash::of(b"x") },
            held(fits),
            "moved nowhere".to_owned(),
        ),
        (Kind::Reassigned { to: colleague.clone() }, held(HoldReason::AuthorMayNot), "reassigned".to_owned()),
        (Kind::Returned { phase }, held(HoldReason::AuthorMayNot), "sent back".to_owned()),
        (Kind::Released { id: not_offered }, held(HoldReason::AuthorMayNot), "released".to_owned()),
        (Kind::Shredded { order: "7".to_owned() }, held(HoldReason::AuthorMayNot), "shredded".to_owned()),
    ]
}

async fn try_all(server: &Server, phone: &mut Phone, cases: Vec<Case>) {
    let tried: Vec<_> =
        cases.into_iter().map(|(kind, held, what)| (phone.write(encounter(1), kind), held, what)).collect();
    for from in (0..phone.events.len()).step_by(500) {
        let to = (from + 500).min(phone.events.len());
        let _ = phone.upload(server, &phone.events[from..to]).await.receipt(server);
    }
    let receipt = phone.upload(server, &phone.events[..1]).await.receipt(server);
    for (id, held, what) in tried {
        let found = receipt.held.iter().find(|found| found.id == id).map(|found| found.why);
        assert_eq!(found, held, "{what}");
    }
}

#[tokio::test]
async fn what_fits_is_accepted_and_each_way_of_not_fitting_is_held() {
    let server = Server::new();
    let definition: Definition = load(PROTOCOL.as_bytes()).expect("a definition");
    let mut phone = server.deputy("dep.ash").await;
    let colleague = server.person("deputy", "dep.birch");
    let first = phone.open(encounter(1));
    let mut cases: Vec<Case> = definition.steps.iter().flat_map(cases_of).collect();
    cases.extend(others(&colleague, first));
    assert!(cases.iter().filter(|(_, held, _)| held.is_none()).count() > 100);
    assert!(cases.iter().filter(|(_, held, _)| held.is_some()).count() > 200);
    try_all(&server, &mut phone, cases).await;
}
