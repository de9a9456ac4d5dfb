//! The label mask: 1 from a sample's first to its last event, 0 in gaps and in the silence that a
//! recording begins or ends with. Pauses inside a sample belong to it.

use std::ops::Range;

use saturn_cell::{EventView, Real};

/// The steps from the first to the last event of a sample of one lane (one column a step); none if it has
/// no event.
pub fn informative(sample: EventView) -> Option<Range<usize>> {
    let active = |t: &usize| !sample.column(*t).0.is_empty();
    let first = (0..sample.columns()).find(active)?;
    let last = (0..sample.columns()).rev().find(active)?;
    Some(first..last + 1)
}

/// Writes 1 into `mask [T*B]` at the steps of `spans` of one lane of `lanes`, and 0 at its other steps.
/// Spans beyond T are cut.
pub fn fill<R: Real>(
    mask: &mut [R],
    lanes: usize,
    lane: usize,
    spans: impl IntoIterator<Item = Range<usize>>,
) {
    assert!(lane < lanes, "lane {lane} is beyond {lanes} lanes");
    for m in mask.iter_mut().skip(lane).step_by(lanes) {
        *m = R::zero();
    }
    for span in spans {
        let own = mask.iter_mut().skip(lane).step_by(lanes);
        for m in own.skip(span.start).take(span.len()) {
            *m = R::one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saturn_cell::EventBatch;

    #[test]
    fn from_first_to_last_event() {
        let mut sample = EventBatch::new(2);
        for events in [vec![], vec![(1, 1.0)], vec![], vec![(0, 2.0)], vec![]] {
            sample.push_column(events);
        }
        assert_eq!(informative(sample.view()), Some(1..4));
        assert_eq!(informative(sample.view().slice(0, 1)), None);
    }

    #[test]
    fn one_lane_of_two() {
        let mut mask = [0.5; 10];
        fill(&mut mask, 2, 1, [0..1, 3..9]);
        let lane: Vec<f64> = mask.iter().skip(1).step_by(2).copied().collect();
        assert_eq!(lane, [1.0, 0.0, 0.0, 1.0, 1.0]);
        assert!(mask.iter().step_by(2).all(|m| *m == 0.5));
    }
}
