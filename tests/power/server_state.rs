//! What a server's folder holds, read past its pages and verified from its bytes.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::evidence::{Chain, Rolling, Signature, SignedEvent, check_encounter};
use firsthours_core::record::{EncounterId, EventId, Install, InstallId, derive, summarise};
use firsthours_server::app::App;
use firsthours_server::programme::audit;
use firsthours_server::records::load;
use firsthours_server::store::{Row, StoreError};
use firsthours_tests::programme::Fault;

use crate::world::World;

/// Everything that counts.
#[derive(Debug, Default)]
pub(crate) struct ServerState {
    /// Every event that has a position.
    pub(crate) events: BTreeMap<EventId, SignedEvent>,
    /// How far each install's line goes.
    pub(crate) lines: BTreeMap<InstallId, Chain>,
}

impl ServerState {
    /// Reads an open server. Anything that is not whole is a fault.
    pub(crate) fn read(app: &App, world: &World) -> Result<Self, Fault> {
        let found: Vec<String> = app.store.check()?.into_iter().chain(app.keys.check()?).collect();
        if !found.is_empty() {
            return Err(format!("a file is damaged: {found:?}").into());
        }
        let verdict = audit::verify(&app.store, &[], app.epoch()?)?;
        if let Some(fault) = verdict.faults.first() {
            return Err(format!("the log: {fault}").into());
        }
        let mut state = Self::default();
        let rows = |sql: &str| app.store.read(|tx| tx.rows(sql, &[]));
        for row in rows("select id, pos, rolling, summary from encounter order by id")? {
            let id: EncounterId = row.text(0)?.parse()?;
            state.record(app, world, id, &row).map_err(|error| format!("record {id}: {error}"))?;
        }
        for row in rows("select install, received_through, received_id from install")? {
            let id = row.opt_text(2)?.map(str::parse).transpose()?;
            state.lines.insert(row.text(0)?.parse()?, Chain { seq: u64::try_from(row.int(1)?)?, id });
        }
        state.lines_fit()?;
        let pending = rows("select id from pending")?.len();
        if pending > 0 { Err(format!("{pending} events wait for a record").into()) } else { Ok(state) }
    }

    fn record(&mut self, app: &App, world: &World, id: EncounterId, row: &Row) -> Result<(), Fault> {
        let sql =
            "select pos, id, header, body, signature, rolling from event where encounter = $1 order by pos";
        let name = id.to_string();
        let rows = app.store.read(|tx| tx.rows(sql, &[(&name).into()]))?;
        let mut ring = world.ring.clone();
        for document in certificates(app)? {
            ring.admit(&document)?;
        }
        let data_key = app.keys.get(&name)?;
        let mut rolling = Rolling::start(id);
        let mut headers = Vec::new();
        for (pos, event_row) in (1..).zip(&rows) {
            let sealed = event_row.blob(3)?;
            let body = match sealed.first() {
                Some(b'{') => sealed.to_vec(),
                _ => data_key.open(event_row.text(1)?, sealed)?.to_vec(),
            };
            let signature = Signature::from_bytes(event_row.blob(4)?.try_into()?);
            let body = Some(String::from_utf8(body)?);
            let signed = SignedEvent { header: event_row.string(2)?, body, signature };
            let event = ring.open_event(&signed)?;
            rolling = rolling.then(event.id);
            let whole = event_row.int(0)? == pos
                && event_row.text(1)?.parse() == Ok(event.id)
                && event_row.text(5)?.parse() == Ok(rolling.0)
                && event.header.encounter == Some(id);
            if !whole {
                return Err(format!("position {pos} is not whole").into());
            }
            headers.push((event.id, event.header.clone()));
            if self.events.insert(event.id, signed).is_some() {
                return Err(format!("the event {} is there twice", event.id).into());
            }
        }
        check_encounter(headers.iter().map(|(id, header)| (*id, header)), |_, _| None)
            .map_err(|(author, broken)| format!("the chain of {author}: {broken}"))?;
        if usize::try_from(row.int(1)?)? != rows.len() || row.text(2)?.parse() != Ok(rolling.0) {
            return Err("its counter row is not at its last event".into());
        }
        let loaded = app
            .store
            .read(|tx| load::record(tx, &app.keys, &app.records.definitions, id))?
            .ok_or("it cannot be loaded")?;
        let definition = loaded.under.definition.as_ref().ok_or("its definition is gone")?;
        let derived = derive(definition, &loaded.state);
        let summary = summarise(id, loaded.under.protocol, definition, &loaded.state, &derived).to_bytes();
        if row.opt_text(3)?.map(str::as_bytes) != Some(&*summary) {
            return Err("its summary is not what its events say".into());
        }
        Ok(())
    }

    /// Each line names the last of its install's events, which are here from 1 on.
    fn lines_fit(&self) -> Result<(), Fault> {
        for (install, line) in &self.lines {
            let mut own = BTreeMap::new();
            for (id, signed) in &self.events {
                let event = signed.read()?;
                if event.header.install == Install::Phone(*install) {
                    own.insert(event.header.seq.unwrap_or(0), *id);
                }
            }
            let dense = own.keys().copied().eq(1..=line.seq);
            if !dense || own.last_key_value().map(|(_, id)| *id) != line.id {
                return Err(
                    format!("the line of {install} goes to {} and its events do not", line.seq).into()
                );
            }
        }
        Ok(())
    }

    pub(crate) fn ids(&self) -> BTreeSet<EventId> {
        self.events.keys().copied().collect()
    }

    /// How far the one phone's line goes that has sent anything.
    pub(crate) fn received_through(&self) -> u64 {
        self.lines.values().map(|line| line.seq).max().unwrap_or(0)
    }
}

fn certificates(app: &App) -> Result<Vec<firsthours_core::evidence::Document>, Fault> {
    let rows = app.store.read(|tx| tx.rows("select text, signature from certificate", &[]))?;
    let document = |row: &Row| -> Result<_, StoreError> {
        let signature = row.text(1)?.parse().map_err(|_| StoreError::Corrupt("a signature".to_owned()))?;
        Ok(firsthours_core::evidence::Document { text: row.string(0)?, signature })
    };
    Ok(rows.iter().map(document).collect::<Result<_, _>>()?)
}
