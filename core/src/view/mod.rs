//! Views: what a screen or a page draws, whole and immutable, every word in it.
//!
//! `view(state, definition, here, reader, language, now)`: the phone and the server draw from the same function. A view
//! says everything; whoever draws it decides nothing.

mod clock;
mod context;
mod encounter;
mod home;
mod people;
mod queue;
mod step;
mod timeline;

pub use clock::ClockView;
pub use context::{Context, Draft, Here, Names, NoNames, Reader};
pub use encounter::{
    CallView, EncounterView, NextView, NumberView, OfferView, PersonView, PhaseView, Section, view,
};
pub use home::{Home, HomeRow, SyncLine, home_row, sync_line};
pub use people::{author_label, handle, phase_label, state_label};
pub use queue::{QueueRow, queue_row};
pub use step::{EntryView, FieldView, HeadView, NoteView, OptionView, StepView, ThreadView};
pub use timeline::{TimelineRow, timeline};
