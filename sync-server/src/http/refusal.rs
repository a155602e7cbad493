//! Every refused request has its entry in the log: who asked, for what, and what was answered.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use firsthours_core::record::{EncounterId, InstallId, PersonId};
use firsthours_core::wire::HEADER_INSTALL;

use super::cookie;
use crate::app::App;
use crate::programme::audit::{self, Entry, Source, What, Who};
use crate::programme::{sessions, tokens};
use crate::store::Result;

/// Marks an answer whose refusal is in the log already, under a name of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noted;

/// Marks an answer that is a refusal, whatever its status says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused;

/// Marks a refusal that the log knows under another name than the usual one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefusedAs(pub(crate) What);

/// The name of the problem that a phone was told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProblemName(pub(crate) &'static str);

/// What was asked, kept until it is known whether it was refused.
struct Asked {
    method: String,
    /// The pattern of the path; what matches none is somebody else's text and is not kept.
    route: String,
    about: Option<String>,
    headers: HeaderMap,
    source: Source,
}

/// Writes the entry of a refusal before its answer leaves. If it cannot be written, nothing was shown all the same.
pub(crate) async fn note(State(app): State<App>, source: Source, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let asked = Asked {
        method: request.method().as_str().chars().take(16).collect(),
        route: route.unwrap_or_else(|| "unmatched".to_owned()),
        about: record_in(request.uri().path()),
        headers: request.headers().clone(),
        source,
    };
    let response = next.run(request).await;
    let said = response.extensions();
    let is_refusal = response.status().is_client_error() || said.get::<Refused>().is_some();
    if is_refusal && said.get::<Noted>().is_none() {
        let answer = Answer {
            status: response.status(),
            told: said.get::<ProblemName>().map(|told| told.0),
            what: said.get::<RefusedAs>().map_or(What::AccessRefused, |named| named.0),
        };
        match app.aside(move |app| write(app, asked, &answer)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "a refusal could not be written into the log"),
            Err(error) => tracing::error!(%error, "a refusal could not be written into the log"),
        }
    }
    response
}

/// How it was refused.
struct Answer {
    status: StatusCode,
    told: Option<&'static str>,
    what: What,
}

fn write(app: &App, mut asked: Asked, answer: &Answer) -> Result<()> {
    let now = app.now();
    let proved = asker(app, &mut asked)?;
    let who = match &proved {
        Asker::Person(id) => Who::Person(id, &asked.source),
        Asker::Install(id) => Who::Install(*id, &asked.source),
        Asker::Unknown => Who::Unknown(&asked.source),
    };
    let claims =
        asked.headers.get(HEADER_INSTALL).and_then(|value| value.to_str().ok()?.parse::<InstallId>().ok());
    let Some(left_out) = app.refusals.admit(who, answer.what, now) else { return Ok(()) };
    app.store.write(|tx| {
        let mut entry = Entry::new(now, who, answer.what)
            .with("method", asked.method.as_str())
            .with("route", asked.route.as_str())
            .with("status", answer.status.as_u16());
        if let Some(told) = answer.told {
            entry = entry.with("problem", told);
        }
        if let Some(claims) = claims {
            entry = entry.with("claims", claims.to_string());
        }
        if let Some(about) = &asked.about {
            entry = entry.about(about);
        }
        // What keeps a flood from the store is in memory; what the log itself has of the last minute decides.
        audit::append_refusal(tx, entry, left_out)
    })
}

/// Who asked, as far as they proved it.
enum Asker {
    Person(PersonId),
    Install(InstallId),
    Unknown,
}

fn asker(app: &App, asked: &mut Asked) -> Result<Asker> {
    if asked.headers.contains_key(header::AUTHORIZATION) {
        return Ok(match tokens::bearer(app.trust.token_key(), &asked.headers, app.now()) {
            Some((bearer, session)) => {
                asked.source.session = Some(session);
                Asker::Install(bearer.install)
            }
            None => Asker::Unknown,
        });
    }
    let Some(token) = cookie::session(app, &asked.headers) else { return Ok(Asker::Unknown) };
    Ok(match sessions::look(&app.store, &token, app.limits(), app.now())? {
        Some(session) => {
            asked.source.session = Some(session.alias);
            Asker::Person(session.person)
        }
        None => Asker::Unknown,
    })
}

/// The record that a path names.
fn record_in(path: &str) -> Option<String> {
    path.split('/').find_map(|part| part.parse::<EncounterId>().ok()).map(|id| id.to_string())
}
