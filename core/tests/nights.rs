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

mod dates;
mod people;
mod player;
mod said;
mod table;
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
            let folder = crate::support::fixture_path("night");
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
    three_children_of_one_car_share_what_is_of_the_scene "11_three_children",
    a_boy_without_a_sign_is_believed "12_a_boy",
    a_ward_of_another_county_is_cared_for_like_any_child "13_ward_of_another_county",
    without_a_line_no_clock_starts_before_dispatch_calls "14_radio_only",
    two_who_write_merge_but_for_what_they_say_differently "15_joined",
    a_record_passed_on_is_never_without_a_holder "16_passed_on",
    minutes_are_minutes_where_clocks_are_put_back "17_summer_time_ends",
    an_exam_that_is_due_in_an_hour_goes_first "18_assault_95_hours_ago",
    rights_wait_for_words_that_the_child_understands "19_only_spanish",
    a_call_entered_again_resets_nothing "20_entered_again",
    met_before_the_start_started_late_and_met_late "21_before_and_after",
    a_parent_who_is_suspected_is_held_back_by_order_only "22_parent_exploits",
    minutes_know_no_holidays_and_court_days_do "23_over_a_holiday",
    each_absence_has_its_own_clocks "24_absent_twice",
    a_medical_need_goes_before_everything "25_medical_first",
    a_change_after_the_submission_needs_a_reason "26_changed_after",
    an_approval_covers_what_its_page_showed "27_two_approvals",
    two_records_of_one_contact_stay_whole "28_recorded_twice",
    a_newer_version_carries_what_it_does_not_ask "29_newer_version",
    a_supervisor_decides_between_answers_and_adds_none "30_supervisor_decides",
    the_same_arrival_recorded_twice_is_one_arrival "31_offline_all_night",
    the_letter_is_due_after_fifteen_business_days "32_endorsement",
    nothing_is_asked_for_an_adult "33_eighteen",
    a_missing_child_from_another_state_is_reported_found "34_missing_from_elsewhere",
    the_county_worker_is_asked_for_their_own_steps_only "35_county_follow_up",
}
