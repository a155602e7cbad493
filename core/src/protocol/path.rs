//! Where in a JSON document something stands: `$.steps[3].fields[0].kind`.

use std::fmt;

/// A place, as a chain of borrowed parts: written out only when there is a fault to report.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

/// Greatest number of characters of one name in a path: a hostile name must not make a long report.
const NAME_CHARS: usize = 60;

impl<'a> Path<'a> {
    pub(crate) fn key(&'a self, name: &'a str) -> Path<'a> {
        Path::Key(self, name)
    }

    pub(crate) fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => out.write_str("$"),
            Path::Index(parent, index) => write!(out, "{parent}[{index}]"),
            Path::Key(parent, name) if is_plain(name) => write!(out, "{parent}.{name}"),
            Path::Key(parent, name) => write!(out, "{parent}[{:?}]", shortened(name)),
        }
    }
}

/// The beginning of a text that stands in a report.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(NAME_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_CHARS
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_keys_and_indexes_from_the_root() {
        let steps = Path::Root.key("steps");
        let step = steps.index(3);
        assert_eq!(step.key("title").to_string(), "$.steps[3].title");
        assert_eq!(step.key("a b").to_string(), "$.steps[3][\"a b\"]");
    }

    #[test]
    fn a_long_name_is_shortened() {
        let name = "é".repeat(5_000);
        assert!(Path::Root.key(&name).to_string().chars().count() < 80);
    }
}
