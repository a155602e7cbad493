//! Checking a folder.

use super::CliError;
use crate::app::App;
use crate::audit::{self, Verdict};
use crate::out;
use crate::store::migrate;

pub(super) fn run(app: &App) -> Result<(), CliError> {
    let mut sound = true;
    let mut tell = |what: &str, found: Vec<String>| {
        if found.is_empty() {
            out::line(format_args!("{what}: sound"));
        } else {
            sound = false;
            for line in found {
                out::line(format_args!("{what}: {line}"));
            }
        }
    };
    out::line(format_args!("schema: {}", migrate::version(&app.store)?));
    tell("records", app.store.check()?);
    tell("keys", app.keys.check()?);
    let log = match audit::verify(&app.store, None)? {
        Verdict::Sound(head) => {
            out::line(format_args!("log: {} entries, head {}", head.seq, head.hash));
            Vec::new()
        }
        Verdict::Broken { seq, why } => vec![format!("entry {seq} does not fit: {why}")],
    };
    tell("log", log);
    if sound { Ok(()) } else { Err(CliError::Said("this folder is not sound".to_owned())) }
}
