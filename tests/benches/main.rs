//! The figures of DESIGN section 11, each beside a bare baseline that is taken in turn with it in the same run.
//!
//! Neither criterion nor divan can do that: both measure one thing after another, and on a machine that also does other
//! work the ratio of two such figures says little. So the pairs are taken here, one after the other, and what is
//! reported is the ratio of their medians and of their 99th percentiles. See `README.md`.
//!
//! `speed` measures everything and writes the table; `speed PART…` measures parts of it and only shows them;
//! `speed profile act | upload` runs one thing over and over, for a profiler.

#![expect(clippy::disallowed_methods, reason = "a bench reads the real clock and waits for a slow line")]

mod author;
mod growth;
mod guard;
mod handset;
mod home;
mod link;
mod measure;
mod pages;
mod pouch;
mod profile;
mod sync;
mod table;
mod tap;
mod wire;
mod worst;

use std::io::Write;
use std::process::ExitCode;

use firsthours_core::protocol::Instant;
use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};
use pouch::Pouch;
use table::Row;

/// 2026-11-24 05:00 UTC: nine in the evening in Los Angeles.
const EVENING: Instant = Instant::from_ms(1_795_496_400_000);

const PARTS: [&str; 11] =
    ["tap", "fold", "guard", "home", "shift", "both-ways", "nothing", "wire", "growth", "worst", "pages"];

fn main() -> ExitCode {
    // `cargo bench` adds a flag of its own.
    let asked: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let done = match asked.split_first() {
        Some((first, rest)) if first == "profile" => profile::run(rest),
        _ => run(&asked),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "{fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(asked: &[String]) -> Result<(), Fault> {
    let (mut rows, mut below) = (Vec::new(), Vec::new());
    for part in PARTS.iter().filter(|part| asked.is_empty() || asked.iter().any(|name| name == *part)) {
        let measured = measure(part, &mut below)?;
        for row in &measured {
            writeln!(std::io::stdout(), "{row:?}")?;
        }
        rows.extend(measured);
    }
    for line in &below {
        writeln!(std::io::stdout(), "{line}")?;
    }
    if asked.is_empty() {
        table::write("speed", &rows, &below)?;
    }
    Ok(())
}

/// Each part has a programme of its own, so that none finds what another left.
fn measure(part: &str, below: &mut Vec<String>) -> Result<Vec<Row>, Fault> {
    let mut programme = Programme::start(&SharedClock::frozen(EVENING))?;
    match part {
        "tap" => tap::rows(&programme),
        "fold" => tap::fold(&programme),
        "guard" => Ok(guard::rows()),
        "home" => home::rows(&programme),
        "shift" => sync::shift(&mut programme),
        "both-ways" => sync::both_ways(&programme, Pouch::installed().as_ref()),
        "nothing" => sync::nothing_to_do(&programme),
        "wire" => {
            let (rows, said) = wire::rows(&programme)?;
            below.extend(said);
            Ok(rows)
        }
        "growth" => growth::rows(&programme),
        "worst" => worst::rows(&programme),
        _ => pages::rows(&programme),
    }
}
