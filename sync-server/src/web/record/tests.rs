use axum::http::{StatusCode, header};

mod about;
pub(crate) mod phone;
mod rights;

use phone::{ENCOUNTER, Station, station, text};

fn path() -> String {
    format!("/records/{ENCOUNTER}")
}

/// A station whose record was submitted and synced.
fn submitted() -> Station {
    let mut station = station();
    station.phone.night();
    station.phone.finish();
    station.sync();
    station
}

/// The position that the page says it shows.
fn seen(page: &str) -> &str {
    let at = page.find("name=\"seen\" value=\"").expect("a form");
    page[at + 19..].split('"').next().expect("a value")
}

/// Sends a form from the page as it stands now.
pub(in crate::web) async fn send(
    station: &Station,
    cookie: &str,
    form: &str,
) -> axum::http::Response<axum::body::Body> {
    let page = text(station.get(&path(), cookie).await).await;
    let form = format!("seen={}&{form}", seen(&page));
    station.post(&format!("{}/act", path()), &form, cookie, "same-origin").await
}

fn location(response: &axum::http::Response<axum::body::Body>) -> &str {
    response.headers()[header::LOCATION].to_str().expect("text")
}

#[tokio::test]
async fn the_queue_shows_what_waits_without_opening_it_and_says_so_in_the_log() {
    let station = submitted();
    let cookie = station.sign_in("sgt.vale").await;
    let start = station.get("/", &cookie).await;
    assert_eq!((start.status(), location(&start)), (StatusCode::SEE_OTHER, "/queue"));
    let page = text(station.get("/queue", &cookie).await).await;
    assert!(page.contains("B · 21:14 · Mill Road") && page.contains("Waiting for review"), "{page}");
    assert!(!page.contains("100 Example Street"));
    assert_eq!(station.log()[0], "queue_opened");
}

