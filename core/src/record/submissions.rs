//! What was changed after its phase was submitted, by whom it was, and without a reason.
//!
//! Whether a submission covers an event is one bit for each pair of them. The bits of an event are those of the events that
//! follow it in its author's chain and of the submissions that name it, so all of them are had in one pass over the record,
//! however many submissions somebody makes.

use std::collections::BTreeMap;

use super::status::submits_as;
use super::{Event, EventId, Kind, Register, State};
use crate::protocol::{Author, Definition, Phase, Step};

/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// What each phase's submissions cover: computed once for all the events that are looked at.
#[derive(Debug)]
pub struct Submissions {
    /// The stamps of all submissions, in order. A submission's place here is its bit.
    stamps: Vec<u64>,
    /// Whose of which phase, as bits.
    parts: BTreeMap<(Phase, Author), Vec<u64>>,
    /// The stamps at which each phase was sent back, in order.
    returned: BTreeMap<Phase, Vec<u64>>,
    /// Every event of the record, in order, with the bits of the submissions that cover it.
    ids: Vec<EventId>,
    covering: Vec<u64>,
}

impl Submissions {
    /// The submissions of a record.
    pub fn of(state: &State) -> Self {
        let mut made: Vec<(&Event, Phase)> = Vec::new();
        let mut returned: BTreeMap<Phase, Vec<u64>> = BTreeMap::new();
        for phase in Phase::ALL {
            for event in state.writers(&Register::Phase(phase)) {
                match event.kind() {
                    Some(Kind::Submitted { .. }) => made.push((event, phase)),
                    Some(Kind::Returned { .. }) => {
                        returned.entry(phase).or_default().push(event.header.stamp);
                    }
                    _ => {}
                }
            }
        }
        made.sort_by_key(|(event, _)| event.header.stamp);
        for stamps in returned.values_mut() {
            stamps.sort_unstable();
        }
        let mut parts: BTreeMap<(Phase, Author), Vec<u64>> = BTreeMap::new();
        let words = made.len().div_ceil(WORD);
        for (bit, (event, phase)) in made.iter().enumerate() {
            for author in Author::ALL.into_iter().filter(|author| submits_as(event, *author)) {
                set(parts.entry((*phase, author)).or_insert_with(|| vec![0; words]), bit);
            }
        }
        let stamps = made.iter().map(|(event, _)| event.header.stamp).collect();
        let ids: Vec<EventId> =
            if made.is_empty() { Vec::new() } else { state.events().map(|event| event.id).collect() };
        let covering = covering(state, &ids, &made, words);
        Self { stamps, parts, returned, ids, covering }
    }

    /// Whether the event changed a step that was submitted without saying why: a submission of its author's part does not
    /// cover it, and nothing that its author knew had sent the phase back since.
    pub fn changed_after(&self, definition: &Definition, event: &Event) -> bool {
        let body = event.body.as_ref().filter(|body| body.kind.changes_a_step() && body.reason.is_none());
        let step = body.and_then(|body| definition.step(body.kind.step()?));
        let Some(Step { phase, by, .. }) = step else { return false };
        let Some(part) = self.parts.get(&(*phase, *by)) else { return false };
        let Ok(place) = self.ids.binary_search(&event.id) else { return false };
        let covering = &self.covering[place * part.len()..][..part.len()];
        // Those before the phase was last sent back, as far as the author could know, ask for no reason.
        let returned = self.returned.get(phase).map_or(&[][..], Vec::as_slice);
        let known = returned.partition_point(|stamp| *stamp < event.header.stamp);
        let last = known.checked_sub(1).map_or(0, |last| returned[last]);
        let since = self.stamps.partition_point(|stamp| *stamp < last);
        part.iter()
            .zip(covering)
            .enumerate()
            .any(|(word, (part, covering))| part & !covering & from(since.saturating_sub(word * WORD)) != 0)
    }
}

/// For each event the bits of the submissions that cover it: what they name, and every event before that by `enc_prev`.
fn covering(state: &State, ids: &[EventId], made: &[(&Event, Phase)], words: usize) -> Vec<u64> {
    let place = |id: &EventId| ids.binary_search(id).ok();
    let mut bits = vec![0; ids.len() * words];
    for (bit, (event, _)) in made.iter().enumerate() {
        let Some(Kind::Submitted { covers, .. }) = event.kind() else { continue };
        for at in covers.values().flatten().chain(&event.header.enc_prev).filter_map(place) {
            set(&mut bits[at * words..][..words], bit);
        }
    }
    let before: Vec<Option<usize>> = ids
        .iter()
        .map(|id| state.event(id).and_then(|event| event.header.enc_prev).as_ref().and_then(place))
        .collect();
    // How many events follow each and were not passed on yet.
    let mut following = vec![0_usize; ids.len()];
    before.iter().flatten().for_each(|at| following[*at] += 1);
    let mut ready: Vec<usize> = (0..ids.len()).filter(|at| following[*at] == 0).collect();
    while let Some(at) = ready.pop() {
        let Some(before) = before[at] else { continue };
        for word in 0..words {
            bits[before * words + word] |= bits[at * words + word];
        }
        following[before] -= 1;
        if following[before] == 0 {
            ready.push(before);
        }
    }
    bits
}

fn set(bits: &mut [u64], bit: usize) {
    bits[bit / WORD] |= 1 << (bit % WORD);
}

/// The bits of a word from this one on.
fn from(bit: usize) -> u64 {
    u32::try_from(bit).ok().and_then(|bit| u64::MAX.checked_shl(bit)).unwrap_or(0)
}
