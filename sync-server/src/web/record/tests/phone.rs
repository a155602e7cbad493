//! A server with a supervisor, and a deputy's phone whose record came in as any phone's does.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, header};
use firsthours_core::evidence::{SecretKey, SignedEvent};
use firsthours_core::outside::{ManualClock, SystemRandom};
use firsthours_core::protocol::{Author, Definition, Instant, Phase, Value, load as load_definition};
use firsthours_core::record::{
    Act, Actor, At, Body as EventBody, EncounterId, EntryId, Event, EventId, Hash, IncidentId, Install,
    InstallId, Kind, PersonId, Record, Role, State as Folded, StepState, base_of, decide, derive,
};
use firsthours_scripted::Author as Scripted;

use crate::app::App;
use crate::programme::audit::{Source, Who};
use crate::programme::devices;
use crate::programme::people::{self, NewPerson};
use crate::records::{ingest, protocols};
use crate::testing;

const LOS_ANGELES: &str = include_str!("../../../../../core/protocols/us-ca-los-angeles.json");

/// 2026-11-23 21:00 in Los Angeles.
pub(crate) const NIGHT: Instant = Instant::from_ms(1_795_496_400_000);
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const ENCOUNTER: EncounterId = EncounterId([0xe1; 16]);
const SCENE: IncidentId = IncidentId([0x1c; 16]);

/// The server and everybody on it.
pub(crate) struct Station {
    _folder: testing::Folder,
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) phone: Phone,
}

/// A deputy's phone.
pub(crate) struct Phone {
    install: InstallId,
    pub(crate) author: Scripted,
    definition: Definition,
    /// How many acts there were.
    acts: u64,
    encounter: EncounterId,
    state: Folded,
    waiting: Vec<SignedEvent>,
}

/// A station with the Los Angeles protocol, a deputy with an approved phone, and people at desks.
pub(crate) fn station() -> Station {
    let folder = testing::folder();
    let clock = Arc::new(ManualClock::at(NIGHT + 3 * 60 * MINUTE));
    let app = testing::app(&folder, false, clock);
    let deputy = person(&app, "Dep. Quill", "deputy", "d.quill", Some("mill"));
    person(&app, "Sgt. Vale", "supervisor", "sgt.vale", Some("mill"));
    person(&app, "C. Osei", "county", "c.osei", None);
    person(&app, "A. Admin", "administrator", "admin", None);
    app.store
        .write(|tx| {
            protocols::publish(tx, LOS_ANGELES, Who::Console, Instant::from_ms(1))?;
            Ok::<_, protocols::ProtocolError>(())
        })
        .expect("publish");
    app.store
        .write(|tx| {
            people::add_station(
                tx,
                &"hill".into(),
                &"north".into(),
                "Hill Street",
                Who::Console,
                Instant::from_ms(1),
            )
        })
        .expect("station");
    person(&app, "Sgt. Other", "supervisor", "sgt.other", Some("hill"));
    let phone = Phone::enrol(&app, 7, &deputy);
    Station { _folder: folder, router: crate::router(app.clone()), app, phone }
}

pub(in crate::web) fn person(
    app: &App,
    name: &str,
    role: &str,
    username: &str,
    station: Option<&str>,
) -> PersonId {
    let new = NewPerson { name, role, agency: "north", station, username };
    people::add(
        &app.store,
        &testing::passwords(),
        &SystemRandom,
        &new,
        testing::PASSWORD,
        Who::Console,
        Instant::from_ms(1),
    )
    .expect("add")
}

impl Phone {
    fn enrol(app: &App, n: u8, person: &PersonId) -> Self {
        let actor = Actor { person: person.clone(), role: Role::Deputy, agency: "north".into() };
        let install = InstallId([n; 16]);
        let key = SecretKey::from_seed(&[n; 32]);
        app.store
            .write(|tx| {
                let code = devices::make_code(
                    tx,
                    &app.trust,
                    &*app.random,
                    person,
                    Who::Console,
                    Instant::from_ms(1),
                )?;
                let ask = devices::Ask {
                    code: &code,
                    install,
                    key: key.public(),
                    device: "unit 4",
                    source: &Source::HERE,
                };
                devices::ask(tx, &app.trust, &ask, Instant::from_ms(1))?;
                devices::approve(tx, &app.trust, &install.to_string(), Who::Console, Instant::from_ms(1))
            })
            .expect("enrol");
        Self {
            install,
            author: Scripted::of(Install::Phone(install), actor, key),
            definition: load_definition(LOS_ANGELES.as_bytes()).expect("the definition loads"),
            acts: 0,
            encounter: ENCOUNTER,
            state: Folded::default(),
            waiting: Vec::new(),
        }
    }

