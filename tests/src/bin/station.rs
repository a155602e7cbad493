//! Built next.

fn main() {}
