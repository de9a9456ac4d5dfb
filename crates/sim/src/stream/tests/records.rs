use rand::RngExt;
use saturn_cell::rng::generator;
use saturn_data::{FrameMeta, Frames, write_frames};

use super::play;
use crate::scenario::Streams;
use crate::stream::*;
use crate::stream::{Fill, Gap};
use crate::train::batch::{Batch, Epoch, Masking};

/// Steps of a beat, of which the label holds from the third to the sixth.
const BEAT: usize = 10;

/// A file of records with so many beats each, all tiled; the one channel counts the steps of the record.
fn file(beats: &[usize]) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.h5");
    let samples = beats.iter().enumerate().flat_map(|(record, &beats)| {
        (0..beats).map(move |beat| Frames {
            values: (0..BEAT).map(|t| (BEAT * beat + t) as f32).collect(),
            mask: (0..BEAT).map(|t| (3..7).contains(&t)).collect(),
            label: beat % 3,
            speaker: Some(100 + record as u32),
            index: 0,
        })
    });
    let meta = FrameMeta {
        channels: 1,
        dt_s: 0.01,
        class_names: vec!["N".into(), "S".into(), "V".into()],
        meta_info: Vec::new(),
    };
    write_frames(&path, samples, &meta).unwrap();
    File::frames(&path, 1, None, 10.0).unwrap()
}

fn split(beats: &[usize]) -> Split {
    Split::of_records(file(beats), 10.0, None).unwrap()
}

fn noise() -> Noise {
    Noise::Frames {
        mean: vec![0.0],
        std: vec![1.0],
    }
}

fn heard(columns: &Columns<f32>, t: usize) -> usize {
    let mut out = [0.0];
    columns.dense(t, &mut out);
    out[0] as usize
}

#[test]
fn a_lane_runs_through_its_record_and_then_the_next_as_they_are() {
    let split = split(&[4, 7]);
    let noise = noise();
    let source = Source {
        split: &split,
        noise: &noise,
        gap: None,
    };
    let (columns, known) = play(source, 1, 1, 150);
    let expected = (0..70).chain(0..40).chain(0..40);
    for (t, step) in expected.enumerate() {
        assert_eq!(heard(&columns, t), step, "at {t}");
        let record = usize::from(!(70..110).contains(&t));
        match known[t].segment {
            Some(segment) => {
                assert!((3..7).contains(&(step % BEAT)));
                assert_eq!(segment.label, step / BEAT % 3);
                assert_eq!(segment.recording, record);
                assert_eq!(segment.at, step % BEAT - 3);
                assert_eq!(segment.last, step % BEAT == 6);
            }
            None => assert!(!(3..7).contains(&(step % BEAT))),
        }
    }
}

#[test]
fn training_hears_stretches_alone_with_what_leads_to_them_and_in_a_row() {
    let split = split(&[9, 8]);
    assert_eq!(split.len(), 17);
    let noise = noise();
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
    let split = split(&[6]);
    let noise = noise();
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
fn every_part_of_the_background_is_heard_in_its_own_split_alone() {
    let recordings = file(&[4, 8]).laid(10.0, usize::MAX).unwrap();
    let mut all = Vec::new();
    for part in [Part::Train, Part::Valid, Part::Test] {
        let background = Background::new(&recordings, part).unwrap();
        let mut split = split(&[3]);
        split.set_background(background);
        let mut heard_here = std::collections::BTreeSet::new();
        let mut rng = generator(1, "test", 0);
        for _ in 0..2_000 {
            let background = split.background().unwrap();
            let (recording, t) = background.place(&mut rng);
            let mut columns = Columns::<f32>::new(Form::Frames, 1);
            background.push(recording, t + rng.random_range(0..100), &mut columns);
            heard_here.insert((recording, heard(&columns, 0)));
        }
        all.extend(heard_here);
    }
    all.sort_unstable();
    let expected: Vec<(usize, usize)> = (0..40)
        .map(|t| (0, t))
        .chain((0..80).map(|t| (1, t)))
        .collect();
    assert_eq!(all, expected);
}

#[test]
fn gaps_of_recordings_begin_anywhere_and_run_on() {
    let recordings = file(&[40]).laid(10.0, usize::MAX).unwrap();
    let mut split = Split::from_file(file(&[3]), 10.0, None, usize::MAX).unwrap();
    split.set_background(Background::new(&recordings, Part::Train).unwrap());
    let noise = noise();
    let gap = Gap {
        steps: [20, 20],
        fill: vec![Fill::Recordings],
    };
    let source = Source {
        split: &split,
        noise: &noise,
        gap: Some(&gap),
    };
    let (columns, known) = play(source, 1, 0, 2_000);
    let mut starts = std::collections::BTreeSet::new();
    for t in (0..)
        .step_by(20 + BEAT)
        .take_while(|t| t + 20 < known.len())
    {
        starts.insert(heard(&columns, t));
        for k in 0..20 {
            assert!(known[t + k].segment.is_none());
            assert_eq!(heard(&columns, t + k), (heard(&columns, t) + k) % 200);
        }
    }
    assert!(starts.len() > 20, "{starts:?}");
    assert_eq!(play(source, 1, 0, 200), play(source, 1, 0, 200));
}
