//! The paths that a Rust source names (`use` trees opened up, expressions and attributes too), without what stands
//! in comments, texts and test modules. Not a parser: enough of one for rules about who names whom.

/// One path as written, with the line its last part stands on.
#[derive(Debug, PartialEq)]
pub(super) struct NamedPath {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
}

/// Every path the code of `text` names. `use a::{b, c::d}` gives `a::b` and `a::c::d`.
pub(super) fn paths(text: &str) -> Vec<NamedPath> {
    let tokens = without_tests(&tokens(text));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].is_name() {
            at = tree(&tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

#[derive(Clone, Debug, PartialEq)]
struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is_name(&self) -> bool {
        self.text.starts_with(|first: char| first.is_alphabetic() || first == '_')
    }
}

/// Reads one tree that starts at a name, appends its paths, and returns where it ends.
fn tree(tokens: &[Token], start: usize, before: &[String], found: &mut Vec<NamedPath>) -> usize {
    let mut segments = before.to_vec();
    segments.push(tokens[start].text.clone());
    let mut line = tokens[start].line;
    let mut at = start + 1;
    while tokens.get(at).is_some_and(|token| token.text == "::") {
        match tokens.get(at + 1) {
            Some(next) if next.is_name() => {
                segments.push(next.text.clone());
                line = next.line;
                at += 2;
            }
            Some(next) if next.text == "{" => return group(tokens, at + 2, &segments, found),
            _ => break,
        }
    }
    found.push(NamedPath { line, segments });
    at
}

/// Reads the members of a `{…}` in a tree, from behind its opening brace, and returns where it ends.
fn group(tokens: &[Token], mut at: usize, before: &[String], found: &mut Vec<NamedPath>) -> usize {
    while let Some(token) = tokens.get(at) {
        if token.text == "}" {
            return at + 1;
        } else if token.text == "self" {
            found.push(NamedPath { line: token.line, segments: before.to_vec() });
            at += 1;
        } else if token.text == "as" {
            at += 2;
        } else if token.is_name() {
            at = tree(tokens, at, before, found);
        } else {
            at += 1;
        }
    }
    at
}

/// Leaves out every item marked `#[cfg(test)]`: up to its `;`, or to the end of its braces.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let marked = tokens.len() - at >= mark.len()
            && tokens[at..].iter().zip(mark).all(|(token, expected)| token.text == expected);
        if !marked {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += mark.len();
        let mut depth = 0_usize;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token.text.as_str() {
                "{" => depth += 1,
                "}" if depth <= 1 => break,
                "}" => depth -= 1,
                ";" if depth == 0 => break,
                _ => {}
            }
        }
    }
    kept
}

/// Names, `::` and single signs; nothing of comments, texts and characters.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(&first) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        let end = match (first, next) {
            ('/', Some('/')) => end_of_line(&chars, at),
            ('/', Some('*')) => end_of_comment(&chars, at),
            ('"', _) => end_of_text(&chars, at + 1),
            ('\'', _) => end_of_character(&chars, at),
            (':', Some(':')) => {
                found.push(Token { line, text: "::".to_owned() });
                at + 2
            }
            _ if first.is_alphanumeric() || first == '_' => {
                let end = chars[at..].iter().position(|c| !c.is_alphanumeric() && *c != '_');
                let end = end.map_or(chars.len(), |length| at + length);
                let name: String = chars[at..end].iter().collect();
                if let Some(end) = end_of_raw_text(&chars, &name, end) {
                    end
                } else {
                    found.push(Token { line, text: name });
                    end
                }
            }
            _ => {
                if !first.is_whitespace() {
                    found.push(Token { line, text: first.to_string() });
                }
                at + 1
            }
        };
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    found
}

fn end_of_line(chars: &[char], at: usize) -> usize {
    chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length)
}

fn end_of_comment(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (at, depth) = (at + 2, depth + 1),
            ('*', Some('/')) => {
                (at, depth) = (at + 2, depth - 1);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn end_of_text(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `r"…"`, `br#"…"#` and the like, whose prefix was read as a name; `None` if it is only a name.
fn end_of_raw_text(chars: &[char], prefix: &str, at: usize) -> Option<usize> {
    if !matches!(prefix, "r" | "br" | "cr") {
        return None;
    }
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + hashes) != Some(&'"') {
        return None;
    }
    let mut end = at + hashes + 1;
    while end < chars.len() {
        let closes = chars[end] == '"'
            && chars[end + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        if closes {
            return Some(end + 1 + hashes);
        }
        end += 1;
    }
    Some(chars.len())
}

/// A character such as `'"'`, or only the sign of a lifetime.
fn end_of_character(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => {
            let close = chars.iter().skip(at + 3).position(|c| *c == '\'');
            close.map_or(chars.len(), |length| at + 3 + length + 1)
        }
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        paths(text).iter().map(|path| format!("{}:{}", path.line, path.segments.join("::"))).collect()
    }

    #[test]
    fn a_use_tree_is_opened_up() {
        assert_eq!(
            named("use crate::{\n  a::{b, c as d},\n  e::*, f::{self, g},\n};"),
            ["1:use", "2:crate::a::b", "2:crate::a::c", "3:crate::e", "3:crate::f", "3:crate::f::g"]
        );
    }

    #[test]
    fn comments_texts_and_characters_name_nothing() {
        let text =
            "// a::b\n/* c::d /* e::f */ g::h */ \"i::j \\\" k::l\" r#\"m::n \" o::p\"# '\"' b'\\'' x::y";
        let found = named(text);
        assert!(found.contains(&"2:x::y".to_owned()), "{found:?}");
        assert!(!found.iter().any(|path| path.contains("::") && path != "2:x::y"), "{found:?}");
    }

    #[test]
    fn a_lifetime_is_not_the_start_of_a_character() {
        assert_eq!(named("&'a str, q::r"), ["1:a", "1:str", "1:q::r"]);
    }

    #[test]
    fn expressions_and_attributes_name_paths() {
        let found = named("#[uniffi::export]\nfn f() { let x = Vec::<std::fs::File>::new(); }");
        assert!(found.contains(&"1:uniffi::export".to_owned()), "{found:?}");
        assert!(found.contains(&"2:std::fs::File".to_owned()), "{found:?}");
    }

    #[test]
    fn test_modules_are_left_out_and_what_follows_is_not() {
        let text = "#[cfg(test)]\nmod tests { fn f() { if a::b() {} } }\n#[cfg(test)] mod more;\nuse c::d;";
        assert_eq!(named(text), ["4:use", "4:c::d"]);
    }
}
