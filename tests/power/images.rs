//! One recorded run, and every disk that it could have left behind.

use std::collections::HashSet;
use std::hash::Hash;
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::Path;

use firsthours_tests::programme::Fault;
use firsthours_vfs::{Damage, Disk, Survivors, Trace};

use crate::world::long;

/// Images of each cut beside *nothing survived* and *everything survived*.
const RANDOM_IMAGES: u64 = 2;

/// What was tried.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    pub(crate) cuts: u64,
    pub(crate) images: u64,
    /// Equal images with equal promises are looked at once.
    pub(crate) distinct: u64,
    damage: Damage,
}

/// One loss of power.
pub(crate) struct Cut<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) survivors: Survivors,
}

/// Cuts the power before each call in a range, lets each choice of what was not synced survive, and calls `check`
/// with what had been promised by then.
pub(crate) fn every_cut<P: Hash + Eq>(
    scenario: &str,
    trace: &Trace,
    range: RangeInclusive<u64>,
    (folder, disk): (&Path, &Disk),
    promised: impl Fn(u64) -> P,
    mut check: impl FnMut(&P, &Cut<'_>) -> Result<(), Fault>,
) -> Result<Tried, Fault> {
    let mut tried = Tried::default();
    let mut seen = HashSet::new();
    for (n, platter) in trace.cuts().into_iter().filter(|(n, _)| range.contains(n)) {
        tried.cuts += 1;
        let promise = promised(n);
        let seeds = (0..RANDOM_IMAGES * long()).map(|i| Survivors::Some { seed: n * 1_000_000 + i });
        for survivors in [Survivors::Nothing, Survivors::Everything].into_iter().chain(seeds) {
            let image = platter.image(survivors);
            tried.images += 1;
            tried.damage.add(image.damage);
            if !seen.insert((image.digest(), promised(n))) {
                continue;
            }
            tried.distinct += 1;
            disk.reboot(&image)?;
            check(&promise, &Cut { folder, survivors })
                .map_err(|error| format!("{scenario}, power cut before call {n}, {survivors:?}: {error}"))?;
        }
    }
    let Tried { cuts, images, distinct, damage } = &tried;
    tell(&format!("{scenario}: {cuts} cut points, {images} images, {distinct} of them distinct, {damage:?}"));
    Ok(tried)
}

/// Writes past the test runner, which would keep what a passing test prints to itself.
pub(crate) fn tell(text: &str) {
    // A closed output is no reason to fail.
    let _ = writeln!(std::io::stdout(), "{text}");
}
