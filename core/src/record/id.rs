//! Ids: opaque, random or a hash, never a name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {what}: {bytes} bytes in lower-case hex are expected")]
pub struct BadId {
    pub what: &'static str,
    pub bytes: usize,
}

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What is text in JSON as it is text on a screen: by `Display` and `FromStr`.
macro_rules! text_serde {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use text_serde;

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), hex::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let bad = BadId { what: stringify!($name), bytes: $bytes };
                let mut bytes = [0; $bytes];
                if text.bytes().any(|b| b.is_ascii_uppercase()) || hex::decode_to_slice(text, &mut bytes).is_err() {
                    return Err(bad);
                }
                Ok(Self(bytes))
            }
        }

        text_serde!($name);
    };
}

hex_id!(
    /// SHA-256 of an event's header bytes.
    EventId, 32
);
hex_id!(
    /// SHA-256 of an event's body bytes, of a definition's bytes, of a rolling history.
    Hash, 32
);
hex_id!(
    /// One child's contact: 128 random bits.
    EncounterId, 16
);
hex_id!(
    /// What encounters of one scene share: 128 random bits.
    IncidentId, 16
);
hex_id!(
    /// One occurrence of a repeating step: 64 random bits.
    EntryId, 8
);
hex_id!(
    /// One deputy's store on one phone: 128 random bits.
    InstallId, 16
);
hex_id!(
    /// One life of the server's database: 128 random bits, new at init, restore and copy.
    Epoch, 16
);

impl Hash {
    /// SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(bytes))
    }
}

/// Who wrote an event: a phone's install, or the server in one of its epochs (acts at a desk).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Install {
    Phone(InstallId),
    Server(Epoch),
}

impl Install {
    const SERVER: &'static str = "server/";

    /// Whether it is the server.
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }
}

impl fmt::Display for Install {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(id) => id.fmt(f),
            Self::Server(epoch) => write!(f, "{}{epoch}", Self::SERVER),
        }
    }
}

impl FromStr for Install {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        match text.strip_prefix(Self::SERVER) {
            Some(epoch) => epoch.parse().map(Self::Server),
            None => text.parse().map(Self::Phone),
        }
    }
}

text_serde!(Install);

/// Ids that are text, given out by a programme.
macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// As it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<&$name> for serde_json::Value {
            fn from(id: &$name) -> Self {
                Self::String(id.0.clone())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )+};
}

text_ids! {
    /// A person's id in the programme: opaque, never a name.
    PersonId,
    /// An agency's id in the programme: a short word.
    AgencyId,
    /// The id of an agency's station: a short word. Empty where there is none.
    StationId,
}
