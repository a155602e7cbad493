//! The versions of the protocol that a night may be recorded under: the shipped one, and a second one made from it.

use std::sync::OnceLock;

use firsthours_core::protocol::{Definition, load};
use firsthours_core::record::Hash;
use serde_json::{Value as Json, json};

use crate::support::LOS_ANGELES;

/// One version, by its number.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) number: u32,
    pub(crate) hash: Hash,
    pub(crate) definition: Definition,
}

pub(crate) fn version(number: u32) -> &'static Version {
    let found = versions().iter().find(|version| version.number == number);
    found.unwrap_or_else(|| panic!("there is no version {number}"))
}

pub(crate) fn by_hash(hash: &Hash) -> &'static Version {
    versions().iter().find(|version| version.hash == *hash).expect("a version that the night knows")
}

fn versions() -> &'static [Version; 2] {
    static VERSIONS: OnceLock<[Version; 2]> = OnceLock::new();
    VERSIONS.get_or_init(|| [read(1, LOS_ANGELES), read(2, &second())])
}

fn read(number: u32, text: &str) -> Version {
    let definition = load(text.as_bytes()).unwrap_or_else(|faults| panic!("version {number}:\n{faults}"));
    Version { number, hash: Hash::of(text.as_bytes()), definition }
}

/// One step more (who stays with the child), and one sign fewer to consider.
fn second() -> String {
    let mut document: Json = serde_json::from_str(LOS_ANGELES).expect("it is JSON");
    document["version"] = json!(2);
    document["supersedes"] = json!(Hash::of(LOS_ANGELES.as_bytes()).to_string());
    let steps = document["steps"].as_array_mut().expect("steps");
    let indicators = steps.iter_mut().find(|step| step["id"] == "indicators").expect("it has the signs");
    indicators["fields"].as_array_mut().expect("fields").retain(|field| field["id"] != "papers");
    let words = |en: &str| json!({"en": en, "es": en});
    let after = steps.iter().position(|step| step["id"] == "no_arrest").expect("it has the step");
    let companion = json!({
        "id": "companion", "title": words("Who stays with the child"), "phase": "scene", "by": "deputy",
        "guidance": words("Note who stays with the child."), "why": words("Nobody should wait alone."),
        "applies": {"answer": {"step": "suspicion", "field": "status", "is": "suspected"}},
        "fields": [{"id": "stays", "title": words("Somebody stays"), "kind": "flag"}],
        "cannot_reasons": [{"id": "child_left", "title": words("The child has left")}],
        "basis": [{"source": "The test", "state": "inferred"}],
    });
    steps.insert(after + 1, companion);
    document.to_string()
}
