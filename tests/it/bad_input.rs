//! Bad input through the one door: what is refused, what the person then reads in both languages, and that nothing of what
//! was there is lost.

mod enrolment;
mod station;
mod store;

use std::collections::BTreeMap;

use firsthours_core::app::{Act, AppError, DraftKept, DraftPlace, FAULTS_KEPT};
use firsthours_core::protocol::{FieldKind, Instant, Misfit, Value};
use firsthours_core::record::Refusal;
use firsthours_core::words::{Language, Trouble};
use firsthours_server::programme::audit::Who;
use firsthours_server::records::protocols::{self, ProtocolError};
use firsthours_tests::night::{SCENE, play};
use firsthours_tests::programme::{Fault, PROTOCOL};
use firsthours_tests::{Phone, Programme, SharedClock};
use serde_json::{Value as Json, json};

/// 2026-11-24 05:00 UTC: nine in the evening in Los Angeles.
pub(super) const EVENING: Instant = Instant::from_ms(1_795_496_400_000);
pub(super) const MINUTE: i64 = 60_000;

pub(super) fn programme() -> Result<Programme, Fault> {
    Programme::start(&SharedClock::frozen(EVENING))
}

/// A phone with a record of a few taps.
pub(super) fn recorded() -> Result<(Programme, Phone, String), Fault> {
    let programme = programme()?;
    let phone = programme.phone("alvarez", Language::En)?;
    let id = phone.app().start_encounter(None)?.id;
    for tap in SCENE.iter().take(3) {
        play(phone.app(), &id, tap, EVENING)?;
    }
    Ok((programme, phone, id))
}

pub(super) fn sync(phone: &Phone) -> Result<(), Fault> {
    let report = phone.app().sync_now()?;
    if report.complete { Ok(()) } else { Err(report.trouble.into()) }
}

pub(super) fn note(phone: &Phone, id: &str, text: &str) -> Result<(), Fault> {
    let view = phone.app().encounter(id)?;
    phone.app().act(id, view.seen, Act::Note { step: None, text: text.to_owned() })?;
    Ok(())
}

pub(super) fn notes(phone: &Phone, id: &str) -> Result<Vec<String>, Fault> {
    Ok(phone.app().encounter(id)?.notes.into_iter().map(|note| note.text).collect())
}

/// What a person reads of an error; its Spanish is there and is not the English.
fn english(error: &AppError) -> String {
    let (en, es) = (error.sentence(Language::En), error.sentence(Language::Es));
    assert!(!es.is_empty() && es != en, "no Spanish for: {en}");
    en
}

/// The same for what a report says.
pub(super) fn told(report: &str, trouble: &Trouble) {
    let (en, es) = (trouble.text(Language::En), trouble.text(Language::Es));
    assert!(!es.is_empty() && es != en, "no Spanish for: {en}");
    assert_eq!(report, en);
}

/// Does an act that must be refused, on an English and on a Spanish phone: nothing of the record moves, and the reason
/// and the English sentence are given back.
fn refused(phone: &mut Phone, id: &str, act: &Act) -> Result<(Refusal, String), Fault> {
    let before = phone.app().encounter(id)?;
    let mut refusals = Vec::new();
    for language in [Language::Es, Language::En] {
        phone.speak(language)?;
        match phone.app().act(id, before.seen, act.clone()) {
            Err(AppError::Refused { reason, sentence }) => refusals.push((reason, sentence)),
            other => return Err(format!("not refused: {other:?}").into()),
        }
    }
    assert_eq!(phone.app().encounter(id)?, before, "a refused act changes nothing");
    let [(spanish_reason, spanish), (reason, sentence)] = &refusals[..] else { return Err("two".into()) };
    assert_eq!(spanish_reason, reason);
    assert!(!spanish.is_empty() && spanish != sentence, "no Spanish for: {sentence}");
    Ok((reason.clone(), sentence.clone()))
}

