//! Values in and rows out, the same for every engine.

use firsthours_core::evidence::Signature;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{AgencyId, PersonId, Role, StationId};

use super::error::{Result, StoreError};
use super::installs::InstallState;

/// One value of a statement or a row. Booleans are 0 and 1, instants are milliseconds since 1970, ids are hex text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Instant> for Value {
    fn from(value: Instant) -> Self {
        Self::Int(value.ms())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

macro_rules! from_ids {
    ($($id:ident),+) => {$(
        impl From<&$id> for Value {
            fn from(id: &$id) -> Self {
                Self::Text(id.0.clone())
            }
        }
    )+};
}

from_ids!(PersonId, AgencyId, StationId);

impl From<Role> for Value {
    fn from(role: Role) -> Self {
        Self::Text(word(&role))
    }
}

impl From<InstallState> for Value {
    fn from(state: InstallState) -> Self {
        Self::Text(word(&state))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer; columns are taken by their place in the `select`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<Value>);

impl Row {
    /// A row of these values; engines make them.
    pub fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// The whole number in `column`.
    pub fn int(&self, column: usize) -> Result<i64> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(*value),
            _ => Err(StoreError::Shape { column, wanted: "a whole number" }),
        }
    }

    /// The whole number in `column`, if there is one.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// The instant in `column`.
    pub fn instant(&self, column: usize) -> Result<Instant> {
        self.int(column).map(Instant::from_ms)
    }

    /// The instant in `column`, if there is one.
    pub fn opt_instant(&self, column: usize) -> Result<Option<Instant>> {
        Ok(self.opt_int(column)?.map(Instant::from_ms))
    }

    /// The flag in `column`: anything but 0 is true.
    pub fn flag(&self, column: usize) -> Result<bool> {
        self.int(column).map(|value| value != 0)
    }

    /// The text in `column`.
    pub fn text(&self, column: usize) -> Result<&str> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(value),
            _ => Err(StoreError::Shape { column, wanted: "text" }),
        }
    }

    /// A copy of the text in `column`.
    pub fn string(&self, column: usize) -> Result<String> {
        self.text(column).map(str::to_owned)
    }

    /// The text in `column`, if there is one.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    /// A copy of the text in `column`, if there is one.
    pub fn opt_string(&self, column: usize) -> Result<Option<String>> {
        Ok(self.opt_text(column)?.map(str::to_owned))
    }

    /// The role in `column`; one of a newer version may do nothing here.
    pub fn role(&self, column: usize) -> Result<Role> {
        self.variant(column, "a role")
    }

    /// How the install in `column` stands.
    pub fn install_state(&self, column: usize) -> Result<InstallState> {
        self.variant(column, "the state of an install")
    }

    /// The variant whose name is in `column`: see [`word`].
    fn variant<T: serde::de::DeserializeOwned>(&self, column: usize, wanted: &'static str) -> Result<T> {
        let name = serde_json::Value::from(self.text(column)?);
        serde_json::from_value(name).map_err(|_| StoreError::Shape { column, wanted })
    }

    /// The bytes in `column`.
    pub fn blob(&self, column: usize) -> Result<&[u8]> {
        match self.0.get(column) {
            Some(Value::Blob(value)) => Ok(value),
            _ => Err(StoreError::Shape { column, wanted: "bytes" }),
        }
    }

    /// The bytes in `column`, if there are any.
    pub fn opt_blob(&self, column: usize) -> Result<Option<&[u8]>> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.blob(column).map(Some),
        }
    }
}

/// A count or position from the store, which holds no negative one.
pub(crate) fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// A count or position for the store. Numbers in events are below 2^53.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A signature that this server stored.
pub(crate) fn signature(bytes: &[u8]) -> Result<Signature> {
    let bytes =
        bytes.try_into().map_err(|_| StoreError::Corrupt("a signature has not 64 bytes".to_owned()))?;
    Ok(Signature::from_bytes(bytes))
}

/// A hash or id that this server wrote.
pub(crate) fn hash<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt("an id is not lower-case hex".to_owned()))
}

/// A variant's name, as a column holds it and as JSON has it.
pub(crate) fn word<T: serde::Serialize>(variant: &T) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
