use std::ops::ControlFlow;

use super::*;
use crate::{EventFile, OnBadSample, ReadOptions};

/// x, y, polarity and time in microseconds, as bytes.
fn event(x: u8, y: u8, polarity: u8, time_us: u32) -> [u8; 5] {
    let [_, a, b, c] = time_us.to_be_bytes();
    [x, y, polarity << 7 | a, b, c]
}

/// A folder with `count` recordings in folders of their classes, in `part`.
fn fill(folder: &Path, part: &str, count: usize) {
    for item in 0..count {
        let class = folder.join(part).join((item % 3).to_string());
        fs::create_dir_all(&class).unwrap();
        let bytes = [event(1, 2, 1, 10), event(33, 33, 0, 20 + item as u32)].concat();
        fs::write(class.join(format!("{item:05}.bin")), bytes).unwrap();
    }
}

fn run(folder: &Path) -> Result<Converted, DataError> {
    let output = folder.join("out");
    convert(
        folder,
        &output,
        Picture::N_MNIST,
        &Division::default(),
        &mut |_| ControlFlow::Continue(()),
    )
}

fn opened(folder: &Path, split: &str) -> EventFile {
    let options = ReadOptions {
        channels: CHANNELS,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    EventFile::open(folder.join("out").join(split), &options).unwrap()
}

#[test]
fn an_event_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.bin");
    let bytes = [
        event(3, 5, 1, 0x7f_ffff),
        event(0, 0, 0, 1),
        event(9, 240, 0, 0),
        event(0, 1, 0, 2),
    ];
    fs::write(&path, bytes.concat()).unwrap();
    let (times_s, units) = read(&path, Picture::N_MNIST).unwrap();
    assert_eq!(units, [0, 34, (34 + 5) * 34 + 3]);
    // The f64 nearest to each whole microsecond.
    let bits = |times_s: &[f64]| times_s.iter().map(|t| t.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&times_s), bits(&[1e-6, 8_194e-6, 8.388_607]));
}

#[test]
fn folders_by_class() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), "Train", 30);
    fill(folder.path(), "Test", 6);
    let done = run(folder.path()).unwrap();
    let counts: Vec<usize> = done.files.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [27, 3, 6]);
    let test = opened(folder.path(), "test.h5");
    assert_eq!(test.labels(), [0, 0, 1, 1, 2, 2]);
    assert_eq!(
        test.read(0).unwrap().units,
        [(34 + 2) * 34 + 1, 34 * 34 - 1]
    );
}

#[test]
fn lists() {
    let folder = tempfile::tempdir().unwrap();
    for id in 1..=20 {
        let path = folder.path().join(format!("{id}.bs2"));
        fs::write(path, event(id, 0, 0, 1)).unwrap();
    }
    let lines: Vec<String> = (1..=20).map(|id| format!("{id}\t{}", id % 10)).collect();
    let list = format!("#sample #class\n{}\n", lines.join("\n"));
    fs::write(folder.path().join("train20.txt"), list).unwrap();
    let done = run(folder.path()).unwrap();
    let counts: Vec<usize> = done.files.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [16, 2, 2]);
    let train = opened(folder.path(), "train.h5");
    for position in 0..train.len() {
        let sample = train.read(position).unwrap();
        assert_eq!(sample.units[0] as usize % 10, sample.label);
    }
    let refused = |list: &str, expected: &str| {
        fs::write(folder.path().join("train20.txt"), list).unwrap();
        let message = run(folder.path()).unwrap_err().to_string();
        assert!(message.contains("train20.txt: line 2: "), "{message}");
        assert!(message.contains(expected), "{message}");
    };
    refused("1 1\n2\n", "there are 1 words");
    refused("1 1\n2 10\n", "the class is `10`");
    refused("1 1\n99 1\n", "the list's folder has no recording `99.bs2`");
    refused(
        "1 1\n../1 1\n",
        "the list's folder has no recording `../1.bs2`",
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let message = run(folder.path()).unwrap_err().to_string();
    assert!(message.contains("there is no recording in it"), "{message}");
    fill(folder.path(), "Train", 12);
    let path = folder.path().join("Train/1/00001.bin");
    let refused = |bytes: &[u8], expected: &str| {
        fs::write(&path, bytes).unwrap();
        let message = run(folder.path()).unwrap_err().to_string();
        let expected = format!("00001.bin: {expected}");
        assert!(
            message.contains(&expected) && message.contains("; hint: "),
            "{message}"
        );
    };
    refused(&[], "byte 0: there is no event in it");
    refused(&event(1, 240, 0, 0), "byte 0: there is no event in it");
    refused(&[1, 2, 3, 4, 5, 6, 7], "byte 5: 2 bytes are left");
    let bad = [event(0, 0, 0, 0), event(34, 0, 0, 0)].concat();
    refused(&bad, "byte 5: an event is at (34, 0)");
    refused(&vec![0; 50_000_001], "byte 0: it has 50000001 bytes");
}

#[test]
fn hostile_copies_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), "Train", 5);
    let path = folder.path().join("Train/0/00000.bin");
    let bytes = [event(1, 2, 1, 10), event(3, 4, 0, 20), event(5, 6, 0, 30)].concat();
    let refused = crate::convert::hostile::survives(&path, &bytes, || run(folder.path()));
    // Cut between events it is shorter, and sound.
    assert_eq!(refused, bytes.len() - 2);
}

#[test]
fn real_recordings() {
    let Some(data) = crate::convert::hostile::real_data("n-mnist") else {
        return;
    };
    let items = find(&data).unwrap();
    assert_eq!(items.len(), 1_000);
    let (mut events, mut counts) = (0, [0; CLASSES]);
    for item in &items {
        let (times_s, units) = read(&item.path, Picture::N_MNIST).unwrap();
        // Three saccades of 100 ms, and a little more.
        assert!(times_s.last().unwrap() < &0.35, "{}", item.path.display());
        events += units.len();
        counts[item.class.parse::<usize>().unwrap()] += 1;
    }
    assert!((3_000..6_000).contains(&(events / 1_000)), "{events}");
    assert!(
        counts.iter().all(|count| (70..130).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn other_sizes_and_classes_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let picture = Picture {
        width: 240,
        height: 180,
    };
    for (class, x) in [("ant", 3), ("Faces_easy", 239), ("zebra", 7)] {
        let inside = folder.path().join("in").join(class);
        fs::create_dir_all(&inside).unwrap();
        for item in 0..4 {
            let bytes = [event(x, 179, 1, 10), event(0, 0, 0, 20 + item)].concat();
            fs::write(inside.join(format!("{item}.bin")), bytes).unwrap();
        }
    }
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    let run = |picture| {
        convert(&input, &output, picture, &Division::default(), &mut |_| {
            ControlFlow::Continue(())
        })
    };
    run(picture).unwrap();
    let options = ReadOptions {
        channels: picture.channels(),
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let train = EventFile::open(output.join("train.h5"), &options).unwrap();
    assert_eq!(train.class_names(), ["Faces_easy", "ant", "zebra"]);
    for position in 0..train.len() {
        let sample = train.read(position).unwrap();
        let x = [239, 3, 7][sample.label];
        assert_eq!(sample.units, [(180 + 179) * 240 + x, 0]);
    }
    let message = run(Picture::N_MNIST).unwrap_err().to_string();
    assert!(message.contains("outside 34 x 34 pixels"), "{message}");
    let wide = Picture {
        width: 257,
        ..picture
    };
    let message = run(wide).unwrap_err().to_string();
    assert!(
        message.contains("it must be from 1 x 1 to 256 x 240"),
        "{message}"
    );
}
