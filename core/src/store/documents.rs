//! Definitions, certificates and receipts: texts kept byte for byte.

use rusqlite::{Transaction, named_params};
use serde::Deserialize;

use super::Store;
use super::encounters::{Confirmed, confirm};
use super::error::{Failure, StoreError};
use super::installs::live;
use super::rows::{check_whole, document, first, signed, unsigned};
use crate::evidence::Document;
use crate::record::{EncounterId, Hash, InstallId};

impl Store {
    /// Keeps a definition under its hash.
    pub fn put_protocol(&self, sha256: &Hash, text: &str) -> Result<(), StoreError> {
        if Hash::of(text.as_bytes()) != *sha256 {
            return Err(StoreError::Conflict { what: "the definition is not the one that its hash names" });
        }
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "insert into protocol (sha256, text) values (:sha256, :text) on conflict do nothing",
                )?
                .execute(named_params! { ":sha256": sha256.0, ":text": text })?;
            Ok(())
        })
    }

    /// A definition's text.
    pub fn protocol(&self, sha256: &Hash) -> Result<Option<String>, StoreError> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("select text, tail from protocol where sha256 = :sha256")?;
            let mut rows = statement.query(named_params! { ":sha256": sha256.0 })?;
            let Some(row) = rows.next()? else { return Ok(None) };
            check_whole(row)?;
            let text: String = row.get("text")?;
            if Hash::of(text.as_bytes()) == *sha256 { Ok(Some(text)) } else { Err(Failure::damaged()) }
        })
    }

    /// The definitions that are held.
    pub fn protocols(&self) -> Result<Vec<Hash>, StoreError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("select sha256 from protocol order by sha256")?;
            let mut rows = statement.query([])?;
            let mut hashes = Vec::new();
            while let Some(row) = rows.next()? {
                hashes.push(Hash(row.get("sha256")?));
            }
            Ok(hashes)
        })
    }

    /// Lets go of a definition, which the station can give again.
    pub fn drop_protocol(&self, sha256: &Hash) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("delete from protocol where sha256 = :sha256")?
                .execute(named_params! { ":sha256": sha256.0 })?;
            Ok(())
        })
    }

    /// Keeps certificates. The caller has verified them.
    pub fn put_certificates(&self, certificates: &[Document]) -> Result<(), StoreError> {
        self.write(|transaction| insert_certificates(transaction, certificates))
    }

    /// Every certificate, in the order in which they came.
    pub fn certificates(&self) -> Result<Vec<Document>, StoreError> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("select text, signature, tail from certificate order by number")?;
            let mut rows = statement.query([])?;
            let mut certificates = Vec::new();
            while let Some(row) = rows.next()? {
                certificates.push(document(row)?);
            }
            Ok(certificates)
        })
    }

    /// Keeps the newest receipt of its server, and what it confirms, in one transaction.
    ///
    /// The caller has verified the receipt, and each rolling hash in it by its own reckoning. An encounter that is
    /// not held is passed over.
    pub fn put_receipt(
        &self,
        receipt: &Document,
        received_through: u64,
        confirmed: &[(EncounterId, Confirmed)],
    ) -> Result<(), StoreError> {
        #[derive(Deserialize)]
        struct Server {
            server: String,
        }
        let Server { server } = receipt.peek().map_err(|_| StoreError::io("the receipt names no server"))?;
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "insert into receipt (server, install, heard, received_through, text, signature)
                     values (:server, :install, (select coalesce(max(heard), 0) + 1 from receipt),
                             :received_through, :text, :signature)
                     on conflict (server, install) do update
                     set heard = excluded.heard, received_through = excluded.received_through,
                         text = excluded.text, signature = excluded.signature",
                )?
                .execute(named_params! {
                    ":server": server,
                    ":install": live(transaction)?,
                    ":received_through": signed(received_through)?,
                    ":text": receipt.text,
                    ":signature": receipt.signature.to_bytes(),
                })?;
            confirmed.iter().try_for_each(|(encounter, confirmed)| confirm(transaction, encounter, confirmed))
        })
    }

    /// The receipt heard last, to whichever install of this store.
    pub fn receipt(&self) -> Result<Option<Document>, StoreError> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("select text, signature, tail from receipt order by heard desc limit 1")?;
            let mut rows = statement.query([])?;
            rows.next()?.map(document).transpose()
        })
    }

    /// How far the last receipt to the live install says that its chain was received; 0 before the first.
    pub fn received_through(&self) -> Result<u64, StoreError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "select received_through from receipt where install = :install order by heard desc limit 1",
            )?;
            let mut rows = statement.query(named_params! { ":install": live(transaction)? })?;
            Ok(rows.next()?.map(|row| unsigned(row, "received_through")).transpose()?.unwrap_or(0))
        })
    }

    /// The layout of the file: what a report to the server, or a person who helps, asks for.
    pub fn layout(&self) -> Result<u32, StoreError> {
        self.read(|transaction| {
            let found: Option<i64> = first(transaction, "pragma user_version")?;
            u32::try_from(found.unwrap_or(0)).map_err(|_| Failure::damaged())
        })
    }
}

/// Keeps certificates that are not held yet.
pub(super) fn insert_certificates(
    transaction: &Transaction<'_>,
    certificates: &[Document],
) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct NamedInstall {
        install: InstallId,
    }
    for certificate in certificates {
        let NamedInstall { install } =
            certificate.peek().map_err(|_| StoreError::io("a certificate names no install"))?;
        transaction
            .prepare_cached(
                "insert into certificate (install, text, signature) values (:install, :text, :signature)
                 on conflict do nothing",
            )?
            .execute(named_params! {
                ":install": install.0,
                ":text": certificate.text,
                ":signature": certificate.signature.to_bytes(),
            })?;
    }
    Ok(())
}
