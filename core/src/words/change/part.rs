//! Sentences about what has changed in clocks, partners, calendars and sheets.

use super::{Wording, previous};
use crate::protocol::{CalendarChange, ClockChange, Condition, PartnerChange, Sheet, SheetChange, SheetRow};
use crate::words::clock_sentence;
use crate::words::name::{DefinitionNames, channel, weekday};

impl Wording<'_> {
    pub(super) fn clock(self, id: &str, what: &ClockChange) -> String {
        let find =
            |names: DefinitionNames<'_>| names.definition.clocks.iter().position(|clock| clock.id == id);
        let (old_at, new_at) = (find(self.was), find(self.is));
        let it = if *what == ClockChange::Removed { self.was.clock(id) } else { self.is.clock(id) };
        let old = old_at.map(|at| &self.was.definition.clocks[at]);
        let new = new_at.map(|at| &self.is.definition.clocks[at]);
        let (Some(old), Some(new)) = (old.or(new), new.or(old)) else { return it };
        let both = |x: &str, was: Option<&Condition>, is: Option<&Condition>, none: &str| {
            let (now, before) =
                (self.is.condition_or(none, is, None), self.was.condition_or(none, was, None));
            self.now_and_before(&format!("{it} {x}"), &now, &before)
        };
        match what {
            ClockChange::Added => {
                let clock = clock_sentence(new, self.is.definition, self.language);
                format!("{} {clock}", self.pick("New clock:", "Plazo nuevo:"))
            }
            ClockChange::Removed => {
                self.pick(format!("The clock {it} is gone."), format!("El plazo {it} ya no está."))
            }
            ClockChange::Moved => {
                let after = previous(&self.is.definition.clocks, |clock| &clock.id, id);
                self.moved(&it, after.map(|before| self.is.clock(before)))
            }
            ClockChange::Title(languages) => self.renamed(&self.was.clock(id), &it, languages),
            ClockChange::Applies => both(
                self.pick("now applies if:", "ahora aplica si:"),
                old.applies.as_ref(),
                new.applies.as_ref(),
                self.pick("always", "siempre"),
            ),
            ClockChange::From { from, to } => {
                let x = format!("{it} {}", self.pick("now starts with", "ahora empieza con"));
                self.now_and_before(&x, &self.is.anchor(to), &self.was.anchor(from))
            }
            ClockChange::Deadline { from, to } => {
                let x = format!("{it} {}", self.pick("now ends", "ahora termina"));
                self.now_and_before(&x, &self.is.ends(to), &self.was.ends(from))
            }
            ClockChange::MetBy => both(
                self.pick("is now met if:", "ahora se cumple si:"),
                Some(&old.met_by),
                Some(&new.met_by),
                "",
            ),
            ClockChange::MetAt => {
                let none = self.pick("no moment", "ningún momento");
                let say = |said: String| if said.is_empty() { none.to_owned() } else { said };
                let x = format!(
                    "{it} {}",
                    self.pick("is now met at the time of", "ahora se cumple a la hora de")
                );
                let (now, before) = (self.is.anchors(&new.met_at), self.was.anchors(&old.met_at));
                self.now_and_before(&x, &say(now), &say(before))
            }
            ClockChange::ExcusedBy => both(
                self.pick("is now excused if:", "ahora se justifica si:"),
                old.excused_by.as_ref(),
                new.excused_by.as_ref(),
                self.pick("never", "nunca"),
            ),
            ClockChange::Soft(true) => self.pick(
                format!("{it} is now a target for review, no longer a rule."),
                format!("{it} ahora es una meta para la revisión, ya no una regla."),
            ),
            ClockChange::Soft(false) => self.pick(
                format!("{it} is now a rule, no longer a target."),
                format!("{it} ahora es una regla, ya no una meta."),
            ),
        }
    }

    pub(super) fn partner(self, id: &str, what: &PartnerChange) -> String {
        let it = if *what == PartnerChange::Removed { self.was.partner(id) } else { self.is.partner(id) };
        let (old, new) = (self.was.definition.partner(id), self.is.definition.partner(id));
        let (Some(old), Some(new)) = (old.or(new), new.or(old)) else { return it };
        match what {
            PartnerChange::Added => self.pick(format!("New partner: {it}."), format!("Equipo nuevo: {it}.")),
            PartnerChange::Removed => {
                self.pick(format!("The partner {it} is gone."), format!("El equipo {it} ya no está."))
            }
            PartnerChange::Moved => {
                let after = previous(&self.is.definition.partners, |partner| &partner.id, id);
                self.moved(&it, after.map(|before| self.is.partner(before)))
            }
            PartnerChange::Title(languages) => self.renamed(&self.was.partner(id), &it, languages),
            PartnerChange::Why(languages) => {
                let x = format!("{it}: {}", self.pick("why they are called", "por qué se les llama"));
                self.rewritten(&x, &new.why, languages)
            }
            PartnerChange::ReachedBy { from, to } => {
                let [to, from] = [to, from].map(|ways| {
                    let ways: Vec<String> =
                        ways.iter().map(|way| self.is.quoted(self.is.label(channel(*way)))).collect();
                    self.list(&ways)
                });
                let x = format!("{it} {}", self.pick("is now reached by", "ahora se localiza por"));
                self.now_and_before(&x, &to, &from)
            }
            PartnerChange::Reason(what) => {
                let list = self.pick("reasons for not coming", "motivos para no acudir");
                self.option(&format!("{it}, {list}"), what, &old.unavailable, &new.unavailable)
            }
        }
    }

    pub(super) fn calendar(self, id: &str, what: &CalendarChange) -> String {
        let it = if *what == CalendarChange::Removed { self.was.calendar(id) } else { self.is.calendar(id) };
        match what {
            CalendarChange::Added => {
                self.pick(format!("New calendar: {it}."), format!("Calendario nuevo: {it}."))
            }
            CalendarChange::Removed => {
                self.pick(format!("The calendar {it} is gone."), format!("El calendario {it} ya no está."))
            }
            CalendarChange::Moved => {
                let after = previous(&self.is.definition.calendars, |calendar| &calendar.id, id);
                self.moved(&it, after.map(|before| self.is.calendar(before)))
            }
            CalendarChange::Title(languages) => self.renamed(&self.was.calendar(id), &it, languages),
            CalendarChange::Weekdays { closed, opened } => {
                let [closed, opened] = [closed, opened].map(|days| {
                    days.iter().map(|day| weekday(*day, self.language).to_owned()).collect::<Vec<String>>()
                });
                self.days(&it, &closed, &opened)
            }
            CalendarChange::Dates { closed, opened } => self.days(&it, closed, opened),
        }
    }

    /// Days that no longer count, and days that count again.
    fn days(self, calendar: &str, closed: &[String], opened: &[String]) -> String {
        let (closed, opened) = (self.list(closed), self.list(opened));
        let closed = (!closed.is_empty())
            .then(|| self.pick(format!("no longer counted: {closed}"), format!("ya no cuentan: {closed}")));
        let opened = (!opened.is_empty())
            .then(|| self.pick(format!("now counted: {opened}"), format!("ahora cuentan: {opened}")));
        let said: Vec<String> = [closed, opened].into_iter().flatten().collect();
        format!("{calendar}: {}.", said.join("; "))
    }

    pub(super) fn sheet(self, id: &str, what: &SheetChange) -> String {
        let it = if *what == SheetChange::Removed { self.was.sheet(id) } else { self.is.sheet(id) };
        let find =
            |names: DefinitionNames<'_>| names.definition.sheets.iter().position(|sheet| sheet.id == id);
        let old = find(self.was).map(|at| &self.was.definition.sheets[at]);
        let new = find(self.is).map(|at| &self.is.definition.sheets[at]);
        let (Some(old), Some(new)) = (old.or(new), new.or(old)) else { return it };
        match what {
            SheetChange::Added => {
                let reader = self.is.text(&new.reader);
                self.pick(
                    format!("New sheet: {it}, for {reader}."),
                    format!("Hoja nueva: {it}, para {reader}."),
                )
            }
            SheetChange::Removed => {
                self.pick(format!("The sheet {it} is gone."), format!("La hoja {it} ya no está."))
            }
            SheetChange::Moved => {
                let after = previous(&self.is.definition.sheets, |sheet| &sheet.id, id);
                self.moved(&it, after.map(|before| self.is.sheet(before)))
            }
            SheetChange::Title(languages) => self.renamed(&self.was.sheet(id), &it, languages),
            SheetChange::Reader(languages) => {
                let x = format!("{it}: {}", self.pick("who it is for", "para quién es"));
                self.rewritten(&x, &new.reader, languages)
            }
            SheetChange::Note(languages) => {
                let x = format!("{it}: {}", self.pick("the note at its head", "la nota del encabezado"));
                new.note.as_ref().map_or_else(|| x.clone(), |note| self.rewritten(&x, note, languages))
            }
            SheetChange::NoteAdded => {
                let x = format!("{it}: {}", self.pick("the note at its head", "la nota del encabezado"));
                new.note.as_ref().map_or_else(|| x.clone(), |note| self.now_reads(&x, note))
            }
            SheetChange::NoteRemoved => self.pick(
                format!("{it} no longer has a note at its head."),
                format!("{it} ya no tiene una nota en el encabezado."),
            ),
            SheetChange::RowAdded { section, row } => {
                let row = row_at(new, *section, *row).map(|row| self.is.text(&row.title)).unwrap_or_default();
                self.pick(format!("{it} now shows {row}."), format!("{it} ahora muestra {row}."))
            }
            SheetChange::RowRemoved { section, row } => {
                let row =
                    row_at(old, *section, *row).map(|row| self.was.text(&row.title)).unwrap_or_default();
                self.pick(format!("{it} no longer shows {row}."), format!("{it} ya no muestra {row}."))
            }
            SheetChange::Arranged => self.pick(
                format!("{it}: its headings, or the order of its rows, have changed."),
                format!("{it}: han cambiado sus títulos o el orden de sus filas."),
            ),
        }
    }
}

fn row_at(sheet: &Sheet, section: usize, row: usize) -> Option<&SheetRow> {
    sheet.sections.get(section)?.rows.get(row)
}
