//! Events: the tap, the page from the server, and what is still to be sent.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Row, Transaction, named_params};

use super::Store;
use super::documents::insert_certificates;
use super::drafts::{self, DraftKey};
use super::encounters::{STANDING, Standing, standing_of};
use super::error::{Failure, StoreError};
use super::installs::{line, live, seq_of};
use super::rows::{Slot, arrival, first, held, maybe_unsigned, place, signed, signed_event, unsigned};
use crate::evidence::{Chain, Document, SignedEvent};
use crate::protocol::Instant;
use crate::record::{EncounterId, EventId};
use crate::wire::EncounterCursor;

/// One tap: an event of this install and all that changes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The record.
    pub encounter: EncounterId,
    /// The next arrival: 1 for the first event of an encounter.
    pub arrival: u64,
    /// The event's id.
    pub id: EventId,
    /// The next number of this install's chain.
    pub seq: u64,
    /// The time of entry by the wall clock.
    pub wall: Instant,
    /// The event.
    pub event: SignedEvent,
    /// The record's summary with this event.
    pub summary: Vec<u8>,
    /// Drafts that this event made into facts.
    pub drafts_done: Vec<DraftKey>,
}

/// A page from the server, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The record.
    pub encounter: EncounterId,
    /// Events that were not held. One that is held after all is passed over, its position is kept.
    pub events: Vec<NewEvent>,
    /// Positions of events that are held.
    pub positions: Vec<(EventId, u64)>,
    /// Certificates that came with them.
    pub certificates: Vec<Document>,
    /// How far the record is read now.
    pub cursor: EncounterCursor,
    /// A new epoch: every old position of this encounter is forgotten first.
    pub void_positions: bool,
    /// The record's summary with these events, if they changed it.
    pub summary: Option<Vec<u8>>,
}

/// An event of another author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The next arrival.
    pub arrival: u64,
    /// The event's id.
    pub id: EventId,
    /// Its position in the cursor's epoch.
    pub pos: Option<u64>,
    /// The event.
    pub event: SignedEvent,
}

/// An event as it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// When it came, counted from 1.
    pub arrival: u64,
    /// The event's id.
    pub id: EventId,
    /// Its position in the cursor's epoch.
    pub pos: Option<u64>,
    /// The event.
    pub event: SignedEvent,
}

impl Store {
    /// The tap: event, chain, summary and finished drafts in one transaction. Gives how the record stands after it, which
    /// the writer knows; a reader would have to read and decipher its pages anew after every write.
    ///
    /// Refused as [`StoreError::Conflict`] if the place in the chain or in the record is taken or leaves a gap: then
    /// another event came first, and the caller has to read again.
    pub fn append(&self, commit: &Append) -> Result<Standing, StoreError> {
        self.write(|transaction| {
            let (number, standing) = take_arrival(transaction, commit)?;
            let place = insert_event(transaction, number, commit.arrival, commit.id, None, &commit.event)?;
            let install = live(transaction)?;
            let (before, line) = (line(install, 0)?, line(install, commit.seq)?);
            let last: Option<i64> =
                first(transaction, "select line from own_event order by line desc limit 1")?;
            if line != last.unwrap_or(0).max(before) + 1 {
                return Err(
                    StoreError::Conflict { what: "the event's number is not the next of its chain" }.into()
                );
            }
            transaction
                .prepare_cached(
                    "insert into own_event (line, id, place, wall) values (:line, :id, :place, :wall)",
                )?
                .execute(named_params! {
                    ":line": line,
                    ":id": commit.id.0,
                    ":place": place,
                    ":wall": commit.wall,
                })?;
            commit.drafts_done.iter().try_for_each(|key| drafts::delete(transaction, number, key))?;
            Ok(standing)
        })
    }

    /// A page from the server in one transaction. Safe to repeat.
    pub fn receive(&self, commit: &Received) -> Result<(), StoreError> {
        self.write(|transaction| {
            insert_certificates(transaction, &commit.certificates)?;
            let Slot { number, mut events } = held_or_new(transaction, &commit.encounter)?;
            if commit.void_positions {
                transaction
                    .prepare_cached(
                        "update event set pos = null where place between :from and :to and pos is not null",
                    )?
                    .execute(named_params! { ":from": place(number, 1)?, ":to": place(number, events)? })?;
            }
            let mut known = known_events(transaction, number, events)?;
            for new in &commit.events {
                if known.contains_key(&new.id) {
                    continue;
                }
                if new.arrival != events + 1 {
                    return Err(StoreError::Conflict {
                        what: "the event's arrival is not the next of its encounter",
                    }
                    .into());
                }
                insert_event(transaction, number, new.arrival, new.id, new.pos, &new.event)?;
                events = new.arrival;
                known.insert(new.id, (new.arrival, new.pos));
            }
            let said = commit.events.iter().filter_map(|new| Some((new.id, new.pos?)));
            for (id, pos) in said.chain(commit.positions.iter().copied()) {
                let Some((arrival, held_at)) = known.get_mut(&id) else {
                    return Err(
                        StoreError::Conflict { what: "a position of an event that is not held" }.into()
                    );
                };
                if held_at.replace(pos) != Some(pos) {
                    set_position(transaction, place(number, *arrival)?, pos)?;
                }
            }
            let unpositioned = known.values().filter(|(_, pos)| pos.is_none()).count();
            update_encounter(transaction, number, events, unpositioned, commit)
        })
    }

