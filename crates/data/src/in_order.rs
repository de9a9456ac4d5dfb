//! Parallel work on many items, with results in the order of the items.
//!
//! While results are consumed (written to a file, say), at most `AHEAD` further items are processed, so
//! memory does not grow with their number. Only the run time depends on the number of threads.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

/// How many items are under work, or done and not yet used.
const AHEAD: usize = 64;

/// Passes the results of `work` on each of `items` to `consume`, in order. If `consume` stops early, items in
/// progress are finished and dropped.
pub(crate) fn in_order<I, T, R>(
    items: I,
    work: impl Fn(I::Item) -> T + Sync,
    consume: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R
where
    I: Iterator,
    I::Item: Send,
    T: Send,
{
    let mut items = items;
    let work = &work;
    rayon::in_place_scope(|scope| {
        let mut under_work = VecDeque::with_capacity(AHEAD);
        let mut results = std::iter::from_fn(|| {
            while under_work.len() < AHEAD {
                let Some(item) = items.next() else { break };
                let (send, receive) = sync_channel(1);
                scope.spawn(move |_| {
                    // The receiver is gone if the consumer has stopped.
                    let _ = send.send(work(item));
                });
                under_work.push_back(receive);
            }
            under_work.pop_front().map(|result| wait(&result))
        });
        consume(&mut results)
    })
}

/// The result; a thread of the pool helps meanwhile, for there may be no other.
fn wait<T>(result: &Receiver<T>) -> T {
    let lost = "the scope ends with the panic of the work whose result is missing";
    if rayon::current_thread_index().is_none() {
        return result.recv().expect(lost);
    }
    loop {
        match result.try_recv() {
            Ok(result) => return result,
            Err(TryRecvError::Empty) => {
                if rayon::yield_now() != Some(rayon::Yield::Executed) {
                    std::thread::yield_now();
                }
            }
            Err(TryRecvError::Disconnected) => panic!("{lost}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// The results of 1,000 items, of which early ones take longest.
    fn squares() -> Vec<u64> {
        let slow = |k: u64| {
            let spins = if k.is_multiple_of(64) { 20_000 } else { 10 };
            (0..spins).fold(k * k, |x, spin| std::hint::black_box(x ^ spin ^ spin))
        };
        in_order(0..1_000, slow, |results| results.collect())
    }

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let right: Vec<u64> = (0..1_000).map(|k| k * k).collect();
        assert_eq!(squares(), right);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            // Within the pool no thread may be left to wait.
            assert_eq!(pool.install(squares), right);
        }
    }

    #[test]
    fn a_consumer_that_stops_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let first = in_order(
            0..usize::MAX,
            |k| {
                begun.fetch_add(1, Ordering::Relaxed);
                k
            },
            |results| results.take(3).collect::<Vec<_>>(),
        );
        assert_eq!(first, [0, 1, 2]);
        assert!(begun.into_inner() <= 3 + AHEAD);
    }
}
