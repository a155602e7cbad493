//! A station that lies with its own keys: whatever a receipt or a page says wrong, the phone notices, says so, takes up
//! nothing of it, and calls nothing received that it cannot reckon itself.

use std::sync::{Arc, Mutex, PoisonError};

use firsthours_core::app::{Act, Sharing};
use firsthours_core::evidence::{Document, Rolling, SecretKey, Tag};
use firsthours_core::protocol::Instant;
use firsthours_core::record::EncounterId;
use firsthours_core::sync::Response;
use firsthours_core::wire::{Page, Positioned, ReadMessage};
use firsthours_core::words::{Language, SyncSentence, Trouble};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme, SharedClock};
use serde_json::{Value as Json, json};

const EVENING: Instant = Instant::from_ms(1_795_496_400_000);

/// What one lie changes, and what the phone must say to it, at the sync that sends and at the next one.
struct Lie {
    what: &'static str,
    change: fn(&mut Json),
    says: [Option<Trouble>; 2],
}

fn bump(value: &mut Json, by: i64) {
    let number = value.as_i64().unwrap_or_default();
    *value = (number + by).max(0).into();
}

/// Every field of a receipt on which "the station has it" rests.
fn lies() -> Vec<Lie> {
    let other = || Some(Trouble::HistoryDiffers);
    let wrong = || Some(Trouble::NotTheStation);
    vec![
        Lie {
            what: "another rolling hash",
            change: |receipt| receipt["encounters"][0]["rolling"] = "0f".repeat(32).into(),
            says: [other(), other()],
        },
        Lie {
            what: "a later position",
            change: |receipt| bump(&mut receipt["encounters"][0]["pos"], 1),
            says: [None, None],
        },
        Lie {
            what: "an earlier position",
            change: |receipt| bump(&mut receipt["encounters"][0]["pos"], -1),
            says: [other(), None],
        },
        Lie {
            what: "another record",
            change: |receipt| receipt["encounters"][0]["id"] = "0f".repeat(16).into(),
            says: [None, None],
        },
        Lie { what: "no record", change: |receipt| receipt["encounters"] = json!([]), says: [None, None] },
        Lie {
            what: "another epoch",
            change: |receipt| receipt["epoch"] = "0f".repeat(16).into(),
            says: [None, None],
        },
        Lie {
            what: "another install",
            change: |receipt| receipt["install"] = "0f".repeat(16).into(),
            says: [wrong(), wrong()],
        },
    ]
}

/// The same answer with its receipt changed and signed by the key that signs receipts.
fn with_receipt(mut answer: Response, key: &SecretKey, change: fn(&mut Json)) -> Response {
    let Ok(mut body) = serde_json::from_slice::<Json>(&answer.body) else { return answer };
    let Some(text) = body.pointer("/receipt/text").and_then(Json::as_str) else { return answer };
    let mut receipt: Json = serde_json::from_str(text).expect("a receipt");
    if receipt["encounters"].as_array().is_none_or(Vec::is_empty) {
        return answer;
    }
    change(&mut receipt);
    body["receipt"] = serde_json::to_value(Document::sign(&receipt, Tag::Receipt, key)).expect("json");
    answer.body = serde_json::to_vec(&body).expect("json");
    answer
}

fn recorded(programme: &Programme) -> Result<(Phone, String), Fault> {
    let phone = programme.phone("alvarez", Language::En)?;
    let view = phone.app().start_encounter(None)?;
    let noted = phone.app().act(&view.id, view.seen, Act::Note { step: None, text: "cold".to_owned() })?;
    Ok((phone, noted.id))
}

fn has_it(phone: &Phone, id: &str) -> Result<bool, Fault> {
    Ok(phone.app().encounter(id)?.kept == SyncSentence::StationHasIt.text(Language::En))
}

