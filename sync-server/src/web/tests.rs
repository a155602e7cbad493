use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use firsthours_core::outside::ManualClock;
use firsthours_core::protocol::Instant;

use super::*;
use crate::testing;

struct Desk {
    _folder: testing::Folder,
    app: App,
    clock: Arc<ManualClock>,
    router: Router,
}

fn desk(https: bool) -> Desk {
    let folder = testing::folder();
    let clock = Arc::new(ManualClock::at(Instant::from_ms(1_000_000)));
    let app = testing::app(&folder, https, Arc::clone(&clock));
    testing::person(&app.store, "supervisor", "sgt.vale");
    Desk { _folder: folder, router: crate::router(app.clone()), app, clock }
}

impl Desk {
    async fn get(&self, path: &str, cookie: &str) -> Response<Body> {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).expect("request");
        crate::answer(&self.router, request).await
    }

    async fn post(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        crate::answer(&self.router, request.body(Body::from(form.to_owned())).expect("request")).await
    }

    async fn sign_in(&self) -> String {
        let form = format!("username=sgt.vale&password={}&next=/", testing::PASSWORD.replace(' ', "+"));
        let response = self.post("/sign-in", &form, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let cookie = response.headers()[header::SET_COOKIE].to_str().expect("text");
        cookie.split(';').next().expect("a first part").to_owned()
    }
}

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn location(response: &Response<Body>) -> &str {
    response.headers()[header::LOCATION].to_str().expect("text")
}

