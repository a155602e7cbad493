//! Need to know, generated from the table of permissions: every role by every way of standing to a record, the former and
//! the never related among them, at every endpoint of a record, with a word of the child's in each answer that may hold it.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use firsthours_core::outside::SystemRandom;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{PersonId, Role};

use super::phone::{ENCOUNTER, NIGHT, Station, text};
use super::{path, submitted};
use crate::programme::audit::Who;
use crate::programme::people::{self, NewPerson};
use crate::programme::permission::{Deed, Relation, allows};
use crate::testing;

/// What stands in the record and is hidden until opened.
const CANARY: &str = "100 Example Street";

const ROLES: [(&str, Role); 8] = [
    ("deputy", Role::Deputy),
    ("supervisor", Role::Supervisor),
    ("detective", Role::Detective),
    ("county", Role::County),
    ("records_officer", Role::RecordsOfficer),
    ("auditor", Role::Auditor),
    ("administrator", Role::Administrator),
    ("analyst", Role::Analyst),
];

/// Who the reader is to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    OwnStation,
    OtherStation,
    OtherAgency,
    /// A colleague of another station has a part, or had.
    Colleague {
        now: bool,
    },
    /// The reader themself, of another agency.
    Part {
        now: bool,
    },
    /// The reader's agency as a whole.
    AgencyPart {
        now: bool,
    },
}

const STANDS: [Stands; 9] = [
    Stands::OwnStation,
    Stands::OtherStation,
    Stands::OtherAgency,
    Stands::Colleague { now: true },
    Stands::Colleague { now: false },
    Stands::Part { now: true },
    Stands::Part { now: false },
    Stands::AgencyPart { now: true },
    Stands::AgencyPart { now: false },
];

impl Stands {
    fn home(self) -> (&'static str, &'static str) {
        match self {
            Self::OwnStation => ("north", "mill"),
            Self::OtherStation | Self::Colleague { .. } => ("north", "hill"),
            Self::OtherAgency | Self::Part { .. } | Self::AgencyPart { .. } => ("south", "quay"),
        }
    }

    /// The relations that follow, written down apart from the code that asks for them.
    fn relations(self, asked: bool) -> BTreeSet<Relation> {
        let mut found = BTreeSet::new();
        if self.home().0 == "north" {
            found.insert(Relation::Agency);
            found.extend(asked.then_some(Relation::Asked));
        }
        found.extend(match self {
            Self::OwnStation => vec![Relation::Station],
            Self::Colleague { now: true } => vec![Relation::StationParty],
            // Somebody of their station has a part: they.
            Self::Part { now: true } => vec![Relation::Party, Relation::StationParty],
            Self::AgencyPart { now: true } => vec![Relation::AgencyParty],
            _ => Vec::new(),
        });
        found
    }
}

fn person(station: &Station, role: &str, username: &str, (agency, at): (&str, &str)) -> PersonId {
    let new = NewPerson { name: "P. Example", role, agency, station: Some(at), username };
    let (store, check) = (&station.app.store, testing::passwords());
    people::add(store, &check, &SystemRandom, &new, testing::PASSWORD, Who::Console, Instant::from_ms(1))
        .expect("add")
}

/// Gives a part in the record, or one that has ended.
fn part(station: &Station, agency: &str, person: &PersonId, now: bool) {
    let sql = "insert into party (encounter, agency, person, role, since_ms, until_ms) values ($1, $2, $3, 'join', 1, $4)";
    let until = (!now).then_some(NIGHT);
    station
        .app
        .store
        .write(|tx| {
            let args = [ENCOUNTER.to_string().into(), agency.into(), person.into(), until.into()];
            tx.run(sql, &args)?;
            crate::store::encounters::enter_queues(tx, ENCOUNTER)
        })
        .expect("a part");
}

fn sql(station: &Station, sql: &str) {
    station
        .app
        .store
        .write(|tx| {
            tx.run(sql, &[])?;
            crate::store::encounters::enter_queues(tx, ENCOUNTER)
        })
        .expect("written");
}

struct Seen {
    role: Role,
    stands: Stands,
    asked: bool,
}

impl Seen {
    fn may(&self, deed: Deed) -> bool {
        self.stands.relations(self.asked).into_iter().any(|relation| allows(self.role, relation, deed))
    }

    fn told(&self) -> String {
        format!("{:?}, {:?}, a step of theirs applies: {}", self.role, self.stands, self.asked)
    }

