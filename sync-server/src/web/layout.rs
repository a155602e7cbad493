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
}

impl<'a> Frame<'a> {
    /// A frame for this reader, or for somebody who has not signed in.
    pub fn new(app: &'a App, lang: Lang, reader: Option<&'a Reader>, title: &'a str) -> Self {
        Self { programme: &app.config.title, lang, reader, title, nav: Vec::new() }
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
                link rel="icon" type="image/svg+xml" href=(assets::path("img/icon.svg"));
                link rel="stylesheet" href=(assets::path("css/uswds.min.css"));
                link rel="stylesheet" href=(assets::path("css/app.css"));
            }
            body {
                a.usa-skipnav href="#main" { (words.skip) }
                header.usa-header.usa-header--basic {
                    div.usa-nav-container {
                        div.usa-navbar {
                            div.usa-logo { a href="/" { (frame.programme) } }
                        }
                        @if let Some(reader) = frame.reader { (menu(frame, reader)) }
                    }
                }
                main #main.usa-section tabindex="-1" { div.grid-container { (body) } }
                footer.usa-footer.usa-footer--slim {
                    div.usa-footer__primary-section { div.grid-container { p { (words.footer) } } }
                }
            }
        }
    }
}

fn menu(frame: &Frame<'_>, reader: &Reader) -> Markup {
    let words = frame.lang.words();
    html! {
        div.fh-menu {
            @if !frame.nav.is_empty() {
                nav aria-label=(words.navigation) {
                    ul.usa-nav__primary {
                        @for (path, title, current) in &frame.nav {
                            li.usa-nav__primary-item {
                                a.usa-nav__link href=(path) aria-current=[current.then_some("page")] {
                                    span { (title) }
                                }
                            }
                        }
                    }
                }
            }
            div.fh-user {
                span { (reader.name) ", " (words.role(&reader.role)) }
                form method="post" action="/sign-out" {
                    button.usa-button.usa-button--outline type="submit" { (words.sign_out) }
                }
            }
        }
    }
}
