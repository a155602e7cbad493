//! Styles, fonts and pictures inside the binary, under a path that changes with their content.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::error::AppError;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// The path of one file. One tag covers all files, so that a style finds its fonts beside it.
pub fn path(file: &str) -> String {
    format!("/assets/{}/{file}", tag())
}

/// Answers with a file of the current tag.
pub async fn serve(Path((asked, file)): Path<(String, String)>) -> Result<Response, AppError> {
    let found = Files::get(&file).filter(|_| asked == tag() && served(&file)).ok_or(AppError::NotFound)?;
    let kind = found.metadata.mimetype().to_owned();
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
    ];
    Ok((headers, found.data).into_response())
}

/// The rest of the folder is for people who work on it. A debug build reads the folder itself, where a path
/// could climb.
fn served(name: &str) -> bool {
    name == "app.css" || (name.starts_with("uswds/") && !name.contains(".."))
}

/// The start of the hash over every name and content.
fn tag() -> &'static str {
    static TAG: OnceLock<String> = OnceLock::new();
    TAG.get_or_init(|| {
        let mut names: Vec<_> = Files::iter().filter(|name| served(name)).collect();
        names.sort();
        let mut hash = Sha256::new();
        for name in names {
            hash.update(name.as_bytes());
            if let Some(file) = Files::get(&name) {
                hash.update(file.metadata.sha256_hash());
            }
        }
        hex::encode(&hash.finalize()[..8])
    })
}
