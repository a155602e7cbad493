//! What the tests of the pure core share: the scripted phone, and golden files.

use std::path::PathBuf;

pub(crate) use firsthours_scripted::*;

/// Compares with a file under `tests/fixtures`; writes it when `FIRSTHOURS_WRITE_GOLDENS=1`.
pub(crate) fn golden(name: &str, made: &str) {
    let path = fixture_path(name);
    if std::env::var("FIRSTHOURS_WRITE_GOLDENS").is_ok_and(|on| on == "1") {
        let folder = path.parent().expect("a fixture stands in a folder");
        std::fs::create_dir_all(folder).expect("the folder of fixtures can be made");
        std::fs::write(&path, made).expect("the fixture can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(
        kept, made,
        "{name}: these bytes are a format that is out in the world; a change of it is a new version"
    );
}

pub(crate) fn fixture_path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect()
}
