//! How people name an encounter aloud: `B · 21:14 · Century`, and a short code with a check character.

use super::EncounterId;

/// No I, L, O, U or Z: nothing that is misread. 31 is prime, so the check finds every single wrong character
/// and every swap of two.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKMNPQRSTVWXY";

/// The encounter's five-character code. Two encounters may share one; it is said with the letter, time and station.
pub fn code(encounter: EncounterId) -> String {
    let mut number = encounter.0.iter().take(8).fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
    let mut digits = [0_u64; 5];
    for digit in &mut digits[..4] {
        *digit = number % 31;
        number /= 31;
    }
    let sum: u64 = digits.iter().zip(1..).map(|(digit, weight)| digit * weight).sum();
    // 25 is the inverse of 5 modulo 31: 5 * check + sum must be 0.
    digits[4] = (31 - sum % 31) * 25 % 31;
    digits
        .iter()
        .filter_map(|digit| ALPHABET.get(usize::try_from(*digit).ok()?))
        .map(|c| char::from(*c))
        .collect()
}

/// A code as a person typed it, in upper case; `None` when its check fails.
pub fn read_code(typed: &str) -> Option<String> {
    let code = typed.trim().to_ascii_uppercase();
    let digits: Vec<u64> = code
        .bytes()
        .map(|c| ALPHABET.iter().position(|a| *a == c).and_then(|p| u64::try_from(p).ok()))
        .collect::<Option<_>>()?;
    let sum: u64 = digits.iter().zip(1..).map(|(digit, weight)| digit * weight).sum();
    (digits.len() == 5 && sum.is_multiple_of(31)).then_some(code)
}

/// The first letter that none of `taken` uses: A … Z, then AA, AB ….
pub fn free_letter<'a>(taken: impl IntoIterator<Item = &'a str>) -> String {
    let taken: std::collections::BTreeSet<&str> = taken.into_iter().collect();
    let single = ('A'..='Z').map(String::from);
    let double = ('A'..='Z').flat_map(|a| ('A'..='Z').map(move |b| format!("{a}{b}")));
    single.chain(double).find(|letter| !taken.contains(letter.as_str())).unwrap_or_else(|| "ZZ".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_code_checks_and_one_wrong_character_or_a_swap_does_not(
            id in any::<[u8; 16]>(), at in 0_usize..5, other in 0_usize..31, swap in 0_usize..4,
        ) {
            let code = code(EncounterId(id));
            prop_assert_eq!(read_code(&code.to_lowercase()), Some(code.clone()));
            let mut wrong = code.clone().into_bytes();
            wrong[at] = ALPHABET[other];
            if wrong != code.as_bytes() {
                prop_assert_eq!(read_code(std::str::from_utf8(&wrong)?), None);
            }
            let mut swapped = code.clone().into_bytes();
            swapped.swap(swap, swap + 1);
            if swapped != code.as_bytes() {
                prop_assert_eq!(read_code(std::str::from_utf8(&swapped)?), None);
            }
        }
    }

    #[test]
    fn the_first_free_letter_is_taken_and_the_alphabet_goes_on() {
        assert_eq!(free_letter([]), "A");
        assert_eq!(free_letter(["A", "C"]), "B");
        let all: Vec<String> = ('A'..='Z').map(String::from).collect();
        assert_eq!(free_letter(all.iter().map(String::as_str)), "AA");
    }
}