    /// Begins the record.
    pub(crate) fn open(&mut self) {
        self.open_as("B", SCENE);
    }

    fn open_as(&mut self, letter: &str, incident: IncidentId) {
        let kind = Kind::Opened {
            protocol: Hash::of(LOS_ANGELES.as_bytes()),
            agency: "north".into(),
            station: "mill".into(),
            incident,
            letter: letter.to_owned(),
        };
        let base = base_of(&kind, &self.state, &self.author.actor, &|_| true);
        self.write(kind, base, None, NIGHT + 14 * MINUTE);
    }

    /// Does an act at so many minutes after nine.
    pub(crate) fn act(&mut self, act: Act, minute: i64) {
        let record = Record { definition: &self.definition, state: &self.state };
        self.acts += 1;
        let entry = EntryId(self.acts.to_be_bytes());
        let install = Install::Phone(self.install);
        let decision = decide(act, record, &self.author.actor, install, entry, &|_| true).expect("allowed");
        self.write(decision.kind, decision.base, decision.reason, NIGHT + minute * MINUTE);
    }

    /// Answers fields of a step.
    pub(crate) fn answer(&mut self, step: &str, values: &[(&str, Value)], minute: i64) {
        self.answer_entry(step, None, values, minute);
    }

    fn answer_entry(&mut self, step: &str, entry: Option<EntryId>, values: &[(&str, Value)], minute: i64) {
        let values: BTreeMap<_, _> =
            values.iter().map(|(field, value)| ((*field).to_owned(), Some(value.clone()))).collect();
        self.act(Act::Answer { step: step.to_owned(), entry, values, reason: None }, minute);
    }

    fn write(&mut self, kind: Kind, base: Vec<EventId>, reason: Option<String>, wall: Instant) {
        let at = At { wall, offset: -480, mono: wall - NIGHT + 3_600_000, boot: 7, anchor: None };
        let body = EventBody { kind, actor: self.author.actor.clone(), at, base, reason, audit: None };
        let written = self.author.write_body(self.encounter, self.state.next_stamp(), &body, [7; 16]);
        let event = Event::read(&written.header, Some(&written.body)).expect("readable");
        self.state.add(Arc::new(event));
        self.waiting.push(SignedEvent::sign(written, &self.author.key));
    }

    /// Answers every required step of the scene's first part, enough for a page to show something of each kind.
    pub(crate) fn night(&mut self) {
        let text = |text: &str| Value::Text(text.to_owned());
        let time = |minute: i64| Value::from(NIGHT + minute * MINUTE);
        self.open();
        let contact = [
            ("at", time(12)),
            ("how", first(self, "contact", "how")),
            ("place", first(self, "contact", "place")),
            ("address", text("100 Example Street")),
            ("children", Value::Number(1)),
            ("own_records", Value::Flag(true)),
        ];
        self.answer("contact", &contact, 15);
        self.answer("safety_medical", &[("urgent_need", Value::Flag(false))], 18);
        let age = [
            ("age", first(self, "age_basis", "age")),
            ("age_known_by", first(self, "age_basis", "age_known_by")),
        ];
        self.answer("age_basis", &age, 20);
        let decided = [
            ("decided_at", time(25)),
            ("status", first(self, "suspicion", "status")),
            ("reasons", Value::List(vec![first_id(self, "suspicion", "reasons")])),
            ("facts", text("She said “he keeps my phone”.")),
        ];
        self.answer("suspicion", &decided, 27);
        self.answer("no_arrest", &[("not_arrested", Value::Flag(true))], 29);
        let call = [
            ("called_at", time(31)),
            ("channel", text("telephone")),
            ("outcome", text("reached")),
            ("reference", text("R-555-0142")),
        ];
        self.answer("hotline_call", &call, 33);
        self.answer("advocate_call", &[("called_at", time(34)), ("outcome", text("no_answer"))], 35);
        let again = [("called_at", time(41)), ("outcome", text("reached")), ("arrived_at", time(80))];
        self.answer("advocate_call", &again, 81);
    }

