//! Checking a folder: what is damaged, what was changed, and what an administrator may have forgotten.
//!
//! A fault is something to be mended now and makes the command fail; a remark is something to know.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use firsthours_core::protocol::{Day, Instant, local, zone};

use super::CliError;
use super::out;
use crate::app::App;
use crate::config::Config;
use crate::programme::audit;
use crate::programme::checkpoint;
use crate::programme::trust;
use crate::store::{self, StoreError, lists, migrate};

/// After so many days the cipher under the store is called old.
const OLD_DAYS: i64 = 180;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// One thing that was found.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Fault(String),
    Remark(String),
}

use Found::{Fault, Remark};

pub(super) fn run(app: &App) -> Result<(), CliError> {
    out::line(format_args!("schema: {}", migrate::version(&app.store)?));
    let checks: [(&str, Vec<Found>); 9] = [
        ("records", app.store.check()?.into_iter().map(Fault).collect()),
        ("keys", app.keys.check()?.into_iter().map(Fault).collect()),
        ("log", log(app)?),
        ("restores", restores(app)?),
        ("secrets", secrets(&app.config)),
        ("clock", clock(app)?),
        ("people", people(app)?),
        ("ciphers", ciphers(&app.store.built_of()?, app.now())),
        ("backup", vec![Remark("there is none, so phones cannot let records go".to_owned())]),
    ];
    let mut faults = 0;
    for (about, found) in &checks {
        if !found.iter().any(|found| matches!(found, Fault(_))) {
            out::line(format_args!("{about}: sound"));
        }
        for found in found {
            match found {
                Fault(text) => {
                    faults += 1;
                    out::line(format_args!("{about}: FAULT: {text}"));
                }
                Remark(text) => out::line(format_args!("{about}: note: {text}")),
            }
        }
    }
    match faults {
        0 => Ok(()),
        1 => Err(CliError::Said("this folder has a fault".to_owned())),
        many => Err(CliError::Said(format!("this folder has {many} faults"))),
    }
}

/// The log against its own chains and every checkpoint of it, and then a checkpoint of how it is now.
fn log(app: &App) -> Result<Vec<Found>, StoreError> {
    let checkpoints = app.checkpoints();
    let (verdict, told) = checkpoints.compare()?;
    let mut found: Vec<Found> =
        told.faults.into_iter().map(|text| Fault(format!("checkpoints: {text}"))).collect();
    for fault in &verdict.faults {
        let text = fault.to_string();
        let lost = fault.wrong == audit::Wrong::LostWhenPutBack;
        found.push(if lost { Remark(text) } else { Fault(text) });
    }
    if let Some((at, sentence)) = app.store.read(checkpoint::differs_since)? {
        let day = day(at);
        found.push(Fault(format!("found on {day}: {sentence}")));
    }
    for head in &verdict.heads {
        out::line(format_args!("log: {} entries of {}, head {}", head.seq, head.replica, head.hash));
    }
    let beside = checkpoints.file.parent().is_some_and(|folder| folder == app.config.data);
    if beside {
        found.push(Remark(
            "its checkpoints lie beside the store, where whoever changes one can change the other; set checkpoint_file to a \
             place that this machine can only add to"
                .to_owned(),
        ));
    }
    // What is wrong now stays the proof: nothing is signed over it.
    if verdict.is_sound() {
        checkpoints.make(app.now())?;
    }
    Ok(found)
}

fn restores(app: &App) -> Result<Vec<Found>, StoreError> {
    let put_back = app.store.read(trust::put_back_at)?;
    Ok(put_back
        .map(|at| {
            Remark(format!(
                "the store was found put back to an earlier state on {}; phones send what it lost when they next sync",
                day(at)
            ))
        })
        .into_iter()
        .collect())
}

