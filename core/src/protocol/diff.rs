//! Two definitions held against each other: every difference, in the order of the document.
//!
//! Each part is taken apart with all its names, so that a name added to the format does not compile here until it
//! is compared too. What the loader makes of a document (the fields of a call, `order`) follows from what is
//! compared, and is passed over.

use std::collections::BTreeSet;

use super::change::{
    BasisChange, CalendarChange, Change, ClockChange, FieldChange, InLanguages, OptionChange, PartnerChange,
    ProtocolChange, SheetChange, StepChange,
};
use super::{
    Basis, Calendar, Clock, Condition, Definition, Field, Occurrence, Opt, Partner, PartnerStep, Sheet,
    SheetRow, Step, Text,
};

/// Every difference between two definitions; none where they say the same.
pub fn diff(old: &Definition, new: &Definition) -> Vec<Change> {
    let mut differ = Differ { old, new, one_sided: one_sided(old, new), found: Vec::new() };
    differ.protocol();
    differ.steps();
    differ.clocks();
    differ.partners();
    differ.calendars();
    differ.sheets();
    differ.found
}

struct Differ<'d> {
    old: &'d Definition,
    new: &'d Definition,
    /// Languages that only one of the definitions has: a language more is one change, not one for each text.
    one_sided: BTreeSet<&'d str>,
    found: Vec<Change>,
}