    /// Every event held of one encounter, by arrival.
    pub fn events(&self, encounter: &EncounterId) -> Result<Vec<StoredEvent>, StoreError> {
        self.events_page(encounter, 0, u32::MAX)
    }

    /// The ids of the events held of one encounter.
    pub fn event_ids(&self, encounter: &EncounterId) -> Result<BTreeSet<EventId>, StoreError> {
        self.read(|transaction| {
            let Some(Slot { number, events }) = held(transaction, encounter)? else {
                return Ok(BTreeSet::new());
            };
            Ok(known_events(transaction, number, events)?.into_keys().collect())
        })
    }

    /// At most `limit` events of one encounter that came after the arrival `after`.
    pub fn events_page(
        &self,
        encounter: &EncounterId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.read(|transaction| {
            let Some(Slot { number, events }) = held(transaction, encounter)? else { return Ok(Vec::new()) };
            if after >= events {
                return Ok(Vec::new());
            }
            let mut statement = transaction.prepare_cached(
                "select place, id, pos, header, body, signature, tail from event
                 where place between :from and :to order by place limit :limit",
            )?;
            let mut rows = statement.query(named_params! {
                ":from": place(number, after + 1)?,
                ":to": place(number, events)?,
                ":limit": limit,
            })?;
            let mut page = Vec::new();
            while let Some(row) = rows.next()? {
                page.push(stored_event(row)?);
            }
            Ok(page)
        })
    }

    /// Number and id of the live install's last event, in whatever encounter.
    pub fn own_head(&self) -> Result<Chain, StoreError> {
        self.read(|transaction| {
            let before = line(live(transaction)?, 0)?;
            let mut statement = transaction.prepare_cached(
                "select line, id from own_event where line > :before order by line desc limit 1",
            )?;
            let mut rows = statement.query(named_params! { ":before": before })?;
            match rows.next()? {
                Some(row) => {
                    Ok(Chain { seq: seq_of(unsigned(row, "line")?), id: Some(EventId(row.get("id")?)) })
                }
                None => Ok(Chain::default()),
            }
        })
    }

    /// The id of the live install's event with this number.
    pub fn own_id(&self, seq: u64) -> Result<Option<EventId>, StoreError> {
        self.read(|transaction| {
            let line = line(live(transaction)?, seq)?;
            let mut statement = transaction.prepare_cached("select id from own_event where line = :line")?;
            let mut rows = statement.query(named_params! { ":line": line })?;
            Ok(rows.next()?.map(|row| row.get("id").map(EventId)).transpose()?)
        })
    }

    /// The live install's events after a number, in order and without a gap: at most `max_events`, and as many as fit
    /// into `max_bytes` of headers and bodies, but at least one.
    pub fn unsent(
        &self,
        after_seq: u64,
        max_events: u32,
        max_bytes: usize,
    ) -> Result<Vec<(u64, SignedEvent)>, StoreError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "select line, header, body, signature, tail from own_event
                 join event on event.place = own_event.place
                 where line > :after order by line limit :limit",
            )?;
            let after = line(live(transaction)?, after_seq)?;
            let mut rows = statement.query(named_params! { ":after": after, ":limit": max_events.max(1) })?;
            let mut run: Vec<(u64, SignedEvent)> = Vec::new();
            let mut bytes = 0;
            while let Some(row) = rows.next()? {
                let seq = seq_of(unsigned(row, "line")?);
                let event = signed_event(row)?;
                bytes += event.header.len() + event.body.as_ref().map_or(0, String::len);
                // A run ends before an event that was let go: what comes after it is another run.
                let ends = run.last().is_some_and(|(last, _)| seq != last + 1 || bytes > max_bytes);
                if ends {
                    break;
                }
                run.push((seq, event));
            }
            Ok(run)
        })
    }

    /// How many of the live install's events come after a number, with those of ended installs that the station is
    /// not known to have; and the time of entry of the oldest.
    pub fn count_unsent(&self, after_seq: u64) -> Result<(u64, Option<Instant>), StoreError> {
        self.read(|transaction| {
            let before = line(live(transaction)?, 0)?;
            let mut statement = transaction.prepare_cached(
                "select count(*) as events, min(wall) as oldest from own_event
                 where line > :after or (line < :before and exists
                     (select 1 from event where event.place = own_event.place and event.pos is null))",
            )?;
            let after = line(live(transaction)?, after_seq)?;
            let mut rows = statement.query(named_params! { ":after": after, ":before": before })?;
            match rows.next()? {
                Some(row) => Ok((unsigned(row, "events")?, row.get("oldest")?)),
                None => Ok((0, None)),
            }
        })
    }
}

