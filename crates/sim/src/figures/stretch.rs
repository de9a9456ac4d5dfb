//! A few seconds of a trace: which steps, and the samples in them.

use std::ops::Range;

use saturn_plots::Span;

use saturn_eval::trace::Trace;

/// The longest stretch, seconds.
const LONGEST_S: f64 = 6.0;
/// Samples of a stretch, at most.
const SAMPLES: usize = 8;
/// Maximum number of steps shown before the first sample and after the last.
const MARGIN: usize = 12;

/// A complete sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its informative steps, in rows of the trace.
    pub steps: Range<usize>,
    /// Its class.
    pub class: usize,
    /// Its recording.
    pub recording: usize,
}

/// Some steps of a trace with their samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Rows of the trace.
    pub steps: Range<usize>,
    /// The samples that lie in them.
    pub samples: Vec<Heard>,
}

/// The first samples of `trace` that fit into a stretch; `None` if it has no complete sample.
///
/// The first, not the best: the stretch must not be selected by its result.
pub fn choose(trace: &Trace) -> Option<Stretch> {
    let all = heard(trace);
    let first = all.first()?;
    let longest = (LONGEST_S * 1e3 / trace.dt_ms) as usize;
    let start = first.steps.start.saturating_sub(MARGIN);
    let samples: Vec<Heard> = (all.iter().enumerate())
        .take(SAMPLES)
        .take_while(|(k, sample)| *k == 0 || sample.steps.end - start <= longest)
        .map(|(_, sample)| sample.clone())
        .collect();
    let last = samples.last()?.steps.end;
    let next = all
        .get(samples.len())
        .map_or(trace.steps(), |next| next.steps.start);
    Some(Stretch {
        steps: start..next.min(last + MARGIN).min(trace.steps()),
        samples,
    })
}

/// The samples of a trace from first to last event, without those cut off at its ends.
fn heard(trace: &Trace) -> Vec<Heard> {
    let mut all = Vec::new();
    let mut t = 0;
    while t < trace.steps() {
        let recording = trace.recording[t];
        let same = (t..trace.steps()).take_while(|&s| trace.recording[s] == recording);
        let run = t..t + same.count();
        t = run.end;
        let cut = run.start == 0 || run.end == trace.steps();
        let (Ok(recording), Ok(class)) = (
            usize::try_from(recording),
            usize::try_from(trace.label[run.start]),
        ) else {
            continue;
        };
        let informative = |t: &usize| trace.mask[*t] > 0;
        let (Some(first), Some(last)) = (
            run.clone().find(informative),
            run.clone().rfind(informative),
        ) else {
            continue;
        };
        if !cut {
            all.push(Heard {
                steps: first..last + 1,
                class,
                recording,
            });
        }
    }
    all
}

impl Stretch {
    /// When it starts, seconds of the stream.
    pub fn start_s(&self, trace: &Trace) -> f64 {
        (trace.start as f64 + self.steps.start as f64) * trace.dt_ms / 1e3
    }

    /// The mask of its steps.
    pub fn mask(&self, trace: &Trace) -> Vec<f32> {
        trace.mask[self.steps.clone()]
            .iter()
            .map(|&m| f32::from(m))
            .collect()
    }

    /// Its samples in stream time, with the names of their classes.
    pub fn spans(&self, trace: &Trace, classes: &[String]) -> Vec<Span> {
        let time = |row: usize| (trace.start as f64 + row as f64) * trace.dt_ms / 1e3;
        let span = |sample: &Heard| Span {
            from_s: time(sample.steps.start),
            to_s: time(sample.steps.end),
            class: sample.class,
            name: classes.get(sample.class).cloned().unwrap_or_default(),
        };
        self.samples.iter().map(span).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A trace of samples of `length` steps, the first of which is silent, after gaps of as many.
    pub(super) fn trace(samples: usize, length: usize, dt_ms: f64) -> Trace {
        let mut trace = Trace {
            dt_ms,
            start: 1000,
            ..Trace::default()
        };
        for sample in 0..samples {
            for t in 0..2 * length {
                let inside = t >= length;
                trace
                    .recording
                    .push(if inside { sample as i32 } else { -1 });
                trace
                    .label
                    .push(if inside { sample as i32 % 3 } else { -1 });
                trace.mask.push(u8::from(t > length));
            }
        }
        trace
    }

    #[test]
    fn the_first_complete_samples_are_chosen() {
        let found = trace(12, 20, 10.0);
        let stretch = choose(&found).expect("samples");
        assert_eq!(stretch.samples.len(), SAMPLES);
        assert_eq!(stretch.samples[0].steps, 21..40);
        assert_eq!(stretch.samples[4].class, 1);
        assert_eq!(stretch.steps, 9..332);
        assert!((stretch.start_s(&found) - 10.09).abs() < 1e-9);
        let classes = ["a".to_owned(), "b".to_owned()];
        let spans = stretch.spans(&found, &classes);
        assert_eq!((spans[1].name.as_str(), spans[2].name.as_str()), ("b", ""));
        assert!((spans[0].from_s - 10.21).abs() < 1e-9);
        assert_eq!(stretch.mask(&found).len(), 323);
    }

    #[test]
    fn long_samples_are_fewer_and_cut_ones_left_out() {
        assert_eq!(choose(&trace(4, 400, 10.0)).expect("one").samples.len(), 1);
        assert_eq!(choose(&trace(1, 20, 10.0)), None);
        assert_eq!(choose(&Trace::default()), None);
    }
}
