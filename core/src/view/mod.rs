//! Views: what a screen or a page draws, whole and immutable, every word in it.
//!
//! `view(state, definition, here, reader, language, now)`: the phone and the server draw from the same function. A view
//! says everything; whoever draws it decides nothing.

mod alarm;
mod call;
mod carried;
mod clock;
mod context;
mod encounter;
mod flag;
mod home;
mod people;
mod queue;
mod sheet;
mod step;
mod timeline;

pub use alarm::{Alarm, MOST_ALARMS, alarms};
pub use call::{AttemptView, CallView, NumberView};
pub use carried::CarriedView;
pub use clock::ClockView;
pub use context::{Context, Draft, Names, NoNames, OnPhone, Reader, Sibling};
pub use encounter::{
    EncounterView, NewerView, NextView, OfferView, PersonView, PhaseView, Section, SiblingView, view,
};
pub use flag::{FlagView, flags};
pub use home::{Home, HomeRow, SyncLine, home_row, sync_line};
pub use people::{author_label, handle, phase_label, state_label, status_label};
pub use queue::{QueueRow, queue_row};
pub use sheet::{RowTold, SheetLink, SheetRowView, SheetSectionView, SheetView, sheet};
pub use step::{EntryView, FieldView, HeadView, NoteView, OptionView, StepView, ThreadView};
pub use timeline::{TimelineRow, timeline};
