//! Small named values, as JSON.

use rusqlite::named_params;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Store;
use super::error::StoreError;
use super::rows::check_whole;

impl Store {
    /// The value of a name, if it was set.
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let json = self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("select value, tail from setting where name = :name")?;
            let mut rows = statement.query(named_params! { ":name": name })?;
            let Some(row) = rows.next()? else { return Ok(None) };
            check_whole(row)?;
            Ok(Some(row.get::<_, String>("value")?))
        })?;
        let read = |json: String| {
            serde_json::from_str(&json)
                .map_err(|_| StoreError::io(format!("the setting {name} is of another shape")))
        };
        json.map(read).transpose()
    }

    /// Sets a name to a value.
    pub fn set_setting<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let json = serde_json::to_string(value)
            .map_err(|_| StoreError::io(format!("the setting {name} cannot be written as JSON")))?;
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "insert into setting (name, value) values (:name, :value)
                     on conflict (name) do update set value = excluded.value",
                )?
                .execute(named_params! { ":name": name, ":value": json })?;
            Ok(())
        })
    }
}