fn answer(step: &str, field: &str, value: Value) -> Act {
    let values = BTreeMap::from([(field.to_owned(), Some(value))]);
    Act::Answer { step: step.to_owned(), entry: None, values, reason: None }
}

/// The shipped definition as the next version, with a change.
fn next_version(change: impl FnOnce(&mut Json)) -> Result<String, Fault> {
    let mut document: Json = serde_json::from_str(PROTOCOL)?;
    document["version"] = json!(document["version"].as_i64().unwrap_or(0) + 1);
    change(&mut document);
    Ok(document.to_string())
}

#[test]
fn a_faulty_definition_is_not_published_and_every_fault_is_named_with_its_place() -> Result<(), Fault> {
    let programme = programme()?;
    let before = programme.app.store.read(protocols::all)?;
    let faulty = next_version(|document| {
        document["steps"][0]["fields"][0]["kind"] = json!("picture");
        document["steps"][1]["title"] = json!({"en": "Only English"});
        document["clocks"][0]["from"]["step"] = json!("no_such_step");
        document["mistyped"] = json!(true);
    })?;
    let publish =
        |text: &str| programme.app.store.write(|tx| protocols::publish(tx, text, Who::Console, EVENING));
    let Err(ProtocolError::Faulty(said)) = publish(&faulty) else { return Err("it was published".into()) };
    for place in
        ["$.steps[0].fields[0].kind: “picture” is not known here", "$.steps[1].title", "$.mistyped: "]
    {
        assert!(said.contains(place), "{place} is not in\n{said}");
    }
    // What depends on the names is checked once the document can be read at all.
    let faulty = next_version(|document| document["clocks"][0]["from"]["step"] = json!("no_such_step"))?;
    let Err(error @ ProtocolError::Faulty(_)) = publish(&faulty) else {
        return Err("it was published".into());
    };
    assert!(error.to_string().starts_with("the definition has faults:\n$.clocks[0].from"), "{error}");
    assert_eq!(programme.app.store.read(protocols::all)?, before, "nothing was published");
    Ok(())
}

#[test]
fn a_phone_that_is_offered_a_faulty_definition_says_so_and_keeps_the_one_before() -> Result<(), Fault> {
    let (_programme, phone, id) = recorded()?;
    let before = phone.app().encounter(&id)?;
    let faulty = next_version(|document| document["steps"][0]["fields"][0]["kind"] = json!("picture"))?;
    let sha256 = firsthours_core::protocol::fingerprint(faulty.as_bytes());
    let notice =
        json!({"sha256": sha256, "id": "us-ca-los-angeles", "version": 2, "effective": "2026-01-01"});
    phone.network.alter(move |request, mut answer| {
        if request.path.ends_with("/sync/hello")
            && let Ok(mut reply) = serde_json::from_slice::<Json>(&answer.body)
            && let Some(protocols) = reply["protocols"].as_array_mut()
        {
            protocols.push(notice.clone());
            answer.body = reply.to_string().into_bytes();
        }
        if request.path.ends_with(&sha256) {
            (answer.status, answer.body) = (200, faulty.clone().into_bytes());
        }
        answer
    });
    let report = phone.app().sync_now()?;
    told(&report.trouble, &Trouble::BadProtocol { faults: 1 });
    assert!(report.complete, "everything else was sent and read");
    let after = phone.app().encounter(&id)?;
    assert_eq!((&after.sections, &after.protocol), (&before.sections, &before.protocol));
    assert!(phone.app().home()?.can_start);
    let next = phone.app().start_encounter(None)?;
    assert_eq!(next.protocol, before.protocol, "a record can be begun under the one before");
    Ok(())
}

