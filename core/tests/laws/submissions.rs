//! What was changed after its phase was submitted: as the contract says it, submission by submission.

use firsthours_core::protocol::Definition;
use firsthours_core::record::{Event, Kind, Register, State, Submissions};
use proptest::prelude::*;

use super::cases;
use crate::random::play::Play;
use crate::random::{bytes, definitions};

/// A submission of the author's part does not cover it, and nothing with a stamp between the two had sent the phase back.
fn changed_after(definition: &Definition, state: &State, event: &Event) -> bool {
    let Some(body) = event.body.as_ref().filter(|body| body.kind.changes_a_step() && body.reason.is_none())
    else {
        return false;
    };
    let Some(step) = body.kind.step().and_then(|id| definition.step(id)) else { return false };
    let writers: Vec<&Event> = state.writers(&Register::Phase(step.phase)).collect();
    writers.iter().any(|submission| {
        let Some(Kind::Submitted { covers, .. }) = submission.kind() else { return false };
        let its = submission.body.as_ref().is_some_and(|body| body.actor.role.author() == Some(step.by));
        let covered = state.covered(covers.values().flatten().chain(&submission.header.enc_prev));
        let between = submission.header.stamp + 1..event.header.stamp;
        let sent_back = writers.iter().any(|other| {
            matches!(other.kind(), Some(Kind::Returned { .. })) && between.contains(&other.header.stamp)
        });
        its && !covered.contains(&event.id) && !sent_back
    })
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
        for event in &play.events {
            prop_assert_eq!(
                submissions.changed_after(&drawn.definition, event),
                changed_after(&drawn.definition, &state, event)
            );
        }
    }
}
