//! A newer version of the protocol comes while a record is open; and several children of one scene.

use std::collections::BTreeMap;

use firsthours_core::app::{Act, AppError};
use firsthours_core::protocol::Value;
use firsthours_core::record::{Hash, Sharing, Summary};
use firsthours_core::words::Language;
use firsthours_server::programme::audit::Who;
use firsthours_server::records::protocols;
use firsthours_tests::Phone;
use firsthours_tests::programme::{Fault, PROTOCOL, Programme};

use super::bad_input::{recorded, sync};

/// The programme's protocol in a second version: nobody asks whether each child has a record, and where and when are
/// facts of the scene.
fn second_version() -> Result<(String, Hash), Fault> {
    let mut document: serde_json::Value = serde_json::from_str(PROTOCOL)?;
    let version = document["version"].as_i64().ok_or("a version")?;
    document["version"] = (version + 1).into();
    document["supersedes"] = Hash::of(PROTOCOL.as_bytes()).to_string().into();
    document["effective"] = "2026-01-01".into();
    let contact = document["steps"].as_array_mut().and_then(|steps| steps.first_mut()).ok_or("steps")?;
    contact["shared"] = true.into();
    let fields = contact["fields"].as_array_mut().ok_or("fields")?;
    let before = fields.len();
    fields.retain(|field| field["id"] != "own_records");
    assert_eq!(fields.len() + 1, before, "the first version asks for it");
    let text = document.to_string();
    let sha = Hash::of(text.as_bytes());
    Ok((text, sha))
}

fn publish(programme: &Programme) -> Result<Hash, Fault> {
    let (text, sha) = second_version()?;
    let app = &programme.app;
    let now = app.now();
    app.store.write(|tx| protocols::publish(tx, &text, Who::Console, now))?;
    Ok(sha)
}

fn own_records(phone: &Phone, id: &str, yes: bool) -> Result<(), Fault> {
    let seen = phone.app().encounter(id)?.seen;
    let values = BTreeMap::from([("own_records".to_owned(), Some(Value::Flag(yes)))]);
    phone.app().act(
        id,
        seen,
        Act::Answer { step: "contact".to_owned(), entry: None, values, reason: None },
    )?;
    Ok(())
}

/// A second deputy takes part.
fn join(programme: &Programme, first: &Phone, id: &str) -> Result<Phone, Fault> {
    let second = programme.phone("brooks", Language::En)?;
    let to = programme.person("brooks");
    let seen = first.app().encounter(id)?.seen;
    first.app().act(id, seen, Act::Share { how: Sharing::Join, to })?;
    sync(first)?;
    sync(&second)?;
    Ok(second)
}

fn summary(programme: &Programme, id: &str) -> Result<Summary, Fault> {
    let app = &programme.app;
    let row = app.store.read(|tx| tx.row("select summary from encounter where id = $1", &[id.into()]))?;
    let row = row.ok_or("the record is here")?;
    Summary::from_bytes(row.text(0)?.as_bytes()).ok_or_else(|| "a summary".into())
}

#[test]
fn a_record_is_moved_with_a_card_and_nobody_who_did_not_know_loses_an_answer() -> Result<(), Fault> {
    let (programme, first, id) = recorded()?;
    own_records(&first, &id, true)?;
    let second = join(&programme, &first, &id)?;
    let sha = publish(&programme)?;
    assert_eq!(first.app().encounter(&id)?.newer, None, "it has not heard of it");
    sync(&first)?;

    let newer = first.app().encounter(&id)?.newer.ok_or("a newer version is here")?;
    assert_eq!(newer.protocol, sha.to_string());
    assert_eq!(newer.sentence, "Version 2 of the protocol is here. You can move this record to it.");
    let card = first.app().move_card(&id)?.ok_or("a card")?;
    assert_eq!(card.title, "From version 1 to version 2");
    assert!(!card.needs_reason);
    assert_eq!(
        card.effects[1..],
        ["1 answer is not asked for any more. It is kept and stays in sight.", "No further step opens."]
    );
    let seen = first.app().encounter(&id)?.seen;
    let view = first.app().move_record(&id, seen, &card.protocol, None)?;
    assert_eq!(view.newer, None);
    let [carried] = view.carried.as_slice() else { return Err("one answer is carried".into()) };
    assert_eq!(carried.title, "Answered under version 1");
    assert!(carried.lines[0].contains(": Yes (Dep. Alvarez"), "{}", carried.lines[0]);
    assert_eq!(first.app().move_card(&id)?, None);
    sync(&first)?;
    assert_eq!(summary(&programme, &id)?.protocol, sha);

    // The other phone has not synced since: it answers what the second version does not ask.
    own_records(&second, &id, false)?;
    sync(&second)?;
    assert_eq!(summary(&programme, &id)?.held, 0, "nothing is held for not having known");
    let view = second.app().encounter(&id)?;
    assert_eq!(view.carried[0].lines.len(), 1);
    assert!(view.carried[0].lines[0].contains(": No (Dep. Brooks"), "{}", view.carried[0].lines[0]);
    sync(&first)?;
    assert_eq!(first.app().encounter(&id)?.carried, view.carried);
    assert_eq!(first.app().rebuild()?, 0);
    Ok(())
}

