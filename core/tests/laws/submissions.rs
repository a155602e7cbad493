//! What was changed after its phase was submitted: as the contract says it, submission by submission.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firsthours_core::protocol::{Definition, Phase};
use firsthours_core::record::{Event, EventId, Install, Kind, Register, Role, State, Submissions};
use proptest::prelude::*;

use super::cases;
use crate::random::play::Play;
use crate::random::{bytes, definitions};
use crate::support::{Author, NIGHT, answered, los_angeles, opened, read, text};

/// What the contract says, one submission after the other.
struct Contract<'a> {
    definition: &'a Definition,
    /// Each submission of each phase, and what it covers.
    made: Vec<(Phase, &'a Event, BTreeSet<EventId>)>,
    /// The stamps at which each phase was sent back.
    returned: Vec<(Phase, u64)>,
}

impl<'a> Contract<'a> {
    fn of(definition: &'a Definition, state: &'a State) -> Self {
        let mut contract = Self { definition, made: Vec::new(), returned: Vec::new() };
        for phase in Phase::ALL {
            for event in state.writers(&Register::Phase(phase)) {
                match event.kind() {
                    Some(Kind::Submitted { covers, .. }) => {
                        let covered = state.covered(covers.values().flatten().chain(&event.header.enc_prev));
                        contract.made.push((phase, event, covered));
                    }
                    Some(Kind::Returned { .. }) => contract.returned.push((phase, event.header.stamp)),
                    _ => {}
                }
            }
        }
        contract
    }

    /// A submission of the author's part does not cover it, and nothing with a stamp between the two had sent the phase
    /// back.
    fn changed_after(&self, event: &Event) -> bool {
        let body = event.body.as_ref().filter(|body| body.kind.changes_a_step() && body.reason.is_none());
        let Some(step) = body.and_then(|body| self.definition.step(body.kind.step()?)) else { return false };
        self.made.iter().filter(|(phase, ..)| *phase == step.phase).any(|(phase, submission, covered)| {
            let its = submission.body.as_ref().is_some_and(|body| body.actor.role.author() == Some(step.by));
            let between = submission.header.stamp + 1..event.header.stamp;
            let sent_back = self.returned.iter().any(|(of, stamp)| of == phase && between.contains(stamp));
            its && !covered.contains(&event.id) && !sent_back
        })
    }
}

/// Answers, submissions and returns of two deputies and a desk, with stamps that often are the same: more submissions than
/// the bits of two words.
fn many(moves: &[[u8; 4]]) -> Vec<Arc<Event>> {
    let mut deputies = [Author::phone(1, Role::Deputy), Author::phone(2, Role::Deputy)];
    let mut desk = Author::desk(3, Role::Supervisor);
    let mut written: [Vec<EventId>; 2] = Default::default();
    let mut events = vec![read(&deputies[0].write(1, NIGHT, opened(), Vec::new(), None))];
    for [what, who, stamp, which] in moves {
        let (who, stamp) = (usize::from(who % 2), u64::from(stamp % 40) + 1);
        let author = if what % 8 == 0 { &mut desk } else { &mut deputies[who] };
        let kind = match what % 8 {
            0 => Kind::Returned { phase: Phase::Scene },
            1..=4 => {
                let covers = deputies_of(&written, usize::from(*which));
                Kind::Submitted { phase: Phase::Scene, covers }
            }
            _ => answered("contact", None, &[("place", Some(text("street")))]),
        };
        let reason = (what % 32 == 5).then(|| "It was another street.".to_owned());
        let event = read(&author.write(stamp, NIGHT, kind, Vec::new(), reason));
        if what % 8 != 0 {
            written[who].push(event.id);
        }
        events.push(event);
    }
    events
}

/// Of each deputy one of the events so far, or none.
fn deputies_of(written: &[Vec<EventId>; 2], which: usize) -> BTreeMap<Install, Vec<EventId>> {
    let one = |(n, ids): (u8, &Vec<EventId>)| {
        let id = ids.get(which % (ids.len() + 1))?;
        Some((Author::phone(n, Role::Deputy).install, vec![*id]))
    };
    (1..).zip(written).filter_map(one).collect()
}

proptest! {
    #![proptest_config(cases(2_500))]

    #[test]
    fn what_was_changed_after_a_submission_is_what_each_submission_says(
        drawn in definitions(), acts in bytes(400),
    ) {
        let play = Play::played(&drawn, &acts);
        let state = State::fold(play.events.iter().cloned());
        let submissions = Submissions::of(&state);
        let contract = Contract::of(&drawn.definition, &state);
        for event in &play.events {
            prop_assert_eq!(
                submissions.changed_after(&drawn.definition, event),
                contract.changed_after(event)
            );
        }
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn however_many_submissions_there_are_each_says_its_own(
        moves in prop::collection::vec(any::<[u8; 4]>(), 260..340),
    ) {
        let events = many(&moves);
        let state = State::fold(events.iter().cloned());
        let (submissions, contract) = (Submissions::of(&state), Contract::of(los_angeles(), &state));
        prop_assert!(contract.made.len() > 64, "more than one word of bits");
        for event in &events {
            prop_assert_eq!(submissions.changed_after(los_angeles(), event), contract.changed_after(event));
        }
    }
}