#[tokio::test]
async fn another_station_sees_neither_the_row_nor_the_record() {
    let station = submitted();
    let cookie = station.sign_in("sgt.other").await;
    let queue = text(station.get("/queue", &cookie).await).await;
    assert!(!queue.contains("21:14"));
    let refused = station.get(&path(), &cookie).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let unknown = station.get(&path().replace("e1", "e2"), &cookie).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert_eq!(text(refused).await, text(unknown).await, "both are the same page");
    assert_eq!(station.log()[0], "access_refused");
    let act =
        station.post(&format!("{}/act", path()), "seen=1&act=comment&text=x", &cookie, "same-origin").await;
    assert_eq!(act.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn roles_without_records_get_none() {
    let station = submitted();
    let cookie = station.sign_in("admin").await;
    assert_eq!(location(&station.get("/", &cookie).await), "/phones");
    assert_eq!(station.get("/queue", &cookie).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(station.get(&path(), &cookie).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_look_is_in_the_log_and_hidden_fields_stay_hidden_until_a_reason_is_given() {
    let station = submitted();
    let cookie = station.sign_in("sgt.vale").await;
    let page = text(station.get(&path(), &cookie).await).await;
    assert_eq!(station.log()[0], "record_opened");
    assert!(page.contains("Hidden until opened") && !page.contains("100 Example Street"));
    assert!(page.contains("opened the record"), "the look itself is shown");

    let hidden = format!("{}/hidden", path());
    let lacks = station.post(&hidden, "why=curiosity", &cookie, "same-origin").await;
    assert_eq!(lacks.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!text(lacks).await.contains("100 Example Street"));
    let shown = station.post(&hidden, "why=review", &cookie, "same-origin").await;
    assert_eq!(shown.status(), StatusCode::OK);
    assert!(text(shown).await.contains("100 Example Street"));
    assert_eq!(station.log()[0], "fields_unmasked");
    let again = text(station.get(&path(), &cookie).await).await;
    assert!(!again.contains("100 Example Street"), "shown once only");
    assert!(again.contains("saw the hidden fields") && again.contains("To review this record"));
}

#[tokio::test]
async fn a_form_from_another_site_changes_nothing() {
    let station = submitted();
    let cookie = station.sign_in("sgt.vale").await;
    let before = station.log();
    for at in ["act", "hidden"] {
        let form = "seen=99&act=comment&text=forged&why=review";
        let response = station.post(&format!("{}/{at}", path()), form, &cookie, "cross-site").await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(station.log(), [vec!["access_refused".to_owned(); 2], before].concat());
}

#[tokio::test]
async fn a_comment_at_a_step_and_a_return_lead_back_to_where_they_were_made() {
    let station = submitted();
    let cookie = station.sign_in("sgt.vale").await;
    let sent = send(&station, &cookie, "act=comment&step=hotline_call&text=Who+answered%3F").await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert!(location(&sent).ends_with("&open=hotline_call#step-hotline_call"), "{}", location(&sent));
    let page = text(station.get(location(&sent).split('#').next().expect("a path"), &cookie).await).await;
    assert!(page.contains("Who answered?"));
    assert!(!page.contains("came in while this page was open"), "one's own act is not news");

    let sent = send(&station, &cookie, "act=review&on=scene&decide=return&text=Please+finish").await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!(&station.log()[..2], ["commented", "returned"]);
    let page = text(station.get(&path(), &cookie).await).await;
    assert!(page.contains("sent back by Sgt. Vale, 1 step") && page.contains("Please finish"), "{page}");
}

#[tokio::test]
async fn an_approval_closes_the_phase_and_a_second_one_is_told_so() {
    let station = submitted();
    let cookie = station.sign_in("sgt.vale").await;
    let sent = send(&station, &cookie, "act=review&on=scene&decide=approve").await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!(station.log()[0], "approved");
    let queue = text(station.get("/queue", &cookie).await).await;
    assert!(queue.contains("approved by Sgt. Vale"), "{queue}");
    let again = send(&station, &cookie, "act=review&on=scene&decide=approve").await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(again).await.contains("This was approved already."));
}

#[tokio::test]
async fn what_came_in_since_the_page_was_opened_is_said() {
    let mut station = submitted();
    let cookie = station.sign_in("sgt.vale").await;
    let page = text(station.get(&path(), &cookie).await).await;
    station.phone.act(firsthours_core::record::Act::Note { step: None, text: "Late word".to_owned() }, 110);
    station.sync();
    let form = format!("seen={}&act=comment&text=Thanks", seen(&page));
    let sent = station.post(&format!("{}/act", path()), &form, &cookie, "same-origin").await;
    let page = text(station.get(location(&sent).split('#').next().expect("a path"), &cookie).await).await;
    assert!(page.contains("1 new entry came in while this page was open"), "{page}");
}

#[tokio::test]
async fn a_form_with_a_fault_comes_back_as_it_was_typed_with_the_fault_beside_it() {
    let station = submitted();
    let cookie = station.sign_in("c.osei").await;
    let form = "act=answer&step=followup_72&was.checked_at=&v.checked_at=soon&was.where=&v.where=home";
    let sent = send(&station, &cookie, form).await;
    assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(sent).await;
    assert!(page.contains("value=\"soon\"") && page.contains("aria-invalid=\"true\""), "{page}");
    assert!(page.contains("href=\"#f-answer-followup_72-v-checked_at\""), "the summary leads to the control");
    assert!(page.contains("id=\"f-answer-followup_72-v-checked_at\""));
    let empty = send(&station, &cookie, "act=comment&text=").await;
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_county_worker_answers_their_step_and_may_not_review() {
    let station = submitted();
    let cookie = station.sign_in("c.osei").await;
    let form = "act=answer&step=followup_72&was.checked_at=&v.checked_at=&now.checked_at=1";
    let sent = send(&station, &cookie, form).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let page = text(station.get(&path(), &cookie).await).await;
    assert!(page.contains("value=\"2026-11-24T00:00\""), "the time is kept: {page}");
    let sent = send(&station, &cookie, "act=review&on=scene&decide=approve").await;
    assert_eq!(sent.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nobody_approves_what_they_answered_themselves() {
    let mut station = submitted();
    // The deputy was promoted since: the record's steps are theirs all the same.
    let id = station.phone.author.actor.person.0.clone();
    let promoted = station
        .app
        .store
        .write(|tx| tx.run("update person set role = 'supervisor' where id = $1", &[id.as_str().into()]));
    assert_eq!(promoted, Ok(1));
    station.sync();
    let cookie = station.sign_in("d.quill").await;
    let sent = send(&station, &cookie, "act=review&on=scene&decide=approve").await;
    assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(sent).await.contains("another supervisor must approve it"));
    assert!(!station.log().contains(&"approved".to_owned()));
}

#[tokio::test]
async fn a_page_speaks_the_language_that_was_chosen() {
    let station = submitted();
    let cookie = station.sign_in("sgt.vale").await;
    let chosen = station.get("/language?to=es&next=/queue", &cookie).await;
    assert_eq!(location(&chosen), "/queue");
    let page = text(station.get(&path(), &format!("{cookie}; fh-lang=es")).await).await;
    assert!(page.contains("<html lang=\"es\">") && page.contains("En espera de revisión"));
}

#[tokio::test]
async fn an_administrator_revokes_a_phone_of_their_agency() {
    let station = submitted();
    let cookie = station.sign_in("admin").await;
    let page = text(station.get("/phones", &cookie).await).await;
    assert!(page.contains("Dep. Quill, unit 4"), "{page}");
    let install = "07".repeat(16);
    let path = format!("/phones/{install}/revoke");
    assert_eq!(station.post(&path, "", &cookie, "same-origin").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(station.post(&path, "", &cookie, "same-origin").await.status(), StatusCode::CONFLICT);
    let supervisor = station.sign_in("sgt.vale").await;
    assert_eq!(station.post(&path, "", &supervisor, "same-origin").await.status(), StatusCode::FORBIDDEN);
}
