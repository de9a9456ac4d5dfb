/// Small made-up splits.
#[path = "../../../stream/src/tests/made/mod.rs"]
mod made;

mod composed;

use super::*;

fn lane(labels: &[Option<u32>]) -> LaneTape<f64> {
    let targets: Vec<_> = (labels.iter())
        .map(|label| (*label, if label.is_some() { 1.0 } else { 0.0 }))
        .collect();
    let mut input = Columns::new(Form::Events, 2);
    for _ in &targets {
        input.push_empty();
    }
    let pieces = vec![Piece::Own(targets.len())];
    LaneTape {
        input,
        pieces,
        targets,
    }
}

const A: Option<u32> = Some(4);
const B: Option<u32> = Some(7);

/// Two samples, with the mask and weight that result from `masking`.
fn woven(masking: Masking) -> Batch<f64> {
    let epoch = Epoch::new(1, 0, 2);
    let mut lane = lane(&[None, A, A, None, None, None, B, B, None]);
    lane.mask(&epoch, &vec![0, 1], masking);
    let mut batch = Batch {
        lane: vec![lane],
        ..Batch::default()
    };
    batch.weave(Form::Events, 2);
    batch
}

fn spoilt(fault: MaskFault) -> Batch<f64> {
    woven(Masking {
        fault: Some(fault),
        ..Masking::default()
    })
}

#[test]
fn the_label_mask_is_one_in_samples() {
    let batch = woven(Masking::default());
    assert_eq!(batch.mask, [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    assert_eq!(batch.weight, [1.0; 9]);
    assert_eq!(batch.lengths, [9]);
}

/// Steps that a wrong mask marks informative get the label of the nearest sample.
#[test]
fn a_spoilt_mask_teaches_the_nearest_class_in_gaps() {
    let batch = spoilt(MaskFault::Dilate(1));
    assert_eq!(batch.mask, [1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(batch.weight, [1.0; 9]);
    assert_eq!(batch.labels, [4, 4, 4, 4, 4, 7, 7, 7, 7]);
    let late = spoilt(MaskFault::Shift(1));
    assert_eq!(late.mask, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!(late.labels, batch.labels);
    let expected = Agreement {
        hits: 4,
        misses: 0,
        false_alarms: 4,
        rejections: 1,
    };
    assert_eq!(woven(Masking::default()).agreement(&batch), expected);
}

#[test]
fn flips_are_those_of_the_epoch_and_the_lane() {
    let flip = MaskFault::Flip(0.5);
    assert_eq!(spoilt(flip).mask, spoilt(flip).mask);
    let masking = Masking {
        fault: Some(flip),
        ..Masking::default()
    };
    let of = |number, plan: Vec<usize>| {
        let mut lane = lane(&[A; 64]);
        lane.mask(&Epoch::new(1, number, 9), &plan, masking);
        lane.targets.iter().map(|(_, m)| *m).collect::<Vec<_>>()
    };
    assert_eq!(of(0, vec![2, 3]), of(0, vec![2, 3]));
    assert_ne!(of(0, vec![2, 3]), of(1, vec![2, 3]));
    assert_ne!(of(0, vec![2, 3]), of(0, vec![4, 5]));
}

/// Where an estimate is soft, a step of a gap contributes only to the gap's term, with its share.
#[test]
fn a_step_without_a_class_teaches_as_far_as_it_is_a_gap() {
    let mut batch = Batch::<f64> {
        lane: vec![LaneTape {
            targets: vec![(A, 0.75), (None, 0.25), (None, 1.0)],
            ..lane(&[A, None, None])
        }],
        ..Batch::default()
    };
    batch.weave(Form::Events, 2);
    assert_eq!(batch.mask, [0.75, 0.0, 0.0]);
    assert_eq!(batch.weight, [1.0, 0.75, 0.0]);
}
