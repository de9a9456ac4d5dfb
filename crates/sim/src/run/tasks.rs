//! Trials put together into tasks of a scheduler: as many as make a task worth starting, and tasks with like requests
//! into arrays.
//!
//! A task does its trials one after the other. Within an array the longest tasks come first, so that no long one begins
//! last.

/// The least memory that is requested, MiB; a request is this times a power of two.
const LEAST_MIB: u64 = 256;
/// What is requested, over the estimate of memory.
const MEMORY_MARGIN: f64 = 1.25;
/// What is requested, over the estimate of time: other machines are slower, and busy.
const TIME_MARGIN: f64 = 3.0;
/// The least time that is requested, minutes.
const LEAST_MINUTES: u64 = 10;

/// A trial with what it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Its number, from 1 on.
    pub number: usize,
    /// MiB of a process that does it alone.
    pub memory_mib: f64,
    /// Seconds.
    pub seconds: f64,
}

/// Trials that one process does.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Their numbers, ascending.
    pub numbers: Vec<usize>,
    /// Seconds of all.
    pub seconds: f64,
}

/// Tasks with one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Memory to request for each, MiB.
    pub memory_mib: u64,
    /// Time to request for each, minutes.
    pub minutes: u64,
    /// The tasks, the longest first.
    pub tasks: Vec<Task>,
}

/// Puts `needs` into arrays of tasks of at least `seconds` each, where there are enough trials; of longer ones if there
/// would be more than about `most` tasks. No request is for more than `limit_minutes`: a task that takes longer is
/// stopped and resumes.
pub fn arrays(needs: &[Need], seconds: f64, most: usize, limit_minutes: Option<u64>) -> Vec<Array> {
    let mut sizes: Vec<u64> = needs.iter().map(|need| memory(need.memory_mib)).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let all: f64 = needs.iter().map(|need| need.seconds).sum();
    // Each array may have one task that is not full.
    let full = most.saturating_sub(sizes.len()).max(1);
    let seconds = seconds.max(all / full as f64);
    let arrays = sizes.into_iter().map(|memory_mib| {
        let own = needs
            .iter()
            .filter(|need| memory(need.memory_mib) == memory_mib);
        let mut tasks = tasks(own, seconds);
        tasks.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        let longest = tasks.first().map_or(0.0, |task| task.seconds);
        let minutes = ((TIME_MARGIN * longest / 60.0).ceil() as u64).max(LEAST_MINUTES);
        Array {
            memory_mib,
            minutes: limit_minutes.map_or(minutes, |limit| minutes.min(limit)),
            tasks,
        }
    });
    arrays.collect()
}

fn tasks<'a>(needs: impl Iterator<Item = &'a Need>, seconds: f64) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for need in needs {
        match tasks.last_mut() {
            // Sums of the same numbers in another order differ in their last digits.
            Some(open) if open.seconds < seconds * (1.0 - 1e-9) => {
                open.numbers.push(need.number);
                open.seconds += need.seconds;
            }
            _ => tasks.push(Task {
                numbers: vec![need.number],
                seconds: need.seconds,
            }),
        }
    }
    tasks
}

/// What is requested for an estimate, MiB.
pub fn memory(estimate_mib: f64) -> u64 {
    let mut request = LEAST_MIB;
    while (request as f64) < MEMORY_MARGIN * estimate_mib && request < 1 << 40 {
        request *= 2;
    }
    request
}

impl Task {
    /// The numbers as `--trial` takes them: `1-3,7`.
    pub fn trials(&self) -> String {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for &number in &self.numbers {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == number => *last = number,
                _ => ranges.push((number, number)),
            }
        }
        let words = ranges.into_iter().map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        });
        words.collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(of: &[(f64, f64)]) -> Vec<Need> {
        let all = of.iter().enumerate();
        all.map(|(k, &(memory_mib, seconds))| Need {
            number: k + 1,
            memory_mib,
            seconds,
        })
        .collect()
    }

    #[test]
    fn every_trial_is_in_one_task() {
        let of: Vec<(f64, f64)> = (0..1000)
            .map(|k| (100.0 + 300.0 * f64::from(k % 3), f64::from(k % 7)))
            .collect();
        for most in [1, 3, 50, 5000] {
            let arrays = arrays(&needs(&of), 60.0, most, None);
            let tasks = arrays.iter().flat_map(|array| &array.tasks);
            let mut numbers: Vec<usize> = tasks.clone().flat_map(|t| t.numbers.clone()).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (1..=1000).collect::<Vec<_>>());
            assert!(tasks.count() <= most.max(arrays.len() + 1), "{most}");
            assert_eq!(arrays.len(), 3, "256, 512 and 1024 MiB");
            for array in &arrays {
                let seconds: Vec<f64> = array.tasks.iter().map(|task| task.seconds).collect();
                assert!(seconds.is_sorted_by(|a, b| a >= b));
                assert!(array.minutes as f64 * 60.0 >= TIME_MARGIN * seconds[0]);
            }
        }
    }

    #[test]
    fn requests_have_margins_and_a_limit() {
        assert_eq!(memory(10.0), 256);
        assert_eq!(memory(204.0), 256);
        assert_eq!(memory(206.0), 512);
        let long = needs(&[(10.0, 7200.0)]);
        assert_eq!(arrays(&long, 0.0, 10, None)[0].minutes, 360);
        assert_eq!(arrays(&long, 0.0, 10, Some(90))[0].minutes, 90);
        assert!(arrays(&[], 1.0, 10, None).is_empty());
    }

    #[test]
    fn numbers_are_ranges() {
        let of = |numbers: &[usize]| {
            let numbers = numbers.to_vec();
            Task {
                numbers,
                seconds: 0.0,
            }
            .trials()
        };
        assert_eq!(of(&[1, 2, 3, 7, 9, 10]), "1-3,7,9-10");
        assert_eq!(of(&[4]), "4");
    }
}
