//! Strict JSON, for every format of the system.
//!
//! Two readers of one document must never see two meanings. So a name stands once in an object, numbers are
//! integers that every language holds exactly, nesting is bounded and nothing follows the document.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::path::Path;

/// Greatest nesting of lists and objects.
pub const MAX_DEPTH: usize = 32;

/// Greatest number of values in one document. A value takes some thirty bytes of memory and may be one of text, so the
/// length of a text alone does not bound what reading it costs.
pub const MAX_VALUES: usize = 250_000;

/// Integers are smaller than this in size: beyond it, a reader that keeps numbers as doubles would round.
pub const INTEGER_LIMIT: i64 = 1 << 53;

/// Why a text was not read. A path is like `$.steps[3].title`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// The bytes are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// Not JSON, or something follows it. Line and column count from 1.
    #[error("this is not JSON: look at line {line}, column {column}")]
    Malformed {
        /// Line of the first character that does not belong.
        line: usize,
        /// Its column, in bytes.
        column: usize,
    },
    /// One object has the same name twice.
    #[error("{path} stands twice")]
    DuplicateKey {
        /// Path of the second.
        path: String,
    },
    /// 2^53 or more, either way.
    #[error("the number at {path} is too large")]
    NumberOutOfRange {
        /// Path of the number.
        path: String,
    },
    /// A fraction, an exponent or minus zero.
    #[error("the number at {path} is not a whole number")]
    NotAnInteger {
        /// Path of the number.
        path: String,
    },
    /// More than [`MAX_DEPTH`] lists and objects inside one another.
    #[error("lists and objects are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// More than [`MAX_VALUES`].
    #[error("there are more than {MAX_VALUES} values")]
    TooMany,
}

/// Reads one JSON document.
pub fn parse(text: &[u8]) -> Result<Value, JsonFault> {
    let text = std::str::from_utf8(text).map_err(|_| JsonFault::NotUtf8)?;
    let fault = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let left = Cell::new(MAX_VALUES);
    let read = Node { at: &Path::Root, depth: 0, left: &left, fault: &fault }.deserialize(&mut reader);
    let value = read.and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| {
        fault.take().unwrap_or(JsonFault::Malformed { line: error.line(), column: error.column() })
    })
}

/// One value of the document, and where it stands.
struct Node<'p> {
    at: &'p Path<'p>,
    /// Lists and objects around it.
    depth: usize,
    /// Values that may still come, in the whole document.
    left: &'p Cell<usize>,
    /// What we found wrong; serde's own error only ends the reading.
    fault: &'p Cell<Option<JsonFault>>,
}

impl Node<'_> {
    fn refuse<E: serde::de::Error>(&self, fault: JsonFault) -> E {
        self.fault.set(Some(fault));
        E::custom("refused")
    }

    fn enter<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.depth < MAX_DEPTH { Ok(()) } else { Err(self.refuse(JsonFault::TooDeep)) }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        match self.left.get().checked_sub(1) {
            Some(left) => self.left.set(left),
            None => return Err(self.refuse(JsonFault::TooMany)),
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() < INTEGER_LIMIT.unsigned_abs() {
            Ok(Value::from(value))
        } else {
            Err(self.refuse(JsonFault::NumberOutOfRange { path: self.at.to_string() }))
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value < INTEGER_LIMIT.unsigned_abs() {
            Ok(Value::from(value))
        } else {
            Err(self.refuse(JsonFault::NumberOutOfRange { path: self.at.to_string() }))
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // An integer beyond 64 bits reaches us as a float as well; the reader should hear that it is too large.
        let path = self.at.to_string();
        let huge = value.abs() >= 9_007_199_254_740_992.0;
        Err(self.refuse(if huge {
            JsonFault::NumberOutOfRange { path }
        } else {
            JsonFault::NotAnInteger { path }
        }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut list = Vec::new();
        loop {
            let at = self.at.index(list.len());
            let node = Node { at: &at, depth: self.depth + 1, left: self.left, fault: self.fault };
            match items.next_element_seed(node)? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if map.contains_key(&name) {
                let path = self.at.key(&name).to_string();
                self.fault.set(Some(JsonFault::DuplicateKey { path }));
                return Err(A::Error::custom("refused"));
            }
            let at = self.at.key(&name);
            let node = Node { at: &at, depth: self.depth + 1, left: self.left, fault: self.fault };
            let value = entries.next_value_seed(node)?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(text: &str) -> JsonFault {
        parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn a_plain_document_is_read_as_it_is() {
        let read = parse(br#" {"a": [1, -2, true, null, "\u00e9"], "b": {}} "#);
        assert_eq!(read, Ok(json!({"a": [1, -2, true, null, "é"], "b": {}})));
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_at_any_level() {
        assert_eq!(fault(r#"{"a":1,"a":1}"#), JsonFault::DuplicateKey { path: "$.a".into() });
        let deep = fault(r#"{"a":[0,{"b":1,"c":2,"\u0062":1}]}"#);
        assert_eq!(deep, JsonFault::DuplicateKey { path: "$.a[1].b".into() });
    }

    #[test]
    fn integers_end_below_two_to_the_53() {
        assert_eq!(parse(b"9007199254740991"), Ok(json!(9_007_199_254_740_991_i64)));
        assert_eq!(parse(b"-9007199254740991"), Ok(json!(-9_007_199_254_740_991_i64)));
        for text in ["9007199254740992", "-9007199254740992", "18446744073709551616", "-99999999999999999999"]
        {
            assert_eq!(fault(text), JsonFault::NumberOutOfRange { path: "$".into() }, "{text}");
        }
    }

    #[test]
    fn fractions_and_exponents_are_no_integers() {
        for text in ["[1.5]", "[1.0]", "[1e3]", "[-0]", "[0.0]"] {
            assert_eq!(fault(text), JsonFault::NotAnInteger { path: "$[0]".into() }, "{text}");
        }
    }

    #[test]
    fn nesting_ends_at_thirty_two() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(fault(&nested(MAX_DEPTH + 1)), JsonFault::TooDeep);
        assert_eq!(fault(&"{\"a\":".repeat(500_000)), JsonFault::TooDeep);
    }

    #[test]
    fn a_short_text_does_not_become_many_values() {
        let zeros = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert!(parse(zeros(MAX_VALUES - 1).as_bytes()).is_ok(), "the list itself is one");
        assert_eq!(fault(&zeros(MAX_VALUES)), JsonFault::TooMany);
        assert_eq!(fault(&format!("[{}[]]", "[],".repeat(MAX_VALUES))), JsonFault::TooMany);
    }

    #[test]
    fn what_is_not_one_json_document_is_malformed() {
        assert_eq!(fault("{}\n {}"), JsonFault::Malformed { line: 2, column: 2 });
        for text in ["", "{", "[1,]", "nul", "\"\\ud800\"", "\u{feff}{}", "1e999", "'a'", "{1:2}"] {
            assert!(matches!(fault(text), JsonFault::Malformed { .. }), "{text}");
        }
        assert_eq!(parse(&[b'"', 0xff, b'"']), Err(JsonFault::NotUtf8));
    }
}