#[test]
fn a_version_that_is_not_here_is_waited_for_under_the_one_before() -> Result<(), Fault> {
    let (programme, first, id) = recorded()?;
    let mut second = join(&programme, &first, &id)?;
    let sha = publish(&programme)?;
    sync(&first)?;
    let seen = first.app().encounter(&id)?.seen;
    first.app().move_record(&id, seen, &sha.to_string(), None)?;
    sync(&first)?;
    sync(&second)?;
    // As on a phone whose app cannot read the newer definition.
    second.switch_off();
    let store = firsthours_core::store::Store::open(&second.folder(), &second.key())?;
    store.drop_protocol(&sha)?;
    drop(store);
    second.switch_on()?;
    let notice = "This record was moved to a version of the protocol that is not here yet. It is shown under the one before, and nothing is lost; sync to fetch it.";
    let view = second.app().encounter(&id)?;
    assert!(view.notices.contains(&notice.to_owned()), "{:?}", view.notices);
    assert_eq!(second.app().home()?.rows.len(), 1);
    // What is written meanwhile is kept like everything else.
    own_records(&second, &id, true)?;
    sync(&second)?;
    let view = second.app().encounter(&id)?;
    assert!(!view.notices.contains(&notice.to_owned()));
    assert_eq!(view.carried[0].lines.len(), 1);
    assert_eq!(summary(&programme, &id)?.held, 0);
    Ok(())
}

#[test]
fn a_record_under_a_protocol_that_this_app_cannot_read_is_kept_whole_until_it_can() -> Result<(), Fault> {
    let (programme, first, id) = recorded()?;
    let mut second = join(&programme, &first, &id)?;
    let before = second.app().encounter(&id)?;
    // As on a phone whose app is older than the definition.
    second.switch_off();
    let sha = Hash::of(PROTOCOL.as_bytes());
    let store = firsthours_core::store::Store::open(&second.folder(), &second.key())?;
    let held = store.events(&id.parse()?)?.len();
    store.drop_protocol(&sha)?;
    drop(store);
    second.network.set_signal(false);
    second.switch_on()?;
    let refused = second.app().encounter(&id).err().ok_or("it cannot be drawn")?;
    assert!(matches!(refused, AppError::NotReady { .. }), "{refused:?}");
    assert!(second.app().home()?.rows.is_empty(), "a list goes on without it");
    assert!(second.app().alarms()?.is_empty());

    // More comes in meanwhile; then the app can read it.
    own_records(&first, &id, true)?;
    sync(&first)?;
    second.network.set_signal(true);
    sync(&second)?;
    let after = second.app().encounter(&id)?;
    assert_eq!(after.sections.len(), before.sections.len());
    assert_eq!(second.app().timeline(&id, 0)?.rows.len(), held + 1, "nothing is lost");
    assert_eq!(second.app().rebuild()?, 0);
    Ok(())
}

#[test]
fn what_is_no_version_of_the_record_s_protocol_is_refused() -> Result<(), Fault> {
    let (programme, first, id) = recorded()?;
    let mut other: serde_json::Value = serde_json::from_str(PROTOCOL)?;
    other["id"] = "xx-elsewhere".into();
    let text = other.to_string();
    let app = &programme.app;
    let now = app.now();
    app.store.write(|tx| protocols::publish(tx, &text, Who::Console, now))?;
    sync(&first)?;
    let view = first.app().encounter(&id)?;
    assert_eq!(view.newer, None);
    let sha = Hash::of(text.as_bytes()).to_string();
    let refused = first.app().move_record(&id, view.seen, &sha, None).err().ok_or("it is another's")?;
    let sentence = refused.sentence(Language::En);
    assert_eq!(sentence, "That is not a version of this record’s protocol. Nothing was changed.");
    assert_eq!(first.app().encounter(&id)?.seen, view.seen);
    Ok(())
}

