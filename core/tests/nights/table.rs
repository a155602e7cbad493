//! Reads a table, plays it, and compares what it says with what is so.

use std::collections::BTreeSet;
use std::sync::Arc;

use firsthours_core::record::Event;

use super::player::{Line, Night};
use super::said::{is_about_something, said};
use crate::support::fold;

/// Monday.
const USUAL_EVENING: &str = "2026-11-23";

/// A line of words; a text in quotation marks is one word.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            other => words.last_mut().expect("never empty").push(other),
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

/// `B`, the letter of a record.
fn letter(word: &str) -> Option<&str> {
    (word.len() == 1 && word.starts_with(|letter: char| letter.is_ascii_uppercase())).then_some(word)
}

/// Plays one table. Every act must say what comes next.
pub(crate) fn play(name: &str, table: &str) {
    let lines: Vec<(usize, Vec<String>)> = (1..).zip(table.lines().map(words)).collect();
    let evening = lines.iter().find(|(_, words)| words.first().is_some_and(|word| word == "night"));
    let mut night = Night::on(evening.map_or(USUAL_EVENING, |(_, words)| words[1].as_str()));
    let mut faults = Vec::new();
    let mut last: Option<Line> = None;
    let mut says_next = true;
    for (number, words) in &lines {
        let Some(first) = words.first().filter(|first| !first.starts_with("//") && *first != "night") else {
            continue;
        };
        if first.starts_with(char::is_numeric) {
            assert!(says_next, "{name}, line {number}: the act before does not say what comes next");
            says_next = false;
            let named = letter(&words[2]);
            let line = Line {
                at: night.dates.moment(first),
                who: words[1].clone(),
                record: named.unwrap_or("A").to_owned(),
            };
            night.act(&line, &words[2 + usize::from(named.is_some())..]);
            last = Some(line);
            continue;
        }
        let line = last.clone().unwrap_or_else(|| panic!("{name}, line {number}: nothing happened yet"));
        let named = first.strip_suffix(':').and_then(letter);
        let (line, words) = match named {
            Some(other) => (Line { record: other.to_owned(), ..line }, &words[1..]),
            None => (line, words.as_slice()),
        };
        let (what, rest) = words.split_first().expect("something is said");
        let (about, expected) =
            if is_about_something(what) { rest.split_first().expect("of something") } else { (what, rest) };
        says_next |= what == "next" && named.is_none();
        let (is_so, expected) = (said(&night, &line, what, about), expected.join(" "));
        if is_so != expected {
            faults.push(format!("line {number}: {}: it is {is_so}", words.join(" ")));
        }
    }
    assert!(says_next && last.is_some(), "{name}: the last act does not say what comes next");
    assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
    // Whatever the night, each of its records is the same whichever way it came together.
    let records: BTreeSet<_> = night.events.iter().map(|event| event.header.encounter).collect();
    for record in records {
        let of_it = night.events.iter().filter(|event| event.header.encounter == record);
        let events: Vec<Arc<Event>> = of_it.cloned().collect();
        let backwards: Vec<Arc<Event>> = events.iter().rev().cloned().collect();
        assert_eq!(fold(&backwards), fold(&events));
    }
}
