//! `saturn send --gaps-of`: a recording with the gaps of a run matches the network's training.

use std::fs;

use saturn_data::{EventFile, OnBadSample, ReadOptions};
use serde_json::Value;

use super::{bench, count, scratch, start};
use crate::saturn::{fails, succeeds};

fn out_of_range(heard: &[Value]) -> Vec<&Value> {
    let health = heard.iter().filter(|line| line["kind"] == "health");
    health.filter(|line| line["out"] == true).collect()
}

/// The run, as if it had been evaluated with only noise in its gaps: the healthy ranges of its networks are
/// learnt on that.
fn in_noise() -> String {
    let (from, to) = (bench().path("out"), bench().path("noisy"));
    for folder in ["weights", "cells"] {
        fs::create_dir_all(to.join(folder)).unwrap();
        for entry in fs::read_dir(from.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, to.join(folder).join(path.file_name().unwrap())).unwrap();
        }
    }
    let scenario = fs::read_to_string(from.join("scenario.yaml")).unwrap();
    let (before, rest) = scenario.split_once("    silence:\n      gap:").unwrap();
    let (_, after) = rest.split_once("    noise:\n      gap:").unwrap();
    let scenario = format!("{before}    noise:\n      gap:{after}");
    fs::write(to.join("scenario.yaml"), scenario).unwrap();
    "noisy/lif.adaptive.1".to_owned()
}

#[test]
fn a_net_is_in_range_on_its_own_validation_data() {
    let net = in_noise();
    let sent = scratch("gaps/sent.bin");
    let to = sent.to_str().unwrap();
    let send = |more: &[&str]| {
        let _ = fs::remove_file(&sent);
        succeeds(&bench().saturn(&[&["send", "data/valid.h5", "--to", to], more].concat()))
    };
    let options = ["--from", to, "--health-window", "50"];
    send(&["--gaps-of", &net]);
    let first = fs::read(&sent).unwrap();
    let mut running = start(&net, &options);
    assert_eq!(running.end(), 0, "{}", running.said);
    assert!(out_of_range(&running.heard).is_empty(), "{}", running.said);
    let heard = count(running.last(), "taken");
    let read = ReadOptions {
        channels: 16,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let file = EventFile::open(bench().path("data/valid.h5"), &read).unwrap();
    let own: usize = (0..file.len())
        .map(|i| file.read(i).unwrap().units.len())
        .sum();
    assert!(
        heard > own as u64,
        "{heard} events with noise in gaps, {own} without"
    );
    // The same seed, the same gaps; the run's folder names them as well.
    send(&["--gaps-of", "noisy"]);
    assert_eq!(fs::read(&sent).unwrap(), first);
    send(&["--gaps-of", "noisy", "--seed", "2"]);
    assert_ne!(fs::read(&sent).unwrap(), first);
    // Silence instead, for long: the alarm names the cause and the remedy.
    send(&["--channels", "16", "--gap-ms", "5000"]);
    let strict = ["--from", to, "--health-window", "200", "--tolerance", "0.1"];
    let mut running = start(&net, &strict);
    assert_eq!(running.end(), 0, "{}", running.said);
    let out = out_of_range(&running.heard);
    let input = out
        .iter()
        .find(|line| line["figure"] == "input.rate_hz")
        .unwrap();
    let cause = input["cause"].as_str().unwrap();
    for part in ["where ranges were learnt with noise gaps", "--gaps-of"] {
        assert!(cause.contains(part), "{cause}");
    }
    assert!(running.said.contains("likely: "), "{}", running.said);
}

#[test]
fn what_is_no_run_is_named() {
    let to = scratch("gaps/none.bin");
    let to = to.to_str().unwrap();
    let arguments = ["send", "data/valid.h5", "--to", to, "--gaps-of", "data"];
    fails(
        &bench().saturn(&arguments),
        2,
        &["data", "has a scenario.yaml", "hint:"],
    );
    let arguments = ["send", "--noise", "3", "--to", to, "--gaps-of", "out"];
    fails(&bench().saturn(&arguments), 2, &["--gaps-of"]);
}
