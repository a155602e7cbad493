//! Need to know: what a page shows of a record, and that the look is in the log.

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use firsthours_core::app::Act;
use firsthours_core::protocol::Instant;
use firsthours_core::words::{Label, Language};
use firsthours_server::programme::audit::What;
use firsthours_tests::night::{SCENE, play};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};

const EVENING: Instant = Instant::from_ms(1_795_496_400_000);
const REMARK: &str = "The child said a name that must not be on a screen by default.";

/// Asks for a page as a signed-in person; gives its status and text.
fn ask(
    programme: &Programme,
    cookie: &str,
    method: &str,
    path: &str,
    form: &str,
) -> Result<(u16, String), Fault> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "127.0.0.1")
        .header(header::COOKIE, cookie)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))?;
    let router = firsthours_server::router(programme.app.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let answer = firsthours_server::answer(&router, request).await;
        let status = answer.status().as_u16();
        let text = to_bytes(answer.into_body(), 4 << 20).await?;
        Ok((status, String::from_utf8(text.to_vec())?))
    })
}

fn logged(programme: &Programme, what: What) -> Result<i64, Fault> {
    let what = firsthours_server::programme::audit::code(what);
    let rows = programme
        .app
        .store
        .read(|tx| tx.row("select count(*) from audit where what = $1", &[(&what).into()]))?;
    Ok(rows.ok_or("no count")?.int(0)?)
}

#[test]
fn a_remark_is_hidden_until_opened_and_opening_it_is_logged_with_its_reason() -> Result<(), Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let phone = programme.phone("alvarez", Language::En)?;
    let id = phone.app().start_encounter(None)?.id;
    let view = play(phone.app(), &id, &SCENE[0], EVENING)?;
    phone.app().act(
        &id,
        view.seen,
        Act::Note { step: Some("contact".to_owned()), text: REMARK.to_owned() },
    )?;
    assert!(phone.app().sync_now()?.complete);

    let cookie = format!("fh={}", programme.sign_in("rivera")?);
    let path = format!("/records/{id}");
    let before = logged(&programme, What::RecordOpened)?;
    let (status, page) = ask(&programme, &cookie, "GET", &path, "")?;
    assert_eq!(status, 200);
    assert!(!page.contains(REMARK), "the remark is on the page before anybody opened it");
    assert!(page.contains(Label::Hidden.text(Language::En)), "that something is hidden is said");
    assert_eq!(logged(&programme, What::RecordOpened)?, before + 1);

    let (status, page) = ask(&programme, &cookie, "POST", &format!("{path}/hidden"), "why=review")?;
    assert_eq!(status, 200);
    assert!(page.contains(REMARK), "opened for a reason, it is shown");
    assert_eq!(logged(&programme, What::FieldsUnmasked)?, 1);

    let stranger = format!("fh={}", programme.sign_in("okafor")?);
    let (status, page) = ask(&programme, &stranger, "GET", &path, "")?;
    assert_eq!(status, 404, "a supervisor of another station sees no such record");
    assert!(!page.contains(REMARK));
    Ok(())
}
