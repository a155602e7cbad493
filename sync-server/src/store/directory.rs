//! What phones are told of the programme: its stations, its people, the numbers to call; as rows.

use firsthours_core::record::{
    AgencyId, DirectoryPerson, DirectoryStation, PartnerNumber, PersonId, StationId,
};

use super::engine::Tx;
use super::error::{Result, StoreError};
use super::row::Row;

/// How often something of the directory was changed: each change leaves an entry in the log.
pub(crate) fn changes(tx: &mut dyn Tx) -> Result<i64> {
    let row = tx.row(
        "select count(*) from audit where what in ('person_added', 'person_disabled', \
         'agency_added', 'station_added', 'numbers_set')",
        &[],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Every station.
pub(crate) fn stations(tx: &mut dyn Tx) -> Result<Vec<DirectoryStation>> {
    tx.rows("select id, agency, title from station order by id", &[])?
        .iter()
        .map(|row| {
            Ok(DirectoryStation {
                id: StationId(row.string(0)?),
                agency: AgencyId(row.string(1)?),
                title: row.string(2)?,
            })
        })
        .collect()
}

/// Everybody who has not left.
pub(crate) fn people(tx: &mut dyn Tx) -> Result<Vec<DirectoryPerson>> {
    tx.rows("select id, name, role, agency, station from person where disabled = 0 order by id", &[])?
        .iter()
        .map(person)
        .collect()
}

/// Removes every number.
pub(crate) fn clear_numbers(tx: &mut dyn Tx) -> Result<()> {
    tx.run("delete from number", &[])?;
    Ok(())
}

/// Adds a number at its place. `channel` is the name of how it is reached.
pub(crate) fn insert_number(
    tx: &mut dyn Tx,
    place: i64,
    number: &PartnerNumber,
    channel: &str,
) -> Result<()> {
    tx.run(
        "insert into number (partner, station, place, channel, number, from_minute, to_minute) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        &[
            (&number.partner).into(),
            number.station.as_ref().map_or("", StationId::as_str).into(),
            place.into(),
            channel.into(),
            (&number.number).into(),
            number.hours.map(|(from, _)| i64::from(from)).into(),
            number.hours.map(|(_, to)| i64::from(to)).into(),
        ],
    )?;
    Ok(())
}

/// Every number, in the order in which they are tried.
pub(crate) fn numbers(tx: &mut dyn Tx) -> Result<Vec<PartnerNumber>> {
    tx.rows(
        "select partner, station, channel, number, from_minute, to_minute from number order by place, partner",
        &[],
    )?
    .iter()
    .map(number)
    .collect()
}

fn person(row: &Row) -> Result<DirectoryPerson> {
    Ok(DirectoryPerson {
        id: PersonId(row.string(0)?),
        name: row.string(1)?,
        role: row.role(2)?,
        agency: AgencyId(row.string(3)?),
        station: row.opt_string(4)?.map(StationId),
    })
}

fn number(row: &Row) -> Result<PartnerNumber> {
    let minute = |column| row.opt_int(column).map(|minute| minute.and_then(|m| u32::try_from(m).ok()));
    Ok(PartnerNumber {
        partner: row.string(0)?,
        station: Some(row.string(1)?).filter(|station| !station.is_empty()).map(StationId),
        channel: serde_json::from_value(row.text(2)?.into())
            .map_err(|_| StoreError::Corrupt("a channel is not known".to_owned()))?,
        number: row.string(3)?,
        hours: minute(4)?.zip(minute(5)?),
    })
}
