//! Who is reading, and in which language.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{AgencyId, PersonId, Role, StationId};
use firsthours_core::words::Language;

use super::error::AppError;
use super::words::{self, Words};
use crate::app::App;
use crate::http::cookie;
use crate::programme::audit::{Source, Who};
use crate::programme::sessions;

/// A signed-in person. A route that takes this sends everybody else to the sign-in page.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The person's id.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Their agency.
    pub agency: AgencyId,
    /// Their station.
    pub station: Option<StationId>,
    /// From where they ask, and what names their session in the log.
    pub source: Source,
    /// The hash of their session's token.
    pub session: String,
    /// When they signed in.
    pub since: Instant,
}

impl Reader {
    /// As whom the log knows them.
    pub fn who(&self) -> Who<'_> {
        Who::Person(&self.person, &self.source)
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let wanted = match parts.method {
            Method::GET | Method::HEAD => parts.uri.path().to_owned(),
            _ => "/".to_owned(),
        };
        let Some(token) = cookie::session(app, &parts.headers) else {
            return Err(AppError::SignIn(wanted));
        };
        if app.ended.has(&token) {
            return Err(AppError::SignIn(wanted));
        }
        let now = app.now();
        let mut source = Source::from_request_parts(parts, app).await.unwrap_or_default();
        let found = app.blocking(move |app| sessions::find(&app.store, &token, app.limits(), now)).await?;
        let session = found.ok_or(AppError::SignIn(wanted))?;
        source.session = Some(session.alias);
        Ok(Self {
            person: session.person,
            name: session.name,
            role: session.role,
            agency: session.agency,
            station: session.station,
            source,
            session: session.hash,
            since: session.created,
        })
    }
}

/// The cookie of the language that was chosen.
pub const LANGUAGE: &str = "fh-lang";

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Spanish.
    Es,
}

impl Lang {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The same language of the core's words.
    pub fn language(self) -> Language {
        match self {
            Self::En => Language::En,
            Self::Es => Language::Es,
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Es,
            Self::Es => Self::En,
        }
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        match self {
            Self::En => &words::EN,
            Self::Es => &words::ES,
        }
    }

    /// The language that was chosen in this browser, else the first of its list that there is.
    fn of(headers: &HeaderMap) -> Self {
        match cookie::all(headers).find(|(name, _)| *name == LANGUAGE) {
            Some((_, "en")) => return Self::En,
            Some((_, "es")) => return Self::Es,
            _ => {}
        }
        let list =
            headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        list.split(',')
            .find_map(|item| match item.trim().get(..2) {
                Some("en") => Some(Self::En),
                Some("es") => Some(Self::Es),
                _ => None,
            })
            .unwrap_or(Self::En)
    }
}

impl<S: Sync> FromRequestParts<S> for Lang {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}