    /// Visits every endpoint of the record as this reader.
    async fn visit(&self, station: &Station, cookie: &str) {
        let told = self.told();
        let look = station.get(&path(), cookie).await;
        assert_eq!(look.status() == StatusCode::OK, self.may(Deed::Look), "{told}: the page");
        let page = text(look).await;
        assert!(!page.contains(CANARY), "{told}: unopened");
        assert_eq!(page.contains("name=\"why\""), self.may(Deed::Open), "{told}: asked why");
        assert_eq!(
            page.contains("value=\"comment\""),
            self.may(Deed::Review),
            "{told}: a comment is offered"
        );

        let queue = station.get("/queue", cookie).await;
        let listed = queue.status() == StatusCode::OK && text(queue).await.contains(&ENCOUNTER.to_string());
        assert_eq!(listed, self.may(Deed::Look), "{told}: the queue");

        let hidden = station.post(&format!("{}/hidden", path()), "why=court", cookie, "same-origin").await;
        assert_eq!(hidden.status() == StatusCode::OK, self.may(Deed::Open), "{told}: opened");
        assert_eq!(text(hidden).await.contains(CANARY), self.may(Deed::Open), "{told}: opened");

        for more in ["", "/text"] {
            let sheet = station.get(&format!("{}/sheets/{}{more}", path(), SHEET), cookie).await;
            assert_eq!(sheet.status() == StatusCode::OK, self.may(Deed::Sheet), "{told}: a sheet{more}");
            assert!(!text(sheet).await.contains(CANARY), "{told}: a sheet unopened");
        }
        let sheet =
            station.post(&format!("{}/sheets/{SHEET}", path()), "why=court", cookie, "same-origin").await;
        assert_eq!(sheet.status() == StatusCode::OK, self.may(Deed::Open), "{told}: a sheet opened");

        for (form, deed) in [("act=note&text=Seen", Deed::Answer), ("act=comment&text=Seen", Deed::Review)] {
            let seen = page.find("name=\"seen\" value=\"").map_or("1", |_| super::seen(&page));
            let act = station
                .post(&format!("{}/act", path()), &format!("seen={seen}&{form}"), cookie, "same-origin")
                .await;
            assert_eq!(
                act.status() == StatusCode::SEE_OTHER,
                self.may(deed),
                "{told}: {form}: {}",
                act.status()
            );
        }
    }
}

/// A sheet that the Los Angeles protocol has.
const SHEET: &str = "handover";

#[tokio::test]
async fn each_role_does_with_a_record_what_the_table_says_and_nothing_else() {
    let station = submitted();
    testing::add_places(&station.app.store, ("south", "South County"), ("quay", "Quay"));
    let mut allowed = 0;
    for (number, stands) in STANDS.into_iter().enumerate() {
        sql(&station, "delete from party where role = 'join'");
        let (agency, at) = stands.home();
        if let Stands::Colleague { now } = stands {
            let colleague = person(&station, "deputy", &format!("d.colleague.{number}"), (agency, at));
            part(&station, agency, &colleague, now);
        }
        if let Stands::AgencyPart { now } = stands {
            part(&station, agency, &PersonId::default(), now);
        }
        for (word, role) in ROLES {
            let username = format!("u.{word}.{number}").replace('_', ".");
            let id = person(&station, word, &username, (agency, at));
            if let Stands::Part { now } = stands {
                part(&station, agency, &id, now);
            }
            let cookie = station.sign_in(&username).await;
            for asked in [true, false] {
                let flag = i64::from(asked);
                sql(&station, &format!("update encounter set asks_detective = {flag}, asks_county = {flag}"));
                let seen = Seen { role, stands, asked };
                seen.visit(&station, &cookie).await;
                allowed += Deed::ALL.into_iter().filter(|deed| seen.may(*deed)).count();
            }
            if let Stands::Part { .. } = stands {
                sql(&station, "delete from party where role = 'join'");
            }
        }
    }
    assert!(allowed > 60, "or only refusals were tried: {allowed}");
}

#[tokio::test]
async fn a_sealed_record_is_there_for_who_keeps_records_and_for_nobody_else() {
    let station = submitted();
    for sealed in [false, true] {
        sql(
            &station,
            &format!(
                "update encounter set asks_detective = 1, asks_county = 1, sealed = {}",
                i64::from(sealed)
            ),
        );
        for (word, role) in ROLES {
            let username = format!("u.{word}.{sealed}").replace('_', ".");
            person(&station, word, &username, ("north", "mill"));
            let cookie = station.sign_in(&username).await;
            let looks = Seen { role, stands: Stands::OwnStation, asked: true }.may(Deed::Look);
            let look = station.get(&path(), &cookie).await;
            assert_eq!(
                look.status() == StatusCode::OK,
                looks && (!sealed || role == Role::RecordsOfficer),
                "{role:?}, sealed: {sealed}"
            );
        }
    }
}
