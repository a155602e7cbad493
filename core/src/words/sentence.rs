//! Sentences with something to fill in, a file for each subject.

mod clock;
mod event;
mod phase;
mod record;
mod sheet;
mod step;
mod sync;

pub use clock::ClockSentence;
pub use event::EventSentence;
pub use phase::PhaseSentence;
pub use record::RecordSentence;
pub use sheet::SheetSentence;
pub use step::StepSentence;
pub use sync::SyncSentence;

use super::Language;

/// `a, b and c`, or `a, b y c`.
pub fn list(items: &[&str], language: Language) -> String {
    match items {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => {
            format!("{} {} {last}", first.join(", "), language.pick("and", "y"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_a_sentence() {
        assert_eq!(list(&["a"], Language::En), "a");
        assert_eq!(list(&["a", "b", "c"], Language::Es), "a, b y c");
    }
}