#[tokio::test]
async fn every_answer_has_the_headers_errors_included() {
    let desk = desk(true);
    for path in
        ["/", "/sign-in", "/nothing", "/healthz", "/readyz", "/assets/00/x.css", "/v1/nothing", "/sign-out"]
    {
        let response = desk.get(path, "").await;
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(
            policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "{path}");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_back() {
    let desk = desk(false);
    let response = desk.get("/", "").await;
    assert_eq!((response.status(), location(&response)), (StatusCode::SEE_OTHER, "/sign-in?next=/"));
    let cookie = desk.sign_in().await;
    let page = text(desk.get("/account", &cookie).await).await;
    assert!(page.contains("Sgt. Vale") && page.contains("Mill Road"), "{page}");
}

#[tokio::test]
async fn the_cookie_is_bound_to_the_host_over_https() {
    let secure = desk(true);
    assert!(secure.sign_in().await.starts_with("__Host-fh="));
    let form = format!("username=sgt.vale&password={}", testing::PASSWORD.replace(' ', "+"));
    let response = secure.post("/sign-in", &form, &[]).await;
    let cookie = response.headers()[header::SET_COOKIE].to_str().expect("text");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(desk(false).sign_in().await.starts_with("fh="));
}

#[tokio::test]
async fn signing_in_gives_a_new_session_and_ends_the_old_one() {
    let desk = desk(false);
    let first = desk.sign_in().await;
    let form = format!("username=sgt.vale&password={}", testing::PASSWORD.replace(' ', "+"));
    let response = desk.post("/sign-in", &form, &[("cookie", &first)]).await;
    let second = response.headers()[header::SET_COOKIE].to_str().expect("text");
    assert!(!second.starts_with(&first));
    assert_eq!(desk.get("/account", &first).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_idle_session_is_sent_to_sign_in() {
    let desk = desk(false);
    let cookie = desk.sign_in().await;
    desk.clock.advance(30 * 60_000);
    assert_eq!(desk.get("/account", &cookie).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_and_does_nothing() {
    let desk = desk(false);
    let cookie = desk.sign_in().await;
    let foreign: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site"), ("cookie", &cookie)],
        &[("sec-fetch-site", "same-site"), ("cookie", &cookie)],
        &[("origin", "https://evil.invalid"), ("host", "127.0.0.1"), ("cookie", &cookie)],
        &[("origin", "null"), ("host", "127.0.0.1"), ("cookie", &cookie)],
    ];
    for headers in foreign {
        let response = desk.post("/sign-out", "", headers).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{headers:?}");
        assert!(text(response).await.contains("another site"));
    }
    assert_eq!(desk.get("/account", &cookie).await.status(), StatusCode::OK, "still signed in");
    let own = [("sec-fetch-site", "same-origin"), ("cookie", &cookie)];
    assert_eq!(desk.post("/sign-out", "", &own).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.get("/account", &cookie).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_locked_account_look_the_same() {
    let desk = desk(false);
    let mut pages = Vec::new();
    for (name, times) in [("sgt.vale", 7), ("nobody", 1)] {
        for _ in 0..times {
            let response = desk.post("/sign-in", &format!("username={name}&password=wrong"), &[]).await;
            assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
            assert!(!response.headers().contains_key(header::SET_COOKIE));
            pages.push(text(response).await);
        }
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
}

#[tokio::test]
async fn next_never_leads_to_another_site() {
    let desk = desk(false);
    for next in ["//evil.invalid", "https://evil.invalid", "/%5Cevil.invalid", "%2F%2Fevil.invalid", ""] {
        let form = format!("username=sgt.vale&password={}&next={next}", testing::PASSWORD.replace(' ', "+"));
        let response = desk.post("/sign-in", &form, &[]).await;
        assert_eq!(location(&response), "/", "{next}");
    }
}

#[tokio::test]
async fn an_error_is_a_page_for_people_and_a_problem_for_machines() {
    let desk = desk(false);
    let page = desk.get("/nothing", "").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert!(text(page).await.contains("<h1>Page not found</h1>"));
    let problem = desk.get("/v1/nothing", "").await;
    assert_eq!(problem.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert!(text(problem).await.contains("urn:first-hours:problem:not_found"));
    let method = desk.get("/sign-out", "").await;
    assert_eq!(method.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(text(method).await.contains("<h1>"));
}

#[tokio::test]
async fn a_form_that_cannot_be_read_says_nothing_of_what_was_sent() {
    let desk = desk(false);
    let response = desk.post("/sign-in", "canary=1", &[]).await;
    assert!(response.status().is_client_error());
    let page = text(response).await;
    assert!(page.contains("<h1>") && !page.contains("canary") && !page.contains("missing field"), "{page}");
    let large = format!("username=a&password={}", "x".repeat(FORM_BYTES));
    let response = desk.post("/sign-in", &large, &[]).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_page_is_in_the_language_of_the_browser() {
    let desk = desk(false);
    let request = Request::get("/sign-in").header("accept-language", "fr, es-MX;q=0.8").body(Body::empty());
    let page = text(crate::answer(&desk.router, request.expect("request")).await).await;
    assert!(page.contains("<html lang=\"es\">") && page.contains("Iniciar sesión"));
}

#[tokio::test]
async fn signing_in_and_out_is_in_the_log() {
    let desk = desk(false);
    let cookie = desk.sign_in().await;
    desk.post("/sign-in", "username=nobody&password=wrong", &[]).await;
    desk.post("/sign-out", "", &[("cookie", &cookie)]).await;
    let rows = desk.app.store.read(|tx| tx.rows("select what from audit order by seq desc limit 4", &[]));
    let codes: Vec<_> = rows.expect("read").iter().map(|row| row.string(0).expect("text")).collect();
    assert_eq!(codes[..3], ["signed_out", "sign_in_refused", "signed_in"]);
}

#[tokio::test]
async fn a_style_is_served_under_its_hash_and_kept_and_nothing_else_of_the_folder() {
    let desk = desk(false);
    let page = text(desk.get("/sign-in", "").await).await;
    let path = page.split('"').find(|part| part.ends_with("/app.css")).expect("a style sheet").to_owned();
    let response = desk.get(&path, "").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/css");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    for other in ["README.md", "../Cargo.toml", "uswds/../README.md", "%2e%2e/Cargo.toml"] {
        let refused = desk.get(&path.replace("app.css", other), "").await;
        assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{other}");
    }
}

/// Lets the store grow no further, as a full disk does.
fn fill(desk: &Desk) {
    let pages =
        desk.app.store.read(|tx| tx.rows("pragma page_count", &[])).expect("read")[0].int(0).expect("int");
    desk.app.store.write(|tx| tx.rows(&format!("pragma max_page_count = {pages}"), &[])).expect("a limit");
    // What room there is inside the last pages is used up.
    let mut full = (0..10_000).map(|n| {
        let entry = crate::programme::audit::Entry::new(
            Instant::from_ms(1),
            crate::programme::audit::Who::Console,
            crate::programme::audit::What::Exported,
        );
        crate::programme::audit::record(&desk.app.store, &entry.with("n", n))
    });
    assert_eq!(full.find_map(Result::err), Some(crate::store::StoreError::Full));
}

/// What cannot be logged is not shown, and who leaves a desk is signed out all the same.
#[tokio::test]
async fn with_a_full_disk_nothing_is_shown_the_server_says_so_and_signing_out_works() {
    let desk = desk(false);
    let cookie = desk.sign_in().await;
    assert_eq!(desk.get("/readyz", "").await.status(), StatusCode::OK);
    fill(&desk);
    assert_eq!(desk.get("/healthz", "").await.status(), StatusCode::OK, "the process is there");
    assert_eq!(desk.get("/readyz", "").await.status(), StatusCode::OK, "an answer is good for a few seconds");
    desk.clock.advance(5_000);
    assert_eq!(desk.get("/readyz", "").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    for look in ["/queue", "/account"] {
        assert_eq!(desk.get(look, &cookie).await.status(), StatusCode::SERVICE_UNAVAILABLE, "{look}");
    }
    let out = desk.post("/sign-out", "", &[("cookie", &cookie), ("sec-fetch-site", "same-origin")]).await;
    assert_eq!((out.status(), location(&out)), (StatusCode::SEE_OTHER, "/sign-in"));
    let gone = out.headers()[header::SET_COOKIE].to_str().expect("text");
    assert!(gone.contains("Max-Age=0"), "{gone}");
    let again = desk.get("/account", &cookie).await;
    assert_eq!((again.status(), location(&again)), (StatusCode::SEE_OTHER, "/sign-in?next=/account"));
}

#[tokio::test]
async fn an_administrator_lets_somebody_in_again_who_was_shut_out() {
    let desk = desk(false);
    let person =
        desk.app.store.read(|tx| crate::programme::people::by_username(tx, "sgt.vale")).expect("read");
    desk.app.store.write(|tx| tx.run("update person set locked = 1, failed_tries = 20", &[])).expect("shut");
    testing::person(&desk.app.store, "administrator", "adm.reed");
    let form = format!("username=adm.reed&password={}&next=/", testing::PASSWORD.replace(' ', "+"));
    let response = desk.post("/sign-in", &form, &[]).await;
    let cookie = response.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    let page = text(desk.get("/people", &cookie).await).await;
    assert!(page.contains("shut to new browsers") && page.contains("Release"), "{page}");
    let path = format!("/people/{}/release", person.id);
    let released = desk.post(&path, "", &[("cookie", &cookie), ("sec-fetch-site", "same-origin")]).await;
    assert_eq!(location(&released), "/people");
    desk.sign_in().await;
    // Another agency's people are not theirs to see.
    desk.app
        .store
        .write(|tx| tx.run("insert into agency (id, title) values ('south', 'S')", &[]))
        .expect("agency");
    desk.app
        .store
        .write(|tx| {
            tx.run("update person set agency = 'south', station = null where username = 'sgt.vale'", &[])
        })
        .expect("moved");
    assert!(!text(desk.get("/people", &cookie).await).await.contains("sgt.vale"));
    let refused = desk.post(&path, "", &[("cookie", &cookie), ("sec-fetch-site", "same-origin")]).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_browser_in_which_one_signed_in_keeps_its_own_way_in() {
    let desk = desk(true);
    let form = |password: &str| format!("username=sgt.vale&password={}&next=/", password.replace(' ', "+"));
    let first = desk.post("/sign-in", &form(testing::PASSWORD), &[]).await;
    let kept: Vec<_> =
        first.headers().get_all(header::SET_COOKIE).iter().map(|c| c.to_str().expect("text")).collect();
    let known =
        kept.iter().find(|cookie| cookie.starts_with("__Host-fh-known=")).expect("a token of the browser");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure", "; Max-Age=15552000"] {
        assert!(known.contains(part), "{known}");
    }
    let known = known.split(';').next().expect("a first part").to_owned();
    for _ in 0..crate::programme::people::TRIES {
        desk.post("/sign-in", &form("not the password"), &[]).await;
    }
    let stranger = desk.post("/sign-in", &form(testing::PASSWORD), &[]).await;
    assert_eq!(stranger.status(), StatusCode::UNPROCESSABLE_ENTITY, "elsewhere one has to wait");
    let own = desk.post("/sign-in", &form(testing::PASSWORD), &[("cookie", &known)]).await;
    assert_eq!(own.status(), StatusCode::SEE_OTHER);
    assert_eq!(own.headers().get_all(header::SET_COOKIE).iter().count(), 1, "it is known already");
}

#[tokio::test]
async fn too_many_headers_are_refused_in_a_sentence() {
    let desk = desk(false);
    let with = |many: usize, length: usize| {
        let mut request = Request::get("/v1/policy");
        for n in 0..many {
            request = request.header(format!("x-{n:03}"), "a".repeat(length));
        }
        request.body(Body::empty()).expect("request")
    };
    let most = headers::MOST_BYTES / 4 - 5;
    for (many, length, status) in [
        (headers::MOST, 1, StatusCode::UNAUTHORIZED),
        (headers::MOST + 1, 1, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        (4, most, StatusCode::UNAUTHORIZED),
        (4, most + 1, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
    ] {
        let response = crate::answer(&desk.router, with(many, length)).await;
        assert_eq!(response.status(), status, "{many} of {length}");
        assert!(text(response).await.contains("urn:first-hours:problem:"), "{many} of {length}");
    }
}
