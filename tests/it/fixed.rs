//! What is out in the world stays as it is: fixtures of the formats and migrations of both stores are never edited. A newer
//! format gets a fixture beside the old one, a newer schema another migration.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use firsthours_core::record::Hash;

/// Every fixed file with the SHA-256 of its bytes, as `sha256sum` writes it.
const LIST: &str = "tests/it/fixed.sha256";

/// Where formats are: everything in these folders is fixed.
const FOLDERS: [&str; 8] = [
    "core/tests/fixtures/bundle",
    "core/tests/fixtures/certificate",
    "core/tests/fixtures/event",
    "core/tests/fixtures/protocol",
    "core/tests/fixtures/receipt",
    "core/tests/fixtures/wire",
    "core/src/store/migrations",
    "sync-server/src/store/migrations",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The files that there are, by their paths from the root.
fn files() -> BTreeMap<String, Hash> {
    let mut found = BTreeMap::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}")) {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            found.insert(format!("{folder}/{name}"), Hash::of(&fs::read(path).expect("a file")));
        }
    }
    found
}

fn listed() -> BTreeMap<String, Hash> {
    let text = fs::read_to_string(root().join(LIST)).expect("the list");
    let line = |line: &str| {
        let (hash, path) = line.split_once("  ").expect("a hash and a path");
        (path.to_owned(), hash.parse().expect("a hash"))
    };
    text.lines().map(line).collect()
}

/// With `FIRSTHOURS_WRITE_GOLDENS=1` what is new is added to the list; what stands there is never changed.
#[test]
fn no_fixture_and_no_migration_was_edited_and_each_new_one_is_listed() {
    let (here, listed) = (files(), listed());
    for (path, hash) in &listed {
        let found = here.get(path).unwrap_or_else(|| panic!("{path} is fixed, and gone"));
        assert_eq!(found, hash, "{path} is fixed: put a new file beside it instead of editing it");
    }
    let new: Vec<(&String, &Hash)> = here.iter().filter(|(path, _)| !listed.contains_key(*path)).collect();
    if std::env::var_os("FIRSTHOURS_WRITE_GOLDENS").is_some() {
        let mut lines: BTreeMap<&String, &Hash> = listed.iter().collect();
        lines.extend(new);
        let lines: Vec<String> = lines.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect();
        fs::write(root().join(LIST), lines.concat()).expect("the list");
        return;
    }
    assert!(new.is_empty(), "run this with FIRSTHOURS_WRITE_GOLDENS=1 to fix what is new: {new:?}");
}
