//! Enrolment: codes that are no good, and servers that are not the station.

use axum::Router;
use firsthours_core::app::{AppError, EnrolmentView, ServerEndpoint};
use firsthours_core::words::{Language, Trouble};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme, SharedClock};

use super::{EVENING, MINUTE, english, note, notes, programme, recorded, sync, told};

const NOT_VALID: &str =
    "This code is not valid: it was used, has run out after 15 minutes, or was mistyped. Ask for a new one.";

/// A code that fails, and that the phone is as before: it records nothing and can still be enrolled.
fn fails(programme: &Programme, phone: &Phone, code: &str) -> Result<(), Fault> {
    let error = phone.app().enrol(programme.station(), code).expect_err("the code is not valid");
    assert_eq!(error, AppError::Sync { trouble: Trouble::CodeNotValid });
    assert_eq!(english(&error), NOT_VALID);
    not_enrolled(phone)
}

fn not_enrolled(phone: &Phone) -> Result<(), Fault> {
    let error = phone.app().start_encounter(None).expect_err("nobody can record on it");
    assert_eq!(error, AppError::NotReady { trouble: Trouble::NotEnrolledYet });
    assert!(!phone.app().home()?.can_start);
    Ok(())
}

/// The same code with another last letter.
fn mistyped(code: &str) -> String {
    let last = if code.ends_with('7') { '8' } else { '7' };
    let mut code = code.to_owned();
    code.pop();
    code.push(last);
    code
}

fn works(programme: &Programme, phone: &Phone) -> Result<EnrolmentView, Fault> {
    let view = programme.enrol(phone, "brooks")?;
    assert!(view.approved);
    sync(phone)?;
    phone.app().start_encounter(None)?;
    Ok(view)
}

#[test]
fn a_wrong_code_enrols_nothing() -> Result<(), Fault> {
    let programme = programme()?;
    let phone = Phone::new(&programme.clock, Language::En)?;
    for code in ["", "never", "0000-0000-0000", "💥", &"Z".repeat(10_000)] {
        fails(&programme, &phone, code)?;
    }
    works(&programme, &phone)?;
    Ok(())
}

#[test]
fn a_used_code_does_not_enrol_a_second_phone() -> Result<(), Fault> {
    let programme = programme()?;
    let (first, second) =
        (Phone::new(&programme.clock, Language::En)?, Phone::new(&programme.clock, Language::En)?);
    let code = programme.code("alvarez")?;
    first.app().enrol(programme.station(), &code)?;
    fails(&programme, &second, &code)?;
    programme.approve_all()?;
    fails(&programme, &second, &code)?;
    assert!(first.app().enrol(programme.station(), &code)?.approved, "the first is not disturbed");
    works(&programme, &second)?;
    Ok(())
}

#[test]
fn a_code_runs_out_after_fifteen_minutes() -> Result<(), Fault> {
    let programme = programme()?;
    let phone = Phone::new(&programme.clock, Language::En)?;
    let (late, in_time) = (programme.code("alvarez")?, programme.code("alvarez")?);
    programme.clock.advance(15 * MINUTE - 1);
    phone.app().enrol(programme.station(), &in_time)?;
    let other = Phone::new(&programme.clock, Language::En)?;
    programme.clock.advance(1);
    fails(&programme, &other, &late)?;
    works(&programme, &other)?;
    Ok(())
}

#[test]
fn after_five_wrong_tries_even_the_right_code_is_dead() -> Result<(), Fault> {
    let programme = programme()?;
    let phone = Phone::new(&programme.clock, Language::En)?;
    let code = programme.code("alvarez")?;
    for _ in 0..5 {
        fails(&programme, &phone, &mistyped(&code))?;
    }
    fails(&programme, &phone, &code)?;
    works(&programme, &phone)?;
    Ok(())
}

#[test]
fn a_refused_phone_is_told_so_and_asks_again_with_a_new_code() -> Result<(), Fault> {
    let programme = programme()?;
    let phone = Phone::new(&programme.clock, Language::En)?;
    let code = programme.code("brooks")?;
    phone.app().enrol(programme.station(), &code)?;
    programme.refuse_all()?;
    let view = phone.app().enrol(programme.station(), &code)?;
    assert!(!view.approved);
    told(&view.sentence, &Trouble::EnrolmentRefused);
    not_enrolled(&phone)?;
    works(&programme, &phone)?;
    Ok(())
}

#[test]
fn nothing_is_taken_up_from_a_server_with_another_root() -> Result<(), Fault> {
    let (mine, other) = (programme()?, programme()?);
    let phone = Phone::new(&mine.clock, Language::En)?;
    // The sheet names my station's root, and the address leads elsewhere.
    let elsewhere = || ServerEndpoint { fingerprint: mine.fingerprint.clone(), ..other.station() };
    // What the phone signs is for the root that its sheet names, and worth nothing to another.
    let error = phone.app().enrol(elsewhere(), &other.code("brooks")?).expect_err("not the station");
    assert_eq!(error, AppError::Sync { trouble: Trouble::CodeNotValid });
    not_enrolled(&phone)?;
    works(&mine, &phone)?;

    // A phone at work stays with its station.
    let id = phone.app().start_encounter(None)?.id;
    let error = phone.app().enrol(elsewhere(), &other.code("chen")?).expect_err("not the station");
    assert_eq!(error, AppError::Sync { trouble: Trouble::EnrolledElsewhere });
    // Nor does a sheet of another programme move it.
    let error = phone.app().enrol(other.station(), &other.code("chen")?).expect_err("another programme");
    assert_eq!(error, AppError::Sync { trouble: Trouble::OtherProgramme });
    sync(&phone)?;
    assert_eq!(usize::try_from(phone.app().encounter(&id)?.seen)?, 1);
    assert_eq!(mine.event_ids()?.len(), 2);
    assert!(other.event_ids()?.is_empty());
    Ok(())
}

#[test]
fn a_server_that_answers_in_the_stations_place_gets_and_changes_nothing() -> Result<(), Fault> {
    let (mut programme, phone, id) = recorded()?;
    let mut other = Programme::set_up(&SharedClock::frozen(EVENING))?;
    other.serve(0, Router::new())?;
    // A copy of the phone is not enrolled there, whatever its thief wants: its store has one root for life.
    let copy = phone.twin(&other.clock)?;
    let error = copy.app().enrol(other.station(), &other.code("chen")?).expect_err("another programme");
    assert_eq!(error, AppError::Sync { trouble: Trouble::OtherProgramme });
    other.stop();
    programme.stop();
    let port = programme.address.rsplit(':').next().ok_or("no port")?.parse()?;
    other.serve(port, Router::new())?;

    note(&phone, &id, "for my station only")?;
    let before = phone.app().encounter(&id)?;
    let report = phone.app().sync_now()?;
    assert!(!report.complete);
    told(&report.trouble, &Trouble::EnrolmentRefused);
    assert!(other.event_ids()?.is_empty());
    assert_eq!(phone.app().encounter(&id)?, before);

    other.stop();
    programme.come_back()?;
    sync(&phone)?;
    assert_eq!(programme.event_ids()?.len(), usize::try_from(before.seen)?);
    assert_eq!(notes(&phone, &id)?, ["for my station only"]);
    Ok(())
}