    /// Settles every required step of the deputy that is still open, and submits the scene.
    pub(crate) fn finish(&mut self) {
        let time = |minute: i64| Value::from(NIGHT + minute * MINUTE);
        let call = self.entry_of("hotline_call");
        self.answer_entry("hotline_call", call, &[("arrived_at", time(88))], 89);
        // What is settled may bring up other steps, so it is looked at again until nothing changes.
        while let Some((step, why)) = self.open_step() {
            self.act(Act::Cannot { step, why, note: None, reason: None }, 95);
        }
        self.act(Act::Submit { phase: Phase::Scene }, 100);
    }

    fn open_step(&self) -> Option<(String, String)> {
        let derived = derive(&self.definition, &self.state);
        let mut open = derived.steps.iter().filter(|found| {
            matches!(found.state, StepState::Todo | StepState::Started)
                && found.step.phase == Phase::Scene
                && found.step.by == Author::Deputy
        });
        open.find_map(|found| {
            assert!(found.conflicts.is_empty(), "{} cannot be settled by a reason", found.step.id);
            Some((found.step.id.clone(), found.step.cannot_reasons.first()?.id.clone()))
        })
    }

    fn entry_of(&self, step: &str) -> Option<EntryId> {
        derive(&self.definition, &self.state).step(step).and_then(|found| found.entries.first()?.id)
    }
}

fn first(phone: &Phone, step: &str, field: &str) -> Value {
    Value::Text(first_id(phone, step, field))
}

/// The id of a field's first option.
fn first_id(phone: &Phone, step: &str, field: &str) -> String {
    let found = phone.definition.step(step).and_then(|step| step.field(field)).expect("a field");
    found.options[0].id.clone()
}

impl Station {
    /// Another record of the same scene, opened and synced. Gives its id.
    pub(crate) fn second_record(&mut self) -> EncounterId {
        self.another_record(EncounterId([0xe2; 16]), SCENE)
    }

    /// Another record, opened and synced. Gives its id.
    pub(crate) fn another_record(&mut self, encounter: EncounterId, scene: IncidentId) -> EncounterId {
        let phone = &mut self.phone;
        let first = std::mem::take(&mut phone.state);
        phone.encounter = encounter;
        phone.open_as("C", scene);
        self.sync();
        self.phone.state = first;
        std::mem::replace(&mut self.phone.encounter, ENCOUNTER)
    }

    /// The phone syncs.
    pub(crate) fn sync(&mut self) {
        let author = self.app.store.read(|tx| ingest::author(tx, self.phone.install)).expect("read");
        let author = author.expect("enrolled");
        let events = std::mem::take(&mut self.phone.waiting);
        ingest::own(&self.app.records, &author, events, &Source::HERE).expect("taken");
    }

    pub(crate) async fn sign_in(&self, username: &str) -> String {
        let form = format!("username={username}&password={}", testing::PASSWORD.replace(' ', "+"));
        let response = self.post("/sign-in", &form, "", "same-origin").await;
        let cookie = response.headers()[header::SET_COOKIE].to_str().expect("text");
        cookie.split(';').next().expect("a first part").to_owned()
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Response<Body> {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).expect("request");
        crate::answer(&self.router, request).await
    }

    pub(crate) async fn post(&self, path: &str, form: &str, cookie: &str, site: &str) -> Response<Body> {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", site)
            .body(Body::from(form.to_owned()))
            .expect("request");
        crate::answer(&self.router, request).await
    }

    /// What the log has of records, the newest first.
    pub(crate) fn log(&self) -> Vec<String> {
        let sql = "select what from audit where encounter is not null or what = 'queue_opened' order by at_ms desc, seq desc";
        let rows = self.app.store.read(|tx| tx.rows(sql, &[])).expect("read");
        rows.iter().map(|row| row.string(0).expect("text")).collect()
    }
}

pub(crate) async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 4 << 20).await.expect("body");
    String::from_utf8(bytes.to_vec()).expect("text")
}
