use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::gather::{Written, pack};
use super::super::tests::finished;
use super::super::{Finished, Store};
use super::*;

/// The trial of a seed, with an accuracy of its own.
fn trial(seed: u64) -> Finished {
    let mut trial = finished(1, 2);
    trial.cell.seed = seed;
    trial.cell.training.seconds = seed as f64;
    trial
}

/// The same on events of before rules had names.
fn old(seed: u64) -> Finished {
    let mut trial = trial(seed);
    trial.shared.events = None;
    trial
}

fn gzip(path: &Path, text: &[u8]) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    fs::write(path, encoder.finish().unwrap()).unwrap();
}

/// What is in `folder` and in the folders within it, sorted by name.
fn small_files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    for folder in super::super::with_aside(folder) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                paths.push(path);
            }
        }
    }
    paths.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn said(path: &Path) -> String {
    let error = read(path).unwrap_err().to_string();
    assert!(error.starts_with(&path.display().to_string()), "{error}");
    assert!(error.contains("\nhint: "), "{error}");
    error
}

#[test]
fn a_folder_comes_back_to_the_byte() {
    let scratch = tempfile::tempdir().unwrap();
    let (run, file) = (
        scratch.path().join("run"),
        scratch.path().join("a.jsonl.gz"),
    );
    let cells = run.join("cells");
    let mut last = trial(4);
    last.shared.split = "test".to_owned();
    let all = [old(1), old(2), trial(1), trial(2), trial(3), last];
    fs::create_dir_all(&cells).unwrap();
    for trial in &all {
        trial.save_once(&cells).unwrap();
    }
    fs::write(cells.join(".rnn.classic.9.json"), "half writ").unwrap();
    let written = pack(&file, std::slice::from_ref(&run), false).unwrap();
    let aside = scratch.path().join("a.old-binning-dddddddd.jsonl.gz");
    let wrote = |path: &Path, trials, new| Written {
        path: path.to_owned(),
        trials,
        new,
    };
    assert_eq!(written, [wrote(&file, 4, 4), wrote(&aside, 2, 2)]);
    let mut lines: Vec<(PathBuf, Vec<u8>)> = (read_all(&file).unwrap().into_iter())
        .map(|line| (line.trial.place().cell(), [&line.bytes[..], b"\n"].concat()))
        .collect();
    lines.sort_by_key(|(name, _)| name.clone());
    fs::remove_file(cells.join(".rnn.classic.9.json")).unwrap();
    let mut small = small_files(&cells);
    let mut packed: Vec<Vec<u8>> = lines.into_iter().map(|(_, bytes)| bytes).collect();
    small.sort();
    packed.sort();
    assert!(small == packed);
    // What a run finds in the file is what it finds in the folder.
    let stores = [
        Store::default().and([file.clone()]).unwrap(),
        Store::default().and([run]).unwrap(),
    ];
    for trial in &all {
        let [a, b] = stores.each_ref().map(|store| {
            let found = store.find_all(trial.place(), &trial.settings).unwrap();
            found
                .iter()
                .map(|f| f.encode().unwrap())
                .collect::<Vec<_>>()
        });
        assert!(!a.is_empty() && a == b);
        let found = stores[0].find(trial.place(), "other", &trial.shared);
        assert!(found.unwrap().is_none());
    }
}

#[test]
fn the_same_trials_are_the_same_bytes() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name);
    for (folder, seeds) in [("here", [1, 12]), ("there", [2, 3])] {
        fs::create_dir(at(folder)).unwrap();
        for seed in seeds {
            trial(seed).save(&at(folder)).unwrap();
        }
    }
    pack(&at("a.jsonl.gz"), &[at("here"), at("there")], false).unwrap();
    let bytes = fs::read(at("a.jsonl.gz")).unwrap();
    // The time in the head, and no name.
    assert_eq!(bytes[3..8], [0; 5]);
    pack(&at("b.jsonl.gz"), &[at("there")], false).unwrap();
    let grown = pack(&at("b.jsonl.gz"), &[at("here")], false).unwrap();
    assert_eq!((grown[0].trials, grown[0].new), (4, 2));
    assert!(fs::read(at("b.jsonl.gz")).unwrap() == bytes);
    // A file of two packed files, and one packed onto itself.
    pack(
        &at("c.jsonl.gz"),
        &[at("a.jsonl.gz"), at("b.jsonl.gz")],
        false,
    )
    .unwrap();
    let again = pack(&at("c.jsonl.gz"), &[at("c.jsonl.gz")], false).unwrap();
    assert_eq!(again[0].new, 0);
    assert!(fs::read(at("c.jsonl.gz")).unwrap() == bytes);
    // Lines that an editor has broken are joined: nothing but space between values.
    let text = fs::read_to_string(at("here").join(trial(1).place().cell())).unwrap();
    fs::create_dir(at("edited")).unwrap();
    let edited = at("edited").join(trial(1).place().cell());
    fs::write(edited, text.replacen(':', ":\r\n", 1)).unwrap();
    pack(&at("d.jsonl.gz"), &[at("edited")], false).unwrap();
    let line = &read(&at("d.jsonl.gz")).unwrap()[0];
    assert_eq!(line.trial.encode().unwrap(), trial(1).encode().unwrap());
}

