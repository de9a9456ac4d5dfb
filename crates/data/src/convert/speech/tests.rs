#![allow(
    clippy::print_stdout,
    reason = "a test may say what it measured, or that it was skipped"
)]

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::ear::Ear;
use super::mel::Mel;
use super::*;
use crate::{EventFile, FrameFile, OnBadSample, ReadOptions, read_places, summarise};

const RATE: u32 = 8_000;

fn tone(hz: f64, seconds: f64) -> Vec<f32> {
    let samples = (seconds * f64::from(RATE)) as usize;
    let phase = |s: usize| 2.0 * std::f64::consts::PI * hz * s as f64 / f64::from(RATE);
    (0..samples).map(|s| phase(s).sin() as f32).collect()
}

fn put(path: PathBuf, values: &[f32]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for value in values {
        writer.write_sample((value * 20_000.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

/// Two digits by each of three speakers.
fn digits() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for speaker in ["adam", "eve", "seth"] {
        for (digit, hz) in [(0, 300.0), (1, 2_000.0)] {
            let name = format!("recordings/{digit}_{speaker}_0.wav");
            put(folder.path().join(name), &tone(hz, 0.1));
        }
    }
    folder
}

fn cochlea(channels: usize) -> Form {
    Form::Cochlea(EarOptions {
        channels,
        ..EarOptions::default()
    })
}

fn run(folder: &Path, form: Form) -> Result<Converted, DataError> {
    let options = SpeechOptions {
        form,
        ..SpeechOptions::default()
    };
    convert(folder, &folder.join("out"), &options, &mut |_| {
        ControlFlow::Continue(())
    })
}

fn opened(path: PathBuf, channels: usize) -> EventFile {
    let options = ReadOptions {
        channels,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    EventFile::open(path, &options).unwrap()
}

#[test]
fn a_tone_is_heard_where_its_channel_is() {
    let ear = Ear::new(&EarOptions::default(), f64::from(RATE)).unwrap();
    for hz in [200.0, 1_000.0, 3_000.0] {
        let (times_s, units) = ear.hear(&tone(hz, 0.3));
        assert!(times_s.is_sorted());
        let mut counts = vec![0_u32; 700];
        for unit in &units {
            counts[*unit as usize] += 1;
        }
        let most = *counts.iter().max().unwrap();
        let loud: Vec<f64> = (0..700)
            .filter(|channel| counts[*channel] == most)
            .map(|channel| ear.centre_hz(channel))
            .collect();
        let mean = loud.iter().sum::<f64>() / loud.len() as f64;
        assert!(
            (mean / hz - 1.0).abs() < 0.15,
            "{hz} Hz responds at {mean} Hz"
        );
    }
    assert!(ear.hear(&[0.0; 800]).0.is_empty());
}

#[test]
fn a_filter_passes_its_frequency_unchanged() {
    // At its centre a gammatone filter has gain 1, so d_t is max(0, sin)^(1/4); a slow cell sees its mean.
    let options = EarOptions {
        channels: 1,
        // Not a divisor of the rate: all phases are seen.
        low_hz: 1_013.0,
        high_hz: Some(2_000.0),
        tau_mem_ms: 50.0,
        adaptation: 0.0,
        ..EarOptions::default()
    };
    // The mean of max(0, sin)^(1/4) is Gamma(5/8) / (2 sqrt(pi) Gamma(9/8)) = 0.4301.
    let fires = |threshold: f64| {
        let options = EarOptions {
            threshold,
            ..options.clone()
        };
        let ear = Ear::new(&options, f64::from(RATE)).unwrap();
        !ear.hear(&tone(1_013.0, 1.0)).0.is_empty()
    };
    assert!(fires(0.42) && !fires(0.45));
}

#[test]
fn adaptation_makes_the_start_stand_out() {
    let ear = Ear::new(&EarOptions::default(), f64::from(RATE)).unwrap();
    let (times_s, _) = ear.hear(&tone(1_000.0, 0.4));
    let within = |from: f64, to: f64| times_s.iter().filter(|t| (from..to).contains(*t)).count();
    assert!(within(0.0, 0.1) as f64 > 1.2 * within(0.3, 0.4) as f64);
}

#[test]
fn the_loudest_mel_channel_is_the_tones() {
    let options = MelOptions::default();
    let mel = Mel::new(&options, f64::from(RATE)).unwrap();
    let mut sound = vec![0.0; 800];
    sound.extend(tone(1_000.0, 0.2));
    sound.extend([0.0; 800]);
    let (values, mask) = mel.hear(&sound);
    // 3,200 samples in frames of 200 every 80.
    assert_eq!((mask.len(), values.len()), (38, 38 * 40));
    // The tone is from sample 800 to 2,400: frames that overlap it well.
    assert!(!mask[0] && !mask[7] && mask[9] && mask[29] && !mask[31]);
    let frame = &values[20 * 40..21 * 40];
    let loudest = (0..40)
        .max_by(|a, b| frame[*a].total_cmp(&frame[*b]))
        .unwrap();
    // (mel(1000) - mel(60)) / (mel(4000) - mel(60)) * 41 - 1 = 17.3.
    assert!((17..=18).contains(&loudest), "{loudest}");
    // |X|^2 / sum h^2 of a unit sine at the middle of a bin is (sum h)^2 / 4 / sum h^2 = 200 / 6, times the
    // triangle's weights of that bin and its neighbours, between 1/2 and 3/2.
    let power = frame[loudest].exp() / (200.0 / 6.0);
    assert!((0.4..1.6).contains(&power), "{power}");
    assert!((values[0] - (1e-6_f32).ln()).abs() < 1e-3);
}

#[test]
fn digits_are_split_by_speaker() {
    let folder = digits();
    let done = run(folder.path(), cochlea(50)).unwrap();
    let counts: Vec<usize> = done.files.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [2, 2, 2]);
    let mut speakers = Vec::new();
    for (path, _) in &done.files {
        let file = opened(path.clone(), 50);
        assert_eq!((file.labels(), file.class_names().len()), (&[0, 1][..], 2));
        assert_eq!(file.speakers()[0], file.speakers()[1]);
        speakers.push(file.speakers()[0].unwrap());
        let [low, high] = [0, 1].map(|position| {
            let units = file.read(position).unwrap().units;
            units.iter().map(|unit| f64::from(*unit)).sum::<f64>() / units.len() as f64
        });
        assert!(low + 10.0 < high, "{low} {high}");
    }
    speakers.sort_unstable();
    assert_eq!(speakers, [0, 1, 2]);
}

#[test]
fn digits_may_be_split_by_number() {
    let folder = digits();
    for (name, hz) in [("1_eve_7.wav", 900.0), ("0_adam_12.wav", 400.0)] {
        put(folder.path().join("recordings").join(name), &tone(hz, 0.1));
    }
    let options = SpeechOptions {
        form: cochlea(20),
        by: SplitBy::Number,
        ..SpeechOptions::default()
    };
    let run = || {
        convert(
            folder.path(),
            &folder.path().join("out"),
            &options,
            &mut |_| ControlFlow::Continue(()),
        )
    };
    // Recordings 0 are the test, 7 validates, 12 is learnt from.
    let done = run().unwrap();
    let counts: Vec<usize> = done.files.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [1, 1, 6]);
    assert_eq!(opened(done.files[0].0.clone(), 20).labels(), [0]);

    put(
        folder.path().join("recordings/1_eve_last.wav"),
        &tone(500.0, 0.1),
    );
    let message = run().unwrap_err().to_string();
    assert!(
        message.contains("1_eve_last.wav: its name does not end in a number"),
        "{message}"
    );
}

#[test]
fn commands_and_their_background() {
    let folder = tempfile::tempdir().unwrap();
    for speaker in ["00aa", "11bb", "22cc"] {
        put(
            folder.path().join(format!("yes/{speaker}_nohash_0.wav")),
            &tone(500.0, 0.1),
        );
        let name = format!("_unknown_/bed_{speaker}_nohash_1.wav");
        put(folder.path().join(name), &tone(700.0, 0.1));
    }
    put(
        folder.path().join("_background_noise_/hum.wav"),
        &tone(100.0, 2.5),
    );
    let done = run(folder.path(), cochlea(30)).unwrap();
    let counts: Vec<usize> = done.files.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [2, 2, 2, 3]);
    let gap = opened(done.files[3].0.clone(), 30);
    assert_eq!(gap.class_names(), ["_background_noise_"]);
    let places = read_places(&done.files[3].0).unwrap().unwrap();
    assert!((places[2].start_s - 2.0).abs() < 1e-12 && places[2].known_s == [0.0, 0.0]);
    assert!((0..3).all(|piece| gap.read(piece).unwrap().duration_s() < 1.0));
    let train = opened(done.files[0].0.clone(), 30);
    assert_eq!(train.class_names(), ["_unknown_", "yes"]);

    // The lists of the set come before the draw.
    let put_list = |name: &str, lines: &str| fs::write(folder.path().join(name), lines).unwrap();
    put_list("validation_list.txt", "yes/00aa_nohash_0.wav\n");
    put_list(
        "testing_list.txt",
        "yes/11bb_nohash_0.wav\nyes/22cc_nohash_0.wav\n",
    );
    let done = run(folder.path(), Form::Mel(MelOptions::default())).unwrap();
    let counts: Vec<usize> = done.files.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [3, 1, 2, 3]);
    let gap = FrameFile::open(&done.files[3].0).unwrap();
    assert_eq!((gap.channels(), gap.steps(0)), (40, 100));
    assert!(gap.read(1).unwrap().mask.iter().all(|known| !known));
    let word = FrameFile::open(&done.files[0].0).unwrap().read(0).unwrap();
    assert!(word.mask.iter().any(|known| *known));
}

