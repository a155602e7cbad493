//! Ten thousand changed bundles, each judged by both verifiers.

use std::collections::BTreeSet;

use firsthours_core::bundle::{Completeness, read, verify};
use firsthours_tests::programme::Fault;
use serde_json::{Value as Json, json};

use crate::bases::{self, Base};
use crate::dice::Dice;
use crate::mutate::{CHANGES, Expect, Mutant, PLACES};
use crate::python::Verifier;
use crate::{Counts, ensure, report, scratch};

/// Mutants of each bundle.
const SHARES: [usize; 3] = [8_000, 1_000, 1_000];
const WORKERS: usize = 2;

/// What ours makes of a bundle, in the words of the second one.
fn ours(bytes: &[u8], fingerprint: &str) -> Result<Json, String> {
    let bundle = read(bytes).map_err(|fault| fault.to_string())?;
    let verified = verify(&bundle, fingerprint).map_err(|fault| fault.to_string())?;
    let (complete, last) = match &verified.completeness {
        Completeness::UpTo { epoch, pos, time, later } => {
            (json!({"epoch": epoch, "pos": pos, "time": time, "later": later}), Json::Null)
        }
        Completeness::UpToLastShown { last } => (Json::Null, json!(last)),
    };
    let state = &verified.state;
    let authors: BTreeSet<_> = state.events().map(|event| event.header.install).collect();
    Ok(json!({
        "events": state.len(),
        "authors": authors.len(),
        "held": state.events().filter(|event| state.held(&event.id).is_some()).count(),
        "without_body": state.events().filter(|event| event.body.is_none()).count(),
        "complete": complete,
        "last": last,
        "receipts_agree": verified.receipts.agree,
        "receipts_not_compared": verified.receipts.not_compared,
    }))
}

/// What the second one said: what is proved, or what is wrong.
fn theirs(mut answer: Json) -> Result<Json, String> {
    if answer["ok"] != true {
        return Err(format!("line {}: {}", answer["line"], answer["wrong"]));
    }
    if let Some(said) = answer.as_object_mut() {
        said.remove("ok");
        said.remove("people");
    }
    Ok(answer)
}

/// Shows a bundle to both.
fn judge(second: &mut Verifier, base: &Base, bytes: &[u8]) -> Result<[Result<Json, String>; 2], Fault> {
    second.give(bytes)?;
    let first = ours(bytes, &base.fingerprint);
    Ok([first, theirs(second.answer()?)])
}

/// The ways of changing, each as often as its weight.
fn ways() -> Vec<usize> {
    let repeated = |(way, (_, weight, _)): (usize, &(_, usize, _))| std::iter::repeat_n(way, *weight);
    CHANGES.iter().enumerate().flat_map(repeated).collect()
}

/// A mutant that is not what it was made of.
fn mutant(base: &Base, way: usize, dice: &mut Dice) -> Mutant {
    // A way that never finds anything to change in a base would have this turn for ever.
    for _ in 0..10_000 {
        if let Some(mutant) = CHANGES[way].2(base, dice)
            && mutant.bytes != base.text
            && mutant.bytes != base.packed
        {
            return mutant;
        }
    }
    panic!("{} has nothing to change for: {}", base.name, CHANGES[way].0)
}

/// Checks one worker's share of the mutants of one bundle.
fn share(base: &Base, worker: usize, of: usize, counts: &mut Counts) -> Result<(), Fault> {
    let mut second = Verifier::start(&base.fingerprint)?;
    for bytes in [&base.text, &base.packed] {
        let [first, other] = judge(&mut second, base, bytes)?;
        ensure(first.is_ok() && first == other, || format!("unchanged: {first:?}, {other:?}"))?;
    }
    let ways = ways();
    for number in (worker..of).step_by(WORKERS) {
        let mut dice = Dice::of(u64::try_from(number)?);
        // The first round takes every way once.
        let way = if number < CHANGES.len() { number } else { ways[dice.below(ways.len())] };
        let (name, ..) = CHANGES[way];
        let mutant = mutant(base, way, &mut dice);
        let verdicts = judge(&mut second, base, &mutant.bytes)?;
        let what = match (mutant.expect, &verdicts) {
            (Expect::Damaged, [Err(_), Err(_)]) => "found by both".to_owned(),
            (Expect::Passes(place), [Ok(first), Ok(other)]) if first == other => format!("passes: {place}"),
            (expect, verdicts) => {
                let file = scratch().join(format!("damage-mutant-{number}.bundle"));
                std::fs::write(&file, &mutant.bytes)?;
                std::fs::write(file.with_extension("unchanged"), &base.text)?;
                let [first, other] = verdicts;
                return Err(format!(
                    "{}, mutant {number}, {name}: {expect:?}; ours: {first:?}; the second: {other:?}; see {}",
                    base.name,
                    file.display()
                )
                .into());
            }
        };
        *counts.entry(format!("{name}: {what}")).or_default() += 1;
    }
    Ok(())
}

#[test]
fn ten_thousand_changes_of_a_bundle_are_found_by_two_verifiers_or_deceive_nobody() -> Result<(), Fault> {
    let bases = [bases::night()?, bases::with_a_gap()?, bases::shredded()?];
    let bases = &bases;
    let shares: Vec<Result<Counts, Fault>> = std::thread::scope(|scope| {
        let run = |worker| {
            move || {
                let mut counts = Counts::new();
                for (base, of) in bases.iter().zip(SHARES) {
                    share(base, worker, of, &mut counts)?;
                }
                Ok(counts)
            }
        };
        let running: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(run(worker))).collect();
        running.into_iter().map(|share| share.join().expect("a worker does not panic")).collect()
    });
    let mut counts = Counts::new();
    for share in shares {
        for (what, times) in share? {
            *counts.entry(what).or_default() += times;
        }
    }
    let title = format!(
        "10000 changed bundles; the night has {} events, {} bytes, {} packed",
        bases[0].bundle.events.len(),
        bases[0].text.len(),
        bases[0].packed.len()
    );
    report("mutants", &title, &counts)?;
    assert_eq!(counts.values().sum::<usize>(), 10_000);
    for (name, ..) in CHANGES {
        assert!(counts.keys().any(|what| what.starts_with(name)), "never tried: {name}");
    }
    for place in PLACES {
        assert!(counts.keys().any(|what| what.ends_with(place)), "never reached: {place}");
    }
    Ok(())
}
