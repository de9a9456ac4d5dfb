//! Batches of records and of dense samples.

use saturn_stream::{Fill, Gap, Noise, Source};

use super::super::*;
use super::made::{frames, records};
use crate::arm::Streams;
use frames::CHANNELS;
use records::{BEAT, heard};

#[test]
fn training_hears_stretches_alone_with_what_leads_to_them_and_in_a_row() {
    let split = records::split(&[9, 8]);
    assert_eq!(split.len(), 17);
    let noise = records::noise();
    let source = Source {
        split: &split,
        noise: &noise,
        gap: None,
    };
    let compose = |streams| {
        let epoch = Epoch::of(5, 0, &split, 4);
        let lanes: Vec<_> = epoch.updates(streams, 2, 4).into_iter().flatten().collect();
        let mut batch = Batch::<f32>::default();
        batch
            .compose(&epoch, &lanes, streams, source, 1, Masking::default())
            .unwrap();
        batch
    };
    let single = compose(Streams::Single);
    assert_eq!((single.lanes, single.steps), (16, 4));
    let lead = compose(Streams::Lead);
    assert!(lead.lanes == 16 && (lead.steps == 7 || lead.steps == 10));
    let batch = compose(Streams::Concatenated);
    assert_eq!(batch.lanes, 4);
    for (lane, spans) in batch.segments.iter().enumerate() {
        let at = |t: usize| heard(&batch.input, t * batch.lanes + lane);
        assert_eq!(spans.len(), 4);
        // From the first step on the record runs on as it is.
        for t in 0..spans[3].end {
            assert_eq!(at(t), at(0) + t);
        }
        for span in spans {
            assert_eq!((at(span.start) % BEAT, span.end - span.start), (3, 4));
            assert_eq!(span.label, at(span.start) / BEAT % 3);
        }
    }
    // The samples are the same in every arm.
    let mut classes = [0; 3];
    for (batch, sign) in [(&single, 1), (&batch, -1)] {
        for span in batch.segments.iter().flatten() {
            classes[span.label] += sign;
        }
    }
    assert_eq!(classes, [0; 3]);
}

#[test]
fn weights_of_classes_are_on_informative_steps_alone() {
    let split = records::split(&[6]);
    let noise = records::noise();
    let source = Source {
        split: &split,
        noise: &noise,
        gap: None,
    };
    let epoch = Epoch::of(5, 0, &split, 3);
    let lanes = epoch.updates(Streams::Concatenated, 1, 3).remove(0);
    let mut batch = Batch::<f32>::default();
    batch
        .compose(
            &epoch,
            &lanes,
            Streams::Concatenated,
            source,
            1,
            Masking::default(),
        )
        .unwrap();
    batch.weigh(&[1.0, 2.0, 5.0]);
    for j in 0..batch.weight.len() {
        let wanted = if batch.mask[j] > 0.5 {
            [1.0, 2.0, 5.0][batch.labels[j] as usize]
        } else {
            1.0
        };
        assert!((batch.weight[j] - wanted).abs() < 1e-6);
    }
}

#[test]
fn batches_and_streams_of_frames_hear_the_same() {
    let split = frames::split(5, None);
    let noise = Noise::Frames {
        mean: vec![0.0; CHANNELS],
        std: vec![1.0; CHANNELS],
    };
    let gap = Gap {
        steps: [3, 9],
        fill: vec![Fill::Silence],
    };
    let source = Source {
        split: &split,
        noise: &noise,
        gap: Some(&gap),
    };
    let epoch = Epoch::of(1, 0, &split, 5);
    let lanes = epoch.updates(Streams::Concatenated, 1, 5).remove(0);
    let mut batch = Batch::<f32>::default();
    batch
        .compose(
            &epoch,
            &lanes,
            Streams::Concatenated,
            source,
            CHANNELS,
            Masking::default(),
        )
        .unwrap();
    assert_eq!(batch.lanes, 1);
    let mut heard = 0;
    for span in &batch.segments[0] {
        for t in span.start..span.end {
            let [at, sample, constant] = frames::values(&batch.input, t);
            assert_eq!(
                (at as usize, sample as usize),
                (t - span.start + 1, span.recording)
            );
            assert!(constant > 6.9 && batch.mask[t] > 0.5);
            heard += 1;
        }
        assert!(
            batch.mask[span.end] < 0.5,
            "the last step is out of the mask"
        );
    }
    assert_eq!(heard, batch.mask.iter().filter(|m| **m > 0.5).count());
    // In f64 the same.
    let mut wide = Batch::<f64>::default();
    wide.compose(
        &epoch,
        &lanes,
        Streams::Concatenated,
        source,
        CHANNELS,
        Masking::default(),
    )
    .unwrap();
    assert_eq!(wide.steps, batch.steps);
    let mut out = [0.0; CHANNELS];
    for t in 0..wide.steps {
        wide.input.dense(t, &mut out);
        let same = out.iter().zip(frames::values(&batch.input, t));
        assert!(same.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
