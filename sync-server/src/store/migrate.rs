//! The schema as numbered files, each applied once and never edited after.

use sha2::{Digest, Sha256};

use super::engine::{Dialect, Store, Tx};
use super::error::{Result, StoreError};
use firsthours_core::protocol::Instant;

/// One numbered step of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub version: i64,
    /// Its text, with `{int}`, `{blob}` and `{strict}` for what engines spell differently.
    pub sql: &'static str,
}

/// The schema of the server's store.
pub const SERVER: &[Migration] = &[Migration { version: 1, sql: include_str!("migrations/0001_init.sql") }];

/// The schema of the key store, which lives in a file of its own so that its backups can end earlier.
pub const KEYS: &[Migration] =
    &[Migration { version: 1, sql: include_str!("migrations/keys_0001_init.sql") }];

/// Applies what is missing, all in one transaction. Refuses a store that a newer program has written and a
/// migration that was altered after it was applied.
pub fn run(store: &Store, schema: &[Migration], now: Instant) -> Result<()> {
    let dialect = store.dialect();
    store.write(|tx| {
        let table = filled(
            "create table if not exists schema_version (version {int} primary key, sha256 text not null, \
             applied_ms {int} not null) {strict}",
            dialect,
        );
        tx.run(&table, &[])?;
        let applied = tx.rows("select version, sha256 from schema_version order by version", &[])?;
        let known = schema.last().map_or(0, |last| last.version);
        for row in &applied {
            let found = row.int(0)?;
            let Some(migration) = schema.iter().find(|migration| migration.version == found) else {
                return Err(StoreError::NewerSchema { found: newest(&applied)?, known });
            };
            if row.text(1)? != digest(migration) {
                return Err(StoreError::AlteredMigration { version: found });
            }
        }
        let done = newest(&applied)?;
        for migration in schema.iter().filter(|migration| migration.version > done) {
            apply(tx, migration, dialect, now)?;
        }
        Ok(())
    })
}

/// The newest version that the store has.
pub fn version(store: &Store) -> Result<i64> {
    store.read(|tx| newest(&tx.rows("select version from schema_version order by version", &[])?))
}

fn newest(applied: &[super::Row]) -> Result<i64> {
    applied.last().map_or(Ok(0), |row| row.int(0))
}

fn apply(tx: &mut dyn Tx, migration: &Migration, dialect: Dialect, now: Instant) -> Result<()> {
    for statement in statements(migration.sql) {
        tx.run(&filled(&statement, dialect), &[])?;
    }
    tx.run(
        "insert into schema_version (version, sha256, applied_ms) values ($1, $2, $3)",
        &[migration.version.into(), digest(migration).into(), now.into()],
    )?;
    Ok(())
}

fn digest(migration: &Migration) -> String {
    hex::encode(Sha256::digest(migration.sql))
}

fn filled(sql: &str, dialect: Dialect) -> String {
    sql.replace("{int}", dialect.int).replace("{blob}", dialect.blob).replace("{strict}", dialect.strict)
}

/// The statements of a file without its comments. Schema texts hold neither quoted semicolons nor triggers.
fn statements(sql: &str) -> Vec<String> {
    let bare: String = sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim_end()).fold(
        String::with_capacity(sql.len()),
        |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        },
    );
    bare.split(';').map(str::trim).filter(|statement| !statement.is_empty()).map(str::to_owned).collect()
}
