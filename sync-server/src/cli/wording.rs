//! What the language guard says of the texts of a definition: to be weighed by who writes it, not a fault.

use firsthours_core::view::flags;
use firsthours_core::words::Language;
use serde_json::Value;

/// A line for each term that is named, with the place of its text: `$.steps[3].guidance.en`. Of a text that is no JSON
/// there is nothing to say.
pub(super) fn weigh(definition: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if let Ok(document) = serde_json::from_str(definition) {
        collect(&document, "$", &mut lines);
    }
    lines
}

/// A text is an object of languages, English among them.
fn collect(value: &Value, path: &str, lines: &mut Vec<String>) {
    match value {
        Value::Object(languages) if languages.contains_key("en") => {
            for (language, text) in languages {
                let flags = flags(text.as_str().unwrap_or_default(), Language::En);
                lines.extend(flags.iter().map(|flag| format!("{path}.{language}: {}", flag.sentence)));
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                collect(member, &format!("{path}.{name}"), lines);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{path}[{index}]"), lines);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