/// An item of a list, in the older definition, in the newer one, or in both.
enum Pair<'d, T> {
    Added(&'d T),
    Removed(&'d T),
    Both { old: &'d T, new: &'d T, moved: bool },
}

impl<'d> Differ<'d> {
    fn protocol(&mut self) {
        let Definition {
            id,
            version,
            title,
            jurisdiction,
            time_zone,
            calendars: _,
            effective,
            supersedes,
            changes,
            languages: _,
            partners: _,
            steps: _,
            clocks: _,
            sheets: _,
            order: _,
        } = self.new;
        let old = self.old;
        let mut found = Vec::new();
        if let Some((from, to)) = differing(&old.id, id) {
            found.push(ProtocolChange::Id { from, to });
        }
        if let Some((from, to)) = differing(&old.version, version) {
            found.push(ProtocolChange::Version { from, to });
        }
        if let Some((from, to)) = differing(&old.effective, effective) {
            found.push(ProtocolChange::Effective { from, to });
        }
        if let Some((from, to)) = differing(&old.supersedes, supersedes) {
            found.push(ProtocolChange::Supersedes { from, to });
        }
        if let Some((from, to)) = differing(&old.time_zone, time_zone) {
            found.push(ProtocolChange::TimeZone { from, to });
        }
        found.extend(self.words(&old.title, title).map(ProtocolChange::Title));
        found.extend(self.words(&old.jurisdiction, jurisdiction).map(ProtocolChange::Jurisdiction));
        found.extend(self.words(&old.changes, changes).map(ProtocolChange::Changes));
        found.extend(self.languages());
        self.found.extend(found.into_iter().map(Change::Protocol));
    }

    fn languages(&self) -> Vec<ProtocolChange> {
        let (old, new) = (&self.old.languages, &self.new.languages);
        let added = new.iter().filter(|language| !old.contains(language));
        let removed = old.iter().filter(|language| !new.contains(language));
        let mut found: Vec<ProtocolChange> = added.cloned().map(ProtocolChange::LanguageAdded).collect();
        found.extend(removed.cloned().map(ProtocolChange::LanguageRemoved));
        let common = |of: &'d [String], other: &'d [String]| -> Vec<&'d String> {
            of.iter().filter(|language| other.contains(language)).collect()
        };
        if common(old, new) != common(new, old) || (!found.is_empty() && old.first() != new.first()) {
            found.push(ProtocolChange::LanguagesReordered);
        }
        found
    }

    fn steps(&mut self) {
        for pair in pairs(&self.old.steps, &self.new.steps, |step| &step.id) {
            match pair {
                Pair::Added(step) => self.step(step, StepChange::Added),
                Pair::Removed(step) => self.step(step, StepChange::Removed),
                Pair::Both { old, new, moved } => {
                    if moved {
                        self.step(new, StepChange::Moved);
                    }
                    self.both_steps(old, new);
                }
            }
        }
    }

    fn step(&mut self, step: &Step, what: StepChange) {
        self.found.push(Change::Step { id: step.id.clone(), what });
    }

    fn both_steps(&mut self, old: &Step, new: &Step) {
        let Step {
            id,
            title,
            guidance,
            say,
            why,
            phase,
            by,
            applies,
            required,
            urgent,
            fixed,
            repeats,
            shared,
            partner,
            fields: _,
            done_when,
            cannot_reasons,
            basis,
        } = new;
        let mut found = Vec::new();
        found.extend(self.words(&old.title, title).map(StepChange::Title));
        if let Some((from, to)) = differing(&old.phase, phase) {
            found.push(StepChange::Phase { from, to });
        }
        if let Some((from, to)) = differing(&old.by, by) {
            found.push(StepChange::By { from, to });
        }
        found.extend(self.condition(old.applies.as_ref(), applies.as_ref()).then_some(StepChange::Applies));
        let flags = [
            (old.required != *required).then_some(StepChange::Required(*required)),
            (old.urgent != *urgent).then_some(StepChange::Urgent(*urgent)),
            (old.fixed != *fixed).then_some(StepChange::Fixed(*fixed)),
            (old.repeats != *repeats).then_some(StepChange::Repeats(*repeats)),
            (old.shared != *shared).then_some(StepChange::Shared(*shared)),
        ];
        found.extend(flags.into_iter().flatten());
        if let Some((from, to)) = differing(&old.partner, partner) {
            found.push(StepChange::Partner { from, to });
        }
        found.extend(self.words(&old.guidance, guidance).map(StepChange::Guidance));
        match (&old.say, say) {
            (None, Some(_)) => found.push(StepChange::SayAdded),
            (Some(_), None) => found.push(StepChange::SayRemoved),
            (Some(old), Some(new)) => found.extend(self.words(old, new).map(StepChange::Say)),
            (None, None) => {}
        }
        found.extend(self.words(&old.why, why).map(StepChange::Why));
        found.extend(
            self.condition(old.done_when.as_ref(), done_when.as_ref()).then_some(StepChange::DoneWhen),
        );
        found.extend(self.options(&old.cannot_reasons, cannot_reasons).into_iter().map(StepChange::Reason));
        found.extend(sources(&old.basis, basis).into_iter().map(StepChange::Basis));
        self.found.extend(found.into_iter().map(|what| Change::Step { id: id.clone(), what }));
        self.fields(old, new);
    }

    fn fields(&mut self, old_step: &Step, new_step: &Step) {
        let mut found = Vec::new();
        for pair in pairs(own_fields(old_step), own_fields(new_step), |field| &field.id) {
            match pair {
                Pair::Added(field) => found.push((field.id.clone(), FieldChange::Added)),
                Pair::Removed(field) => found.push((field.id.clone(), FieldChange::Removed)),
                Pair::Both { old, new, moved } => {
                    let moved = moved.then_some(FieldChange::Moved);
                    let changes = moved.into_iter().chain(self.both_fields(old, new));
                    found.extend(changes.map(|what| (new.id.clone(), what)));
                }
            }
        }
        let step = &new_step.id;
        self.found.extend(found.into_iter().map(|(field, what)| Change::Field {
            step: step.clone(),
            field,
            what,
        }));
    }

    fn both_fields(&self, old: &Field, new: &Field) -> Vec<FieldChange> {
        let Field { id: _, title, kind, options, limits, applies, required, class } = new;
        let mut found = Vec::new();
        found.extend(self.words(&old.title, title).map(FieldChange::Title));
        if let Some((from, to)) = differing(&old.kind, kind) {
            found.push(FieldChange::Kind { from, to });
        }
        found.extend(self.options(&old.options, options).into_iter().map(FieldChange::Option));
        if let Some((from, to)) = differing(&old.limits, limits) {
            found.push(FieldChange::FieldLimits { from, to });
        }
        found.extend(self.condition(old.applies.as_ref(), applies.as_ref()).then_some(FieldChange::Applies));
        found.extend((old.required != *required).then_some(FieldChange::Required(*required)));
        if let Some((from, to)) = differing(&old.class, class) {
            found.push(FieldChange::Class { from, to });
        }
        found
    }

    fn clocks(&mut self) {
        for pair in pairs(&self.old.clocks, &self.new.clocks, |clock| &clock.id) {
            let (id, changes) = match pair {
                Pair::Added(clock) => (&clock.id, vec![ClockChange::Added]),
                Pair::Removed(clock) => (&clock.id, vec![ClockChange::Removed]),
                Pair::Both { old, new, moved } => {
                    let mut changes: Vec<ClockChange> =
                        moved.then_some(ClockChange::Moved).into_iter().collect();
                    changes.extend(self.both_clocks(old, new));
                    (&new.id, changes)
                }
            };
            self.found.extend(changes.into_iter().map(|what| Change::Clock { id: id.clone(), what }));
        }
    }

    fn both_clocks(&self, old: &Clock, new: &Clock) -> Vec<ClockChange> {
        let Clock { id: _, title, applies, from, deadline, met_by, met_at, excused_by, soft } = new;
        let mut found = Vec::new();
        found.extend(self.words(&old.title, title).map(ClockChange::Title));
        found.extend(self.condition(old.applies.as_ref(), applies.as_ref()).then_some(ClockChange::Applies));
        if let Some((from, to)) = differing(&old.from, from) {
            found.push(ClockChange::From { from, to });
        }
        if let Some((from, to)) = differing(&old.deadline, deadline) {
            found.push(ClockChange::Deadline { from, to });
        }
        found.extend(self.condition(Some(&old.met_by), Some(met_by)).then_some(ClockChange::MetBy));
        found.extend((old.met_at != *met_at).then_some(ClockChange::MetAt));
        found.extend(
            self.condition(old.excused_by.as_ref(), excused_by.as_ref()).then_some(ClockChange::ExcusedBy),
        );
        found.extend((old.soft != *soft).then_some(ClockChange::Soft(*soft)));
        found
    }

    fn partners(&mut self) {
        for pair in pairs(&self.old.partners, &self.new.partners, |partner| &partner.id) {
            let (id, changes) = match pair {
                Pair::Added(partner) => (&partner.id, vec![PartnerChange::Added]),
                Pair::Removed(partner) => (&partner.id, vec![PartnerChange::Removed]),
                Pair::Both { old, new, moved } => {
                    let Partner { id, title, why, reached_by, unavailable } = new;
                    let mut changes: Vec<PartnerChange> =
                        moved.then_some(PartnerChange::Moved).into_iter().collect();
                    changes.extend(self.words(&old.title, title).map(PartnerChange::Title));
                    changes.extend(self.words(&old.why, why).map(PartnerChange::Why));
                    if let Some((from, to)) = differing(&old.reached_by, reached_by) {
                        changes.push(PartnerChange::ReachedBy { from, to });
                    }
                    let reasons = self.options(&old.unavailable, unavailable);
                    changes.extend(reasons.into_iter().map(PartnerChange::Reason));
                    (id, changes)
                }
            };
            self.found.extend(changes.into_iter().map(|what| Change::Partner { id: id.clone(), what }));
        }
    }

    fn calendars(&mut self) {
        for pair in pairs(&self.old.calendars, &self.new.calendars, |calendar| &calendar.id) {
            let (id, changes) = match pair {
                Pair::Added(calendar) => (&calendar.id, vec![CalendarChange::Added]),
                Pair::Removed(calendar) => (&calendar.id, vec![CalendarChange::Removed]),
                Pair::Both { old, new, moved } => {
                    let Calendar { id, title, closed_weekdays, closed_dates } = new;
                    let mut changes: Vec<CalendarChange> =
                        moved.then_some(CalendarChange::Moved).into_iter().collect();
                    changes.extend(self.words(&old.title, title).map(CalendarChange::Title));
                    if old.closed_weekdays != *closed_weekdays {
                        let closed = closed_weekdays.difference(&old.closed_weekdays).copied().collect();
                        let opened = old.closed_weekdays.difference(closed_weekdays).copied().collect();
                        changes.push(CalendarChange::Weekdays { closed, opened });
                    }
                    if old.closed_dates != *closed_dates {
                        let closed = closed_dates.difference(&old.closed_dates).cloned().collect();
                        let opened = old.closed_dates.difference(closed_dates).cloned().collect();
                        changes.push(CalendarChange::Dates { closed, opened });
                    }
                    (id, changes)
                }
            };
            self.found.extend(changes.into_iter().map(|what| Change::Calendar { id: id.clone(), what }));
        }
    }

    fn sheets(&mut self) {
        for pair in pairs(&self.old.sheets, &self.new.sheets, |sheet| &sheet.id) {
            let (id, changes) = match pair {
                Pair::Added(sheet) => (&sheet.id, vec![SheetChange::Added]),
                Pair::Removed(sheet) => (&sheet.id, vec![SheetChange::Removed]),
                Pair::Both { old, new, moved } => {
                    let Sheet { id, title, reader, note, sections: _ } = new;
                    let mut changes: Vec<SheetChange> =
                        moved.then_some(SheetChange::Moved).into_iter().collect();
                    changes.extend(self.words(&old.title, title).map(SheetChange::Title));
                    changes.extend(self.words(&old.reader, reader).map(SheetChange::Reader));
                    match (&old.note, note) {
                        (None, Some(_)) => changes.push(SheetChange::NoteAdded),
                        (Some(_), None) => changes.push(SheetChange::NoteRemoved),
                        (Some(old), Some(new)) => {
                            changes.extend(self.words(old, new).map(SheetChange::Note));
                        }
                        (None, None) => {}
                    }
                    changes.extend(self.rows(old, new));
                    (id, changes)
                }
            };
            self.found.extend(changes.into_iter().map(|what| Change::Sheet { id: id.clone(), what }));
        }
    }

    /// Rows have no ids: a row is known by its title and where it is told.
    fn rows(&self, old: &Sheet, new: &Sheet) -> Vec<SheetChange> {
        let before: Vec<(usize, usize, &SheetRow)> = rows(old).collect();
        let mut unmatched: Vec<usize> = (0..before.len()).collect();
        let mut found = Vec::new();
        let mut kept_new: Vec<(usize, usize)> = Vec::new();
        for (section, row, now) in rows(new) {
            let match_at = unmatched.iter().position(|index| {
                let was = before[*index].2;
                was.from == now.from && self.words(&was.title, &now.title).is_none()
            });
            match match_at {
                Some(at) => kept_new.push((section, unmatched.remove(at))),
                None => found.push(SheetChange::RowAdded { section, row }),
            }
        }
        for index in &unmatched {
            let (section, row, _) = before[*index];
            found.push(SheetChange::RowRemoved { section, row });
        }
        let in_order = kept_new.is_sorted_by(|one, next| one.1 < next.1);
        let headed_alike = kept_new.iter().all(|(section, index)| {
            let was = &old.sections[before[*index].0].title;
            self.words(was, &new.sections[*section].title).is_none()
        });
        let grouped_alike = kept_new.windows(2).all(|two| {
            let together_before = before[two[0].1].0 == before[two[1].1].0;
            together_before == (two[0].0 == two[1].0)
        });
        if !(in_order && headed_alike && grouped_alike) {
            found.push(SheetChange::Arranged);
        }
        found
    }

    fn options(&self, old: &[Opt], new: &[Opt]) -> Vec<OptionChange> {
        let mut found = Vec::new();
        for pair in pairs(old, new, |option| &option.id) {
            match pair {
                Pair::Added(option) => found.push(OptionChange::Added(option.id.clone())),
                Pair::Removed(option) => found.push(OptionChange::Removed(option.id.clone())),
                Pair::Both { old, new, moved } => {
                    let Opt { id, title } = new;
                    found.extend(moved.then(|| OptionChange::Moved(id.clone())));
                    let words = self.words(&old.title, title);
                    found.extend(words.map(|languages| OptionChange::Title { id: id.clone(), languages }));
                }
            }
        }
        found
    }

    /// The languages in which two texts differ; `None` where they say the same.
    fn words(&self, old: &Text, new: &Text) -> Option<InLanguages> {
        if old == new {
            return None;
        }
        let languages: BTreeSet<&String> = old.0.keys().chain(new.0.keys()).collect();
        let differing: InLanguages = languages
            .into_iter()
            .filter(|language| !self.one_sided.contains(language.as_str()))
            .filter(|language| old.0.get(*language) != new.0.get(*language))
            .cloned()
            .collect();
        (!differing.is_empty()).then_some(differing)
    }

    /// Whether two conditions differ in what they ask.
    fn condition(&self, old: Option<&Condition>, new: Option<&Condition>) -> bool {
        old.map(|condition| as_written(condition, self.old))
            != new.map(|condition| as_written(condition, self.new))
    }
}

