//! Verifying exported files without a server: each by itself, and all beside one another.

use std::path::{Path, PathBuf};

use clap::Args;
use firsthours_core::bundle::{self, Bundle, Completeness, Manifest};

use super::CliError;
use super::out;

/// Verify files that were exported.
#[derive(Args)]
pub(super) struct Verify {
    /// The files. Of several, those of one record are compared as well: two manifests of one position that differ are both
    /// genuine, and one of them is a lie.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The fingerprint of the programme's root, as it was published.
    #[arg(long)]
    root: String,
}

pub(super) fn run(verify: &Verify) -> Result<(), CliError> {
    let mut manifests: Vec<(&Path, Manifest)> = Vec::new();
    let mut wrong = 0;
    for path in &verify.files {
        let place = path.display();
        match one(path, &verify.root) {
            Ok((told, manifest)) => {
                out::line(format_args!("{place}: {told}"));
                manifests.extend(manifest.map(|manifest| (path.as_path(), manifest)));
            }
            Err(fault) => {
                wrong += 1;
                out::line(format_args!("{place}: NOT GENUINE: {fault}"));
            }
        }
    }
    for (n, (path, manifest)) in manifests.iter().enumerate() {
        for (other, beside) in &manifests[n + 1..] {
            if manifest.contradicts(beside) {
                wrong += 1;
                out::line(format_args!(
                    "{} and {}: CONTRADICT each other at position {}; both were signed by the server, and one of them is not \
                     what it held",
                    path.display(),
                    other.display(),
                    manifest.pos
                ));
            }
        }
    }
    if wrong == 0 { Ok(()) } else { Err(CliError::Said("not everything is genuine".to_owned())) }
}

/// What is proved of one file, and its manifest.
fn one(path: &Path, root: &str) -> Result<(String, Option<Manifest>), String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let bundle = bundle::read(&bytes).map_err(|fault| fault.to_string())?;
    let root: String = root.split_whitespace().collect();
    let verified = bundle::verify(&bundle, &root).map_err(|fault| fault.to_string())?;
    let events = verified.state.len();
    let told = match &verified.completeness {
        Completeness::UpTo { epoch, pos, later, .. } => {
            format!("genuine, {events} events; complete to position {pos} of epoch {epoch}, {later} later")
        }
        Completeness::UpToLastShown { .. } => {
            format!("genuine, {events} events; complete only up to each author's last shown event")
        }
    };
    Ok((told, manifest(&bundle)))
}

/// The manifest of a bundle that was verified.
fn manifest(bundle: &Bundle) -> Option<Manifest> {
    bundle.manifest.as_ref()?.peek().ok()
}
