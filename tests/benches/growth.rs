//! What an event costs as its record grows.

use firsthours_core::record::EncounterId;
use firsthours_tests::Programme;
use firsthours_tests::programme::Fault;

use crate::author::Author;
use crate::measure::{Samples, ratio};
use crate::table::Row;

const SIZES: [usize; 3] = [10, 1_000, 10_000];
const ROUNDS: usize = 40;

pub(crate) fn rows(programme: &Programme) -> Result<Vec<Row>, Fault> {
    let mut author = Author::new(programme, "alvarez", 9)?;
    let mut event: Vec<Samples> = Vec::new();
    let mut page: Vec<Samples> = Vec::new();
    for size in SIZES {
        let encounter = author.record(size)?;
        event.push(one_more(&mut author, encounter)?);
        page.push(author.last_page(encounter, ROUNDS)?);
    }
    let mut rows = Vec::new();
    for (what, samples) in [("one event into", event), ("a page of", page)] {
        let smallest = samples[0].p50();
        for (size, samples) in SIZES.into_iter().zip(&samples).skip(1) {
            let grown = ratio(samples.p50(), smallest);
            rows.push(
                Row::new(&format!("{what} a record of {size} events: server time, p50"), "<= 2x that at 10")
                    .ours(format!("{:.2?}", samples.p50()))
                    .against(format!("{smallest:.2?}, at 10 events"), grown)
                    .kept_if(grown <= 2.0),
            );
        }
    }
    Ok(rows)
}

fn one_more(author: &mut Author<'_>, encounter: EncounterId) -> Result<Samples, Fault> {
    let mut taken = Vec::new();
    for _ in 0..ROUNDS {
        let event = author.remark(encounter);
        taken.push(author.send(vec![event])?.0);
    }
    Ok(Samples::new(taken))
}