/// The loader settles `of` over a step without entries to `first`. A step that now repeats is a change of that step,
/// not of every condition that reads it.
fn as_written(condition: &Condition, definition: &Definition) -> Condition {
    let terms = |terms: &[Condition]| terms.iter().map(|term| as_written(term, definition)).collect();
    match condition {
        Condition::All(inner) => Condition::All(terms(inner)),
        Condition::Any(inner) => Condition::Any(terms(inner)),
        Condition::Not(inner) => Condition::Not(Box::new(as_written(inner, definition))),
        Condition::Answer { field, test, of: Occurrence::First }
            if definition.step(&field.step).is_some_and(|step| !step.has_entries()) =>
        {
            Condition::Answer { field: field.clone(), test: test.clone(), of: Occurrence::Any }
        }
        other => other.clone(),
    }
}

/// Sources have no ids, and one source may stand twice with different states.
fn sources(old: &[Basis], new: &[Basis]) -> Vec<BasisChange> {
    if old == new {
        return Vec::new();
    }
    let mut gone: Vec<&Basis> = old.iter().collect();
    let mut come: Vec<&Basis> = Vec::new();
    for basis in new {
        match gone.iter().position(|other| *other == basis) {
            Some(at) => drop(gone.remove(at)),
            None => come.push(basis),
        }
    }
    if gone.is_empty() && come.is_empty() {
        return vec![BasisChange::Reordered];
    }
    let mut found = Vec::new();
    for basis in come {
        let Some(at) = gone.iter().position(|other| other.source == basis.source) else {
            found.push(BasisChange::Added(basis.clone()));
            continue;
        };
        let Basis { source, address, state } = gone.remove(at);
        if *state != basis.state {
            found.push(BasisChange::State { source: source.clone(), from: *state, to: basis.state });
        }
        if *address != basis.address {
            found.push(BasisChange::Address { source: source.clone() });
        }
    }
    found.extend(gone.into_iter().cloned().map(BasisChange::Removed));
    found
}

