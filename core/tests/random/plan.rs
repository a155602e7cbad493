//! The bones of a definition: its steps, fields and options, before anything is said of when they apply.
//!
//! A second version is made here too, so that it is as valid as the first.

use super::choices::Choices;

pub(crate) const KINDS: [&str; 8] = ["moment", "choice", "flag", "count", "choices", "code", "text", "note"];
const PHASES: [&str; 3] = ["scene", "follow_up", "outcome"];
const AUTHORS: [&str; 6] = ["deputy", "deputy", "deputy", "detective", "county", "supervisor"];
const CLASSES: [&str; 5] = ["step", "identity", "location", "narrative", "health"];
const OUTCOMES: [&str; 4] = ["reached", "no_answer", "left_message", "wrong_number"];

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) version: u32,
    pub(crate) languages: Vec<&'static str>,
    pub(crate) zone: &'static str,
    pub(crate) partners: Vec<PartnerPlan>,
    /// Each may be asked for by those after it.
    pub(crate) steps: Vec<StepPlan>,
    /// How many ids were given away.
    ids: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct PartnerPlan {
    pub(crate) id: String,
    pub(crate) reached_by: Vec<&'static str>,
    pub(crate) unavailable: Vec<String>,
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a name in the document")]
pub(crate) struct StepPlan {
    pub(crate) id: String,
    pub(crate) phase: &'static str,
    pub(crate) by: &'static str,
    pub(crate) required: bool,
    pub(crate) urgent: bool,
    pub(crate) fixed: bool,
    pub(crate) repeats: bool,
    pub(crate) shared: bool,
    /// The number of the partner, and whether they come.
    pub(crate) partner: Option<(usize, bool)>,
    pub(crate) fields: Vec<FieldPlan>,
    pub(crate) reasons: Vec<String>,
    pub(crate) says: bool,
    /// Whether it has a condition; the first step never has.
    pub(crate) applies: bool,
    pub(crate) done_when: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct FieldPlan {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) options: Vec<String>,
    pub(crate) required: bool,
    pub(crate) class: &'static str,
    pub(crate) limited: bool,
    pub(crate) applies: bool,
}

impl Plan {
    pub(crate) fn new(choices: &mut Choices<'_>) -> Self {
        let languages = [vec!["en"], vec!["en", "es"], vec!["es", "en"]];
        let mut plan = Self {
            version: 1,
            languages: choices.pick(&languages).clone(),
            zone: choices.word(&["America/Los_Angeles", "America/Los_Angeles", "UTC"]),
            partners: Vec::new(),
            steps: Vec::new(),
            ids: 0,
        };
        let count = choices.below(13).max(1);
        for _ in 0..choices.below(3) {
            let id = plan.id("partner");
            let reached_by = [vec!["telephone"], vec!["telephone", "radio"], vec!["dispatch", "telephone"]];
            let unavailable = (0..choices.below(3)).map(|_| plan.id("away")).collect();
            let reached_by = choices.pick(&reached_by).clone();
            plan.partners.push(PartnerPlan { id, reached_by, unavailable });
        }
        for _ in 0..count {
            let step = plan.step(choices);
            plan.steps.push(step);
        }
        plan.mend();
        plan
    }

    fn id(&mut self, of: &str) -> String {
        self.ids += 1;
        format!("{of}_{}", self.ids)
    }

    fn ids(&mut self, of: &str, count: usize) -> Vec<String> {
        (0..count).map(|_| self.id(of)).collect()
    }

    fn step(&mut self, choices: &mut Choices<'_>) -> StepPlan {
        let by = choices.word(&AUTHORS);
        let partner = (!self.partners.is_empty() && choices.below(5) < 2).then(|| {
            let number = choices.below(self.partners.len());
            (number, choices.one_in(2) && !self.partners[number].unavailable.is_empty())
        });
        let fields = (0..choices.below(5)).map(|_| self.field(choices)).collect();
        let fixed = choices.one_in(4);
        StepPlan {
            id: self.id("step"),
            phase: choices.word(&["scene", "scene", PHASES[1], PHASES[2]]),
            by,
            required: !choices.one_in(4),
            urgent: choices.one_in(4),
            fixed,
            repeats: choices.one_in(3),
            shared: by == "deputy" && choices.one_in(4),
            partner,
            fields,
            reasons: self.ids("reason", 1 + choices.below(2)),
            says: choices.one_in(6),
            applies: choices.below(3) > 0,
            done_when: choices.one_in(4),
        }
    }

    fn field(&mut self, choices: &mut Choices<'_>) -> FieldPlan {
        FieldPlan {
            id: self.id("field"),
            kind: choices.word(&KINDS),
            options: self.ids("option", 1 + choices.below(3)),
            required: !choices.one_in(3),
            class: choices.word(&CLASSES),
            limited: choices.one_in(3),
            applies: choices.one_in(3),
        }
    }

    /// Another version of the same protocol: this plan with one to six changes.
    pub(crate) fn changed(&self, choices: &mut Choices<'_>) -> Self {
        let mut plan = self.clone();
        plan.version += 1;
        for _ in 0..=choices.below(6) {
            plan.change(choices);
        }
        plan.mend();
        plan
    }

    fn change(&mut self, choices: &mut Choices<'_>) {
        let at = choices.below(self.steps.len());
        match choices.below(10) {
            0 if self.steps.len() > 1 => drop(self.steps.remove(at)),
            0 | 1 => self.steps[at].id = self.id("step"),
            2 => {
                let step = self.step(choices);
                self.steps.insert(at, step);
            }
            3 => self.steps[at].fixed = !self.steps[at].fixed,
            4 => self.steps[at].repeats = !self.steps[at].repeats,
            5 => {
                let partner = (!self.partners.is_empty()).then(|| (choices.below(self.partners.len()), true));
                self.steps[at].partner =
                    partner.filter(|_| self.steps[at].partner.is_none() || choices.one_in(2));
            }
            6 => {
                let step = &mut self.steps[at];
                step.by = choices.word(&AUTHORS);
                step.phase = choices.word(&PHASES);
                step.required = !step.required;
                step.applies = !step.applies;
            }
            // Both are numbers: a count must not become a moment of 1970.
            7 => {
                let fields = self.steps.iter_mut().flat_map(|step| &mut step.fields);
                fields.filter(|field| field.kind == "count").for_each(|field| field.kind = "moment");
            }
            _ => self.change_field(at, choices),
        }
    }

    fn change_field(&mut self, at: usize, choices: &mut Choices<'_>) {
        let (field, option, added) = (self.id("field"), self.id("option"), self.field(choices));
        let fields = &mut self.steps[at].fields;
        if fields.is_empty() {
            fields.push(added);
            return;
        }
        let number = choices.below(fields.len());
        match choices.below(8) {
            0 => drop(fields.remove(number)),
            1 => fields[number].id = field,
            2 => fields.insert(number, added),
            3 => fields[number].kind = choices.word(&KINDS),
            4 if fields[number].options.len() > 1 => drop(fields[number].options.remove(0)),
            4 | 5 if !fields[number].options.is_empty() => fields[number].options[0] = option,
            4..7 => fields[number].options.push(option),
            _ => fields[number].limited = !fields[number].limited,
        }
    }

    /// What no definition may lack or have.
    fn mend(&mut self) {
        for index in 0..self.steps.len() {
            let step = &mut self.steps[index];
            step.shared &= step.by == "deputy";
            for field in step.fields.iter_mut().filter(|field| field.options.is_empty()) {
                field.options.push(format!("{}_option", field.id));
            }
            step.applies &= index > 0;
            if let Some((number, comes)) = &mut step.partner {
                *comes &= !self.partners[*number].unavailable.is_empty();
                step.done_when = false;
            }
            let told = step.fields.iter().any(|field| field.required);
            // A step that asks for nothing is done when another one is, or else it asks for something.
            if step.partner.is_none() && !told {
                step.done_when = true;
            }
            if step.done_when && step.fields.is_empty() && index == 0 {
                let id = format!("{}_at", step.id);
                step.fields.push(FieldPlan::moment(id));
            }
        }
    }
}

impl StepPlan {
    pub(crate) fn has_entries(&self) -> bool {
        self.repeats || self.partner.is_some()
    }

    /// Every field, those of a call first.
    pub(crate) fn all_fields(&self, plan: &Plan) -> Vec<FieldPlan> {
        let mut fields = Vec::new();
        if let Some((number, comes)) = self.partner {
            let partner = &plan.partners[number];
            let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
            fields.push(FieldPlan::moment("called_at".to_owned()));
            fields.push(FieldPlan::of_call("channel", "choice", owned(&partner.reached_by)));
            fields.push(FieldPlan::of_call("outcome", "choice", owned(&OUTCOMES)));
            fields.push(FieldPlan::of_call("reference", "code", Vec::new()));
            if comes {
                fields.push(FieldPlan::moment("arrived_at".to_owned()));
                let away = partner.unavailable.clone();
                fields.push(FieldPlan::of_call("unavailable_because", "choice", away));
            }
        }
        fields.extend(self.fields.iter().cloned());
        fields
    }
}

impl FieldPlan {
    fn moment(id: String) -> Self {
        Self { id, ..Self::of_call("", "moment", Vec::new()) }
    }

    fn of_call(id: &str, kind: &'static str, options: Vec<String>) -> Self {
        let id = id.to_owned();
        Self { id, kind, options, required: true, class: "step", limited: false, applies: false }
    }
}
