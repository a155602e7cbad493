//! Protocol versions from the console.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use firsthours_core::protocol::{Author, BasisState, Definition, diff, fingerprint, load};
use firsthours_core::words::{Language, change_sentence, clock_sentence};

use super::CliError;
use super::{out, wording};
use crate::app::App;
use crate::programme::audit::Who;
use crate::records::{ingest, protocols};
use crate::store::StoreError;

/// Protocol versions.
#[derive(Subcommand)]
pub(super) enum Protocol {
    /// Check definitions, and say what they hold and which words in them to weigh. Needs no folder.
    Check {
        /// The definitions (JSON).
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Say in sentences what differs between two versions: files, fingerprints, or ID@VERSION as published here.
    Diff {
        /// The older one.
        old: String,
        /// The newer one.
        new: String,
    },
    /// Check a definition and publish it.
    Publish {
        /// The definition (JSON).
        file: PathBuf,
    },
    /// Let no new record start under a version.
    Recall {
        /// Its fingerprint.
        sha256: String,
    },
    /// Every version.
    List,
}

impl Protocol {
    /// Runs what needs no folder; gives back what does.
    pub(super) fn run_alone(self) -> Result<Option<Self>, CliError> {
        match self {
            Self::Check { files } => check(&files).map(|()| None),
            Self::Diff { old, new } if Path::new(&old).is_file() && Path::new(&new).is_file() => {
                tell(&read(Path::new(&old))?.1, &read(Path::new(&new))?.1);
                Ok(None)
            }
            other => Ok(Some(other)),
        }
    }
}

pub(super) fn run(app: &App, protocol: Protocol) -> Result<(), CliError> {
    let now = app.now();
    match protocol {
        Protocol::Check { files } => check(&files)?,
        Protocol::Diff { old, new } => tell(&named(app, &old)?, &named(app, &new)?),
        Protocol::Publish { file } => {
            let (text, definition) = read(&file)?;
            let before = app.store.read(|tx| {
                let before = protocols::newest(tx, &definition.id)?;
                Ok::<_, StoreError>(match before {
                    Some(before) => protocols::text(tx, &before.sha256)?,
                    None => None,
                })
            })?;
            let sha256 = app.store.write(|tx| protocols::publish(tx, &text, Who::Console, now))?;
            if let Some(Ok(before)) =
                before.filter(|before| *before != text).map(|text| load(text.as_bytes()))
            {
                tell(&before, &definition);
            }
            out::line(sha256);
            // Entries may have been held only because nobody here knew this version.
            ingest::reconsider(&app.records)?;
        }
        Protocol::Recall { sha256 } => {
            app.store.write(|tx| protocols::recall(tx, &sha256, Who::Console, now))?;
            let records = app.store.read(|tx| protocols::records_under(tx, &sha256))?;
            out::line(match records {
                0 => "recalled; no record in work is under it".to_owned(),
                1 => "recalled; 1 record in work is under it".to_owned(),
                records => format!("recalled; {records} records in work are under it"),
            });
            out::line("phones learn it when they next sync, before anything else");
        }
        Protocol::List => {
            for version in app.store.read(protocols::all)? {
                let state = if version.recalled.is_some() { "recalled" } else { "published" };
                out::line(format_args!("{}  {} {}  {state}", version.sha256, version.id, version.version));
            }
        }
    }
    Ok(())
}

/// Says of each file what it holds, or every fault in it. Any fault makes the command fail.
fn check(files: &[PathBuf]) -> Result<(), CliError> {
    let mut faulty = 0;
    for file in files {
        match read(file) {
            Ok((text, definition)) => {
                let holds = holds(&definition, &fingerprint(text.as_bytes()));
                out::line(format_args!("{}: good\n{holds}", file.display()));
                for words in wording::weigh(&text) {
                    out::line(format_args!("  words to weigh: {words}"));
                }
            }
            Err(CliError::Protocol(error)) => {
                faulty += 1;
                out::line(format_args!("{}: {error}", file.display()));
            }
            Err(other) => return Err(other),
        }
    }
    match faulty {
        0 => Ok(()),
        1 => Err(CliError::Said("1 definition has faults".to_owned())),
        faulty => Err(CliError::Said(format!("{faulty} definitions have faults"))),
    }
}

/// What a definition holds, for the person who wrote it.
fn holds(definition: &Definition, sha256: &str) -> String {
    let language = Language::En;
    let count = |author: Author| definition.steps.iter().filter(|step| step.by == author).count();
    let mut said =
        format!("  “{}”, {} version {}\n", definition.title.get("en"), definition.id, definition.version);
    let _ = writeln!(said, "  fingerprint {sha256}");
    let _ = writeln!(
        said,
        "  {} steps: deputy {}, detective {}, supervisor {}, county {}",
        definition.steps.len(),
        count(Author::Deputy),
        count(Author::Detective),
        count(Author::Supervisor),
        count(Author::County),
    );
    let _ = writeln!(said, "  languages: {}", definition.languages.join(", "));
    for sheet in &definition.sheets {
        let _ = writeln!(said, "  sheet “{}”, for {}", sheet.title.get("en"), sheet.reader.get("en"));
    }
    for clock in &definition.clocks {
        let _ = writeln!(said, "  clock {}", clock_sentence(clock, definition, language));
    }
    for warning in warnings(definition) {
        let _ = writeln!(said, "  look at: {warning}");
    }
    said.trim_end().to_owned()
}

/// What is no fault and yet has to be looked at before a child is met under it.
fn warnings(definition: &Definition) -> Vec<String> {
    let mut warnings = Vec::new();
    for calendar in &definition.calendars {
        if let Some(last) = calendar.closed_dates.last() {
            warnings.push(format!(
                "the calendar “{}” knows no closed date after {last}; a later one counts as open",
                calendar.title.get("en")
            ));
        }
    }
    let unsure = definition.steps.iter().filter(|step| {
        step.basis.is_empty() || step.basis.iter().any(|basis| basis.state == BasisState::ConfirmWithCounty)
    });
    let unsure: Vec<&str> = unsure.map(|step| step.id.as_str()).collect();
    if !unsure.is_empty() {
        warnings.push(format!("to be confirmed, or without a source: {}", unsure.join(", ")));
    }
    warnings
}

/// Says what differs, what matters most to those who work by it first.
fn tell(old: &Definition, new: &Definition) {
    let mut changes = diff(old, new);
    changes.sort_by_key(firsthours_core::protocol::Change::weight);
    if changes.is_empty() {
        out::line("nothing differs");
    }
    for change in &changes {
        out::line(change_sentence(change, old, new, Language::En));
    }
}

fn read(file: &Path) -> Result<(String, Definition), CliError> {
    let text = std::fs::read_to_string(file)?;
    let definition =
        load(text.as_bytes()).map_err(|faults| protocols::ProtocolError::Faulty(faults.to_string()))?;
    Ok((text, definition))
}

/// A definition by file, fingerprint, or `ID@VERSION`.
fn named(app: &App, name: &str) -> Result<Definition, CliError> {
    if Path::new(name).is_file() {
        return Ok(read(Path::new(name))?.1);
    }
    let found = app.store.read(|tx| {
        let known = protocols::all(tx)?
            .into_iter()
            .find(|known| known.sha256 == name || format!("{}@{}", known.id, known.version) == name);
        Ok::<_, StoreError>(match known {
            Some(known) => protocols::text(tx, &known.sha256)?,
            None => None,
        })
    })?;
    let text = found.ok_or(protocols::ProtocolError::Missing)?;
    load(text.as_bytes()).map_err(|faults| protocols::ProtocolError::Faulty(faults.to_string()).into())
}
