//! What the language guard costs at every pause of a writer.

use std::hint::black_box;
use std::time::Duration;

use firsthours_core::guard::check;
use firsthours_core::words::Language;

use crate::measure::{Samples, timed};
use crate::table::Row;

const CHARS: usize = 2_000;
const ROUNDS: usize = 200;

/// A narrative of the kind that is written, with terms to flag in most sentences.
const NARRATIVE: &str = "Deputies contacted a 15-year-old at the motel. She said “he is my boyfriend” and asked for \
    water. Her pimp had left in a gray sedan before we arrived. The minor was uncooperative at first, then spoke with \
    the advocate, who came at 22:31. La menor dijo que su padrote la llevaba a la Figueroa cada noche. She chose to \
    wait in the car, with a blanket. The suspect was booked for pimping (PC 266h) and his phone was kept as evidence. ";

pub(crate) fn rows() -> Vec<Row> {
    let text: String = NARRATIVE.chars().cycle().take(CHARS).collect();
    // The rules are read once, with the first text.
    black_box(check(&text, Language::En));
    let taken = (0..ROUNDS).map(|_| timed(|| black_box(check(black_box(&text), Language::En))).1).collect();
    let took = Samples::new(taken);
    let row = |what: &str, bar: &str, took: Duration| Row::new(what, bar).ours(format!("{took:.2?}"));
    vec![
        row("language guard, 2,000 characters", "<= 1 ms", took.p50())
            .kept_if(took.p50() <= Duration::from_millis(1)),
        row("the same: p99", "none", took.p99()),
    ]
}