#[test]
fn two_results_of_one_trial_are_told() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name);
    let file = at("a.jsonl.gz");
    let mut other = trial(1);
    other.settings = "other".to_owned();
    for (folder, trial) in [("first", trial(1)), ("second", other)] {
        fs::create_dir(at(folder)).unwrap();
        trial.save(&at(folder)).unwrap();
    }
    pack(&file, &[at("first")], false).unwrap();
    let before = fs::read(&file).unwrap();
    let error = pack(&file, &[at("second")], false).unwrap_err().to_string();
    for part in ["rnn.classic.1", "a.jsonl.gz, line 1", "second", "--replace"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(fs::read(&file).unwrap() == before);
    pack(&file, &[at("second")], true).unwrap();
    assert_eq!(read(&file).unwrap()[0].trial.settings, "other");
    let nothing = pack(&file, &[at("empty")], false);
    assert!(nothing.unwrap_err().to_string().contains("hint: "));
    fs::create_dir(at("empty")).unwrap();
    let nothing = pack(&file, &[at("empty")], false).unwrap_err().to_string();
    assert!(nothing.contains("no finished trial"), "{nothing}");
    let name = pack(&at("a.json"), &[at("first")], false).unwrap_err();
    assert!(name.to_string().contains("does not end with .jsonl.gz"));
    fs::write(at("first").join("b.json"), "{").unwrap();
    let damaged = pack(&file, &[at("first")], false).unwrap_err();
    assert!(damaged.to_string().contains("b.json: is damaged"));
}

/// A file of other events becomes the main one when most trials are on them.
#[test]
fn most_trials_are_in_the_file_itself() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name);
    let file = at("a.jsonl.gz");
    for (folder, trials) in [("old", [old(1), old(2)]), ("new", [trial(1), trial(2)])] {
        fs::create_dir(at(folder)).unwrap();
        for trial in trials {
            trial.save(&at(folder)).unwrap();
        }
    }
    pack(&file, &[at("old")], false).unwrap();
    assert_eq!(with_aside(&file), std::slice::from_ref(&file));
    pack(&file, &[at("new")], false).unwrap();
    let aside = at("a.old-binning-dddddddd.jsonl.gz");
    assert_eq!(with_aside(&file), [file.clone(), aside.clone()]);
    assert!(
        read(&file)
            .unwrap()
            .iter()
            .all(|l| l.trial.shared.events.is_some())
    );
    // As a program leaves it that is killed between the two.
    fs::copy(&file, at("a.events-aaaaaaaa.jsonl.gz")).unwrap();
    assert_eq!(read_all(&file).unwrap().len(), 4);
    pack(&file, &[at("old")], false).unwrap();
    assert_eq!(with_aside(&file), [file, aside]);
}

#[test]
fn a_cut_or_changed_file_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a.jsonl.gz");
    let line = trial(1).encode().unwrap();
    let other = trial(2).encode().unwrap();
    gzip(&path, &[&line[..], &other[..]].concat());
    let whole = fs::read(&path).unwrap();
    assert_eq!(read(&path).unwrap().len(), 2);
    for end in [2, 9, 100, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        fs::write(&path, &whole[..end]).unwrap();
        let error = said(&path);
        assert!(error.contains("truncated or corrupt after line"), "{error}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        fs::write(&path, changed).unwrap();
        // A time in the head is nobody's.
        if let Err(error) = read(&path) {
            assert!(error.to_string().contains("\nhint: "), "{error}");
        } else {
            assert!((4..10).contains(&at), "{at}");
        }
    }
    fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
    assert!(said(&path).contains("truncated or corrupt after line 2"));
    // Two files one after the other are one.
    gzip(&path, &other);
    let second = fs::read(&path).unwrap();
    gzip(&path, &line);
    let first = fs::read(&path).unwrap();
    fs::write(&path, [first, second].concat()).unwrap();
    assert_eq!(read(&path).unwrap().len(), 2);
    fs::write(&path, "{}").unwrap();
    assert!(said(&path).contains("is not compressed by gzip"));
    fs::remove_file(&path).unwrap();
    assert!(is_archive(&path) && said(&path).contains("cannot read"));
    fs::create_dir(&path).unwrap();
    assert!(!is_archive(&path) && said(&path).contains("it is a folder"));
}

#[test]
fn a_line_that_is_no_trial_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a.jsonl.gz");
    let line = trial(1).encode().unwrap();
    for (second, part) in [
        (&b"{}\n"[..], "line 2 is not a trial"),
        (b"\n", "line 2 is not a trial"),
        (br#"{"format": "other"}"#, "line 2 is not a trial"),
        (b"\xff\xfe", "line 2 is not a trial"),
        (
            &line,
            "line 2: duplicate of line 1, the trial rnn.classic.1",
        ),
    ] {
        gzip(&path, &[&line, second].concat());
        let error = said(&path);
        assert!(error.contains(part), "{error}");
    }
    // A last line without an end is whole.
    gzip(&path, line.trim_ascii_end());
    assert_eq!(read(&path).unwrap().len(), 1);
}

/// Few bytes that become many: read up to a bound, and no further.
#[test]
fn a_bomb_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a.jsonl.gz");
    gzip(&path, &vec![b' '; 1 + MOST as usize]);
    assert!(fs::metadata(&path).unwrap().len() < 200_000);
    assert!(said(&path).contains("line 1 has more than 16777216 bytes"));
    let padding = vec![b' '; MOST as usize - 100_000];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for seed in 1..10 {
        let line = trial(seed).encode().unwrap();
        encoder.write_all(line.trim_ascii_end()).unwrap();
        encoder.write_all(&padding).unwrap();
        encoder.write_all(b"\n").unwrap();
    }
    fs::write(&path, encoder.finish().unwrap()).unwrap();
    assert!(said(&path).contains("more than 134217728 bytes of trials (line 9)"));
    let file = fs::File::create(&path).unwrap();
    file.set_len(1 + MOST_PACKED).unwrap();
    assert!(said(&path).contains("at most 67108864 are read"));
}
