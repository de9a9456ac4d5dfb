//! Dense samples that count their steps.

use saturn_data::{FrameMeta, Frames, write_frames};
use saturn_stream::{Columns, File, Split};

/// I.
pub const CHANNELS: usize = 3;

/// `n` samples: channel 0 is the step, channel 1 the sample, channel 2 always 7. The mask leaves out the
/// first step and the last.
pub fn file(n: usize, channels: usize, dt_ms: f64) -> Result<File, saturn_data::DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.h5");
    let samples = (0..n).map(|i| Frames {
        values: (0..5 + i).flat_map(|t| [t as f32, i as f32, 7.0]).collect(),
        mask: (0..5 + i).map(|t| t > 0 && t < 4 + i).collect(),
        label: i % 2,
        speaker: None,
        index: i,
    });
    let meta = FrameMeta {
        channels: CHANNELS,
        dt_s: 0.01,
        class_names: vec!["a".into(), "b".into()],
        meta_info: Vec::new(),
    };
    write_frames(&path, samples, &meta).unwrap();
    File::frames(&path, channels, None, dt_ms)
}

/// The split of such a file.
pub fn split(n: usize, limit: Option<usize>) -> Split {
    let file = file(n, CHANNELS, 10.0).unwrap();
    Split::from_file(file, 10.0, limit, usize::MAX).unwrap()
}

/// The values of column `t`.
pub fn values(columns: &Columns<f32>, t: usize) -> [f32; CHANNELS] {
    let mut out = [0.0; CHANNELS];
    columns.dense(t, &mut out);
    out
}
