use std::sync::Arc;

use firsthours_core::evidence::{Keyring, SecretKey};
use firsthours_core::outside::{ManualClock, SeededRandom};
use firsthours_core::protocol::Instant;

use super::*;
use crate::app::App;
use crate::testing;

const NOW: Instant = Instant::from_ms(1_000_000);

struct Desk {
    _folder: testing::Folder,
    app: App,
    person: PersonId,
}

fn desk() -> Desk {
    let folder = testing::folder();
    let app = testing::app(&folder, false, Arc::new(ManualClock::at(NOW)));
    let person = testing::person(&app.store, "deputy", "d.quill");
    Desk { _folder: folder, app, person }
}

impl Desk {
    fn code(&self) -> String {
        self.code_at(NOW)
    }

    fn code_at(&self, now: Instant) -> String {
        let random = Arc::clone(&self.app.random);
        self.app
            .store
            .write(|tx| make_code(tx, &self.app.trust, &*random, &self.person, Who::Console, now))
            .expect("code")
    }

    fn ask(&self, code: &str, phone: u8, now: Instant) -> Option<EnrolState> {
        let key = SecretKey::from_seed(&[phone; 32]).public();
        let request =
            Ask { code, install: InstallId([phone; 16]), key, device: "unit 4", source: &Source::HERE };
        self.app.store.write(|tx| ask(tx, &self.app.trust, &request, now)).expect("ask")
    }
}

fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

#[test]
fn a_phone_waits_until_it_is_approved_and_then_has_a_certificate_that_the_root_vouches_for() {
    let desk = desk();
    let code = desk.code();
    assert_eq!(desk.ask(&code.to_lowercase(), 1, NOW), Some(EnrolState::Waiting));
    let install = InstallId([1; 16]).to_string();
    let trust = &desk.app.trust;
    assert_eq!(desk.app.store.read(|tx| certificate(tx, &install)).expect("read"), None);
    desk.app.store.write(|tx| approve(tx, trust, &install, Who::Console, NOW)).expect("approve");
    assert_eq!(desk.ask(&code, 1, NOW + CODE_MS), Some(EnrolState::Approved), "asked again, even late");
    let document = desk.app.store.read(|tx| certificate(tx, &install)).expect("read").expect("a certificate");
    let mut ring = Keyring::new(&trust.trust, &trust.fingerprint()).expect("trust");
    let certificate = ring.admit(&document).expect("certificate");
    assert_eq!(certificate.actor.person, desk.person);
    assert_eq!(certificate.key, SecretKey::from_seed(&[1; 32]).public());
}

#[test]
fn a_code_is_good_once() {
    let desk = desk();
    let code = desk.code();
    assert_eq!(desk.ask(&code, 1, NOW), Some(EnrolState::Waiting));
    assert_eq!(desk.ask(&code, 2, NOW), None);
    assert_eq!(desk.app.store.read(all).expect("read").len(), 1);
}

#[test]
fn a_code_ends_after_fifteen_minutes() {
    let desk = desk();
    assert_eq!(desk.ask(&desk.code(), 1, NOW + CODE_MS), None);
}

/// A phone that is approved late must still learn of it.
#[test]
fn who_used_a_code_asks_by_it_until_a_day_after_its_end() {
    let desk = desk();
    let code = desk.code();
    assert_eq!(desk.ask(&code, 1, NOW), Some(EnrolState::Waiting));
    let day_after = NOW + 15 * 60_000 + 24 * 60 * 60_000;
    for (now, known) in [(day_after, Some(EnrolState::Waiting)), (day_after + 1, None)] {
        // Codes that ended are forgotten when another is made.
        desk.code_at(now);
        assert_eq!(desk.ask(&code, 1, now), known, "{now}");
    }
}

#[test]
fn five_wrong_tries_kill_a_code_and_no_other() {
    let desk = desk();
    let (code, other) = (desk.code(), desk.code());
    for _ in 0..TRIES {
        assert_eq!(desk.ask(&wrong(&code), 1, NOW), None);
    }
    assert_eq!(desk.ask(&code, 1, NOW), None);
    assert_eq!(desk.ask(&other, 1, NOW), Some(EnrolState::Waiting));
}

#[test]
fn another_key_cannot_ask_in_the_name_of_a_known_install() {
    let desk = desk();
    let code = desk.code();
    desk.ask(&code, 1, NOW);
    let key = SecretKey::from_seed(&[9; 32]).public();
    let stolen =
        Ask { code: &code, install: InstallId([1; 16]), key, device: "unit 4", source: &Source::HERE };
    assert_eq!(desk.app.store.write(|tx| ask(tx, &desk.app.trust, &stolen, NOW)).expect("ask"), None);
    let again = desk.code();
    let stolen = Ask { code: &again, ..stolen };
    assert_eq!(desk.app.store.write(|tx| ask(tx, &desk.app.trust, &stolen, NOW)).expect("ask"), None);
}

#[test]
fn a_decision_fits_the_state_or_is_refused() {
    let desk = desk();
    desk.ask(&desk.code(), 1, NOW);
    let install = InstallId([1; 16]).to_string();
    let (store, trust) = (&desk.app.store, &desk.app.trust);
    let revoked = || store.write(|tx| revoke(tx, trust, &install, Revoked::Phone, Who::Console, NOW));
    assert!(matches!(revoked(), Err(DeviceError::State(_))));
    store.write(|tx| approve(tx, trust, &install, Who::Console, NOW)).expect("approve");
    let twice = store.write(|tx| approve(tx, trust, &install, Who::Console, NOW));
    assert!(matches!(twice, Err(DeviceError::State(_))));
    revoked().expect("revoke");
    assert_eq!(store.read(all).expect("read")[0].state, InstallState::Revoked);
    assert!(matches!(store.write(|tx| refuse(tx, "00", Who::Console, NOW)), Err(DeviceError::Missing)));
}

#[test]
fn a_code_has_fifty_secret_bits_and_forgives_what_people_confuse() {
    let code = draw(&SeededRandom::new(4));
    assert_eq!(code.len() - SLOT, 10);
    assert_eq!(read_code(&code), Some(code));
    // Five bits to a letter: each of the thirty-two is drawn.
    let drawn: std::collections::BTreeSet<u8> =
        (0..100).flat_map(|seed| draw(&SeededRandom::new(seed)).into_bytes()).collect();
    assert_eq!(drawn.len(), 32);
}

#[test]
fn guesses_of_others_stop_nobody() {
    let desk = desk();
    let (mine, open) = (desk.code(), desk.code());
    assert_eq!(desk.ask(&mine, 1, NOW), Some(EnrolState::Waiting));
    let install = InstallId([1; 16]).to_string();
    let (store, trust) = (&desk.app.store, &desk.app.trust);
    store.write(|tx| approve(tx, trust, &install, Who::Console, NOW)).expect("approve");
    // Whoever knows the beginning of a code, which is on nobody's screen, uses up its tries, and no more than that.
    let guess = format!("{}{}", &mine.replace('-', "")[..SLOT], "0".repeat(CODE_LENGTH - SLOT));
    for n in 0..20 {
        assert_eq!(desk.ask(&guess, 2 + n, NOW), None);
    }
    assert_eq!(
        desk.ask(&mine, 1, NOW),
        Some(EnrolState::Approved),
        "the phone that used it gets its certificate"
    );
    // Beginnings that nobody was given count against no code.
    for n in 0..200_u32 {
        desk.ask(&format!("{n:016}"), 30, NOW);
    }
    assert_eq!(desk.ask(&open, 3, NOW), Some(EnrolState::Waiting));
}
