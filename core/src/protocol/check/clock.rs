//! Checks of clocks: can it start, can it end, can it be met.

use super::Checker;
use super::condition::Scope;
use crate::protocol::fault::FaultKind;
use crate::protocol::path::Path;
use crate::protocol::{AnchorOf, Clock, Deadline, FieldKind, FieldRef};

impl<'d> Checker<'d> {
    pub(super) fn clocks(&mut self) {
        let list = Path::Root.key("clocks");
        for (index, clock) in self.definition.clocks.iter().enumerate() {
            let at = list.index(index);
            if !self.damage.exactly(&at) {
                self.clock(clock, &at);
            }
        }
    }

    fn clock(&mut self, clock: &'d Clock, at: &Path<'_>) {
        self.moment(&clock.from.field, &at.key("from"));
        self.deadline(clock, at);
        self.met_at(clock, at);
        let scope = Scope::of_clock(clock);
        if let Some(condition) = &clock.applies {
            self.condition(condition, &at.key("applies"), scope);
        }
        if !self.damage.at(&at.key("met_by")) {
            self.condition(&clock.met_by, &at.key("met_by"), scope);
        }
        if let Some(condition) = &clock.excused_by {
            self.condition(condition, &at.key("excused_by"), scope);
        }
    }

    fn deadline(&mut self, clock: &Clock, at: &Path<'_>) {
        match &clock.deadline {
            Deadline::WithinMinutes(_) => {}
            Deadline::WithinDays { calendar, .. } => {
                let list = &self.definition.calendars;
                let known = list.iter().any(|known| known.id == *calendar);
                if !known && !self.damage.hides_ids(&Path::Root.key("calendars"), list.len()) {
                    let calendar = crate::protocol::path::shortened(calendar);
                    let what = FaultKind::NoSuchCalendar { calendar };
                    self.fault(&at.key("within_days").key("calendar"), what);
                }
            }
            Deadline::Before(field) => {
                // A deadline that could not be read is held as `before` nothing.
                if self.damage.exactly(at) || (field.step.is_empty() && self.damage.at(at)) {
                    return;
                }
                let before = at.key("before");
                self.moment(field, &before);
                if *field == clock.from.field && !self.damage.at(&at.key("from")) {
                    self.fault(&before, FaultKind::BeforeItself);
                }
            }
        }
    }

    fn met_at(&mut self, clock: &Clock, at: &Path<'_>) {
        let list = at.key("met_at");
        let may_be_empty = matches!(clock.deadline, Deadline::Before(_));
        if clock.met_at.is_empty() && !may_be_empty && !self.damage.at(&list) {
            self.fault(&list, FaultKind::NoMetAt);
        }
        for (index, anchor) in clock.met_at.iter().enumerate() {
            let anchor_at = list.index(index);
            if self.damage.at(&anchor_at) {
                continue;
            }
            self.moment(&anchor.field, &anchor_at);
            let same_entry = clock.from.of == AnchorOf::Each && clock.from.field.step == anchor.field.step;
            if anchor.of == AnchorOf::Each && !same_entry && !self.damage.at(&at.key("from")) {
                self.fault(&anchor_at.key("of"), FaultKind::EachElsewhere);
            }
        }
    }

    /// A field that a clock reads a time from.
    fn moment(&mut self, name: &FieldRef, at: &Path<'_>) {
        if self.damage.at(at) {
            return;
        }
        let Some(found) = self.find_field(name, at) else { return };
        let kind = found.field.kind;
        if kind != FieldKind::Moment && !self.is_damaged(&found, "kind") {
            self.fault(&at.key("field"), FaultKind::NotAMoment { field: found.field.id.clone(), kind });
        }
    }
}
