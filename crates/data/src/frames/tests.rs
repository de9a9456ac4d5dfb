use super::*;
use crate::error::DataError;

fn sample(index: usize) -> Frames {
    let steps = 5 + 3 * index;
    Frames {
        values: (0..2 * steps).map(|v| (v + index) as f32 / 8.0).collect(),
        mask: (0..steps).map(|step| step > 1).collect(),
        label: index % 2,
        speaker: Some(7 + index as u32),
        index,
    }
}

fn meta() -> FrameMeta {
    FrameMeta {
        channels: 2,
        dt_s: 0.01,
        class_names: vec!["a".into(), "b".into()],
        meta_info: vec![("name".into(), "test".into())],
    }
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.h5");
    // More than one batch, and chunks that samples straddle.
    let count = 600;
    let written = write_frames(&path, (0..count).map(sample), &meta()).unwrap();
    assert_eq!(written, count);
    let file = FrameFile::open(&path).unwrap();
    assert_eq!((file.len(), file.channels()), (count, 2));
    assert!((file.dt_s() - 0.01).abs() < 1e-12);
    assert_eq!(file.class_names(), ["a", "b"]);
    for position in [0, 599, 255, 256, 257, 3] {
        assert_eq!(file.read(position).unwrap(), sample(position));
        assert_eq!(file.steps(position), sample(position).steps());
    }
    let many: Vec<Frames> = (250..400).map(sample).collect();
    assert_eq!(file.read_range(250..400).unwrap(), many);
}

#[test]
fn zeros_are_not_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.h5");
    let zeros = Frames {
        values: vec![0.0; 2_000_000],
        mask: vec![true; 1_000_000],
        label: 0,
        speaker: None,
        index: 0,
    };
    write_frames(&path, [zeros.clone()], &meta()).unwrap();
    // Far fewer bytes than values.
    assert!(std::fs::metadata(&path).unwrap().len() < 100_000);
    assert_eq!(FrameFile::open(&path).unwrap().read(0).unwrap(), zeros);
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.h5");
    let refused = |bad: Frames, reason: &str| {
        let error = write_frames(&path, [sample(0), bad], &meta()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("recording 1 cannot be stored") && message.contains(reason),
            "{message}"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    };
    let mut bad = sample(0);
    bad.values.pop();
    refused(bad, "9 values and 5 steps of 2 channels");
    let mut bad = sample(0);
    bad.values[1] = f32::NAN;
    refused(bad, "it holds NaN");
    let mut bad = sample(0);
    bad.label = 2;
    refused(bad, "label 2 is outside 0..2");
    let mut bad = sample(0);
    bad.speaker = None;
    refused(bad, "have a speaker");
}

#[test]
fn an_event_file_is_not_a_frame_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.h5");
    let events = crate::Recording {
        times_s: vec![0.1],
        units: vec![0],
        label: 0,
        speaker: None,
        index: 0,
    };
    let meta = crate::WriteMeta {
        channels: 1,
        class_names: vec!["a".into()],
        ..crate::WriteMeta::default()
    };
    crate::write_events(&path, [events], &meta).unwrap();
    let message = FrameFile::open(&path).err().unwrap().to_string();
    assert!(
        message.contains("no dataset /frames/values; hint: "),
        "{message}"
    );
}

#[test]
fn hostile_copies_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.h5");
    write_frames(&path, (0..4).map(sample), &meta()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let refused = crate::convert::hostile::survives(&path, &bytes, || {
        let file = FrameFile::open(&path)?;
        (0..file.len()).try_for_each(|position| file.read(position).map(|_| ()))?;
        Ok::<_, DataError>(())
    });
    assert_eq!(refused, bytes.len().div_ceil(bytes.len().div_ceil(1_000)));
}
