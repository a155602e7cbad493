use firsthours_core::evidence::Checkpoint;
use firsthours_core::protocol::Instant;
use firsthours_core::record::Epoch;

use firsthours_core::record::PersonId;

use super::*;
use crate::testing;

fn log() -> (testing::Folder, Store) {
    let (folder, store) = testing::store();
    store
        .write(|tx| {
            for n in 0..4 {
                let p1 = PersonId::from("p1");
                let entry = Entry::new(
                    Instant::from_ms(100 + n),
                    Who::Person(&p1, &Source::HERE),
                    What::RecordOpened,
                )
                .about("e1")
                .with("n", n);
                append(tx, &entry)?;
            }
            Ok::<_, StoreError>(())
        })
        .expect("append");
    (folder, store)
}

const NOW_EPOCH: Epoch = Epoch([1; 16]);

fn verified(store: &Store, told: &[Checkpoint]) -> Verdict {
    verify(store, told, NOW_EPOCH).expect("verify")
}

fn damaged(sql: &str) -> Verdict {
    let (_folder, store) = log();
    store.write(|tx| tx.run(sql, &[])).expect("damage");
    verified(&store, &[])
}

fn broken_at(verdict: &Verdict) -> Option<i64> {
    verdict.faults.first().map(|fault| fault.seq)
}

/// A checkpoint of the log as it stands.
fn told(store: &Store, epoch: Epoch) -> Checkpoint {
    let heads = verified(store, &[]).heads;
    Checkpoint { v: 1, server: "desk".to_owned(), epoch, time: Instant::from_ms(1), heads }
}

#[test]
fn an_untouched_log_is_sound_and_ends_at_its_head() {
    let (_folder, store) = log();
    let verdict = verified(&store, &[told(&store, NOW_EPOCH)]);
    assert!(verdict.is_sound() && verdict.faults.is_empty(), "{verdict:?}");
    assert_eq!(verdict.heads[0].seq, 6, "two places and four looks");
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
    let beheaded = damaged("delete from audit where seq = 1");
    assert_eq!(broken_at(&beheaded), Some(1));
    assert!(beheaded.heads.is_empty(), "nothing of that chain could be followed: {:?}", beheaded.heads);
}

/// Whoever can reckon hashes can put an entry where it was not written; its text still says where it was.
#[test]
fn an_entry_stands_where_its_text_says() {
    for (replica, seq) in [("copy", 1), ("main", 7)] {
        let (_folder, store) = log();
        store
            .write(|tx| {
                let (prev, from) = if seq == 1 { (START.to_owned(), 1) } else { (head(tx, "main")?.hash, 6) };
                let sql = "select text from audit where seq = $1";
                let text = tx.row(sql, &[i64::from(from).into()])?.expect("an entry").string(0)?;
                let hash = link(&prev, &text);
                let sql = "insert into audit (replica, seq, prev, hash, at_ms, what, who, encounter, text) \
                           select $1, $2, $3, $4, at_ms, what, who, encounter, text from audit where seq = $5";
                let place = [replica.into(), i64::from(seq).into(), prev.into(), hash.into()];
                tx.run(sql, &[&place[..], &[i64::from(from).into()]].concat())
            })
            .expect("put there");
        let fault = LogFault { replica: replica.to_owned(), seq: i64::from(seq), wrong: Wrong::Columns };
        assert_eq!(verified(&store, &[]).faults, [fault]);
    }
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
    assert_eq!(broken_at(&verified(&store, &[])), Some(3));
}

/// Whoever holds the store and its key can write any log into it. What was told outside it, they cannot change.
#[test]
fn a_log_that_was_cut_or_written_anew_is_found_by_what_was_told_of_it() {
    // The end cut off, the middle written anew with fitting hashes, the end written anew, a whole chain taken away.
    let cut = |store: &Store, from: i64| {
        store.write(|tx| tx.run("delete from audit where seq >= $1", &[from.into()])).expect("cut");
    };
    let again = |store: &Store, many: i64| {
        for n in 0..many {
            let p2 = PersonId::from("p2");
            let entry =
                Entry::new(Instant::from_ms(100 + n), Who::Person(&p2, &Source::HERE), What::RecordOpened);
            record(store, &entry).expect("forged");
        }
    };
    for (from, written, wrong) in [
        (6, 0, Wrong::CutOff),
        (3, 0, Wrong::CutOff),
        (1, 0, Wrong::CutOff),
        (4, 3, Wrong::Rewritten),
        (6, 1, Wrong::Rewritten),
        (1, 9, Wrong::Rewritten),
    ] {
        let (_folder, store) = log();
        let told = told(&store, NOW_EPOCH);
        cut(&store, from);
        again(&store, written);
        assert!(verified(&store, &[]).is_sound(), "the chain alone cannot tell: {from}");
        let verdict = verified(&store, std::slice::from_ref(&told));
        let fault = LogFault { replica: "main".to_owned(), seq: 6, wrong };
        assert_eq!((verdict.is_sound(), &verdict.faults), (false, &vec![fault]), "{from} {written}");
        // The same in an earlier life of the store is what a restore does; it is told, and is no alteration.
        let before = Checkpoint { epoch: Epoch([9; 16]), ..told };
        let verdict = verified(&store, &[before]);
        assert!(verdict.is_sound() && verdict.faults[0].wrong == Wrong::LostWhenPutBack, "{verdict:?}");
    }
}

