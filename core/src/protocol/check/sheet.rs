//! Checks of sheets: what their rows tell is there.

use super::Checker;
use crate::protocol::RowSource;
use crate::protocol::path::Path;

impl Checker<'_> {
    pub(super) fn sheets(&mut self) {
        let list = Path::Root.key("sheets");
        for (index, sheet) in self.definition.sheets.iter().enumerate() {
            let at = list.index(index);
            let sections = at.key("sections");
            for (number, section) in sheet.sections.iter().enumerate() {
                let section_at = sections.index(number);
                let rows = section_at.key("rows");
                for (number, row) in section.rows.iter().enumerate() {
                    self.row(&row.from, &rows.index(number));
                }
            }
        }
    }

    fn row(&mut self, from: &RowSource, at: &Path<'_>) {
        match from {
            RowSource::Step(id) if !self.damage.at(at) => {
                self.find_step(id, &at.key("step"));
            }
            RowSource::Field(field) if !self.damage.at(at) => {
                self.find_field(field, at);
            }
            _ => {}
        }
    }
}
