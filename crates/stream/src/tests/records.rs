use rand::RngExt;
use saturn_cell::rng::generator;

use super::made::records::{BEAT, file, heard, noise, split};
use super::play;
use crate::*;
use crate::{Fill, Gap};

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
