//! Any text of a person, before the language guard.

use firsthours_core::guard::{Flag, MOST_CHARS, MOST_FLAGS, check as flags_of};
use firsthours_core::words::Language;

use crate::within;

/// Texts that reach each part of the guard: the rules of both languages, quotations, speech, citations, and what folds.
const TEXTS: [(&str, &str); 10] = [
    (
        "english",
        "She is a known prostitute, age 15, and her pimp chose to leave. The minor was uncooperative.",
    ),
    ("spanish", "La menor huyó de su hogar grupal y no quiso cooperar. Su padrote la espera; es una ilegal."),
    ("quotations", "She said “he is ‘my daddy’ and «mi papi»\nnow” and then \"my pimp\", 'my john'."),
    ("open_quotation", "She told us \"he is my boyfriend. Her pimp left.\n\n“Her boyfriend"),
    ("speech", "She said to Deputy Ruiz: he is my boyfriend. —Es mi novio —dijo ella."),
    ("citations", "Booked for pimping (PC 266h/266i), § 236.1, 18 U.S.C. 1591, prostitution under 647(b)."),
    ("titles", "The Runaway/AWOL status code and the Missing Person (AWOL) report form; the term pimp."),
    ("folded", "PRO\u{ad}STITUTE ｐｉｍｐ huyo\u{301} bene\u{fb01}ts İ ß she’s d\u{200b}addy"),
    ("repeated", "her pimp's pimp's pimp's “ “ “ ' ' ' — : . ! ? … \n\n- her john the john a john"),
    ("nothing", ""),
];

/// Flags lie on whole characters, in order and apart; they are the same for every reader; what they flag is no longer
/// flagged once the whole text stands in quotation marks.
pub fn check(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    // The rules are read with the first text, and cost more than it.
    flags_of("", Language::En);
    let flags = within(input.len(), 2 << 20, 800, || flags_of(text, Language::En));
    hold(text, &flags);
    let other = flags_of(text, Language::Es);
    assert!(flags.len() == other.len());
    assert!(flags.iter().zip(&other).all(|(en, es)| en.rule == es.rule && en.at == es.at));
    if !text.contains(['“', '”', '„']) && !text.contains("\n") && text.chars().count() + 2 <= MOST_CHARS
    {
        assert_eq!(flags_of(&format!("“{text}”"), Language::En), [], "a quotation was flagged");
    }
    true
}

fn hold(text: &str, flags: &[Flag]) {
    assert!(flags.len() <= MOST_FLAGS);
    let mut end = 0;
    for flag in flags {
        assert!(flag.at.start >= end && flag.at.start < flag.at.end, "out of order: {flags:?}");
        assert!(text.get(flag.at.clone()).is_some(), "within a character: {flags:?}");
        assert!(!flag.why.is_empty() && !flag.suggestion.is_empty());
        end = flag.at.end;
    }
}

/// Seeds: the texts above, and bytes that are none.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let texts = TEXTS.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    texts.chain([("bad_no_text".to_owned(), vec![b'p', 0xff, b'i'])]).collect()
}