#[test]
fn what_is_wrong_is_named() {
    let refused = |name: &str, change: &dyn Fn(&Path), expected: &str| {
        let folder = digits();
        change(&folder.path().join(name));
        let message = run(folder.path(), cochlea(20)).unwrap_err().to_string();
        assert!(
            message.contains(expected) && message.contains("; hint: "),
            "{message}"
        );
    };
    let first = "recordings/1_eve_0.wav";
    refused(
        first,
        &|p| fs::write(p, []).unwrap(),
        "1_eve_0.wav: byte 0: the file ends after 0 bytes",
    );
    refused(
        first,
        &|p| fs::write(p, b"not a wave file").unwrap(),
        "1_eve_0.wav: byte ",
    );
    let cut = |p: &Path| {
        let bytes = fs::read(p).unwrap();
        fs::write(p, &bytes[..bytes.len() - 1]).unwrap();
    };
    refused(
        first,
        &cut,
        "1_eve_0.wav: byte 44: 1600 bytes of samples should follow, and the file has 1599 more",
    );
    refused(
        first,
        &|p| put(p.to_owned(), &[]),
        "there is no sound in it",
    );
    refused(
        "recordings/x.wav",
        &|p| put(p.to_owned(), &[0.1]),
        "x.wav: its name is not",
    );
    let empty = tempfile::tempdir().unwrap();
    let message = run(empty.path(), cochlea(20)).unwrap_err().to_string();
    assert!(message.contains("there are no words in it"), "{message}");
    let folder = digits();
    let message = run(folder.path(), cochlea(0)).unwrap_err().to_string();
    assert!(message.contains("the number of channels is 0"), "{message}");
    let high = Form::Cochlea(EarOptions {
        high_hz: Some(5_000.0),
        ..EarOptions::default()
    });
    let message = run(folder.path(), high).unwrap_err().to_string();
    assert!(
        message.contains("below half the rate, 4000 Hz"),
        "{message}"
    );
}

