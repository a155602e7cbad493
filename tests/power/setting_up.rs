//! A server in the making: two stores, the keys, the first epoch.

use std::sync::Arc;

use firsthours_core::outside::SystemRandom;
use firsthours_server::app::{App, OpenError};
use firsthours_server::programme::trust::TrustError;
use firsthours_tests::programme::Fault;
use firsthours_vfs::Disk;

use crate::images::every_cut;
use crate::world::world;

#[test]
fn a_server_in_the_making_survives_a_power_cut_at_every_call() -> Result<(), Fault> {
    let world = world();
    let folder = tempfile::tempdir()?;
    let disk = Disk::watch(folder.path())?;
    disk.record();
    let from = disk.calls();
    let clock = Arc::new(world.clock.clone());
    let (app, root) = App::make(world.config_in(folder.path()), clock, Arc::new(SystemRandom))?;
    let made = disk.calls() - from;
    let epoch = app.epoch()?;
    drop(app);
    let trace = disk.trace().ok_or("nothing was recorded")?;
    let place = (folder.path(), &disk);
    let all = 1..=trace.calls() + 1;
    let tried = every_cut(
        "a server in the making",
        &trace,
        all,
        place,
        |n| n > made,
        |made, cut| {
            match world.open_server(cut.folder) {
                Ok(app) if app.trust.fingerprint() == root.fingerprint && app.epoch() == Ok(epoch) => {
                    let found: Vec<String> =
                        app.store.check()?.into_iter().chain(app.keys.check()?).collect();
                    if found.is_empty() {
                        Ok(())
                    } else {
                        Err(format!("a file is damaged: {found:?}").into())
                    }
                }
                Ok(_) => Err("it has another root or epoch".into()),
                // Then `init` begins anew.
                Err(OpenError::NotInitialised(_) | OpenError::Trust(TrustError::Missing(_))) if !made => {
                    Ok(())
                }
                Err(error) => Err(format!("it does not open: {error}").into()),
            }
        },
    )?;
    assert!(tried.cuts > 40, "{tried:?}");
    Ok(())
}
