//! Records whose one channel counts their steps.

use saturn_data::{FrameMeta, Frames, write_frames};
use saturn_stream::{Columns, File, Noise, Split};

/// Steps of a beat, of which the label holds from the third to the sixth.
pub const BEAT: usize = 10;

/// A file of records with so many beats each, all tiled; the one channel counts the steps of the record.
pub fn file(beats: &[usize]) -> File {
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

/// The split of such a file.
pub fn split(beats: &[usize]) -> Split {
    Split::of_records(file(beats), 10.0, None).unwrap()
}

/// Normal noise on the one channel.
pub fn noise() -> Noise {
    Noise::Frames {
        mean: vec![0.0],
        std: vec![1.0],
    }
}

/// The one value of column `t`.
pub fn heard(columns: &Columns<f32>, t: usize) -> usize {
    let mut out = [0.0];
    columns.dense(t, &mut out);
    out[0] as usize
}
