//! A text as the rules see it: words in one spelling each, with the place that each has in the text.
//!
//! Case, accents, typographic letters and invisible characters are folded away; a hyphen, a slash and a line break are
//! spaces; an apostrophe within a word is dropped, and a possessive *s* with it. What the eye reads as the same word is
//! then the same word here. The text itself is never changed: every word keeps its bytes.

use std::ops::Range;

/// One word, or one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Small Latin letters without accents, or digits.
    pub(super) folded: String,
    /// What it is compared by.
    pub(super) key: Key,
    /// Its bytes in the text.
    pub(super) at: Range<usize>,
    /// The sentence it stands in, counted from 0.
    pub(super) sentence: usize,
    /// Begins with a capital and goes on in small letters, as names do.
    pub(super) is_capitalized: bool,
    /// What it counts, if it is a number in digits or a small one in words.
    pub(super) number: Option<u32>,
    /// Part of a citation of a law, a form or a bill.
    pub(super) is_citation: bool,
    /// In quotation marks, or in a title: no rule speaks of it.
    pub(super) is_exempt: bool,
}

/// Abbreviations whose full stop ends no sentence.
const ABBREVIATIONS: [&str; 24] = [
    "mr", "mrs", "ms", "dr", "st", "sgt", "det", "dep", "lt", "capt", "ofc", "sec", "secs", "vs", "approx",
    "sr", "sra", "srta", "dra", "lic", "art", "arts", "num", "inc",
];

/// The words of the first `most` characters.
pub(super) fn words(text: &str, most: usize) -> Vec<Word> {
    let mut reader = Reader::default();
    let letters: Vec<(usize, char)> =
        text.char_indices().take(most).filter(|(_, letter)| !is_invisible(*letter)).collect();
    let at = |index: usize| letters.get(index).map(|(_, letter)| *letter);
    let mut index = 0;
    while let Some((place, letter)) = letters.get(index).copied() {
        let before = index.checked_sub(1).and_then(at);
        let after = at(index + 1);
        index += 1;
        let between = |kind: fn(char) -> bool| before.is_some_and(kind) && after.is_some_and(kind);
        if letter.is_alphanumeric() {
            reader.letter(place, letter);
        } else if is_apostrophe(letter) && between(char::is_alphanumeric) {
            let is_possessive = after.is_some_and(|after| matches!(after, 's' | 'S'))
                && !at(index + 1).is_some_and(char::is_alphanumeric);
            if is_possessive {
                reader.end_word();
                index += 1;
            }
        } else if matches!(letter, '.' | ',') && between(|near| near.is_ascii_digit()) {
            reader.letter(place, letter);
        } else {
            let ends = match letter {
                '.' => after.is_none_or(|after| !after.is_alphanumeric()) && !reader.is_abbreviated(),
                '!' | '?' | '…' => true,
                '\n' => is_paragraph(&letters[index..]),
                _ => false,
            };
            reader.end_word();
            if ends {
                reader.end_sentence();
            }
        }
    }
    reader.end_word();
    reader.words
}

/// Where each sentence begins and ends among the words.
pub(super) fn sentences(words: &[Word]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match found.get_mut(word.sentence) {
            Some(sentence) => sentence.end = index + 1,
            None => found.push(index..index + 1),
        }
    }
    found
}

/// What words are compared by, since one is compared with hundreds: equal for equal words. Two others have the same one
/// so rarely (64 bits) that it never happens but on purpose, and then a flag is shown too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

impl Key {
    /// The key of a folded word: FNV-1a.
    pub(super) fn of(folded: &str) -> Self {
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(folded.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
    }
}

/// A word of a pattern, spelled as the words of a text are.
pub(super) fn folded(word: &str) -> String {
    let mut out = String::new();
    word.chars().for_each(|letter| fold(letter, &mut out));
    out
}

#[derive(Default)]
struct Reader {
    words: Vec<Word>,
    folded: String,
    /// The bytes of the word that is being read.
    at: Range<usize>,
    is_capitalized: bool,
    /// Whether a word of the sentence that is being read is there already.
    is_begun: bool,
    sentence: usize,
}

impl Reader {
    fn letter(&mut self, place: usize, letter: char) {
        // "15yo" and "PC647" are two words each.
        let is_digit = |letter: char| letter.is_ascii_digit();
        let last = self.folded.chars().next_back();
        if last.is_some_and(|last| {
            (is_digit(last) && letter.is_alphabetic()) || (last.is_alphabetic() && is_digit(letter))
        }) {
            self.end_word();
        }
        if self.folded.is_empty() {
            self.at.start = place;
            self.is_capitalized = letter.is_uppercase();
        } else if letter.is_uppercase() {
            self.is_capitalized = false;
        }
        self.at.end = place + letter.len_utf8();
        fold(letter, &mut self.folded);
    }

    fn end_word(&mut self) {
        let folded = std::mem::take(&mut self.folded);
        if folded.is_empty() {
            return;
        }
        self.words.push(Word {
            number: number(&folded),
            key: Key::of(&folded),
            is_capitalized: self.is_capitalized && self.at.len() > 1,
            folded,
            at: self.at.clone(),
            sentence: self.sentence,
            is_citation: false,
            is_exempt: false,
        });
        self.is_begun = true;
    }

    fn end_sentence(&mut self) {
        if self.is_begun {
            self.sentence += 1;
            self.is_begun = false;
        }
    }

