use super::*;
use crate::testing;
use firsthours_core::outside::SystemRandom;
use firsthours_core::protocol::Instant;

const HERE: &str = "0a";
const OTHER: &str = "0b";

fn keys(folder: &testing::Folder, key: [u8; 32]) -> Result<Keys, KeyError> {
    let agency = AgencyKey(Zeroizing::new(key));
    Keys::open(&folder.path().join("keys.db"), &agency, Arc::new(SystemRandom), Instant::from_ms(1))
}

#[test]
fn a_sealed_body_opens_for_its_event_of_its_encounter_only() {
    let folder = testing::folder();
    let keys = keys(&folder, [1; 32]).expect("open");
    let made = keys.ensure(&[HERE, OTHER], Instant::from_ms(1)).expect("ensure");
    let sealed = made[HERE].seal(&SystemRandom, "e1", b"body");
    assert_eq!(keys.get(HERE).expect("get").open("e1", &sealed).expect("open").as_slice(), b"body");
    assert!(matches!(made[HERE].open("e2", &sealed), Err(KeyError::Sealed)));
    assert!(matches!(made[OTHER].open("e1", &sealed), Err(KeyError::Sealed)));
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert!(made[HERE].open("e1", &altered).is_err(), "byte {place}");
    }
    assert!(made[HERE].open("e1", &sealed[..5]).is_err());
}

#[test]
fn the_same_body_sealed_twice_looks_different() {
    let folder = testing::folder();
    let keys = keys(&folder, [1; 32]).expect("open");
    let made = keys.ensure(&[HERE], Instant::from_ms(1)).expect("ensure");
    assert_ne!(made[HERE].seal(&SystemRandom, "e1", b"body"), made[HERE].seal(&SystemRandom, "e1", b"body"));
}

#[test]
fn a_key_is_made_once_and_kept() {
    let folder = testing::folder();
    let keys = keys(&folder, [1; 32]).expect("open");
    let sealed =
        keys.ensure(&[HERE], Instant::from_ms(1)).expect("ensure")[HERE].seal(&SystemRandom, "e1", b"body");
    let again = keys.ensure(&[OTHER, HERE], Instant::from_ms(2)).expect("ensure");
    assert_eq!(again[HERE].open("e1", &sealed).expect("open").as_slice(), b"body");
    assert!(matches!(keys.get("0c"), Err(KeyError::Missing)));
}

#[test]
fn a_shredded_key_is_gone_and_no_other_takes_its_place() {
    let folder = testing::folder();
    let keys = keys(&folder, [1; 32]).expect("open");
    keys.ensure(&[HERE], Instant::from_ms(1)).expect("ensure");
    keys.shred(HERE, Instant::from_ms(2)).expect("shred");
    assert!(matches!(keys.get(HERE), Err(KeyError::Shredded)));
    assert!(matches!(keys.ensure(&[HERE], Instant::from_ms(3)), Err(KeyError::Shredded)));
}

#[test]
fn another_agency_key_does_not_open_the_key_store() {
    let folder = testing::folder();
    drop(keys(&folder, [1; 32]).expect("open"));
    assert!(matches!(keys(&folder, [2; 32]), Err(KeyError::Store(StoreError::WrongKey))));
}

#[test]
fn what_is_sealed_under_the_agency_key_is_bound_to_what_it_is() {
    let folder = testing::folder();
    let keys = keys(&folder, [1; 32]).expect("open");
    let sealed = keys.seal_agency("pending/1", b"body");
    assert_eq!(keys.open_agency("pending/1", &sealed).expect("open").as_slice(), b"body");
    assert!(keys.open_agency("pending/2", &sealed).is_err());
}

#[test]
fn each_purpose_has_its_own_key() {
    let agency = AgencyKey::generate(&SystemRandom);
    let all = [Purpose::Store, Purpose::KeyStore, Purpose::Wrap, Purpose::Tokens, Purpose::Signing];
    let derived: std::collections::BTreeSet<_> = all.iter().map(|purpose| *agency.derive(*purpose)).collect();
    assert_eq!(derived.len(), all.len());
}

#[cfg(unix)]
#[test]
fn the_key_file_is_for_its_owner_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let folder = testing::folder();
    let path = folder.path().join("agency.key");
    let key = AgencyKey::generate(&SystemRandom);
    key.write_new(&path).expect("write");
    assert_eq!(std::fs::metadata(&path).expect("metadata").permissions().mode() & 0o777, 0o600);
    assert!(AgencyKey::generate(&SystemRandom).write_new(&path).is_err());
    assert_eq!(AgencyKey::read(&path).expect("read").0, key.0);
    assert!(matches!(AgencyKey::from_hex("abc"), Err(KeyError::Shape)));
}