#[test]
fn silence_is_left_out_and_told() {
    let folder = digits();
    put(folder.path().join("recordings/1_eve_1.wav"), &[0.0; 400]);
    let done = run(folder.path(), cochlea(20)).unwrap();
    assert_eq!(
        done.notices,
        ["1 pieces produced no events and were left out"]
    );
}

#[test]
fn hostile_sounds_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1_eve_0.wav");
    put(path.clone(), &tone(500.0, 0.01));
    let bytes = fs::read(&path).unwrap();
    let refused = crate::convert::hostile::survives(&path, &bytes, || Sound::read(&path));
    assert_eq!(refused, bytes.len());
    // The header determines most of the interpretation: mutate only the header.
    let header = &bytes[..44];
    for place in 0..header.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[place] = value;
            fs::write(&path, &changed).unwrap();
            if let Err(error) = Sound::read(&path) {
                assert!(error.to_string().contains("1_eve_0.wav: byte "), "{error}");
            }
        }
    }
}

#[test]
fn real_digits_have_as_many_events_as_theirs() {
    let Some(data) = crate::convert::hostile::real_data("free-spoken-digits") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    // One recording of each digit by each speaker.
    for entry in fs::read_dir(data.join("recordings")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with("_7.wav") {
            fs::copy(&path, folder.path().join(name)).unwrap();
        }
    }
    let done = run(folder.path(), cochlea(700)).unwrap();
    for (path, count) in &done.files {
        let summary = summarise(&opened(path.clone(), 700)).unwrap();
        let share = summary.active_share_1ms;
        println!(
            "{count} digits: {:.0} events, {:.2} % of 1 ms, {:.2} % of 10 ms active, loudest {:.0} Hz, {} silent",
            summary.events.mean,
            100.0 * share,
            100.0 * summary.active_share_10ms,
            summary
                .channel_rates_hz
                .iter()
                .fold(0.0_f64, |a, b| a.max(*b)),
            summary
                .channel_rates_hz
                .iter()
                .filter(|rate| **rate == 0.0)
                .count(),
        );
        assert!((0.01..0.03).contains(&share), "{share}");
    }
}
