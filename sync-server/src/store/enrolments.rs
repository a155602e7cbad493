//! One-time codes by which a phone asks to be enrolled, as rows. Only keyed hashes of them are here.

use super::engine::Tx;
use super::error::Result;
use firsthours_core::protocol::Instant;
use firsthours_core::record::PersonId;

/// A code that was made.
pub(crate) struct NewCodeRow<'a> {
    /// The letters that find it.
    pub(crate) name: &'a str,
    pub(crate) code_hash: &'a str,
    pub(crate) person: &'a PersonId,
    pub(crate) made_by: &'a str,
    pub(crate) made: Instant,
    pub(crate) expires: Instant,
}

/// A code as it stands.
pub(crate) struct CodeRow {
    pub(crate) code_hash: String,
    pub(crate) person: PersonId,
    pub(crate) expires: Instant,
    pub(crate) tries: i64,
    /// The install that used it.
    pub(crate) used_by: Option<String>,
}

/// Removes codes that ended before a moment.
pub(crate) fn delete_ended(tx: &mut dyn Tx, before: Instant) -> Result<()> {
    tx.run("delete from enrolment where expires_ms < $1", &[before.into()])?;
    Ok(())
}

/// Adds a code; `false` if its name is taken.
pub(crate) fn insert(tx: &mut dyn Tx, new: &NewCodeRow<'_>) -> Result<bool> {
    let made = tx.run(
        "insert into enrolment (name, code_hash, person, made_by, made_ms, expires_ms) \
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        &[
            new.name.into(),
            new.code_hash.into(),
            new.person.into(),
            new.made_by.into(),
            new.made.into(),
            new.expires.into(),
        ],
    )?;
    Ok(made > 0)
}

/// The code of this name.
pub(crate) fn get(tx: &mut dyn Tx, name: &str) -> Result<Option<CodeRow>> {
    let row = tx.row(
        "select code_hash, person, expires_ms, tries, used_by from enrolment where name = $1",
        &[name.into()],
    )?;
    row.map(|row| {
        Ok(CodeRow {
            code_hash: row.string(0)?,
            person: PersonId(row.string(1)?),
            expires: row.instant(2)?,
            tries: row.int(3)?,
            used_by: row.opt_string(4)?,
        })
    })
    .transpose()
}

/// Counts a wrong try.
pub(crate) fn count_try(tx: &mut dyn Tx, name: &str) -> Result<()> {
    tx.run("update enrolment set tries = tries + 1 where name = $1", &[name.into()])?;
    Ok(())
}

/// A code is used up.
pub(crate) fn used_by(tx: &mut dyn Tx, name: &str, install: &str) -> Result<()> {
    tx.run("update enrolment set used_by = $2 where name = $1", &[name.into(), install.into()])?;
    Ok(())
}
