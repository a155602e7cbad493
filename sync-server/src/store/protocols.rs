//! Published versions of protocols, as rows.

use super::engine::Tx;
use super::error::Result;
use super::row::Row;
use firsthours_core::protocol::Instant;

/// A version as it is published.
pub(crate) struct NewVersionRow<'a> {
    pub(crate) sha256: &'a str,
    pub(crate) id: &'a str,
    pub(crate) version: i64,
    pub(crate) text: &'a str,
    pub(crate) published: Instant,
    pub(crate) published_by: &'a str,
}

/// A published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRow {
    /// Its fingerprint.
    pub sha256: String,
    /// The protocol's id.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// When it was published.
    pub published: Instant,
    /// When it was recalled, if it was.
    pub recalled: Option<Instant>,
}

/// Adds a version; `false` if its bytes, or another one of its number, are here.
pub(crate) fn insert(tx: &mut dyn Tx, new: &NewVersionRow<'_>) -> Result<bool> {
    let added = tx.run(
        "insert into protocol (sha256, id, version, text, published_ms, published_by) \
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        &[
            new.sha256.into(),
            new.id.into(),
            new.version.into(),
            new.text.into(),
            new.published.into(),
            new.published_by.into(),
        ],
    )?;
    Ok(added > 0)
}

/// The bytes of a version.
pub(crate) fn text(tx: &mut dyn Tx, sha256: &str) -> Result<Option<String>> {
    let row = tx.row("select text from protocol where sha256 = $1", &[sha256.into()])?;
    row.map(|row| row.string(0)).transpose()
}

/// Every version, the newest first.
pub(crate) fn all(tx: &mut dyn Tx) -> Result<Vec<PublishedRow>> {
    tx.rows(
        "select sha256, id, version, published_ms, recalled_ms from protocol order by published_ms desc, sha256",
        &[],
    )?
    .iter()
    .map(published)
    .collect()
}

/// Recalls a version; `false` if it is not published, or was recalled.
pub(crate) fn recall(tx: &mut dyn Tx, sha256: &str, now: Instant) -> Result<bool> {
    let changed = tx.run(
        "update protocol set recalled_ms = $2 where sha256 = $1 and recalled_ms is null",
        &[sha256.into(), now.into()],
    )?;
    Ok(changed > 0)
}

/// How many records are under a version and still in work.
pub(crate) fn records_under(tx: &mut dyn Tx, sha256: &str) -> Result<i64> {
    let sql =
        "select count(*) from encounter where protocol = $1 and voided = 0 and phase_state <> 'approved'";
    tx.row(sql, &[sha256.into()])?.map_or(Ok(0), |row| row.int(0))
}

fn published(row: &Row) -> Result<PublishedRow> {
    Ok(PublishedRow {
        sha256: row.string(0)?,
        id: row.string(1)?,
        version: row.int(2)?,
        published: row.instant(3)?,
        recalled: row.opt_instant(4)?,
    })
}
