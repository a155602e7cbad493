//! No false alarm in any text that is shipped: the protocols, in every language, and the app's own words.

use std::path::PathBuf;

use firsthours_core::guard::check;
use firsthours_core::words::{Label, Language};

use crate::texts::texts;
use crate::words::all_texts;

/// What is flagged in a text, with its place.
fn flags(place: &str, text: &str) -> Vec<String> {
    let flags = check(text, Language::En).into_iter();
    flags.map(|flag| format!("{place}: {} “{}”: {text}", flag.rule, &text[flag.at])).collect()
}

#[test]
fn no_protocol_is_flagged() {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "protocols"].iter().collect();
    let mut found = Vec::new();
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder of protocols is there") {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let is_protocol = path.extension().is_some_and(|extension| extension == "json");
        if !is_protocol || name.ends_with(".schema.json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a protocol is text");
        let document: serde_json::Value = serde_json::from_str(&text).expect("a protocol is JSON");
        for text in texts(&document) {
            for (language, words) in &text.words {
                seen += 1;
                found.extend(flags(&format!("{name} {}.{language}", text.path), words));
            }
        }
    }
    assert!(seen > 1_000, "only {seen} texts were found");
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_word_of_the_app_is_flagged() {
    let texts = all_texts();
    assert!(texts.len() > 2 * Label::ALL.len());
    let found: Vec<String> = texts.iter().flat_map(|(what, text)| flags(what, text)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