/// What follows from a fault is not said again, and what does not is.
#[test]
fn of_each_chain_the_first_fault_of_a_kind_is_told_and_no_later_one() {
    let more = |store: &Store| {
        store
            .write(|tx| {
                let entry = Entry::new(Instant::from_ms(101), Who::Console, What::PersonAdded);
                append(tx, &entry)?;
                append(&mut Elsewhere(tx), &entry)
            })
            .expect("append")
    };
    let (_folder, store) = log();
    let told = [(); 4].map(|()| {
        more(&store);
        told(&store, NOW_EPOCH)
    });
    store.write(|tx| tx.run("delete from audit where seq > 1", &[])).expect("cut");
    let [_, second, third, fourth] = told;
    let before = Checkpoint { epoch: Epoch([9; 16]), ..second.clone() };
    let also_before = Checkpoint { epoch: Epoch([9; 16]), ..third.clone() };
    let faults = verified(&store, &[fourth, also_before, third, before]).faults;
    let told: Vec<_> = faults.iter().map(|fault| (fault.replica.as_str(), fault.seq, fault.wrong)).collect();
    assert_eq!(
        told,
        [
            ("main", 8, Wrong::LostWhenPutBack),
            ("main", 9, Wrong::CutOff),
            ("other", 2, Wrong::LostWhenPutBack),
            ("other", 3, Wrong::CutOff),
        ]
    );
}

#[test]
fn each_replica_has_a_chain_of_its_own() {
    let (_folder, store) = log();
    store
        .write(|tx| {
            append(&mut Elsewhere(tx), &Entry::new(Instant::from_ms(101), Who::Console, What::PersonAdded))
        })
        .expect("append");
    let verdict = verified(&store, &[]);
    let heads: Vec<_> = verdict.heads.iter().map(|head| (head.replica.as_str(), head.seq)).collect();
    assert_eq!(heads, [("main", 6), ("other", 1)]);
    let told = told(&store, NOW_EPOCH);
    store.write(|tx| tx.run("delete from audit where replica = 'other'", &[])).expect("cut");
    let verdict = verified(&store, &[told]);
    assert_eq!(verdict.faults, [LogFault { replica: "other".to_owned(), seq: 1, wrong: Wrong::CutOff }]);
    store.write(|tx| tx.run("update audit set replica = 'other' where seq = 6", &[])).expect("moved");
    assert_eq!(broken_at(&verified(&store, &[])), Some(1), "an entry is of the replica that wrote it");
}

/// Another server over the same store.
struct Elsewhere<'a>(&'a mut dyn Tx);

impl Tx for Elsewhere<'_> {
    fn rows(&mut self, sql: &str, args: &[crate::store::Value]) -> Result<Vec<crate::store::Row>> {
        self.0.rows(sql, args)
    }

    fn run(&mut self, sql: &str, args: &[crate::store::Value]) -> Result<usize> {
        self.0.run(sql, args)
    }

    fn replica(&self) -> &'static str {
        "other"
    }
}

#[test]
fn a_change_that_fails_leaves_no_entry() {
    let (_folder, store) = log();
    let refused: Result<()> = store.write(|tx| {
        append(tx, &Entry::new(Instant::from_ms(200), Who::Console, What::PersonAdded))?;
        Err(StoreError::Busy)
    });
    assert!(refused.is_err());
    assert_eq!(store.read(|tx| head(tx, "main")).expect("head").seq, 6);
}

#[test]
fn a_code_in_the_log_is_snake_case() {
    assert_eq!(code(What::SignInRefused), "sign_in_refused");
}

/// Writes down a code that was refused to somebody unknown, at so many milliseconds.
fn refuse(store: &Store, ms: i64) {
    let entry = Entry::new(Instant::from_ms(ms), Who::Unknown(&Source::HERE), What::CodeRefused);
    store.write(|tx| append_refusal(tx, entry.clone(), 0)).expect("append");
}

#[test]
fn nobody_fills_the_log() {
    let (_folder, store) = log();
    let refused = |ms| refuse(&store, ms);
    (0..1_000).for_each(|n| refused(1_000 + n));
    let count =
        || store.read(|tx| tx.rows("select text from audit where what = 'code_refused'", &[])).expect("rows");
    assert_eq!(i64::try_from(count().len()).expect("few"), REFUSALS);
    refused(1_000 + MINUTE_MS + 1_000);
    let texts = count();
    let last = texts.last().expect("some").text(0).expect("text");
    assert!(last.contains(&format!("\"left_out\":{}", 1_000 - REFUSALS)), "{last}");
}

#[test]
fn a_refusal_has_its_entry_a_minute_after_the_tenth_before_it_and_says_once_what_was_left_out() {
    let (_folder, store) = log();
    let refused = |ms| refuse(&store, ms);
    (0..REFUSALS).for_each(|n| refused(1_000 + n));
    // Too early by a millisecond, then not; and the one after that has nothing left to say.
    for ms in [60_999, 61_000, 61_001] {
        refused(ms);
    }
    let rows = store
        .read(|tx| tx.rows("select text from audit where what = 'code_refused' order by seq", &[]))
        .expect("rows");
    let said = |n: usize| rows[n].string(0).expect("text");
    assert_eq!(rows.len(), 12);
    assert!(said(10).contains("\"at_ms\":61000,") && said(10).contains("\"left_out\":1}"), "{}", said(10));
    assert!(said(11).contains("\"at_ms\":61001,") && !said(11).contains("left_out"), "{}", said(11));
}
