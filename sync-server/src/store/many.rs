//! Many rows in few statements.

use super::engine::Tx;
use super::error::Result;
use super::row::Value;

/// Rows of one statement. More would gain little, and every length is a statement of its own to prepare.
const TOGETHER: usize = 16;

/// Inserts rows of `N` values each. The statement is what stands before its `values`, and what behind them.
pub(super) fn insert<const N: usize>(
    tx: &mut dyn Tx,
    (before, behind): (&str, &str),
    rows: Vec<[Value; N]>,
) -> Result<()> {
    let run = |tx: &mut dyn Tx, values: Vec<Value>| {
        tx.run(&format!("{before} values {}{behind}", places(values.len() / N, N)), &values)
    };
    let mut rows = rows.into_iter();
    while rows.len() >= TOGETHER {
        run(tx, rows.by_ref().take(TOGETHER).flatten().collect())?;
    }
    for row in rows {
        run(tx, row.into())?;
    }
    Ok(())
}

/// `($1, $2), ($3, $4)` for two rows of two columns.
fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let places: Vec<String> =
            (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn every_number_of_rows_is_there_in_its_order() {
        assert_eq!(places(2, 3), "($1, $2, $3), ($4, $5, $6)");
        let (_folder, store) = testing::store();
        for many in [0, 1, TOGETHER - 1, TOGETHER, TOGETHER + 1, 2 * TOGETHER, 3 * TOGETHER + 2] {
            let rows: Vec<[Value; 2]> =
                (0..many).map(|n| [format!("{many}/{n:03}").into(), format!("{n}").into()]).collect();
            store
                .write(|tx| insert(tx, ("insert into meta (key, value)", ""), rows.clone()))
                .expect("inserts");
            let sql = "select value from meta where key like $1 order by key";
            let found = store.read(|tx| tx.rows(sql, &[format!("{many}/%").into()])).expect("reads");
            let found: Vec<&str> = found.iter().map(|row| row.text(0).expect("text")).collect();
            let meant: Vec<String> = (0..many).map(|n| n.to_string()).collect();
            assert_eq!(found, meant);
        }
    }
}
