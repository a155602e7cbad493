//! Text that is typed while others write.

use std::collections::BTreeMap;

use firsthours_core::app::{Act, DraftKept, DraftPlace};
use firsthours_core::protocol::Value;
use firsthours_core::record::Sharing;
use firsthours_core::words::Language;
use firsthours_tests::Phone;
use firsthours_tests::programme::Fault;

use super::bad_input::{recorded, sync};

const STEP: &str = "suspicion";
const FIELD: &str = "facts";

fn typed(phone: &Phone, id: &str, text: &str) -> Result<DraftKept, Fault> {
    let seen = phone.app().encounter(id)?.seen;
    let place = DraftPlace { step: STEP.to_owned(), entry: None, field: FIELD.to_owned() };
    Ok(phone.app().draft(id, seen, place, text)?)
}

fn answered(phone: &Phone, id: &str, text: &str) -> Result<i32, Fault> {
    let seen = phone.app().encounter(id)?.seen;
    let values = BTreeMap::from([(FIELD.to_owned(), Some(Value::Text(text.to_owned())))]);
    let act = Act::Answer { step: STEP.to_owned(), entry: None, values, reason: None };
    Ok(phone.app().act(id, seen, act)?.conflicts)
}

#[test]
fn what_came_in_while_a_text_was_typed_is_not_replaced_by_it() -> Result<(), Fault> {
    let (programme, first, id) = recorded()?;
    let second = programme.phone("brooks", Language::En)?;
    let to = programme.person("brooks");
    let seen = first.app().encounter(&id)?.seen;
    first.app().act(&id, seen, Act::Share { how: Sharing::Join, to })?;
    sync(&first)?;
    sync(&second)?;

    typed(&first, &id, "She s")?;
    assert_eq!(answered(&second, &id, "what the other one heard")?, 0);
    sync(&second)?;
    sync(&first)?;
    // The screen shows the other's text by now; the sentence was begun before.
    typed(&first, &id, "She said that")?;
    assert_eq!(answered(&first, &id, "She said that she is sixteen")?, 1, "both texts stand");
    Ok(())
}

#[test]
fn a_term_that_blames_the_child_is_named_while_it_is_typed_and_may_stay() -> Result<(), Fault> {
    let (_programme, phone, id) = recorded()?;
    let text = "🚓 She is a known prostitute.";
    let kept = typed(&phone, &id, text)?;
    assert!(kept.fits, "nothing is refused for its words");
    let [flag] = &kept.flags[..] else { panic!("{kept:?}") };
    let units: Vec<u16> = text.encode_utf16().collect();
    let range = usize::try_from(flag.begins)?..usize::try_from(flag.ends)?;
    assert_eq!(String::from_utf16_lossy(&units[range]), flag.term);
    assert!(flag.sentence.contains("There is no such thing as a child prostitute."), "{}", flag.sentence);
    assert_eq!(typed(&phone, &id, "The man said “she is a known prostitute”.")?.flags, []);
    assert_eq!(answered(&phone, &id, text)?, 0);
    Ok(())
}
