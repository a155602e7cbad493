//! The frame of every page.

use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::reader::{Lang, Reader};
use crate::app::App;

/// What the frame needs to know.
pub struct Frame<'a> {
    programme: &'a str,
    lang: Lang,
    reader: Option<&'a Reader>,
    title: &'a str,
    nav: Vec<(&'a str, &'a str, bool)>,
    at: &'a str,
    narrow: bool,
}

impl<'a> Frame<'a> {
    /// A frame for this reader, or for somebody who has not signed in.
    pub fn new(app: &'a App, lang: Lang, reader: Option<&'a Reader>, title: &'a str) -> Self {
        Self {
            programme: &app.config.title,
            lang,
            reader,
            title,
            nav: Vec::new(),
            at: "/",
            narrow: reader.is_none(),
        }
    }

    /// The path to come back to when the language is changed.
    #[must_use]
    pub fn at(mut self, path: &'a str) -> Self {
        if !path.is_empty() {
            self.at = path;
        }
        self
    }

    /// One more entry of the navigation; `current` marks the page that is shown.
    #[must_use]
    pub fn with_link(mut self, path: &'a str, title: &'a str, current: bool) -> Self {
        self.nav.push((path, title, current));
        self
    }
}

/// The whole page around `body`, which starts with the page's `h1`.
pub fn page(frame: &Frame<'_>, body: &Markup) -> Markup {
    let words = frame.lang.words();
    html! {
        (DOCTYPE)
        html lang=(frame.lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (frame.title) " | " (frame.programme) }
                link rel="stylesheet" href=(assets::path("uswds/css/uswds.min.css"));
                link rel="stylesheet" href=(assets::path("app.css"));
            }
            body {
                a.usa-skipnav href="#main" { (words.skip) }
                header.fh-bar {
                    div.fh-bar__in {
                        a.fh-bar__name href="/" { (frame.programme) }
                        @if let Some(reader) = frame.reader { (menu(frame, reader)) }
                        @else { div.fh-bar__who { (switch(frame)) } }
                    }
                }
                main #main.fh-page.fh-stack.fh-page--narrow[frame.narrow] tabindex="-1" { (body) }
                footer.usa-footer.usa-footer--slim {
                    div.usa-footer__primary-section { div.grid-container { p { (words.footer) } } }
                }
            }
        }
    }
}

/// The way to the other language, in that language.
fn switch(frame: &Frame<'_>) -> Markup {
    let other = frame.lang.other();
    html! {
        a.fh-bar__link href={ "/language?to=" (other.code()) "&next=" (frame.at) } lang=(other.code())
            hreflang=(other.code()) { (other.words().this_language) }
    }
}

fn menu(frame: &Frame<'_>, reader: &Reader) -> Markup {
    let words = frame.lang.words();
    html! {
        @if !frame.nav.is_empty() {
            nav aria-label=(words.navigation) {
                ul.fh-bar__nav {
                    @for (path, title, current) in &frame.nav {
                        li {
                            a.fh-bar__link href=(path) aria-current=[current.then_some("page")] { (title) }
                        }
                    }
                }
            }
        }
        div.fh-bar__who {
            (switch(frame))
            span { (reader.name) ", " (words.role(reader.role)) }
            form method="post" action="/sign-out" {
                button.usa-button.usa-button--outline type="submit" { (words.sign_out) }
            }
        }
    }
}
