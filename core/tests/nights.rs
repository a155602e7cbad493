//! Written nights over the shipped Los Angeles definition: what each person does, what the phone then says comes next and
//! why, how far steps are, and how clocks stand. The tables are in `fixtures/night`; `nights/` reads and plays them.
//!
//! A line that begins with a time is an act: when, who, in which record (`A` unless another letter stands there), what.
//! The lines under it say what must then be so for the one who acted, in that record or, after `B:`, in another:
//! `next` (of the deputy unless they act at a desk), `step`, `clock` and the rest that `nights/said.rs` knows. Each act
//! has to say at least what comes next.
//!
//! Times are of the night of Monday, 23 November 2026 in Los Angeles, or of the one that a line `night 2026-10-31`
//! names: `+1` is a day later, `-4` four days before. What is so is the judgement of whoever wrote the night, not of the
//! program: a table that fails is a question to both.

mod support;

#[path = "nights/dates.rs"]
mod dates;
#[path = "nights/people.rs"]
mod people;
#[path = "nights/player.rs"]
mod player;
#[path = "nights/said.rs"]
mod said;
#[path = "nights/table.rs"]
mod table;
#[path = "nights/versions.rs"]
mod versions;

macro_rules! nights {
    ($($test:ident $file:literal,)*) => {
        $(
            #[test]
            fn $test() {
                table::play($file, include_str!(concat!("fixtures/night/", $file, ".txt")));
            }
        )*

        #[test]
        fn every_written_night_is_played() {
            let folder = support::fixture_path("night");
            let files = std::fs::read_dir(folder).expect("the nights are in a folder");
            let mut written: Vec<String> =
                files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
            written.sort();
            assert_eq!(written, [$(concat!($file, ".txt")),*]);
        }
    };
}

nights! {
    an_ordinary_night_ends_with_everything_done "01_ordinary",
    a_call_that_nobody_takes_stands_back_and_comes_again "02_nobody_answers",
    a_suspicion_that_is_withdrawn_takes_steps_away_and_keeps_their_values "03_not_confirmed",
    a_child_who_leaves_before_the_partners_come_is_recorded_without_blame "04_child_leaves",
    two_deputies_in_one_field_conflict_until_one_decides "05_two_deputies",
    six_hours_at_the_station_are_counted_from_the_arrival_and_are_not_in_the_way "06_station",
    an_earlier_call_entered_late_does_not_start_the_clock_again "07_late_entry",
    cannot_and_reopened_and_cannot_against_an_answer "08_cannot",
    sent_back_answered_approved_and_then_stale "09_review",
    a_record_opened_by_mistake_is_kept_and_leaves_everything "10_opened_by_mistake",
}
