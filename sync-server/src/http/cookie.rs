//! Cookies: the session of a browser, and what a browser is known by.

use axum::http::{HeaderMap, header};

use crate::app::App;

/// The name of the session cookie. `__Host-` binds it to this host and to https; plain http exists on this
/// machine only.
pub fn session_name(app: &App) -> &'static str {
    if app.config.https() { "__Host-fh" } else { "fh" }
}

/// The session token that the browser sent.
pub(crate) fn session(app: &App, headers: &HeaderMap) -> Option<String> {
    let wanted = session_name(app);
    all(headers).find(|(name, value)| *name == wanted && value.len() == 64).map(|(_, value)| value.to_owned())
}

/// The name of the cookie by which a browser is known for people who have signed in there.
fn browser_cookie(app: &App) -> &'static str {
    if app.config.https() { "__Host-fh-known" } else { "fh-known" }
}

/// What the browser keeps to be known by.
pub(crate) fn browser(app: &App, headers: &HeaderMap) -> Option<String> {
    let wanted = browser_cookie(app);
    all(headers).find(|(name, value)| *name == wanted && value.len() == 64).map(|(_, value)| value.to_owned())
}

/// The cookie by which a browser is to be known for half a year.
pub(crate) fn keep_browser(app: &App, token: &str) -> String {
    let secure = if app.config.https() { "; Secure" } else { "" };
    format!("{}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=15552000{secure}", browser_cookie(app))
}

pub(crate) fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}
