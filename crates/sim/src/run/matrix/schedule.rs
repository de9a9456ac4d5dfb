//! Concurrent trials, within a memory budget.
//!
//! Each worker takes the first trial in order, longest first, that fits next to the running ones; a trial that is larger than
//! the whole budget waits until it can run alone. A trial's results do not depend on concurrent ones.

use std::sync::{Condvar, Mutex, PoisonError};

use rayon::ThreadPoolBuilder;

/// Limits on the number of concurrent trials and their memory.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Maximum number of concurrent trials.
    pub workers: usize,
    /// Bytes for all that are at work.
    pub bytes: f64,
}

impl Budget {
    /// One trial at a time.
    pub fn one() -> Self {
        Self {
            workers: 1,
            bytes: f64::INFINITY,
        }
    }

    /// Calls `work` once for each of `costs`, which are bytes, beginning with the first in `order`, and returns the results
    /// in the order of `costs`; `None` for those not started when `stop` became true. `work` receives the number of trials
    /// that share the machine, including itself.
    pub fn spend<T: Send>(
        &self,
        costs: &[f64],
        order: &[usize],
        stop: impl Fn() -> bool + Sync,
        work: impl Fn(usize, usize) -> T + Sync,
    ) -> Vec<Option<T>> {
        let queue = Mutex::new(Queue {
            waiting: order.to_vec(),
            free: self.bytes,
            busy: 0,
        });
        let changed = Condvar::new();
        let results: Vec<Mutex<Option<T>>> = costs.iter().map(|_| Mutex::new(None)).collect();
        let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
        let workers = self.workers.clamp(1, costs.len().max(1));
        let worker = || {
            let mut queue = lock();
            while !queue.waiting.is_empty() && !stop() {
                let Some(next) = queue.take(costs) else {
                    queue = changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                    continue;
                };
                let sharing = workers.min(queue.busy + queue.waiting.len());
                drop(queue);
                let result = work(next, sharing);
                *results[next].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                queue = lock();
                queue.free += costs[next];
                queue.busy -= 1;
                changed.notify_all();
            }
            changed.notify_all();
        };
        if workers == 1 {
            worker();
        } else {
            std::thread::scope(|scope| {
                for _ in 0..workers {
                    scope.spawn(worker);
                }
            });
        }
        results
            .into_iter()
            .map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect()
    }
}

/// Runs `work` on its share of the machine's threads, with `sharing` trials running. Threads common to
/// several trials would wait for each other's shards, for long if other programs are running too.
pub fn on_its_threads<T: Send>(sharing: usize, work: impl FnOnce() -> T + Send) -> T {
    if sharing < 2 {
        return work();
    }
    let threads = (rayon::current_num_threads() / sharing).max(1);
    match ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        // If the system allows no more threads, the shared ones remain.
        Err(_) => work(),
    }
}

struct Queue {
    waiting: Vec<usize>,
    free: f64,
    busy: usize,
}

impl Queue {
    /// The first that fits, or any if nothing is running.
    fn take(&mut self, costs: &[f64]) -> Option<usize> {
        let fits = |&i: &usize| costs[i] <= self.free || self.busy == 0;
        let at = self.waiting.iter().position(fits)?;
        let next = self.waiting.remove(at);
        self.free -= costs[next];
        self.busy += 1;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// The maximum that ran concurrently, and all results.
    fn spend(budget: &Budget, costs: &[f64]) -> (usize, Vec<Option<usize>>) {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let order: Vec<usize> = (0..costs.len()).rev().collect();
        let results = budget.spend(
            costs,
            &order,
            || false,
            |i, sharing| {
                assert!((1..=budget.workers).contains(&sharing));
                let own = costs[i] as usize;
                let all = now.fetch_add(own, Ordering::SeqCst) + own;
                most.fetch_max(all, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                now.fetch_sub(own, Ordering::SeqCst);
                10 * i
            },
        );
        (most.into_inner(), results)
    }

    #[test]
    fn the_budget_holds_and_everything_is_done() {
        let costs = [4.0, 7.0, 3.0, 20.0, 1.0, 6.0, 2.0, 2.0];
        let budget = Budget {
            workers: 4,
            bytes: 10.0,
        };
        let (most, results) = spend(&budget, &costs);
        // The one that is too large runs alone.
        assert_eq!(most, 20);
        let expected: Vec<_> = (0..costs.len()).map(|i| Some(10 * i)).collect();
        assert_eq!(results, expected);
        let small: Vec<f64> = costs.into_iter().filter(|c| *c < 10.0).collect();
        let (most, _) = spend(&budget, &small);
        assert!((5..=10).contains(&most), "{most}");
        let one = Budget {
            workers: 1,
            bytes: 100.0,
        };
        assert_eq!(spend(&one, &small).0, 7);
        assert!(spend(&one, &[]).1.is_empty());
    }

    #[test]
    fn who_shares_gets_a_part_of_the_threads() {
        let all = rayon::current_num_threads();
        assert_eq!(on_its_threads(1, rayon::current_num_threads), all);
        assert_eq!(on_its_threads(all, rayon::current_num_threads), 1);
        assert_eq!(on_its_threads(2 * all, rayon::current_num_threads), 1);
    }

    #[test]
    fn trials_begin_in_the_order_that_is_given() {
        let begun = Mutex::new(Vec::new());
        let work = |i: usize, _| begun.lock().unwrap().push(i);
        Budget::one().spend(&[1.0; 4], &[2, 0, 3, 1], || false, work);
        assert_eq!(*begun.lock().unwrap(), [2, 0, 3, 1]);
    }

    #[test]
    fn after_a_stop_nothing_begins() {
        let done = AtomicUsize::new(0);
        let budget = Budget {
            workers: 3,
            bytes: 1.0,
        };
        let results = budget.spend(
            &[1.0; 20],
            &(0..20).collect::<Vec<_>>(),
            || done.load(Ordering::SeqCst) >= 5,
            |_, _| done.fetch_add(1, Ordering::SeqCst),
        );
        assert_eq!(results.iter().flatten().count(), 5);
    }
}
