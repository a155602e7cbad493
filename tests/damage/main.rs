//! Every byte. An upload and a download are cut and flipped at each of their bytes; a bundle is changed in ten thousand
//! ways and shown to two verifiers, ours and one in Python that shares no code with it; and the page by which an
//! outsider verifies a bundle without us is run as it is printed.
//!
//! What was counted is written to `target/tmp/damage-NAME.txt`. `FIRSTHOURS_SEED` gives another run than the usual one.

mod bases;
mod dice;
mod http;
mod mutants;
mod mutate;
mod outsider;
mod page;
mod prev;
mod proxy;
mod python;
mod texts;
mod twin;
mod upload;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use firsthours_core::protocol::Instant;
use firsthours_tests::programme::Fault;

/// 2026-11-24 05:00 UTC: nine in the evening in Los Angeles.
const EVENING: Instant = Instant::from_ms(1_795_496_400_000);
const MINUTE: i64 = 60_000;

/// How often each thing happened.
type Counts = BTreeMap<String, usize>;

/// The folder of the whole project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Where tests may leave files.
fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// Writes down what was counted.
fn report(name: &str, title: &str, counts: &Counts) -> Result<(), Fault> {
    let lines = counts.iter().map(|(what, times)| format!("{times:>7}  {what}\n"));
    let text = format!("{title}\n{}", lines.collect::<String>());
    Ok(std::fs::write(scratch().join(format!("damage-{name}.txt")), text)?)
}

/// A test's own way to fail with a reason.
fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(why().into()) }
}