/// The fields of the document: those of a call follow from its partner.
fn own_fields(step: &Step) -> &[Field] {
    let is_own = |field: &Field| step.partner.is_none() || !PartnerStep::FIELDS.contains(&field.id.as_str());
    let from = step.fields.iter().position(is_own).unwrap_or(step.fields.len());
    &step.fields[from..]
}

fn rows(sheet: &Sheet) -> impl Iterator<Item = (usize, usize, &SheetRow)> {
    sheet
        .sections
        .iter()
        .enumerate()
        .flat_map(|(section, it)| it.rows.iter().enumerate().map(move |(row, it)| (section, row, it)))
}

fn one_sided<'d>(old: &'d Definition, new: &'d Definition) -> BTreeSet<&'d str> {
    let languages = |definition: &'d Definition| -> BTreeSet<&'d str> {
        definition.languages.iter().map(String::as_str).collect()
    };
    languages(old).symmetric_difference(&languages(new)).copied().collect()
}

fn differing<T: PartialEq + Clone>(old: &T, new: &T) -> Option<(T, T)> {
    (old != new).then(|| (old.clone(), new.clone()))
}

/// Two lists matched by id: the newer list in its order, then what was removed. As few as possible count as moved.
fn pairs<'d, T>(old: &'d [T], new: &'d [T], id: fn(&T) -> &String) -> Vec<Pair<'d, T>> {
    let place: Vec<Option<usize>> =
        new.iter().map(|item| old.iter().position(|other| id(other) == id(item))).collect();
    let mut still: BTreeSet<usize> =
        longest_rising(&place.iter().copied().flatten().collect::<Vec<usize>>()).into_iter().collect();
    let mut found: Vec<Pair<'d, T>> = new
        .iter()
        .zip(&place)
        .map(|(item, place)| match place {
            None => Pair::Added(item),
            Some(place) => Pair::Both { old: &old[*place], new: item, moved: !still.remove(place) },
        })
        .collect();
    let removed = old.iter().enumerate().filter(|(index, _)| !place.contains(&Some(*index)));
    found.extend(removed.map(|(_, item)| Pair::Removed(item)));
    found
}

/// The longest part of a list of different numbers that rises from left to right.
fn longest_rising(numbers: &[usize]) -> Vec<usize> {
    // best[i]: length of the longest that ends at i, and its one but last place.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let before = (0..index).filter(|before| numbers[*before] < *number).max_by_key(|at| best[*at].0);
        best.push((before.map_or(1, |before| best[before].0 + 1), before));
    }
    let mut at = (0..numbers.len()).max_by_key(|at| best[*at].0);
    let mut found = Vec::new();
    while let Some(index) = at {
        found.push(numbers[index]);
        at = best[index].1;
    }
    found.reverse();
    found
}