#[test]
fn the_station_has_it_only_where_the_phone_reckons_the_same() -> Result<(), Fault> {
    for lie in lies() {
        let programme = Programme::start(&SharedClock::frozen(EVENING))?;
        let (phone, id) = recorded(&programme)?;
        let (key, change) = (programme.app.trust.receipt.clone(), lie.change);
        phone.network.alter(move |_, answer| with_receipt(answer, &key, change));
        for says in &lie.says {
            let report = phone.app().sync_now()?;
            assert!(!has_it(&phone, &id)?, "{}: {}", lie.what, report.trouble);
            if let Some(trouble) = says {
                assert_eq!(report.trouble, trouble.text(Language::En), "{}", lie.what);
            }
        }
        assert_eq!(phone.app().encounter(&id)?.seen, 2, "{}: nothing here was lost", lie.what);
        phone.network.alter(|_, answer| answer);
        for _ in 0..2 {
            phone.app().sync_now()?;
        }
        assert!(has_it(&phone, &id)?, "{}: once the truth is told", lie.what);
        assert_eq!(programme.event_ids()?.len(), 2, "{}", lie.what);
    }
    Ok(())
}

#[test]
fn a_receipt_for_what_this_phone_never_wrote_makes_it_a_copy_and_nothing_received() -> Result<(), Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let (phone, id) = recorded(&programme)?;
    let key = programme.app.trust.receipt.clone();
    phone.network.alter(move |_, answer| {
        with_receipt(answer, &key, |receipt| receipt["received_id"] = "0f".repeat(32).into())
    });
    // The first hello knows of no record yet; the second says what came of the upload.
    phone.app().sync_now()?;
    let report = phone.app().sync_now()?;
    assert_eq!(report.trouble, Trouble::CopyOfPhone.text(Language::En));
    assert!(phone.app().encounter(&id)?.seen == 2, "nothing here was lost");
    Ok(())
}

/// A page of one record with an event of another at its end, all its hashes right.
fn planted(mut page: Page, after: Option<Rolling>, event: Positioned) -> Page {
    let start = after.unwrap_or_else(|| Rolling::start(page.encounter));
    let pos = page.events.last().map_or(0, |last| last.pos) + 1;
    page.events.push(Positioned { pos, ..event });
    page.rolling = page.events.iter().fold(start, |rolling, event| rolling.then(event.id)).0;
    page.head = pos;
    page
}

#[test]
fn an_event_of_another_record_is_not_taken_up_whatever_the_hashes_say() -> Result<(), Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let alvarez = programme.phone("alvarez", Language::En)?;
    let brooks = programme.phone("brooks", Language::En)?;
    let colleague = programme.person("brooks");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let view = alvarez.app().start_encounter(None)?;
        alvarez.app().act(&view.id, view.seen, Act::Share { how: Sharing::Join, to: colleague.clone() })?;
        ids.push(view.id);
    }
    assert!(alvarez.app().sync_now()?.complete);

    let kept: Arc<Mutex<Option<(EncounterId, Positioned)>>> = Arc::default();
    let (keeping, planting) = (Arc::clone(&kept), Arc::new(Mutex::new(0)));
    let count = Arc::clone(&planting);
    brooks.network.alter(move |request, mut answer| {
        if !request.path.starts_with("/v1/sync/encounters/") || !request.path.ends_with("after=0") {
            return answer;
        }
        let Ok(page) = Page::read(&answer.body) else { return answer };
        let mut kept = keeping.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.clone() {
            Some((of, event)) if of != page.encounter => {
                answer.body = serde_json::to_vec(&planted(page, None, event)).expect("json");
                *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            }
            _ => *kept = page.events.first().map(|event| (page.encounter, event.clone())),
        }
        answer
    });
    let report = brooks.app().sync_now()?;
    assert_eq!(*planting.lock().unwrap_or_else(PoisonError::into_inner), 1, "it was tried");
    assert_eq!(report.trouble, Trouble::HistoryDiffers.text(Language::En));
    brooks.network.alter(|_, answer| answer);
    assert!(brooks.app().sync_now()?.complete);
    for id in ids {
        assert_eq!(
            brooks.app().encounter(&id)?.seen,
            alvarez.app().encounter(&id)?.seen,
            "all of it, and no more"
        );
    }
    Ok(())
}
