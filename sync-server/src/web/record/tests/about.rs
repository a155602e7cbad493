//! What a supervisor does with a record as a whole: sheets, who holds it, the same contact.

use firsthours_core::protocol::Instant;
use firsthours_core::record::{EncounterId, IncidentId};

use super::phone::{ENCOUNTER, MINUTE, NIGHT, Station, text};
use super::{StatusCode, path, send, submitted};

async fn page(station: &Station, cookie: &str, path: &str) -> String {
    text(station.get(path, cookie).await).await
}

#[tokio::test]
async fn a_sheet_is_a_look_and_hides_what_is_hidden_until_a_reason_is_given() {
    let station = submitted();
    let cookie = station.sign_in("sgt.vale").await;
    let record = page(&station, &cookie, &path()).await;
    let sheet = format!("{}/sheets/written_report", path());
    assert!(record.contains(&format!("href=\"{sheet}\"")), "{record}");

    let hidden = page(&station, &cookie, &sheet).await;
    assert_eq!(station.log()[0], "sheet_made");
    assert!(hidden.contains("Hidden until opened") && !hidden.contains("100 Example Street"), "{hidden}");
    assert!(hidden.contains("gaps:"), "what the record lacks is named: {hidden}");

    let without = station.post(&sheet, "why=", &cookie, "same-origin").await;
    assert_eq!(without.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!text(without).await.contains("100 Example Street"));
    let opened = station.post(&sheet, "why=review", &cookie, "same-origin").await;
    assert_eq!(opened.status(), StatusCode::OK);
    assert!(text(opened).await.contains("100 Example Street"));

    let plain = station.get(&format!("{sheet}/text"), &cookie).await;
    assert_eq!(plain.headers()["content-type"], "text/plain; charset=utf-8");
    let plain = text(plain).await;
    assert!(plain.starts_with("For the written report (BCIA 8572)\n") && !plain.contains('<'), "{plain}");
    let looks = page(&station, &cookie, &path()).await;
    assert!(looks.contains("made a sheet of it"), "{looks}");
}

#[tokio::test]
async fn a_sheet_that_the_protocol_does_not_have_is_not_found_and_another_station_gets_none() {
    let station = submitted();
    let cookie = station.sign_in("sgt.vale").await;
    let none = station.get(&format!("{}/sheets/nothing", path()), &cookie).await;
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
    let cookie = station.sign_in("sgt.other").await;
    let other = station.get(&format!("{}/sheets/handover", path()), &cookie).await;
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
    assert_eq!(station.log()[0], "access_refused");
}

#[tokio::test]
async fn a_supervisor_gives_the_record_to_a_deputy_of_the_agency_and_to_nobody_else() {
    let station = submitted();
    let to = super::phone::person(&station.app, "Dep. Reed", "deputy", "d.reed", Some("mill"));
    let cookie = station.sign_in("sgt.vale").await;
    let record = page(&station, &cookie, &path()).await;
    assert!(record.contains("Give it to another deputy") && record.contains("Dep. Reed"), "{record}");
    assert!(!record.contains(">Dep. Quill</option>"), "who holds it is not offered");

    for nobody in ["", "p-unknown"] {
        let sent = send(&station, &cookie, &format!("act=reassign&to={nobody}")).await;
        assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY, "{nobody}");
    }
    let sent = send(&station, &cookie, &format!("act=reassign&to={to}")).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!(station.log()[0], "reassigned");
    let record = page(&station, &cookie, &path()).await;
    assert!(record.contains("gave the record to Dep. Reed"), "{record}");
    assert!(record.contains(">Dep. Quill</option>") && !record.contains(">Dep. Reed</option>"), "{record}");

    let county = station.sign_in("c.osei").await;
    let sent = send(&station, &county, &format!("act=reassign&to={to}")).await;
    assert_eq!(sent.status(), StatusCode::FORBIDDEN, "a county worker decides nothing of the kind");
}

#[tokio::test]
async fn two_records_of_one_contact_are_said_to_be_so_and_only_of_records_that_the_supervisor_may_see() {
    let mut station = submitted();
    let other = station.second_record();
    let cookie = station.sign_in("sgt.vale").await;
    let record = page(&station, &cookie, &path()).await;
    assert!(record.contains(&format!("<option value=\"{other}\">C · ")), "{record}");

    let unseen = "00".repeat(16);
    let sent = send(&station, &cookie, &format!("act=same&to={unseen}")).await;
    assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let sent = send(&station, &cookie, &format!("act=same&to={ENCOUNTER}")).await;
    assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY, "not of itself");

    let sent = send(&station, &cookie, &format!("act=same&to={other}")).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let record = page(&station, &cookie, &path()).await;
    assert!(
        record.contains("It is counted once.") && record.contains("act\" value=\"not_same\""),
        "{record}"
    );

    let sent = send(&station, &cookie, "act=not_same").await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let record = page(&station, &cookie, &path()).await;
    assert!(!record.contains("It is counted once."), "{record}");
}

/// A contact that was recorded twice was recorded twice by one station, within days. Whatever else a supervisor may see is
/// kept off the list: a wrong choice there counts two children as one.
#[tokio::test]
async fn the_same_contact_is_chosen_among_the_scene_and_what_the_station_began_within_three_days() {
    const THREE_DAYS: i64 = 3 * 24 * 60 * MINUTE;
    let began = NIGHT + 14 * MINUTE;
    let at = |opened: Instant| format!("opened_ms = {opened}");
    let (this_scene, other_scene) = (0x1c, 0x1d);
    let cases = [
        (other_scene, at(began), true),
        (other_scene, at(began - THREE_DAYS), true),
        (other_scene, at(began - THREE_DAYS - 1), false),
        (other_scene, at(began + THREE_DAYS), true),
        (other_scene, at(began + THREE_DAYS + 1), false),
        (this_scene, at(began - 2 * THREE_DAYS), true),
        // The supervisor sees it, because a deputy of theirs has a part in it.
        (other_scene, "station = 'hill'".to_owned(), false),
        (this_scene, "station = 'hill'".to_owned(), true),
        (other_scene, "station = ''".to_owned(), false),
        (other_scene, "agency = 'south'".to_owned(), false),
        (other_scene, "sealed = 1".to_owned(), false),
        (this_scene, "sealed = 1".to_owned(), false),
    ];
    let mut station = submitted();
    let mut expected = Vec::new();
    for (n, (scene, changed, offered)) in (1_u8..).zip(&cases) {
        let other = station.another_record(EncounterId([n; 16]), IncidentId([*scene; 16]));
        let sql = format!("update encounter set {changed} where id = '{other}'");
        station.app.store.write(|tx| tx.run(&sql, &[])).expect("changed");
        expected.extend(offered.then(|| other.to_string()));
    }
    let cookie = station.sign_in("sgt.vale").await;
    let record = page(&station, &cookie, &path()).await;
    let (_, after) = record.split_once("act\" value=\"same\"").expect("a form");
    let (form, _) = after.split_once("</form>").expect("its end");
    let values = form.split("<option value=\"").skip(1).filter_map(|option| option.split('"').next());
    let mut offered: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
    offered.sort_unstable();
    assert_eq!(offered, expected, "each once, and never the record itself");
}

#[tokio::test]
async fn the_other_children_of_a_scene_are_named_on_the_page() {
    let mut station = submitted();
    let other = station.second_record();
    let cookie = station.sign_in("sgt.vale").await;
    let record = page(&station, &cookie, &path()).await;
    assert!(record.contains("Other children of this scene"), "{record}");
    assert!(record.contains(&format!("href=\"/records/{other}\"")), "{record}");
}