/// What lies here and should not, or can be read by others.
fn secrets(config: &Config) -> Vec<Found> {
    let mut found = Vec::new();
    let root = config.root_file();
    if root.exists() {
        let place = root.display();
        found.push(Fault(format!("{place} is still here: take it off line, and delete it here")));
    }
    if config.unfinished_file().exists() {
        let place = config.unfinished_file().display().to_string();
        found.push(Fault(format!("{place} is here, though this server is set up: remove it")));
    }
    let key = config.key_is_a_file().then(|| config.agency_key_file());
    let private: Vec<PathBuf> =
        [Some(config.data.clone()), Some(root), key.clone()].into_iter().flatten().collect();
    for place in private {
        found.extend(open_to_others(&place));
    }
    for place in [config.store_file(), config.keys_file()] {
        if std::fs::symlink_metadata(&place).is_ok_and(|about| about.file_type().is_symlink()) {
            found.push(Fault(format!("{} is a link: name the folder that it leads to", place.display())));
        }
    }
    if key.and_then(|key| key.parent().map(|folder| folder == config.data)).unwrap_or(false) {
        found.push(Remark(
            "the agency key lies beside the stores that it opens: whoever copies the folder reads them; keep it on another disk \
             and set agency_key_file"
                .to_owned(),
        ));
    }
    found
}

fn open_to_others(place: &Path) -> Option<Found> {
    let rights = std::fs::metadata(place).ok()?.permissions().mode() & 0o777;
    let ours = if place.is_dir() { "700" } else { "600" };
    (rights & 0o077 != 0).then(|| {
        let place = place.display();
        Fault(format!("{place} is open to others ({rights:o}): chmod {ours} {place}"))
    })
}

/// A clock that stands before what was written already would put the log, locks and tokens out of order.
fn clock(app: &App) -> Result<Vec<Found>, StoreError> {
    let now = app.now();
    let latest = app.store.read(store::audit::latest)?;
    // Entries of the present second, written while this runs, are no fault.
    let ahead = latest.filter(|latest| *latest > now + 1_000);
    Ok(ahead
        .into_iter()
        .map(|latest| {
            Fault(format!(
                "this machine says {}, and the log goes to {}: set the clock before anything else",
                day(now),
                day(latest)
            ))
        })
        .collect())
}

fn people(app: &App) -> Result<Vec<Found>, StoreError> {
    let (administrators, shut) =
        app.store.read(|tx| Ok::<_, StoreError>((lists::administrators(tx)?, lists::locked_out(tx)?)))?;
    let mut found = Vec::new();
    if administrators == 0 {
        found.push(Remark(
            "nobody can release accounts or approve phones on the pages: add an administrator".to_owned(),
        ));
    }
    if shut > 0 {
        found.push(Remark(format!("{shut} accounts are shut to new browsers after wrong tries")));
    }
    Ok(found)
}

/// What the store is built of, and how old the cipher under it is.
fn ciphers(built_of: &[String], now: Instant) -> Vec<Found> {
    let mut found: Vec<Found> = built_of.iter().cloned().map(Remark).collect();
    if let Some(days) = built_of.iter().find_map(|text| days_since(text, now)) {
        let text = format!("the cipher's library was released {days} days ago");
        found.push(if days > OLD_DAYS {
            Fault(format!("{text}: install a newer server"))
        } else {
            Remark(text)
        });
    }
    found
}

/// The days since the date that ends a version: `OpenSSL 3.6.3 9 Jun 2026`.
fn days_since(version: &str, now: Instant) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = version.rsplit(' ');
    let (year, month, day) = (words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let then = Day::read(&format!("{year}-{month:02}-{day:0>2}"))?.begins(zone("UTC"));
    Some((now - then).div_euclid(DAY_MS))
}

/// A moment as an administrator reads it.
fn day(at: Instant) -> String {
    let there = local(at, zone("UTC"));
    format!("{} {} UTC", there.date, there.time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_cipher_is_told_and_an_old_one_is_a_fault() {
        let built = ["SQLite 3.51.3".to_owned(), "OpenSSL 3.6.3 9 Jun 2026".to_owned()];
        let noon_after = |days: i64| Instant::from_ms(1_780_963_200_000) + days * DAY_MS + DAY_MS / 2;
        assert_eq!(days_since(&built[1], noon_after(3)), Some(3));
        assert_eq!(days_since("OpenSSL 3.6.3", noon_after(3)), None);
        let faults =
            |days| ciphers(&built, noon_after(days)).iter().filter(|found| matches!(found, Fault(_))).count();
        assert_eq!((faults(OLD_DAYS), faults(OLD_DAYS + 1)), (0, 1));
    }
}
