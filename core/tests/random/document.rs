//! The JSON of a plan.

use serde_json::{Value as Json, json};

use super::choices::Choices;
use super::plan::{FieldPlan, Plan, StepPlan};
use super::rule::{Reads, clocks};

/// A text in every language.
pub(crate) fn words(languages: &[&str], text: &str) -> Json {
    languages.iter().map(|language| ((*language).to_owned(), json!(format!("{text} ({language})")))).collect()
}

/// Writes a plan as a document. `choices` makes up the conditions, the clocks and the sheets.
pub(crate) fn document(plan: &Plan, choices: &mut Choices<'_>) -> Json {
    let words = |text: &str| words(&plan.languages, text);
    let mut steps: Vec<Json> = (0..plan.steps.len()).map(|index| step(plan, index, choices)).collect();
    // The order of steps is free: nothing may rest on it that should rest on `order`.
    for _ in 0..choices.below(4) {
        let (one, other) = (choices.below(steps.len()), choices.below(steps.len()));
        steps.swap(one, other);
    }
    let partners: Vec<Json> = plan
        .partners
        .iter()
        .map(|partner| {
            let unavailable = options(plan, &partner.unavailable);
            json!({"id": partner.id, "title": words("Partner"), "why": words("They help."),
                   "reached_by": partner.reached_by, "unavailable": unavailable})
        })
        .collect();
    json!({
        "id": "xx-random", "version": plan.version, "title": words("Random"), "jurisdiction": words("Nowhere"),
        "time_zone": plan.zone, "effective": "2026-01-01", "changes": words("Others."),
        "languages": plan.languages,
        "calendars": [
            {"id": "court_days", "title": words("Court days"), "closed_weekdays": [6, 7],
             "closed_dates": ["2026-03-09", "2026-11-02", "2026-11-26", "2026-11-27"]},
            {"id": "all_days", "title": words("Days")},
        ],
        "partners": partners, "steps": steps, "clocks": clocks(plan, choices), "sheets": sheets(plan, choices),
    })
}

fn options(plan: &Plan, ids: &[String]) -> Vec<Json> {
    ids.iter().map(|id| json!({"id": id, "title": words(&plan.languages, "Option")})).collect()
}

fn step(plan: &Plan, index: usize, choices: &mut Choices<'_>) -> Json {
    let step = &plan.steps[index];
    let words = |text: &str| words(&plan.languages, text);
    let built_in = step.all_fields(plan).len() - step.fields.len();
    let fields: Vec<Json> = step
        .fields
        .iter()
        .enumerate()
        .map(|(number, found)| {
            let own = Some((step, built_in + number));
            field(found, Reads { plan, steps: index, own, judges_entry: true }, choices)
        })
        .collect();
    let mut made = json!({
        "id": step.id, "title": words("Step"), "guidance": words("Do it."), "why": words("It helps."),
        "phase": step.phase, "by": step.by, "required": step.required, "urgent": step.urgent,
        "fixed": step.fixed, "repeats": step.repeats, "shared": step.shared, "fields": fields,
        "basis": [{"source": "Invented for tests", "state": "inferred"}],
    });
    if !step.fixed {
        made["cannot_reasons"] = json!(options(plan, &step.reasons));
    }
    if let Some((number, comes)) = step.partner {
        made["partner"] = json!({"id": plan.partners[number].id, "comes": comes});
    }
    if step.says {
        made["say"] = words("You are safe.");
        made["say"]["vi"] = json!("Em an toàn.");
    }
    if step.applies {
        let reads = Reads { plan, steps: index, own: None, judges_entry: false };
        made["applies"] = reads.condition(choices, 2);
    }
    if step.done_when {
        let own = Some((step, built_in + step.fields.len()));
        let reads = Reads { plan, steps: index, own, judges_entry: false };
        made["done_when"] = reads.condition(choices, 2);
    }
    made
}

fn field(found: &FieldPlan, reads: Reads<'_>, choices: &mut Choices<'_>) -> Json {
    let mut field = json!({
        "id": found.id, "title": words(&reads.plan.languages, "Field"), "kind": found.kind,
        "required": found.required, "class": found.class,
    });
    match found.kind {
        "choice" | "choices" => field["options"] = json!(options(reads.plan, &found.options)),
        "count" if found.limited => {
            field["min"] = json!(1);
            field["max"] = json!(2);
        }
        "code" | "text" | "note" if found.limited => field["max_chars"] = json!(4),
        _ => {}
    }
    let has_something_to_read = reads.steps > 0 || reads.own.is_some_and(|(_, fields)| fields > 0);
    if found.applies && has_something_to_read {
        field["applies"] = reads.condition(choices, 1);
    }
    field
}

fn sheets(plan: &Plan, choices: &mut Choices<'_>) -> Vec<Json> {
    let words = |text: &str| words(&plan.languages, text);
    (0..choices.below(3))
        .map(|number| {
            let rows: Vec<Json> = (0..=choices.below(3)).map(|_| row(plan, choices)).collect();
            let sections = [json!({"title": words("Section"), "rows": rows})];
            let mut sheet = json!({
                "id": format!("sheet_{number}"), "title": words("Sheet"), "reader": words("Reader"),
                "sections": sections,
            });
            if choices.one_in(2) {
                sheet["note"] = words("Note");
            }
            sheet
        })
        .collect()
}

fn row(plan: &Plan, choices: &mut Choices<'_>) -> Json {
    let step: &StepPlan = choices.pick(&plan.steps);
    let fields = step.all_fields(plan);
    let mut row = json!({"title": words(&plan.languages, "Row")});
    let how = choices.below(3);
    if how > 0 {
        row["step"] = json!(step.id);
    }
    if how > 1 && !fields.is_empty() {
        row["field"] = json!(choices.pick(&fields).id);
    }
    row
}
