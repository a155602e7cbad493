//! What the tests of the shipped protocols look at in texts: whether they are whole, short, and blame no child.

#![allow(dead_code, reason = "each test file uses its part")]

use serde_json::Value as Json;

/// Words that put the fault on the child or hide who did what. `suspected` is no `suspect`: whole words count.
const BLAMING: &str = "
    prostitute, prostitutes, prostituted, prostitution, hooker, ho, sex worker, escort,
    sex with a minor, sexual activity with, sexually active, turning tricks, working, pimp, boyfriend,
    daddy, john, johns, customer, customers, client, clients, subject, suspect, arrestee, perpetrator, child pornography, kiddie,
    in a relationship with, associating with, hanging out, herself at risk, himself at risk,
    themselves at risk, risky, poor choices, lifestyle, bad decisions, promiscuous, provocative,
    streetwise, in return for sex, chose, willingly, consented, voluntarily, uncooperative, refused,
    defiant, hard to reach, disengaged, awol, runaway, ran away, absconded, chronic runner,
    bottom girl, recruiter, stroll, blade, rescued, rescue, saved, historical abuse, illegal, claims,
    claimed, alleges, alleged, girl, girls,
    prostituta, prostitutas, prostituirse, prostitución, trabajadora sexual, acompañante,
    sexualmente activa, proxeneta, novio, cliente, clientes, sospechosa, sospechoso,
    conducta de riesgo, se puso en riesgo, promiscua, provocativa, malas decisiones, estilo de vida,
    eligió, consintió, voluntariamente, no coopera, no quiso cooperar, se negó, desafiante, fugada,
    fugado, se fugó, se escapó, rescatada, rescatado, rescatar, salvada, ilegal, alega, supuestamente,
    niña, niñas, chica, chicas, muchacha
";

/// Where such a word says nothing of a child: days on which offices are open, and the person who exploits.
const INNOCENT: [&str; 3] = ["working day", "working days", "persona sospechosa de explotar"];

/// A text of a document: its place, and its words by language.
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) words: Vec<(String, String)>,
}

impl Found {
    /// What is read to the child: it may be in more languages than the rest.
    pub(crate) fn is_speech(&self) -> bool {
        self.path.rsplit('.').next() == Some("say")
    }
}

/// Every text of a document; a text is an object of languages, English among them.
pub(crate) fn texts(document: &Json) -> Vec<Found> {
    let mut found = Vec::new();
    collect(document, "$", &mut found);
    found
}

fn collect(value: &Json, path: &str, found: &mut Vec<Found>) {
    match value {
        Json::Object(map) if map.contains_key("en") => {
            let words = |value: &Json| value.as_str().unwrap_or_default().to_owned();
            let words = map.iter().map(|(language, text)| (language.clone(), words(text))).collect();
            found.push(Found { path: path.to_owned(), words });
        }
        Json::Object(map) => {
            for (name, value) in map {
                collect(value, &format!("{path}.{name}"), found);
            }
        }
        Json::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(value, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

/// The blaming terms in a text, as whole words.
pub(crate) fn blaming(text: &str) -> Vec<&'static str> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut line = format!(" {} ", words.join(" "));
    for innocent in INNOCENT {
        line = line.replace(&format!(" {innocent} "), " ");
    }
    BLAMING.split(',').map(str::trim).filter(|term| line.contains(&format!(" {term} "))).collect()
}

/// Sentences end with a full stop, a question mark or an exclamation mark before a space or the end.
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let mut letters = text.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        if let Some(last) = sentences.last_mut() {
            last.push(letter);
        }
        let ends =
            matches!(letter, '.' | '!' | '?') && letters.peek().is_some_and(|next| next.is_whitespace());
        if ends {
            sentences.push(String::new());
        }
    }
    sentences.into_iter().map(|sentence| sentence.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

/// How many words a sentence has.
pub(crate) fn length(sentence: &str) -> usize {
    sentence.split_whitespace().count()
}

/// The first thing in a text that could be dialled: a long number, one with a dash before its last four digits, or
/// the short number of an emergency line. Sections of a law such as 26.44.050 are none.
pub(crate) fn telephone(text: &str) -> Option<String> {
    let part_of_one = |letter: char| letter.is_ascii_digit() || " .-()+/".contains(letter);
    text.split(|letter: char| !part_of_one(letter)).map(str::trim).find_map(|run| {
        let digits = run.chars().filter(char::is_ascii_digit).count();
        let groups: Vec<&str> =
            run.split(|letter: char| !letter.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
        let local = groups.windows(2).any(|pair| pair[0].len() == 3 && pair[1].len() == 4);
        let short =
            groups.iter().any(|group| ["101", "111", "112", "211", "911", "988", "999"].contains(group));
        (digits >= 9 || local || short).then(|| run.to_owned())
    })
}
