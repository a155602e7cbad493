//! Who waits for the writer is served in the order of coming. A mutex may give itself to whoever asks at the right moment, so
//! one who writes again and again could keep all others out.

use std::sync::{Condvar, Mutex, PoisonError};

/// A queue for one thing.
#[derive(Debug, Default)]
pub(super) struct Turns {
    queue: Mutex<Serving>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Serving {
    /// The number of the next one who comes.
    next: u64,
    /// Whose turn it is.
    serving: u64,
}

/// One's turn; it ends when this is dropped.
pub(super) struct Turn<'t>(&'t Turns);

impl Turns {
    /// Waits until everybody who came before has had their turn.
    pub(super) fn wait(&self) -> Turn<'_> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let own = queue.next;
        queue.next += 1;
        let waited = self.moved.wait_while(queue, |queue| queue.serving != own);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).serving += 1;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn each_is_served_in_the_order_of_coming_and_a_panic_ends_a_turn() {
        let turns = Turns::default();
        let (say, said) = mpsc::channel();
        std::thread::scope(|scope| {
            let first = turns.wait();
            for n in 0..4_u64 {
                let (say, turns) = (say.clone(), &turns);
                scope.spawn(move || {
                    let fails = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        let _turn = turns.wait();
                        say.send(n).expect("somebody listens");
                        assert_ne!(n, 1, "one of them fails in its turn");
                    }));
                    assert_eq!(fails.is_err(), n == 1);
                });
                while turns.queue.lock().expect("not poisoned").next < n + 2 {
                    std::thread::yield_now();
                }
            }
            assert!(said.try_recv().is_err(), "nobody goes before their turn");
            drop(first);
            let order: Vec<u64> = (0..4).map(|_| said.recv().expect("each says it")).collect();
            assert_eq!(order, [0, 1, 2, 3]);
        });
    }
}
