//! People and stations from the console.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::store::word;
use clap::Subcommand;
use firsthours_core::record::{AgencyId, StationId};
use zeroize::Zeroizing;

use super::CliError;
use super::out;
use crate::app::App;
use crate::programme::audit::Who;
use crate::programme::people::{self, NewPerson};

/// People who sign in with a password.
#[derive(Subcommand)]
pub(super) enum User {
    /// Add a person; the password comes from standard input or a file.
    Add {
        /// What they type to sign in.
        username: String,
        /// Their name.
        #[arg(long)]
        name: String,
        /// Their role.
        #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(people::ROLES))]
        role: String,
        /// Their agency.
        #[arg(long)]
        agency: String,
        /// Their station.
        #[arg(long)]
        station: Option<String>,
        /// A file whose first line is the password.
        #[arg(long)]
        password_file: Option<PathBuf>,
    },
    /// Let somebody who was locked out try again.
    Release {
        /// Their user name.
        username: String,
    },
    /// Give somebody who has forgotten theirs another password, from standard input or a file. Their sessions end.
    Password {
        /// Their user name.
        username: String,
        /// A file whose first line is the password.
        #[arg(long)]
        password_file: Option<PathBuf>,
    },
    /// End somebody's access at once.
    Disable {
        /// Their user name.
        username: String,
    },
    /// Everybody.
    List,
}

/// Agencies of the programme.
#[derive(Subcommand)]
pub(super) enum Agency {
    /// Add an agency, or change its name.
    Add {
        /// Its id, a short word.
        id: AgencyId,
        /// Its name.
        #[arg(long)]
        title: String,
    },
    /// Every agency with its stations.
    List,
}

/// Stations of the agencies.
#[derive(Subcommand)]
pub(super) enum Station {
    /// Add a station.
    Add {
        /// Its id, a short word.
        id: StationId,
        /// Its agency.
        #[arg(long)]
        agency: AgencyId,
        /// Its name.
        #[arg(long)]
        title: String,
    },
}

pub(super) fn user(app: &App, user: User) -> Result<(), CliError> {
    let now = app.now();
    match user {
        User::Add { username, name, role, agency, station, password_file } => {
            let password = password(password_file.as_deref())?;
            let new = NewPerson {
                name: &name,
                role: &role,
                agency: &agency,
                station: station.as_deref(),
                username: &username,
            };
            let id =
                people::add(&app.store, &app.passwords, &*app.random, &new, &password, Who::Console, now)?;
            out::line(id);
        }
        User::Release { username } => app.store.write(|tx| {
            let person = people::by_username(tx, &username)?;
            people::release(tx, &person.id, Who::Console, now)
        })?,
        User::Password { username, password_file } => {
            let password = password(password_file.as_deref())?;
            let person = app.store.read(|tx| people::by_username(tx, &username))?;
            let (store, check, random) = (&app.store, &app.passwords, &*app.random);
            people::set_password(store, check, random, &person, &password, Who::Console, now)?;
        }
        User::Disable { username } => app.store.write(|tx| {
            let person = people::by_username(tx, &username)?;
            people::disable(tx, &person.id, Who::Console, now)?;
            Ok::<_, CliError>(crate::programme::devices::revoke_all_of(
                tx,
                &app.trust,
                &person.id,
                Who::Console,
                now,
            )?)
        })?,
        User::List => {
            for person in app.store.read(people::all)? {
                let state = match (person.disabled, person.locked) {
                    (true, _) => "disabled",
                    (false, true) => "locked",
                    (false, false) => "active",
                };
                let role = word(&person.role);
                let station = person.station.as_ref().map_or("-", StationId::as_str);
                out::line(format_args!(
                    "{}  {}  {}  {}/{}  {}  {state}",
                    person.id, person.username, role, person.agency, station, person.name
                ));
            }
        }
    }
    Ok(())
}

pub(super) fn agency(app: &App, agency: Agency) -> Result<(), CliError> {
    match agency {
        Agency::Add { id, title } => {
            let now = app.now();
            app.store.write(|tx| people::add_agency(tx, &id, &title, Who::Console, now))?;
            // What was held because nobody knew the agency is looked at again.
            crate::records::ingest::reconsider(&app.records)?;
        }
        Agency::List => {
            for line in app.store.read(people::places)? {
                out::line(line);
            }
        }
    }
    Ok(())
}

pub(super) fn station(app: &App, station: Station) -> Result<(), CliError> {
    let Station::Add { id, agency, title } = station;
    let now = app.now();
    app.store.write(|tx| people::add_station(tx, &id, &agency, &title, Who::Console, now))?;
    Ok(())
}

/// The first line of the file or of standard input; never an argument, which other users of the machine can read.
fn password(file: Option<&Path>) -> Result<Zeroizing<String>, CliError> {
    let mut text = Zeroizing::new(String::new());
    match file {
        Some(path) => std::fs::File::open(path)?.read_to_string(&mut text)?,
        None => std::io::stdin().read_line(&mut text)?,
    };
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}
