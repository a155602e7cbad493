//! The term rules as data: read once, and refused whole if anything in them is not understood.
//!
//! A file for each language that narratives are written in. It has *sets* of patterns that its rules name, what is
//! *exempt*, and the *rules*. A rule has one or more *cases*: what it finds, and what must or must not stand around it
//! ([`Around`]). Its `flags` and `passes` are examples that a test holds it to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;

use super::RULES_VERSION;
use super::exempt::Exempt;
use super::index::Patterns;
use super::pattern::{Pattern, PatternFault, Sets};
use super::text::Word;
use crate::words::Language;

/// A term, and what is said of it.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name, which stays the same from version to version: `en-prostitute`.
    pub id: String,
    /// The language of the texts that it is for. It is looked for in every text: people mix languages.
    pub language: Language,
    /// Where it comes from, short enough to be shown, or `inferred` from the same principle.
    pub source: String,
    /// Texts that it flags.
    pub flags: Vec<String>,
    /// Texts that are near to it and stay as they are.
    pub passes: Vec<String>,
    why: Both,
    suggestion: Both,
    cases: Vec<Case>,
}

impl Rule {
    /// Why the term is flagged, in the reader's language.
    pub fn why(&self, reader: Language) -> &str {
        self.why.pick(reader)
    }

    /// What could stand there instead, in the reader's language.
    pub fn suggestion(&self, reader: Language) -> &str {
        self.suggestion.pick(reader)
    }
}

/// What a file says, ready to be looked for.
#[derive(Debug, Clone)]
pub(super) struct RuleSet {
    pub(super) rules: Vec<Rule>,
    pub(super) exempt: Exempt,
    pub(super) sets: Sets,
}

/// Why a file of rules is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesFault {
    #[error("no rules: {0}")]
    Json(#[from] serde_json::Error),
    #[error("version {0}, {RULES_VERSION} is read")]
    Version(u32),
    #[error("the rule {0} is there twice")]
    Twice(String),
    #[error("the rule {0} lacks {1}")]
    Lacks(String, &'static str),
    #[error("in {place}, `{pattern}` {fault}")]
    Pattern { place: String, pattern: String, fault: PatternFault },
}

/// One way in which a term is used.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) find: Vec<Pattern>,
    /// If it has any, one of them must be there.
    only: Around,
    /// None of them may be there.
    not: Around,
}

/// What stands around what was found, in its sentence.
#[derive(Debug, Clone, Default)]
struct Around {
    /// Ends where it begins.
    before: Vec<Pattern>,
    /// Begins where it ends.
    after: Vec<Pattern>,
    /// Begins within [`NEAR`] words before or after it.
    near: Vec<Pattern>,
}

/// How far away *near* is, in words.
const NEAR: usize = 12;

/// How far back a pattern can begin that must end before what was found, in words.
const BEFORE: usize = 10;

impl Case {
    /// Whether what stands around these words makes them one of this case.
    pub(super) fn holds(
        &self,
        words: &[Word],
        found: &Range<usize>,
        sentence: &Range<usize>,
        sets: &Sets,
    ) -> bool {
        (self.only.is_empty() || self.only.any(words, found, sentence, sets))
            && !self.not.any(words, found, sentence, sets)
    }
}

impl Around {
    fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty() && self.near.is_empty()
    }

    fn any(&self, words: &[Word], found: &Range<usize>, sentence: &Range<usize>, sets: &Sets) -> bool {
        let back = |many: usize| found.start.saturating_sub(many).max(sentence.start);
        let forth = sentence.end.min(found.end + NEAR);
        let is_before = |pattern: &Pattern| {
            (back(BEFORE)..found.start).any(|from| pattern.reaches(words, from, found.start, sets))
        };
        let is_after = |pattern: &Pattern| {
            found.end < sentence.end && pattern.begins(words, found.end, sentence.end, sets)
        };
        let is_near = |pattern: &Pattern| {
            (back(NEAR)..forth).any(|from| pattern.begins(words, from, sentence.end, sets))
        };
        self.before.iter().any(is_before) || self.after.iter().any(is_after) || self.near.iter().any(is_near)
    }
}

/// A text in both languages of the app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    en: String,
    es: String,
}

