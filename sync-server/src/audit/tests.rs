use super::*;
use crate::testing;

fn log() -> (testing::Folder, Store) {
    let (folder, store) = testing::store();
    store
        .write(|tx| {
            for n in 0..4 {
                let entry =
                    Entry::new(100 + n, Who::Person("p1"), What::RecordOpened).about("e1").with("n", n);
                append(tx, &entry)?;
            }
            Ok::<_, StoreError>(())
        })
        .expect("append");
    (folder, store)
}

fn damaged(sql: &str) -> Verdict {
    let (_folder, store) = log();
    store.write(|tx| tx.run(sql, &[])).expect("damage");
    verify(&store, None).expect("verify")
}

fn broken_at(verdict: &Verdict) -> Option<i64> {
    match verdict {
        Verdict::Broken { seq, .. } => Some(*seq),
        Verdict::Sound(_) => None,
    }
}

#[test]
fn an_untouched_log_is_sound_and_ends_at_its_head() {
    let (_folder, store) = log();
    let head = store.read(head).expect("head");
    assert_eq!(verify(&store, Some(&head)).expect("verify"), Verdict::Sound(head.clone()));
    assert_eq!(head.seq, 6, "two places and four looks");
}

#[test]
fn a_changed_text_is_found() {
    assert_eq!(
        broken_at(&damaged("update audit set text = replace(text, 'p1', 'p2') where seq = 4")),
        Some(4)
    );
}

#[test]
fn a_changed_column_is_found() {
    for change in ["who = 'person/p2'", "what = 'synced'", "at_ms = 1", "encounter = null"] {
        assert_eq!(
            broken_at(&damaged(&format!("update audit set {change} where seq = 4"))),
            Some(4),
            "{change}"
        );
    }
}

#[test]
fn a_deleted_entry_is_found() {
    assert_eq!(broken_at(&damaged("delete from audit where seq = 4")), Some(4));
    assert_eq!(broken_at(&damaged("delete from audit where seq = 1")), Some(1));
}

#[test]
fn two_entries_in_another_order_are_found() {
    let swapped = damaged(
        "update audit set seq = case seq when 3 then -4 when 4 then -3 else seq end where seq in (3, 4)",
    );
    assert!(broken_at(&swapped).is_some());
    let (_folder, store) = log();
    store
        .write(|tx| {
            tx.run("update audit set seq = -seq where seq in (3, 4)", &[])?;
            tx.run("update audit set seq = 7 + seq where seq in (-3, -4)", &[])
        })
        .expect("swap");
    assert_eq!(broken_at(&verify(&store, None).expect("verify")), Some(3));
}

#[test]
fn a_rehashed_forgery_and_a_cut_end_are_found_by_a_head_kept_outside() {
    let (_folder, store) = log();
    let kept = store.read(head).expect("head");
    store.write(|tx| tx.run("delete from audit where seq = 6", &[])).expect("cut");
    assert!(
        matches!(verify(&store, None).expect("verify"), Verdict::Sound(_)),
        "the chain alone cannot tell"
    );
    assert_eq!(broken_at(&verify(&store, Some(&kept)).expect("verify")), Some(6));
    record(&store, &Entry::new(103, Who::Person("p1"), What::RecordOpened)).expect("forge");
    assert_eq!(broken_at(&verify(&store, Some(&kept)).expect("verify")), Some(6));
}

#[test]
fn a_change_that_fails_leaves_no_entry() {
    let (_folder, store) = log();
    let refused: Result<()> = store.write(|tx| {
        append(tx, &Entry::new(200, Who::Console, What::PersonAdded))?;
        Err(StoreError::Busy)
    });
    assert!(refused.is_err());
    assert_eq!(store.read(head).expect("head").seq, 6);
}

#[test]
fn a_code_in_the_log_is_snake_case() {
    assert_eq!(code(What::SignInRefused), "sign_in_refused");
}

#[test]
fn nobody_fills_the_log() {
    let (_folder, store) = log();
    let refused = |at_ms| store.write(|tx| append_of_nobody(tx, at_ms, What::CodeRefused)).expect("append");
    (0..1_000).for_each(|n| refused(1_000 + n));
    let count =
        || store.read(|tx| tx.rows("select text from audit where what = 'code_refused'", &[])).expect("rows");
    assert_eq!(i64::try_from(count().len()).expect("few"), FROM_NOBODY);
    refused(1_000 + MINUTE_MS + 1_000);
    let texts = count();
    let last = texts.last().expect("some").text(0).expect("text");
    assert!(last.contains(&format!("\"left_out\":{}", 1_000 - FROM_NOBODY)), "{last}");
}