#[test]
fn a_question_that_the_protocol_does_not_have_is_refused() -> Result<(), Fault> {
    let (_programme, mut phone, id) = recorded()?;
    let sentence = "The protocol of this record has no such question. Nothing was changed.";
    let (reason, said) = refused(&mut phone, &id, &answer("contact", "colour", Value::Flag(true)))?;
    let (step, field) = ("contact".to_owned(), "colour".to_owned());
    assert_eq!((reason, said.as_str()), (Refusal::NoSuchField { step, field }, sentence));
    let (reason, said) = refused(&mut phone, &id, &answer("arrest", "at", Value::Flag(true)))?;
    assert_eq!((reason, said.as_str()), (Refusal::NoSuchStep { step: "arrest".to_owned() }, sentence));
    Ok(())
}

#[test]
fn the_wrong_kind_of_answer_is_refused() -> Result<(), Fault> {
    let (_programme, mut phone, id) = recorded()?;
    let (reason, said) = refused(&mut phone, &id, &answer("contact", "at", Value::Flag(true)))?;
    let misfit = Misfit::WrongKind { kind: FieldKind::Moment };
    assert_eq!(reason, Refusal::DoesNotFit { field: "at".to_owned(), misfit });
    assert_eq!(said, "This is not the kind of answer that is asked for here.");
    Ok(())
}

#[test]
fn an_option_that_is_not_offered_is_refused() -> Result<(), Fault> {
    let (_programme, mut phone, id) = recorded()?;
    let moon = "moon".to_owned();
    let (reason, said) = refused(&mut phone, &id, &answer("contact", "place", Value::Text(moon.clone())))?;
    let misfit = Misfit::NoSuchOption { option: moon };
    assert_eq!(reason, Refusal::DoesNotFit { field: "place".to_owned(), misfit });
    assert_eq!(said, "This is not one of the choices.");
    Ok(())
}

#[test]
fn a_note_of_four_thousand_characters_is_kept_whole_and_one_more_is_refused_and_kept_as_a_draft()
-> Result<(), Fault> {
    let (_programme, mut phone, id) = recorded()?;
    let fits = "ñ👮".repeat(2_000);
    note(&phone, &id, &fits)?;
    assert_eq!(notes(&phone, &id)?, std::slice::from_ref(&fits), "not a character was cut");
    let too_long = format!("{fits}!");
    let sentence =
        "4001 characters are too many; there is room for 4000. Nothing was cut; please shorten it.";
    let (reason, said) = refused(&mut phone, &id, &Act::Note { step: None, text: too_long.clone() })?;
    assert_eq!((reason, said.as_str()), (Refusal::TooLong { chars: 4_001, max: 4_000 }, sentence));

    let act = answer("indicators", "observed", Value::Text(too_long.clone()));
    let draft = || {
        let place = DraftPlace { step: "indicators".to_owned(), entry: None, field: "observed".to_owned() };
        let view = phone.app().encounter(&id)?;
        phone.app().draft(&id, view.seen, place, &too_long)
    };
    assert_eq!(
        draft()?,
        DraftKept { chars: 4_001, fits: false, flags: Vec::new() },
        "kept, and known to be too long"
    );
    let (reason, said) = refused(&mut phone, &id, &act)?;
    let misfit = Misfit::TooLong { chars: 4_001, max: 4_000 };
    assert_eq!(reason, Refusal::DoesNotFit { field: "observed".to_owned(), misfit });
    assert_eq!(said, sentence);
    let view = phone.app().encounter(&id)?;
    let mut fields = view.sections.iter().flat_map(|section| &section.steps).flat_map(|step| &step.entries);
    let drafts = fields.find_map(|entry| entry.fields.iter().find_map(|field| field.draft.clone()));
    assert_eq!(drafts, Some(too_long), "what was typed is still there to be shortened");
    Ok(())
}

