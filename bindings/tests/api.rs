//! What the library exports, compared with `api.txt`: a change of the boundary is seen in review.
//!
//! It is read from the compiled library, where the generator reads it too. After a change that is meant, run this with
//! `UPDATE_API=1`.
#![cfg(all(target_os = "linux", target_pointer_width = "64"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use uniffi_meta::{EnumShape, FieldMetadata, FnParamMetadata, Metadata, Type};

#[test]
fn the_exported_names_and_signatures_are_those_of_api_txt() {
    let found = describe(&exported());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("api.txt");
    if std::env::var_os("UPDATE_API").is_some() {
        std::fs::write(&path, &found).expect("api.txt can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("api.txt is there");
    assert_eq!(found, expected, "the boundary changed; if that is meant, run again with UPDATE_API=1");
}

#[test]
fn every_export_is_synchronous_and_throws_the_one_error() {
    let mut calls = 0;
    for item in exported() {
        let (name, throws, is_async) = match item {
            Metadata::Constructor(made) => (made.name, made.throws, made.is_async),
            Metadata::Method(method) => (method.name, method.throws, method.is_async),
            Metadata::Func(function) => (function.name, function.throws, function.is_async),
            _ => continue,
        };
        calls += 1;
        assert_eq!(throws.as_ref().and_then(Type::name), Some("CoreError"), "{name}");
        assert!(!is_async, "{name}");
    }
    assert!(calls > 15, "only {calls} were found");
}

#[test]
fn the_error_has_at_most_ten_cases_with_a_sentence_each_and_no_field_that_kotlin_cannot_have() {
    let errors = exported().into_iter().filter_map(|item| match item {
        Metadata::Enum(error) if error.shape.is_error() => Some(error),
        _ => None,
    });
    let [error] = <[_; 1]>::try_from(errors.collect::<Vec<_>>()).expect("one error");
    assert!(error.variants.len() <= 10);
    for variant in &error.variants {
        assert!(variant.fields.iter().any(|field| field.name == "sentence"), "{}", variant.name);
        assert!(variant.fields.iter().all(|field| field.name != "message"), "{}", variant.name);
    }
}

#[test]
fn what_may_be_left_out_stands_last_as_python_asks() {
    let groups = exported().into_iter().flat_map(|item| match item {
        Metadata::Record(record) => vec![(record.name, record.fields)],
        Metadata::Enum(item) => item.variants.into_iter().map(|case| (case.name, case.fields)).collect(),
        _ => Vec::new(),
    });
    for (name, fields) in groups {
        assert!(fields.is_sorted_by_key(|field| field.default.is_some()), "{name}");
    }
}

#[test]
fn everything_exported_says_what_it_is_in_words_that_each_language_can_hold() {
    for item in exported() {
        let (name, docstring) = match item {
            Metadata::Constructor(made) => (made.name, made.docstring),
            Metadata::Method(method) => (method.name, method.docstring),
            Metadata::Object(object) => (object.name, object.docstring),
            Metadata::Record(record) => (record.name, record.docstring),
            Metadata::Enum(item) => (item.name, item.docstring),
            _ => continue,
        };
        let docstring = docstring.unwrap_or_default();
        assert!(!docstring.trim().is_empty(), "{name} has no comment");
        for foreign in ["/*", "*/", "Option", "Vec<", "::", "[`"] {
            assert!(!docstring.contains(foreign), "{name} says {foreign:?}");
        }
    }
}

/// Everything that the library says of itself.
fn exported() -> Vec<Metadata> {
    let file = std::fs::read(library()).expect("the library was built for this test");
    let elf = goblin::elf::Elf::parse(&file).expect("a library of this system");
    let items = elf.syms.iter().filter_map(|symbol| {
        let name = elf.strtab.get_at(symbol.st_name)?;
        let rest = name.strip_prefix("UNIFFI_META_")?;
        // The namespace is said again for each kind of thing; only the things themselves are of interest.
        if rest.starts_with("NAMESPACE") {
            return None;
        }
        let section = elf.section_headers.get(symbol.st_shndx)?;
        let start = usize::try_from(section.sh_offset + symbol.st_value - section.sh_addr).ok()?;
        Some(Metadata::read(&file[start..]).unwrap_or_else(|error| panic!("{name}: {error}")))
    });
    let items: Vec<Metadata> = items.collect();
    assert!(!items.is_empty(), "no metadata was found");
    items
}

/// The shared library that cargo builds beside this test, with the crate that it tests.
fn library() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let deps = test.parent().expect("a file is in a folder");
    deps.join(format!("{}firsthours{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX))
}

fn describe(items: &[Metadata]) -> String {
    // Members by their owner; what owns nothing here stands with an empty set.
    let mut things: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in items {
        match item {
            Metadata::Object(object) => {
                things.entry(format!("object {}", object.name)).or_default();
            }
            Metadata::Constructor(made) => {
                let inputs = parameters(&made.inputs);
                let line =
                    format!("{}({inputs}) -> {}{}", made.name, made.self_name, throws(made.throws.as_ref()));
                things.entry(format!("object {}", made.self_name)).or_default().insert(line);
            }
            Metadata::Method(method) => {
                let inputs = parameters(&method.inputs);
                let gives = method.return_type.as_ref().map(|gives| format!(" -> {}", name_of(gives)));
                let gives = gives.unwrap_or_default();
                let line = format!("{}({inputs}){gives}{}", method.name, throws(method.throws.as_ref()));
                things.entry(format!("object {}", method.self_name)).or_default().insert(line);
            }
            Metadata::Record(record) => {
                // Their order is the order in which they cross, so it is kept: one line with all of them.
                let lines = things.entry(format!("record {}", record.name)).or_default();
                lines.insert(fields(&record.fields, "\n    "));
            }
            Metadata::Enum(item) => {
                let kind = if matches!(item.shape, EnumShape::Enum) { "enum" } else { "error" };
                let cases = item.variants.iter().map(|case| match case.fields.as_slice() {
                    [] => case.name.clone(),
                    some => format!("{} {{ {} }}", case.name, fields(some, ", ")),
                });
                let cases: Vec<String> = cases.collect();
                things.entry(format!("{kind} {}", item.name)).or_default().insert(cases.join("\n    "));
            }
            other => panic!("this test does not know how to write {other:?}"),
        }
    }
    let mut text = String::from("Everything that crosses the boundary. Written by tests/api.rs.\n");
    for (thing, lines) in things {
        write!(text, "\n{thing}\n").expect("a text grows");
        for line in lines {
            writeln!(text, "    {line}").expect("a text grows");
        }
    }
    text
}

fn fields(fields: &[FieldMetadata], between: &str) -> String {
    let fields = fields.iter().map(|field| {
        let optional = if field.default.is_some() { " = default" } else { "" };
        format!("{}: {}{optional}", field.name, name_of(&field.ty))
    });
    fields.collect::<Vec<_>>().join(between)
}

fn parameters(inputs: &[FnParamMetadata]) -> String {
    inputs
        .iter()
        .map(|input| {
            // Borrowed or owned is part of how it crosses: an owned key would be left behind in a buffer.
            let borrowed = if input.by_ref { "&" } else { "" };
            format!("{}: {borrowed}{}", input.name, name_of(&input.ty))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

fn throws(error: Option<&Type>) -> String {
    error.map(|error| format!(" throws {}", name_of(error))).unwrap_or_default()
}

fn name_of(of: &Type) -> String {
    match of {
        Type::Optional { inner_type } => format!("{}?", name_of(inner_type)),
        Type::Sequence { inner_type } => format!("[{}]", name_of(inner_type)),
        Type::String => "string".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Int32 => "i32".to_owned(),
        Type::Int64 => "i64".to_owned(),
        other => match other.name() {
            Some(name) => name.to_owned(),
            None => panic!("{other:?} is not of the boundary: whole numbers are i32 or i64, lists are lists"),
        },
    }
}
