//! Timing: a warm-up, then samples until the time is over; the shortest and the median count.
//!
//! The shortest sample is what the code can do; the median says how quiet the machine was.

use std::time::{Duration, Instant};

/// How long a figure is sampled.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Seconds of samples, without the warm-up.
    pub seconds: f64,
}

impl Effort {
    /// Samples taken at least: few where there is little time.
    fn least(self) -> usize {
        if self.seconds < 2.0 { 3 } else { 10 }
    }
}

/// Seconds of samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    sorted: Vec<f64>,
}

impl Samples {
    /// The shortest.
    pub fn minimum(&self) -> f64 {
        self.sorted[0]
    }

    /// The middle one; the upper of two.
    pub fn median(&self) -> f64 {
        self.sorted[self.sorted.len() / 2]
    }

    /// From at least one time.
    fn new(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self { sorted: times }
    }
}

/// Times `work` on `on` once as a warm-up and then again and again. `prepare` runs before each of them,
/// untimed.
pub fn sample<S, E>(
    effort: Effort,
    on: &mut S,
    mut prepare: impl FnMut(&mut S),
    mut work: impl FnMut(&mut S) -> Result<(), E>,
) -> Result<Samples, E> {
    let limit = Duration::from_secs_f64(effort.seconds.max(0.0));
    prepare(on);
    work(on)?;
    let mut times = Vec::new();
    let began = Instant::now();
    while times.len() < effort.least() || began.elapsed() < limit {
        prepare(on);
        let start = Instant::now();
        work(on)?;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(Samples::new(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_and_the_middle_sample_count() {
        let samples = Samples::new(vec![3.0, 1.0, 2.0, 9.0]);
        assert!((samples.minimum() - 1.0).abs() < 1e-12);
        assert!((samples.median() - 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_warm_up_comes_first_and_three_samples_are_the_least() {
        let mut counts = (0, 0);
        let done: Result<Samples, ()> = sample(
            Effort { seconds: 0.0 },
            &mut counts,
            |counts| counts.0 += 1,
            |counts| {
                counts.1 += 1;
                Ok(())
            },
        );
        assert_eq!(done.map(|samples| samples.sorted.len()), Ok(3));
        assert_eq!(counts, (4, 4));
    }
}