#[test]
fn a_code_of_sixty_four_characters_is_kept_and_one_more_is_refused() -> Result<(), Fault> {
    let (_programme, mut phone, id) = recorded()?;
    let fits = "7".repeat(64);
    let view = phone.app().encounter(&id)?;
    phone.app().act(&id, view.seen, answer("no_arrest", "other_code", Value::Text(fits.clone())))?;
    let too_long = answer("no_arrest", "other_code", Value::Text(format!("{fits}7")));
    let (reason, said) = refused(&mut phone, &id, &too_long)?;
    let misfit = Misfit::TooLong { chars: 65, max: 64 };
    assert_eq!(reason, Refusal::DoesNotFit { field: "other_code".to_owned(), misfit });
    assert_eq!(said, "65 characters are too many; there is room for 64. Nothing was cut; please shorten it.");
    let view = phone.app().encounter(&id)?;
    let mut fields = view.sections.iter().flat_map(|section| &section.steps).flat_map(|step| &step.entries);
    assert!(fields.any(|entry| entry.fields.iter().any(|field| field.value == fits)));
    Ok(())
}

#[test]
fn an_act_on_a_record_that_is_not_here_is_refused() -> Result<(), Fault> {
    let (_programme, phone, id) = recorded()?;
    let before = phone.app().home()?;
    let act = || Act::Note { step: None, text: "lost?".to_owned() };
    let error = phone.app().act(&"00".repeat(16), 1, act()).expect_err("there is no such record");
    assert_eq!(
        (&error, english(&error).as_str()),
        (&AppError::NoSuchRecord, "This record is not on this phone.")
    );
    let error = phone.app().act("not an id", 1, act()).expect_err("that is no id");
    assert_eq!(error, AppError::BadInput { what: "id" });
    assert_eq!(english(&error), "What was given is not in the right form. Nothing was changed.");
    assert_eq!(phone.app().home()?, before);
    assert!(notes(&phone, &id)?.is_empty());
    Ok(())
}

#[test]
fn a_token_that_no_view_had_is_refused_so_that_nothing_unseen_is_replaced() -> Result<(), Fault> {
    let (_programme, phone, id) = recorded()?;
    let before = phone.app().encounter(&id)?;
    for token in [-1, i64::MIN, before.seen + 1, i64::MAX] {
        let error = phone.app().act(&id, token, answer("contact", "place", Value::Text("motel".to_owned())));
        let error = error.expect_err("no view had this token");
        assert_eq!(error, AppError::BadInput { what: "view token" }, "{token}");
        assert_eq!(english(&error), "What was given is not in the right form. Nothing was changed.");
        assert_eq!(phone.app().encounter(&id)?, before);
    }
    Ok(())
}

/// What support can read: codes of what went wrong, no more of them than are kept, and not a word of a record.
#[test]
fn the_codes_of_what_went_wrong_are_kept_for_support_and_say_nothing_of_a_record() -> Result<(), Fault> {
    let (programme, mut phone, id) = recorded()?;
    let (reason, _) = refused(&mut phone, &id, &answer("contact", "place", Value::Text("moon".to_owned())))?;
    assert!(matches!(reason, Refusal::DoesNotFit { .. }));
    assert_eq!(phone.app().faults()?, [], "what is refused is no fault");
    for n in 0..=FAULTS_KEPT {
        for _ in 0..3 {
            // Within a minute it is one and the same.
            assert!(phone.app().encounter(&format!("the secret {n}")).is_err());
            programme.clock.advance(20_000);
        }
        assert_eq!(phone.app().faults()?.len(), (n + 1).min(FAULTS_KEPT));
    }
    assert!(phone.app().timeline(&id, -1).is_err());
    let codes: Vec<String> = phone.app().faults()?.into_iter().map(|fault| fault.code).collect();
    assert_eq!(codes.len(), FAULTS_KEPT);
    assert!(codes[..FAULTS_KEPT - 1].iter().all(|code| code == "bad_input: id"));
    assert_eq!(codes[FAULTS_KEPT - 1], "bad_input: page");
    phone.switch_off();
    phone.switch_on()?;
    let again: Vec<String> = phone.app().faults()?.into_iter().map(|fault| fault.code).collect();
    assert_eq!(again, codes, "it outlives the app");
    Ok(())
}
