//! How the rules do on sentences of two authors who had not seen them.
//!
//! `unseen/one.*.jsonl` and `two.*.jsonl`: a sentence a line, and the phrases in it that are to be flagged; a flag is right if it
//! overlaps one. Rules may be made better by what set one shows. **Set two is never looked at for that**: it says how the rules
//! do on what nobody has seen. The contract asks for 0.95 in each; what is reached is the floor below, which only goes up.

use std::io::Write;

use firsthours_core::guard::check;
use firsthours_core::words::Language;
use serde::Deserialize;

/// Set, language, the sentences, and the precision and recall below which a change of a rule made it worse.
const SETS: [(&str, &str, f64, f64); 4] = [
    ("one, English", include_str!("unseen/one.en.jsonl"), 0.98, 0.83),
    ("one, Spanish", include_str!("unseen/one.es.jsonl"), 0.97, 0.77),
    ("two, English", include_str!("unseen/two.en.jsonl"), 0.97, 0.82),
    ("two, Spanish", include_str!("unseen/two.es.jsonl"), 0.96, 0.79),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentence {
    text: String,
    flags: Vec<String>,
    /// `pos:` and the row of the table, or `neg:` and why.
    kind: String,
}

/// Flags that are right, that are wrong, and phrases that were not found.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Score {
    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.wrong)
    }

    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.missed)
    }

    fn add(&mut self, sentence: &Sentence) {
        let Sentence { text, flags, kind } = sentence;
        assert_eq!(flags.is_empty(), kind.starts_with("neg:"), "{text}");
        let place = |phrase: &String| {
            let start = text.find(phrase.as_str()).unwrap_or_else(|| panic!("“{phrase}” is not in: {text}"));
            start..start + phrase.len()
        };
        let expected: Vec<_> = flags.iter().map(place).collect();
        let found: Vec<_> = check(text, Language::En).into_iter().map(|flag| flag.at).collect();
        let meet = |one: &std::ops::Range<usize>, other: &std::ops::Range<usize>| {
            one.start < other.end && other.start < one.end
        };
        for phrase in &expected {
            let is_found = found.iter().any(|flag| meet(flag, phrase));
            *if is_found { &mut self.right } else { &mut self.missed } += 1;
        }
        self.wrong +=
            u32::try_from(found.iter().filter(|flag| !expected.iter().any(|one| meet(flag, one))).count())
                .expect("few");
    }
}

#[test]
fn sentences_that_nobody_had_seen_are_judged_no_worse_than_before() {
    let mut said = Vec::new();
    for (name, text, precision, recall) in SETS {
        let mut score = Score::default();
        for line in text.lines() {
            score.add(&serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
        }
        let (reached, found) = (score.precision(), score.recall());
        said.push(format!("{name}: precision {reached:.3}, recall {found:.3}; {score:?}"));
        assert!(reached >= precision && found >= recall, "{}", said.join("\n"));
    }
    let _ = writeln!(std::io::stderr(), "{}", said.join("\n"));
}
