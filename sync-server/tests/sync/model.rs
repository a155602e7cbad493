//! Taking events in, beside a plain model of it: random batches, holes, forks, offers, restarts and restores.
//!
//! The law: whatever the server acknowledges is in its record or waits, once, byte for byte; a receipt says just that; and
//! what is refused is refused at its first bad number, with nothing of it kept. `station` is the model and knows nothing of the
//! server's code; `script` throws the dice and compares.

mod dice;
mod script;
mod station;

use std::collections::BTreeMap;

use firsthours_scripted::times;

pub(crate) use dice::Dice;
use script::World;

const RUNS: u64 = 10_000;
/// Runs on one server, and on one pair of phones, before others are taken.
const A_SERVER: u64 = 500;
const A_PAIR: u64 = 20;

#[tokio::test]
async fn what_is_acknowledged_is_kept_once_and_what_is_refused_is_refused_at_its_first_bad_number() {
    let (runs, seed) =
        (RUNS * times("FIRSTHOURS_LONG") / times("FIRSTHOURS_SHORT"), times("FIRSTHOURS_SEED"));
    let mut tried: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut world = World::new();
    for run in 0..runs {
        if run > 0 && run % A_SERVER == 0 {
            world = World::new();
        }
        if run % A_PAIR == 0 {
            world.new_pair(run).await;
        }
        let dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ run);
        world = world.run(run, dice, &mut tried).await;
    }
    // What was tried is printed with `--nocapture`, and with a failure.
    #[expect(clippy::print_stdout, reason = "counts for whoever asks for them")]
    {
        println!("{tried:#?}");
    }
    for shape in script::SHAPES {
        assert!(tried.get(shape).copied().unwrap_or(0) >= runs / 500, "{shape} was hardly tried: {tried:#?}");
    }
}