/// Counts one more event of the encounter, if it is the next; returns the encounter's number and how it stands.
fn take_arrival(transaction: &Transaction<'_>, commit: &Append) -> Result<(i64, Standing), Failure> {
    let params = named_params! { ":id": commit.encounter.0, ":arrival": signed(commit.arrival)?, ":summary": commit.summary };
    let read = |row: &Row<'_>| Ok::<_, Failure>((row.get("number")?, standing_of(commit.encounter, row)?));
    let mut update = transaction.prepare_cached(&format!(
        "update encounter
         set events = :arrival, unpositioned = unpositioned + 1, summary = :summary
         where id = :id and events = :arrival - 1
         returning number, {STANDING}",
    ))?;
    if let Some(row) = update.query(params)?.next()? {
        return read(row);
    }
    if commit.arrival != 1 || held(transaction, &commit.encounter)?.is_some() {
        return Err(
            StoreError::Conflict { what: "the event's arrival is not the next of its encounter" }.into()
        );
    }
    let mut insert = transaction.prepare_cached(&format!(
        "insert into encounter (id, events, unpositioned, summary) values (:id, :arrival, 1, :summary)
         returning number, {STANDING}",
    ))?;
    let mut rows = insert.query(params)?;
    rows.next()?.map_or_else(|| Err(Failure::damaged()), read)
}

fn held_or_new(transaction: &Transaction<'_>, id: &EncounterId) -> Result<Slot, Failure> {
    if let Some(held) = held(transaction, id)? {
        return Ok(held);
    }
    transaction
        .prepare_cached("insert into encounter (id, events, unpositioned, summary) values (:id, 0, 0, x'')")?
        .execute(named_params! { ":id": id.0 })?;
    Ok(Slot { number: transaction.last_insert_rowid(), events: 0 })
}

/// Arrival and position of each event held, by id. An index by id would cost every tap two pages more.
fn known_events(
    transaction: &Transaction<'_>,
    number: i64,
    events: u64,
) -> Result<HashMap<EventId, (u64, Option<u64>)>, Failure> {
    let mut statement =
        transaction.prepare_cached("select place, pos, id from event where place between :from and :to")?;
    let mut rows =
        statement.query(named_params! { ":from": place(number, 1)?, ":to": place(number, events)? })?;
    let mut known = HashMap::new();
    while let Some(row) = rows.next()? {
        known.insert(EventId(row.get("id")?), (arrival(row.get("place")?), maybe_unsigned(row, "pos")?));
    }
    Ok(known)
}

fn insert_event(
    transaction: &Transaction<'_>,
    number: i64,
    arrival: u64,
    id: EventId,
    pos: Option<u64>,
    event: &SignedEvent,
) -> Result<i64, Failure> {
    let place = place(number, arrival)?;
    transaction
        .prepare_cached(
            "insert into event (place, pos, id, header, body, signature)
             values (:place, :pos, :id, :header, :body, :signature)",
        )?
        .execute(named_params! {
            ":place": place,
            ":pos": pos.map(signed).transpose()?,
            ":id": id.0,
            ":header": event.header,
            ":body": event.body,
            ":signature": event.signature.to_bytes(),
        })?;
    Ok(place)
}

fn set_position(transaction: &Transaction<'_>, place: i64, pos: u64) -> Result<(), Failure> {
    transaction
        .prepare_cached("update event set pos = :pos where place = :place")?
        .execute(named_params! { ":pos": signed(pos)?, ":place": place })?;
    Ok(())
}

fn update_encounter(
    transaction: &Transaction<'_>,
    number: i64,
    events: u64,
    unpositioned: usize,
    commit: &Received,
) -> Result<(), Failure> {
    transaction
        .prepare_cached(
            "update encounter
             set events = :events, unpositioned = :unpositioned, cursor_epoch = :epoch, cursor_pos = :pos,
                 cursor_rolling = :rolling, summary = coalesce(:summary, summary)
             where number = :number",
        )?
        .execute(named_params! {
            ":events": signed(events)?,
            ":unpositioned": i64::try_from(unpositioned).map_err(|_| Failure::damaged())?,
            ":epoch": commit.cursor.epoch.0,
            ":pos": signed(commit.cursor.pos)?,
            ":rolling": commit.cursor.rolling.0,
            ":summary": commit.summary,
            ":number": number,
        })?;
    Ok(())
}

fn stored_event(row: &Row<'_>) -> Result<StoredEvent, Failure> {
    Ok(StoredEvent {
        arrival: arrival(row.get("place")?),
        id: EventId(row.get("id")?),
        pos: maybe_unsigned(row, "pos")?,
        event: signed_event(row)?,
    })
}
