//! From the raw key to the first screen.

use std::sync::Arc;
use std::time::Duration;

use firsthours_core::evidence::{SecretKey, SignedEvent};
use firsthours_core::protocol::load;
use firsthours_core::record::{
    Body, EncounterId, Epoch, Event, EventId, Hash, Install, InstallId, Kind, Place, State, derive,
    summarise, versions,
};
use firsthours_core::store::{NewEvent, Received, Store};
use firsthours_core::wire::EncounterCursor;
use firsthours_tests::Programme;
use firsthours_tests::programme::{Fault, PROTOCOL};

use crate::handset::Handset;
use crate::measure::{Samples, in_turn, ratio, timed};
use crate::table::Row;
use crate::tap::connect;

const ROUNDS: usize = 25;

pub(crate) fn rows(programme: &Programme) -> Result<Vec<Row>, Fault> {
    let mut handset = Handset::enrolled(programme, "alvarez")?;
    let template = handset.night(50)?;
    handset.app.shutdown();
    // 200 records of 50 events each, the first of them tapped; then as many more of few events as make 10,000.
    fill(&handset, &template, 199, 50)?;
    let (ours, bare) = opened(&mut handset)?;
    fill(&handset, &template, 9_800, 5)?;
    let (stress, stress_bare) = opened(&mut handset)?;
    Ok(vec![
        Row::new("raw key to first screen, 200 encounters, 10,000 events: p50", "<= 50 ms")
            .ours(format!("{:.1?}", ours.p50()))
            .against(
                format!("{:.1?}, bare open and reading the rows", bare.p50()),
                ratio(ours.p50(), bare.p50()),
            )
            .kept_if(ours.p50() <= Duration::from_millis(50)),
        Row::new("the same: p99", "none")
            .ours(format!("{:.1?}", ours.p99()))
            .against(format!("{:.1?}", bare.p99()), ratio(ours.p99(), bare.p99())),
        Row::new("the same, 10,000 encounters, 59,000 events: p50", "none: a stress figure")
            .ours(format!("{:.1?}", stress.p50()))
            .against(format!("{:.1?}", stress_bare.p50()), ratio(stress.p50(), stress_bare.p50())),
    ])
}

/// Opens the app with its raw key and draws the first screen; beside it, a bare open that reads the same rows.
fn opened(handset: &mut Handset) -> Result<(Samples, Samples), Fault> {
    let file = handset.folder.path().join("store/store.db");
    in_turn(
        ROUNDS,
        |_| {
            let (home, took) = timed(|| {
                handset.reopen()?;
                handset.app.home().map_err(Fault::from)
            });
            let rows = home?.rows.len();
            handset.app.shutdown();
            if rows == 0 { Err("the first screen is empty".into()) } else { Ok(took) }
        },
        |_| {
            let (bytes, took) = timed(|| {
                let connection = connect(&file)?;
                let mut statement = connection.prepare("select summary from encounter order by number")?;
                let mut rows = statement.query([])?;
                let mut bytes = 0;
                while let Some(row) = rows.next()? {
                    bytes += row.get_ref(0)?.as_blob().map_or(0, <[u8]>::len);
                }
                Ok::<_, Fault>(bytes)
            });
            if bytes? == 0 { Err("there are no summaries".into()) } else { Ok(took) }
        },
    )
}

/// Puts copies of a record into the store, each under an id of its own and signed by another install, as a page from
/// the server would bring them.
fn fill(handset: &Handset, template: &str, records: u32, events: usize) -> Result<(), Fault> {
    let definition = load(PROTOCOL.as_bytes()).map_err(|faults| faults.to_string())?;
    let store = Store::open(&handset.folder.path().join("store"), &Handset::key())?;
    let bodies: Vec<Body> = store
        .events(&template.parse()?)?
        .into_iter()
        .take(events)
        .map(|stored| stored.event.read().map(|event| event.body))
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    let key = SecretKey::from_seed(&[5; 32]);
    for number in 0..records {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| error.to_string())?;
        let encounter = EncounterId(id);
        let mut state = State::default();
        let mut new = Vec::with_capacity(bodies.len());
        let mut prev: Option<EventId> = None;
        for (at, body) in (1_u64..).zip(&bodies) {
            let place = Place {
                install: Install::Phone(InstallId([9; 16])),
                seq: Some(at),
                prev,
                encounter: Some(encounter),
                enc_seq: Some(at),
                enc_prev: prev,
                stamp: at,
            };
            let mut body = body.clone();
            body.base.clear();
            body.at.wall += i64::from(number) * 60_000;
            if let Kind::Opened { incident, .. } = &mut body.kind {
                incident.0 = id;
            }
            let written = body.write(&place, id);
            prev = Some(written.id);
            let event = Event::read(&written.header, Some(&written.body))?;
            state.add(Arc::new(event));
            let id = written.id;
            new.push(NewEvent { arrival: at, id, pos: Some(at), event: SignedEvent::sign(written, &key) });
        }
        let derived = derive(&definition, &state);
        let summary = summarise(encounter, versions(&state)[0], &definition, &state, &derived).to_bytes();
        store.receive(&Received {
            encounter,
            cursor: EncounterCursor {
                id: encounter,
                epoch: Epoch([1; 16]),
                pos: u64::try_from(new.len())?,
                rolling: Hash([0; 32]),
            },
            events: new,
            positions: Vec::new(),
            certificates: Vec::new(),
            void_positions: false,
            summary: Some(summary),
        })?;
    }
    store.shutdown();
    Ok(())
}
