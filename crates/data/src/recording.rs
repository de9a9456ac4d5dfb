//! One labelled recording, as plain data.

/// A recording: events in time, from one word, gesture or other thing with a label.
///
/// `times_s` and `units` have one entry an event and are sorted by time; events at the same time
/// keep the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Times of the events in seconds from the recording's start, ascending, each >= 0.
    pub times_s: Vec<f64>,
    /// Channel of each event, from 0.
    pub units: Vec<u32>,
    /// Class, from 0.
    pub label: usize,
    /// Who or what was recorded, if the file contains it.
    pub speaker: Option<u32>,
    /// Index in the file that it came from, from 0.
    pub index: usize,
}

impl Recording {
    /// How many events there are.
    pub fn len(&self) -> usize {
        self.times_s.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times_s.is_empty()
    }

    /// Time of the last event in seconds; 0 if there are no events.
    pub fn duration_s(&self) -> f64 {
        self.times_s.last().copied().unwrap_or(0.0)
    }
}

/// The largest of `times_s`, none of which is negative or NaN; 0 of none. Eight at a time.
pub(crate) fn latest(times_s: &[f64]) -> f64 {
    let (eights, rest) = times_s.as_chunks::<8>();
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let mut largest = [0.0; 8];
    for times_s in eights {
        for (a, b) in largest.iter_mut().zip(times_s) {
            *a = larger(*a, *b);
        }
    }
    largest
        .into_iter()
        .chain(rest.iter().copied())
        .fold(0.0, larger)
}

#[cfg(test)]
mod tests {
    use super::latest;

    #[test]
    fn the_latest_time_is_found_anywhere() {
        for n in [1usize, 7, 8, 9, 40, 67] {
            for at in 0..n {
                let mut times_s = vec![0.25; n];
                times_s[at] = 3.5;
                assert_eq!(latest(&times_s).to_bits(), 3.5f64.to_bits(), "{at} of {n}");
            }
        }
        assert_eq!(latest(&[]).to_bits(), 0);
    }
}