#[test]
fn facts_of_a_scene_are_entered_once_for_all_its_children() -> Result<(), Fault> {
    let (programme, first, _) = recorded()?;
    publish(&programme)?;
    sync(&first)?;
    let one = first.app().start_encounter(None)?.id;
    let contact = |values: &[(&str, Value)]| -> Result<(), Fault> {
        let seen = first.app().encounter(&one)?.seen;
        let values = values.iter().map(|(field, value)| ((*field).to_owned(), Some(value.clone())));
        let act =
            Act::Answer { step: "contact".to_owned(), entry: None, values: values.collect(), reason: None };
        first.app().act(&one, seen, act)?;
        Ok(())
    };
    contact(&[("how", Value::Text("patrol".to_owned())), ("place", Value::Text("motel".to_owned()))])?;
    let place = |id: &str, field: &str| -> Result<String, Fault> {
        let view = first.app().encounter(id)?;
        let step = view.sections.iter().flat_map(|section| &section.steps).find(|step| step.id == "contact");
        let fields = step.and_then(|step| step.entries.first()).map(|entry| &entry.fields).ok_or("a form")?;
        Ok(fields.iter().find(|found| found.id == field).map(|found| found.value.clone()).unwrap_or_default())
    };
    let (second, third) = {
        let second = first.app().start_encounter(Some(&one))?;
        let third = first.app().start_encounter(Some(&one))?;
        assert!(third.handle.starts_with("C · "), "{}", third.handle);
        (second.id, third.id)
    };
    assert_eq!((place(&second, "place")?, place(&third, "how")?), ("motel".to_owned(), "patrol".to_owned()));

    // What is entered later goes to the others when the deputy says so.
    contact(&[("children", Value::Number(3))])?;
    let view = first.app().encounter(&one)?;
    let lacks: Vec<bool> = view.incident.iter().map(|other| other.lacks.is_empty()).collect();
    assert_eq!(lacks, [false, false]);
    let view = first.app().copy_to_incident(&one)?;
    assert!(view.incident.iter().all(|other| other.lacks.is_empty()));
    assert_eq!(place(&third, "children")?, "3");
    let history = first.app().timeline(&second, 0)?;
    assert!(history.rows[0].sentence.contains("copied from"), "{}", history.rows[0].sentence);

    sync(&first)?;
    for id in [&one, &second, &third] {
        assert_eq!(summary(&programme, id)?.held, 0);
    }
    Ok(())
}

#[test]
fn a_record_that_was_begun_alone_is_linked_to_the_scene_of_another() -> Result<(), Fault> {
    let (programme, first, one) = recorded()?;
    let other = first.app().start_encounter(None)?;
    assert!(other.incident.is_empty());
    let view = first.app().link_incident(&other.id, other.seen, &one)?;
    assert_eq!(view.incident.iter().map(|other| other.id.as_str()).collect::<Vec<_>>(), [one.as_str()]);
    sync(&first)?;
    assert_eq!(summary(&programme, &other.id)?.incident, summary(&programme, &one)?.incident);
    Ok(())
}

#[test]
fn a_submission_that_is_refused_leaves_what_is_typed_a_draft() -> Result<(), Fault> {
    use firsthours_core::app::DraftPlace;
    use firsthours_core::protocol::Phase;
    let (_programme, first, id) = recorded()?;
    let view = first.app().encounter(&id)?;
    let place = DraftPlace { step: "suspicion".to_owned(), entry: None, field: "facts".to_owned() };
    first.app().draft(&id, view.seen, place, "She s")?;
    let events = first.app().timeline(&id, 0)?.rows.len();
    assert!(first.app().act(&id, view.seen, Act::Submit { phase: Phase::Scene }).is_err(), "steps are open");
    assert_eq!(first.app().timeline(&id, 0)?.rows.len(), events, "nothing became a fact");
    let drafts = first.app().sync_state()?.drafts;
    assert_eq!(drafts, 1);
    Ok(())
}
