//! Certificates of installs, and statements that they are trusted no further, as they were signed.

use firsthours_core::evidence::Document;

use super::engine::Tx;
use super::error::{Result, StoreError};
use super::row::Row;

/// The certificate of an install.
pub(crate) fn certificate(tx: &mut dyn Tx, install: &str) -> Result<Option<Document>> {
    let sql = "select text, signature from certificate where install = $1";
    tx.row(sql, &[install.into()])?.as_ref().map(document).transpose()
}

/// The certificate of an install that asked here, and its state.
pub(crate) fn certificate_and_state(tx: &mut dyn Tx, install: &str) -> Result<Option<(String, String)>> {
    let row = tx.row(
        "select certificate.text, install.state from install \
         join certificate on certificate.install = install.install where install.install = $1",
        &[install.into()],
    )?;
    row.map(|row| Ok((row.string(0)?, row.string(1)?))).transpose()
}

/// The statement that an install is trusted no further.
pub(crate) fn revocation(tx: &mut dyn Tx, install: &str) -> Result<Option<Document>> {
    let sql = "select text, signature from revocation where install = $1";
    tx.row(sql, &[install.into()])?.as_ref().map(document).transpose()
}

/// Stores a certificate in the place of an earlier one.
pub(crate) fn put_certificate(tx: &mut dyn Tx, install: &str, document: &Document) -> Result<()> {
    tx.run(
        "insert into certificate (install, text, signature) values ($1, $2, $3) on conflict (install) \
         do update set text = excluded.text, signature = excluded.signature",
        &[install.into(), (&document.text).into(), document.signature.to_string().into()],
    )?;
    Ok(())
}

/// Stores a certificate, unless there is one.
pub(crate) fn add_certificate(tx: &mut dyn Tx, install: &str, document: &Document) -> Result<()> {
    tx.run(
        "insert into certificate (install, text, signature) values ($1, $2, $3) on conflict (install) do nothing",
        &[install.into(), (&document.text).into(), document.signature.to_string().into()],
    )?;
    Ok(())
}

/// Stores a statement that an install is trusted no further, unless there is one.
pub(crate) fn add_revocation(tx: &mut dyn Tx, install: &str, document: &Document) -> Result<()> {
    tx.run(
        "insert into revocation (install, text, signature) values ($1, $2, $3) on conflict (install) do nothing",
        &[install.into(), (&document.text).into(), document.signature.to_string().into()],
    )?;
    Ok(())
}

fn document(row: &Row) -> Result<Document> {
    let signature =
        row.text(1)?.parse().map_err(|_| StoreError::Corrupt("a signature is not hex".to_owned()))?;
    Ok(Document { text: row.string(0)?, signature })
}
