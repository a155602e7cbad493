//! The numbers of the programme: whom to call for whom, by station and hour.

use firsthours_core::protocol::Instant;
use firsthours_core::record::PartnerNumber;

use crate::programme::audit::{self, Entry, What, Who};
use crate::store::{Result, Tx, directory, word};

/// Replaces the programme's numbers.
pub fn set_numbers(tx: &mut dyn Tx, numbers: &[PartnerNumber], by: Who<'_>, now: Instant) -> Result<()> {
    directory::clear_numbers(tx)?;
    for (place, number) in numbers.iter().enumerate() {
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        directory::insert_number(tx, place, number, &word(&number.channel))?;
    }
    audit::append(tx, &Entry::new(now, by, What::NumbersSet).with("numbers", numbers.len()))?;
    Ok(())
}
