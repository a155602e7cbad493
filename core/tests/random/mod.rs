//! Definitions that nobody wrote, and people who work by them: for the laws that hold under every protocol.
//!
//! A case is a handful of bytes; what is made of them is valid by construction and goes through the real loader.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod acts;
pub(crate) mod choices;
pub(crate) mod document;
pub(crate) mod naive;
pub(crate) mod plan;
pub(crate) mod play;
pub(crate) mod rule;

use firsthours_core::protocol::{Definition, load};
use proptest::prelude::*;
use serde_json::Value as Json;

use choices::Choices;
use document::document;
use plan::Plan;

/// A definition and its text.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) text: String,
    pub(crate) definition: Definition,
}

impl Drawn {
    pub(crate) fn of(document: &Json) -> Self {
        let text = document.to_string();
        let definition = load(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
        Self { text, definition }
    }

    pub(crate) fn protocol(&self) -> firsthours_core::record::Hash {
        firsthours_core::record::Hash::of(self.text.as_bytes())
    }
}

/// Valid definitions of one to twelve steps, as JSON.
pub(crate) fn documents() -> impl Strategy<Value = Json> {
    (bytes(400), bytes(500))
        .prop_map(|(plan, rules)| document(&Plan::new(&mut Choices::new(&plan)), &mut Choices::new(&rules)))
}

/// Valid definitions.
pub(crate) fn definitions() -> impl Strategy<Value = Drawn> {
    documents().prop_map(|document| Drawn::of(&document))
}

/// Two versions of one protocol.
pub(crate) fn versions() -> impl Strategy<Value = (Drawn, Drawn)> {
    (bytes(300), bytes(300), bytes(40), bytes(300)).prop_map(|(plan, rules, changes, later)| {
        let first = Plan::new(&mut Choices::new(&plan));
        let second = first.changed(&mut Choices::new(&changes));
        let drawn = |plan: &Plan, rules: &[u8]| Drawn::of(&document(plan, &mut Choices::new(rules)));
        (drawn(&first, &rules), drawn(&second, &later))
    })
}

/// Bytes to choose with.
pub(crate) fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}