impl Both {
    fn pick(&self, language: Language) -> &str {
        language.pick(&self.en, &self.es)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileIn {
    version: u32,
    language: Language,
    sets: BTreeMap<String, Vec<String>>,
    exempt: ExemptIn,
    /// What a rule may cite, by its tag.
    sources: BTreeMap<String, String>,
    rules: Vec<RuleIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExemptIn {
    citations: Vec<String>,
    titles: Vec<String>,
    mentions: Vec<String>,
    speech: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleIn {
    id: String,
    why: Both,
    suggestion: Both,
    /// Tags of sources, or `inferred`.
    source: Vec<String>,
    cases: Vec<CaseIn>,
    flags: Vec<String>,
    passes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseIn {
    find: Vec<String>,
    #[serde(default)]
    only_before: Vec<String>,
    #[serde(default)]
    only_after: Vec<String>,
    #[serde(default)]
    only_near: Vec<String>,
    #[serde(default)]
    not_before: Vec<String>,
    #[serde(default)]
    not_after: Vec<String>,
    #[serde(default)]
    not_near: Vec<String>,
}

/// Reads a file of rules.
pub(super) fn read(text: &str) -> Result<RuleSet, RulesFault> {
    let file: FileIn = serde_json::from_str(text)?;
    if file.version != RULES_VERSION {
        return Err(RulesFault::Version(file.version));
    }
    let mut sets = Sets::new();
    for (name, patterns) in &file.sets {
        let place = format!("the set {name}");
        let read = patterns.iter().map(|pattern| read_pattern(pattern, &place, &Sets::new(), Pattern::read));
        sets.insert(name.clone(), read.collect::<Result<_, _>>()?);
    }
    let contexts = |patterns: &[String], place: &str| -> Result<Vec<Pattern>, RulesFault> {
        patterns.iter().map(|pattern| read_pattern(pattern, place, &sets, Pattern::read_context)).collect()
    };
    let finders = |patterns: &[String], place: &str| -> Result<Vec<Pattern>, RulesFault> {
        patterns.iter().map(|pattern| read_pattern(pattern, place, &sets, Pattern::read)).collect()
    };
    let exempt = Exempt {
        citations: Patterns::new(finders(&file.exempt.citations, "the citations")?, &sets),
        titles: Patterns::new(finders(&file.exempt.titles, "the titles")?, &sets),
        mentions: Patterns::new(finders(&file.exempt.mentions, "the mentions")?, &sets),
        speech: contexts(&file.exempt.speech, "the speech")?,
    };
    let mut ids = BTreeSet::new();
    let mut rules = Vec::new();
    for rule in file.rules {
        if !ids.insert(rule.id.clone()) {
            return Err(RulesFault::Twice(rule.id));
        }
        let read_case = |case: &CaseIn| -> Result<Case, RulesFault> {
            let around = |before: &[String], after: &[String], near: &[String]| {
                Ok::<_, RulesFault>(Around {
                    before: contexts(before, &rule.id)?,
                    after: contexts(after, &rule.id)?,
                    near: finders(near, &rule.id)?,
                })
            };
            Ok(Case {
                find: finders(&case.find, &rule.id)?,
                only: around(&case.only_before, &case.only_after, &case.only_near)?,
                not: around(&case.not_before, &case.not_after, &case.not_near)?,
            })
        };
        let cases = rule.cases.iter().map(read_case).collect::<Result<_, _>>()?;
        rules.push(finish(rule, cases, file.language, &file.sources)?);
    }
    Ok(RuleSet { rules, exempt, sets })
}

/// A rule that says everything it must.
fn finish(
    rule: RuleIn,
    cases: Vec<Case>,
    language: Language,
    sources: &BTreeMap<String, String>,
) -> Result<Rule, RulesFault> {
    let cited: Option<Vec<&str>> = rule
        .source
        .iter()
        .map(|tag| if tag == "inferred" { Some("inferred") } else { sources.get(tag).map(String::as_str) })
        .collect();
    let texts = [&rule.why.en, &rule.why.es, &rule.suggestion.en, &rule.suggestion.es];
    let lacks = if rule.id.is_empty() {
        Some("an id")
    } else if cases.iter().all(|case| case.find.is_empty()) {
        Some("a pattern")
    } else if texts.iter().any(|text| text.trim().is_empty()) {
        Some("a text")
    } else if rule.flags.is_empty() || rule.passes.is_empty() {
        Some("an example")
    } else {
        None
    };
    match (lacks, cited) {
        (None, Some(cited)) if !cited.is_empty() => Ok(Rule {
            id: rule.id,
            language,
            source: cited.join("; "),
            flags: rule.flags,
            passes: rule.passes,
            why: rule.why,
            suggestion: rule.suggestion,
            cases,
        }),
        (None, _) => Err(RulesFault::Lacks(rule.id, "a known source")),
        (Some(what), _) => Err(RulesFault::Lacks(rule.id, what)),
    }
}

impl Rule {
    /// Its cases, as they are looked for.
    pub(super) fn cases(&self) -> &[Case] {
        &self.cases
    }
}

fn read_pattern(
    pattern: &str,
    place: &str,
    sets: &Sets,
    read: fn(&str, &Sets) -> Result<Pattern, PatternFault>,
) -> Result<Pattern, RulesFault> {
    read(pattern, sets).map_err(|fault| RulesFault::Pattern {
        place: place.to_owned(),
        pattern: pattern.to_owned(),
        fault,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{check, rules};

    /// What is flagged by a rule in a text.
    fn flagged(rule: &Rule, text: &str) -> Vec<String> {
        let flags = check(text, Language::En).into_iter().filter(|flag| flag.rule == rule.id);
        flags.map(|flag| text[flag.at].to_owned()).collect()
    }

    #[test]
    fn the_files_are_read() {
        for text in [include_str!("rules/en.json"), include_str!("rules/es.json")] {
            let set = read(text).unwrap_or_else(|fault| panic!("{fault}"));
            assert!(set.rules.len() > 25);
        }
    }

    #[test]
    fn every_rule_does_what_its_examples_say() {
        let mut faults = Vec::new();
        for rule in rules() {
            for text in &rule.flags {
                if flagged(rule, text).is_empty() {
                    faults.push(format!("{} does not flag: {text}", rule.id));
                }
            }
            for text in &rule.passes {
                let phrases = flagged(rule, text);
                if !phrases.is_empty() {
                    faults.push(format!("{} flags {phrases:?} in: {text}", rule.id));
                }
            }
        }
        assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    }

    #[test]
    fn the_first_rule_says_the_sentence() {
        let first = rules().next().expect("there are rules");
        let sentence = "There is no such thing as a child prostitute.";
        assert!(first.why(Language::En).starts_with(sentence));
    }

    #[test]
    fn what_a_rule_suggests_is_not_flagged() {
        for rule in rules() {
            for language in Language::ALL {
                for text in [rule.suggestion(language), rule.why(language)] {
                    assert_eq!(check(text, language), [], "{}: {text}", rule.id);
                }
            }
        }
    }

    /// A file with one rule, and what is changed in it.
    fn file_with(from: &str, to: &str) -> Result<RuleSet, RulesFault> {
        let text = r#"{"version": 1, "language": "en", "sources": {"S1": "One"}, "sets": {"child": ["minor"]},
            "exempt": {"citations": [], "titles": [], "mentions": [], "speech": []},
            "rules": [{"id": "a", "source": ["S1"], "why": {"en": "w", "es": "w"},
            "suggestion": {"en": "s", "es": "s"}, "cases": [{"find": ["@child pimp"]}],
            "flags": ["minor pimp"], "passes": ["minor"]}]}"#;
        assert!(read(text).is_ok());
        assert!(text.contains(from));
        read(&text.replace(from, to))
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let fault = |from: &str, to: &str| file_with(from, to).expect_err("it is refused").to_string();
        assert_eq!(fault("\"version\": 1", "\"version\": 9"), "version 9, 1 is read");
        assert!(fault("\"find\"", "\"finds\"").starts_with("no rules: unknown field `finds`"));
        assert_eq!(fault("[\"S1\"]", "[\"S2\"]"), "the rule a lacks a known source");
        assert_eq!(fault("[\"S1\"]", "[]"), "the rule a lacks a known source");
        assert_eq!(fault("{\"en\": \"w\"", "{\"en\": \" \""), "the rule a lacks a text");
        assert_eq!(fault("[\"minor\"]}]}", "[]}]}"), "the rule a lacks an example");
        assert_eq!(fault("{\"find\": [\"@child pimp\"]}", ""), "the rule a lacks a pattern");
        assert_eq!(
            fault("@child pimp", "@adult pimp"),
            "in a, `@adult pimp` names a set that is not there: adult"
        );
    }
}
