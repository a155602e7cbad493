//! The reader's own account, and the way out everywhere.

use axum::extract::State;
use maud::{Markup, html};

use super::error::AppError;
use super::reader::{Lang, Reader};
use super::{layout, pages};
use crate::app::App;

/// Shows the reader's own account.
pub async fn show(State(app): State<App>, lang: Lang, reader: Reader) -> Result<Markup, AppError> {
    let (agency, station) = (reader.agency.clone(), reader.station.clone());
    let (agency, station) = app
        .blocking(move |app| {
            app.store.read(|tx| {
                let title = tx.row("select title from agency where id = $1", &[(&agency).into()])?;
                let place = tx.row("select title from station where id = $1", &[station.clone().into()])?;
                let name = |row: Option<crate::store::Row>| row.map(|row| row.string(0)).transpose();
                Ok::<_, crate::store::StoreError>((name(title)?, name(place)?))
            })
        })
        .await?;
    let words = lang.words();
    let frame = pages::frame(&app, lang, &reader, words.your_account, "/account");
    let rows = [
        (words.name, Some(reader.name.clone())),
        (words.role_label, Some(words.role(&reader.role).to_owned())),
        (words.agency, agency),
        (words.station, station),
    ];
    let body = html! {
        h1 { (words.your_account) }
        dl.fh-fields {
            @for (label, value) in &rows {
                @if let Some(value) = value { dt { (label) } dd { (value) } }
            }
        }
        form method="post" action="/sign-out-everywhere" {
            p #everywhere { (words.everywhere_why) }
            button.usa-button.usa-button--secondary type="submit" aria-describedby="everywhere" {
                (words.sign_out_everywhere)
            }
        }
    };
    Ok(layout::page(&frame, &body))
}
