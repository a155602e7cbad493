//! A whole run, call by call, so that the power can be cut before each of them without running it again.

use std::sync::Arc;

use crate::platter::{Content, Platter, Step};

/// What a run did to its folder.
#[derive(Debug, Clone)]
pub struct Trace {
    pub(crate) start: Platter,
    pub(crate) steps: Vec<(Step, Arc<Content>)>,
    /// The plain files at the end.
    pub(crate) plain: Arc<Content>,
}

impl Trace {
    /// How many calls it made.
    pub fn calls(&self) -> u64 {
        u64::try_from(self.steps.len()).unwrap_or(u64::MAX)
    }

    /// Every moment at which the power can go: before the n-th call, for n from 1, and after the last. Where plain files
    /// were written between two calls there are two moments, before and after that.
    pub fn cuts(&self) -> Vec<(u64, Platter)> {
        let mut platter = self.start.clone();
        let mut cuts = Vec::new();
        let ends = std::iter::once((None, &self.plain));
        let steps = self.steps.iter().map(|(step, plain)| (Some(step), plain)).chain(ends);
        for (n, (step, plain)) in (1..).zip(steps) {
            if platter.plain != *plain {
                cuts.push((n, platter.clone()));
                platter.plain = Arc::clone(plain);
            }
            cuts.push((n, platter.clone()));
            if let Some(step) = step {
                platter.apply(step);
            }
        }
        cuts
    }
}
