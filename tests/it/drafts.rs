//! Text that is typed while others write.

use std::collections::BTreeMap;

use firsthours_core::app::{Act, DraftPlace};
use firsthours_core::protocol::Value;
use firsthours_core::record::Sharing;
use firsthours_core::words::Language;
use firsthours_tests::Phone;
use firsthours_tests::programme::Fault;

use super::bad_input::{recorded, sync};

const STEP: &str = "suspicion";
const FIELD: &str = "facts";

fn typed(phone: &Phone, id: &str, text: &str) -> Result<(), Fault> {
    let seen = phone.app().encounter(id)?.seen;
    let place = DraftPlace { step: STEP.to_owned(), entry: None, field: FIELD.to_owned() };
    phone.app().draft(id, seen, place, text)?;
    Ok(())
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
