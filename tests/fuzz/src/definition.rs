//! Definitions: strict JSON, the loader, every check; and a record under whatever was accepted.

use std::sync::Arc;

use firsthours_core::protocol::{fingerprint, json, load};
use firsthours_core::record::State;

use crate::known::{self, known};
use crate::{form, hold, within};

/// A definition is loaded, or its faults are listed; a record under an accepted one can be drawn.
pub fn check(input: &[u8]) -> bool {
    // A fault takes some hundred bytes, and a few bytes of input can be one.
    let loaded = within(input.len(), 1 << 20, 1_000, || load(input));
    match loaded {
        Ok(definition) => {
            assert!(json::parse(input).is_ok(), "accepted, though it is not strict JSON");
            assert_eq!(fingerprint(input).len(), 64);
            let again = load(input).expect("what was accepted once is accepted again");
            assert_eq!(definition, again);
            let mut order = definition.order.clone();
            order.sort_unstable();
            assert!(order.into_iter().eq(0..definition.steps.len()), "every step has its turn");
            let how = input.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
            hold::draws(&definition, &State::default(), how);
            // A record that was begun under another version.
            let night: Vec<Arc<_>> = form::records()[0].events().cloned().collect();
            hold::folds_and_draws(&definition, &night, how);
            true
        }
        Err(faults) => {
            assert!(!faults.0.is_empty(), "refused, and nothing is said to be wrong");
            assert!(faults.0.iter().all(|fault| fault.path.starts_with('$')), "a fault without its place");
            within(input.len(), 1 << 20, 2_000, || faults.to_string());
            false
        }
    }
}

/// Seeds: two definitions that are accepted, and pieces that say more with fewer bytes.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let small = |text: &str| -> Vec<u8> {
        let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
        json.to_string().into_bytes()
    };
    let mut bare: serde_json::Value = serde_json::from_str(known::TINY).expect("JSON");
    for list in ["clocks", "partners", "calendars"] {
        bare[list] = serde_json::json!([]);
    }
    bare["languages"] = serde_json::json!(["en"]);
    assert_eq!(known().definition.steps.len(), 5);
    vec![
        ("tiny".to_owned(), small(known::TINY)),
        ("los_angeles".to_owned(), small(crate::support::LOS_ANGELES)),
        ("bad_languages".to_owned(), small(&bare.to_string())),
        ("bad_empty".to_owned(), b"{}".to_vec()),
        ("bad_deep".to_owned(), [b"[".repeat(33), b"]".repeat(33)].concat()),
    ]
}
