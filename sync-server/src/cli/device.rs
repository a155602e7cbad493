//! Phones from the console.

use clap::Subcommand;
use firsthours_core::evidence::Revoked;

use super::CliError;
use super::out;
use crate::app::App;
use crate::programme::audit::Who;
use crate::programme::{devices, people};

/// Phones.
#[derive(Subcommand)]
pub(super) enum DeviceCommand {
    /// Make a one-time code with which a person's phone can ask to be enrolled.
    Code {
        /// Their user name.
        username: String,
    },
    /// Every phone, those that wait first.
    List,
    /// Approve a phone whose fingerprint you have compared.
    Approve {
        /// Its install.
        install: String,
    },
    /// Refuse a phone that waits.
    Refuse {
        /// Its install.
        install: String,
    },
    /// Let a phone send what it holds and read nothing more.
    Revoke {
        /// Its install.
        install: String,
    },
}

pub(super) fn run(app: &App, device: DeviceCommand) -> Result<(), CliError> {
    let now = app.now();
    let by = Who::Console;
    match device {
        DeviceCommand::Code { username } => {
            let person = app.store.read(|tx| people::by_username(tx, &username))?;
            let code = app
                .store
                .write(|tx| devices::make_code(tx, &app.trust, &*app.random, &person.id, by, now))?;
            out::line(format_args!("{code}  (good once, for 15 minutes)"));
            out::line(format_args!("root fingerprint: {}", app.trust.fingerprint()));
        }
        DeviceCommand::List => {
            for device in app.store.read(devices::all)? {
                out::line(format_args!(
                    "{}  {}  {}  {}  fingerprint {}  {} unsent",
                    device.install,
                    device.state.code(),
                    device.name,
                    device.device,
                    device.fingerprint,
                    device.unsent
                ));
            }
        }
        DeviceCommand::Approve { install } => {
            app.store.write(|tx| devices::approve(tx, &app.trust, &install, by, now))?;
        }
        DeviceCommand::Refuse { install } => {
            app.store.write(|tx| devices::refuse(tx, &install, by, now))?;
        }
        DeviceCommand::Revoke { install } => {
            app.store.write(|tx| devices::revoke(tx, &app.trust, &install, Revoked::Phone, by, now))?;
        }
    }
    Ok(())
}
