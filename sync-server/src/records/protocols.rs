//! Published protocol versions: kept byte for byte, never changed, only recalled.

use firsthours_core::protocol::{self, Definition, Instant};

use crate::programme::audit::{self, Entry, What, Who};
pub use crate::store::protocols::PublishedRow;
use crate::store::protocols::{self as rows, NewVersionRow};
use crate::store::{StoreError, Tx};

/// What went wrong with a protocol.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The definition has faults; every one is listed.
    #[error("the definition has faults:\n{0}")]
    Faulty(String),
    /// Other bytes are already published under this id and version.
    #[error("{id} {version} is already published with other content; give it a new version")]
    Taken {
        /// The protocol.
        id: String,
        /// The version.
        version: u32,
    },
    /// It does not say which published version it replaces.
    #[error("{id} {version} is published, and this version does not name it: set “supersedes” to {sha256}")]
    NotTheNext {
        /// The protocol.
        id: String,
        /// The version that is published.
        version: i64,
        /// Its fingerprint.
        sha256: String,
    },
    /// An older number than that of a published version.
    #[error("{id} {published} is published, so version {version} comes too late; give it a greater number")]
    TooLate {
        /// The protocol.
        id: String,
        /// This version.
        version: u32,
        /// The version that is published.
        published: i64,
    },
    /// No such version.
    #[error("there is no such protocol version")]
    Missing,
}

/// Checks a definition and publishes it; gives its fingerprint. The same bytes twice are one version.
pub fn publish(tx: &mut dyn Tx, text: &str, by: Who<'_>, now: Instant) -> Result<String, ProtocolError> {
    let definition =
        protocol::load(text.as_bytes()).map_err(|faults| ProtocolError::Faulty(faults.to_string()))?;
    let sha256 = protocol::fingerprint(text.as_bytes());
    if self::text(tx, &sha256)?.is_some() {
        return Ok(sha256);
    }
    let before = all(tx)?.into_iter().filter(|known| known.id == definition.id && known.sha256 != sha256);
    if let Some(before) = before.max_by_key(|known| known.version) {
        follows(&definition, before)?;
    }
    let new = NewVersionRow {
        sha256: &sha256,
        id: &definition.id,
        version: i64::from(definition.version),
        text,
        published: now,
        published_by: &by.text(),
    };
    if rows::insert(tx, &new)? {
        audit::append(tx, &Entry::new(now, by, What::ProtocolPublished).with("protocol", sha256.as_str()))?;
    } else if self::text(tx, &sha256)?.is_none() {
        return Err(ProtocolError::Taken { id: definition.id, version: definition.version });
    }
    Ok(sha256)
}

/// Whether a definition may follow the newest published version of its protocol.
fn follows(definition: &Definition, before: PublishedRow) -> Result<(), ProtocolError> {
    let PublishedRow { id, version, sha256, .. } = before;
    if i64::from(definition.version) == version {
        return Err(ProtocolError::Taken { id, version: definition.version });
    }
    if i64::from(definition.version) < version {
        return Err(ProtocolError::TooLate { id, version: definition.version, published: version });
    }
    if definition.supersedes.as_ref() != Some(&sha256) {
        return Err(ProtocolError::NotTheNext { id, version, sha256 });
    }
    Ok(())
}

/// The newest published version of a protocol, by its id.
pub fn newest(tx: &mut dyn Tx, id: &str) -> Result<Option<PublishedRow>, StoreError> {
    Ok(all(tx)?.into_iter().filter(|known| known.id == id).max_by_key(|known| known.version))
}

/// How many records are under a version and still in work.
pub fn records_under(tx: &mut dyn Tx, sha256: &str) -> Result<i64, StoreError> {
    rows::records_under(tx, sha256)
}

/// Recalls a version: no new record starts under it; records pinned to it stay.
pub fn recall(tx: &mut dyn Tx, sha256: &str, by: Who<'_>, now: Instant) -> Result<(), ProtocolError> {
    if !rows::recall(tx, sha256, now)? {
        return Err(ProtocolError::Missing);
    }
    audit::append(tx, &Entry::new(now, by, What::ProtocolRecalled).with("protocol", sha256))?;
    Ok(())
}

/// Every version, the newest first.
pub fn all(tx: &mut dyn Tx) -> Result<Vec<PublishedRow>, StoreError> {
    rows::all(tx)
}

/// The bytes of one version.
pub fn text(tx: &mut dyn Tx, sha256: &str) -> Result<Option<String>, StoreError> {
    rows::text(tx, sha256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const SHIPPED: &str = include_str!("../../../core/protocols/us-ca-los-angeles.json");

    #[test]
    fn a_definition_is_published_once_and_read_back_byte_for_byte() {
        let (_folder, store) = testing::store();
        let first =
            store.write(|tx| publish(tx, SHIPPED, Who::Console, Instant::from_ms(5))).expect("publish");
        let again =
            store.write(|tx| publish(tx, SHIPPED, Who::Console, Instant::from_ms(6))).expect("publish");
        assert_eq!(first, again);
        let (versions, bytes) =
            store.read(|tx| Ok::<_, StoreError>((all(tx)?, text(tx, &first)?))).expect("read");
        assert_eq!(versions.len(), 1);
        assert_eq!(versions[0].published, Instant::from_ms(5));
        assert_eq!(bytes.as_deref(), Some(SHIPPED));
    }

    #[test]
    fn other_bytes_under_a_published_version_are_refused() {
        let (_folder, store) = testing::store();
        store.write(|tx| publish(tx, SHIPPED, Who::Console, Instant::from_ms(5))).expect("publish");
        let altered = format!("{SHIPPED}\n");
        let refused = store.write(|tx| publish(tx, &altered, Who::Console, Instant::from_ms(6)));
        assert!(matches!(refused, Err(ProtocolError::Taken { .. })));
    }

    /// The shipped definition under another number, naming what it replaces.
    fn version(number: u32, supersedes: Option<&str>) -> String {
        let mut document: serde_json::Value = serde_json::from_str(SHIPPED).expect("it is JSON");
        document["version"] = number.into();
        if let Some(sha256) = supersedes {
            document["supersedes"] = sha256.into();
        }
        document.to_string()
    }

    #[test]
    fn a_further_version_names_the_one_it_replaces_and_is_newer() {
        let (_folder, store) = testing::store();
        let publish =
            |text: &str| store.write(|tx| super::publish(tx, text, Who::Console, Instant::from_ms(5)));
        let first = publish(&version(4, None)).expect("the first one");
        let nameless = publish(&version(5, None));
        assert!(matches!(nameless, Err(ProtocolError::NotTheNext { sha256, .. }) if sha256 == first));
        let second = publish(&version(5, Some(&first))).expect("it names the one before");
        let late = publish(&version(3, Some(&second)));
        assert!(matches!(late, Err(ProtocolError::TooLate { version: 3, published: 5, .. })));
        assert!(publish(&version(4, None)).is_ok(), "the same bytes again are no other version");
    }

    #[test]
    fn a_faulty_definition_is_refused_with_its_faults() {
        let (_folder, store) = testing::store();
        let refused = store.write(|tx| publish(tx, "{\"id\": 3}", Who::Console, Instant::from_ms(5)));
        assert!(matches!(refused, Err(ProtocolError::Faulty(faults)) if !faults.is_empty()));
    }
}