    /// Whether what is being read is the short form of a word, or an initial: `U.S.C.`
    fn is_abbreviated(&self) -> bool {
        let is_initial = self.folded.len() == 1
            && self.folded.bytes().all(|byte| byte.is_ascii_alphabetic())
            && self.words.last().is_none_or(|last| last.at.end < self.at.start);
        is_initial || ABBREVIATIONS.contains(&self.folded.as_str())
    }
}

/// Whether a line break begins a paragraph or an item of a list: what follows it is a line without a word, or a bullet.
fn is_paragraph(rest: &[(usize, char)]) -> bool {
    let mut letters = rest.iter().map(|(_, letter)| *letter).take(40);
    letters.find(|letter| !matches!(letter, ' ' | '\t' | '\r')).is_some_and(|next| {
        matches!(next, '\n' | '•' | '*' | '·')
            || (matches!(next, '-' | '–') && letters.next().is_some_and(char::is_whitespace))
    })
}

/// What the eye does not see, or sees as an accent of the letter before.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}')
}

/// Everything that stands for an apostrophe.
pub(super) fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '’' | '‘' | 'ʼ' | '´' | '`' | '′' | '＇')
}

/// A letter as the rules spell it: small, and without its accents.
fn fold(letter: char, out: &mut String) {
    if letter.is_ascii() {
        out.push(letter.to_ascii_lowercase());
        return;
    }
    for letter in letter.to_lowercase() {
        let plain = match letter {
            'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ª' | 'ạ' | 'ả' => "a",
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
            'ď' | 'đ' | 'ð' => "d",
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
            'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
            'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
            'ñ' | 'ń' | 'ņ' | 'ň' => "n",
            'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'º' => "o",
            'ŕ' | 'ŗ' | 'ř' => "r",
            'ś' | 'ŝ' | 'ş' | 'š' | 'ſ' => "s",
            'ţ' | 'ť' | 'ŧ' => "t",
            'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
            'ý' | 'ÿ' | 'ŷ' => "y",
            'ź' | 'ż' | 'ž' => "z",
            'æ' => "ae",
            'œ' => "oe",
            'ß' => "ss",
            'ﬀ' => "ff",
            'ﬁ' => "fi",
            'ﬂ' => "fl",
            'ﬃ' => "ffi",
            'ﬄ' => "ffl",
            'ﬅ' | 'ﬆ' => "st",
            // The wide forms of ASCII, which stand as far from it as the first of them.
            '！'..='～' => {
                let plain = u32::from(letter) - u32::from('！') + u32::from('!');
                out.extend(char::from_u32(plain).map(|plain| plain.to_ascii_lowercase()));
                continue;
            }
            other if is_invisible(other) => continue,
            other => {
                out.push(other);
                continue;
            }
        };
        out.push_str(plain);
    }
}

/// The number that a word is. In words, only those that ages of children are written with, and a few above.
fn number(folded: &str) -> Option<u32> {
    let named: u32 = match folded {
        "ten" | "diez" => 10,
        "eleven" | "once" => 11,
        "twelve" | "doce" => 12,
        "thirteen" | "trece" => 13,
        "fourteen" | "catorce" => 14,
        "fifteen" | "quince" => 15,
        "sixteen" | "dieciseis" => 16,
        "seventeen" | "diecisiete" => 17,
        "eighteen" | "dieciocho" => 18,
        "nineteen" | "diecinueve" => 19,
        "twenty" | "veinte" => 20,
        "thirty" | "treinta" => 30,
        "forty" | "cuarenta" => 40,
        "fifty" | "cincuenta" => 50,
        _ => return folded.parse().ok(),
    };
    Some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded_words(text: &str) -> Vec<String> {
        words(text, 4_000).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn what_reads_the_same_is_the_same_word() {
        assert_eq!(folded_words("Huyó HUYO huyo\u{301} hu\u{ad}yó"), ["huyo"; 4]);
        assert_eq!(folded_words("she’s she's SHE'S"), ["she"; 3]);
        assert_eq!(folded_words("didn’t didn't"), ["didnt"; 2]);
        assert_eq!(folded_words("ｐｉｍｐ pi\u{200b}mp"), ["pimp"; 2]);
        assert_eq!(folded_words("bene\u{fb01}ts niña"), ["benefits", "nina"]);
        assert_eq!(folded_words("15-year-\nold 15yo"), ["15", "year", "old", "15", "yo"]);
        assert_eq!(folded_words("PC647(b) 236.1 10,000"), ["pc", "647", "b", "236.1", "10,000"]);
    }

    #[test]
    fn a_word_keeps_its_bytes() {
        let text = "«Huyó», dijo la niña.";
        let found: Vec<&str> = words(text, 4_000).into_iter().map(|word| &text[word.at]).collect();
        assert_eq!(found, ["Huyó", "dijo", "la", "niña"]);
    }

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        let count = |text: &str| sentences(&words(text, 4_000)).len();
        assert_eq!(count("One. Two! Three? Four…"), 4);
        assert_eq!(count("Mr. Ruiz cited 18 U.S.C. 1591 at 10.30 p.m. today"), 1);
        assert_eq!(count("a line\nand its second"), 1);
        assert_eq!(count("a paragraph\n\nand another\n- an item"), 3);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn ages_are_numbers_in_digits_and_in_words() {
        let numbers: Vec<_> =
            words("fifteen 15 quince old", 99).into_iter().map(|word| word.number).collect();
        assert_eq!(numbers, [Some(15), Some(15), Some(15), None]);
    }
}
