//! Absurd files and settings: their messages, and that these come quickly.

use std::fmt::Write;

use super::*;

/// The message of the file at `path`, which cannot be loaded.
fn unloadable(path: &Path) -> String {
    match Scenario::load(path, &[] as &[&str]) {
        Ok(_) => panic!("{} was loaded", path.display()),
        Err(e) => e.to_string(),
    }
}

#[test]
fn all_unknown_keys_are_named_at_once() {
    let message = wrong(
        "name: x\nstreem: {}\ntrain: {lr: fast, epoch: 3}\ndata: {dt: 1, channel: 3}\nevaluate: {lrr: 1}",
        &[],
    );
    for part in [
        "s.yaml:2:1: streem: unknown key, nearest `stream`",
        "s.yaml:3:19: train.epoch: unknown key, nearest `epochs`",
        "s.yaml:4:8: data.dt: unknown key, nearest `dt_ms`",
        "s.yaml:4:15: data.channel: unknown key, nearest `channels`",
        "s.yaml:5:12: evaluate.lrr: unknown key",
        "s.yaml:3:13: train.lr: expected a number, found the text `fast`",
    ] {
        assert!(message.contains(part), "{part} in\n{message}");
    }
    assert_eq!(message.lines().count(), 6, "{message}");
}

#[test]
fn thousands_of_unknown_keys_are_counted() {
    let mut text = "name: x\n".to_owned();
    for i in 0..49_000 {
        writeln!(text, "k{i}: 1").unwrap();
    }
    let message = wrong(&text, &[]);
    assert_eq!(message.lines().count(), 21, "{message}");
    assert!(
        message.ends_with("and 48980 more unknown keys"),
        "{message}"
    );
    // The same below another key, and names too long for a message.
    let long = "x".repeat(50_000);
    let message = wrong(&format!("name: x\ntrain: {{{long}: 1}}"), &[]);
    assert!(message.len() < 1_000, "{message}");
    let message = wrong(
        &format!("name: x\narms: {{a: {{{long}: 1}}}}\nmodels: {{m: {{layers: {long}}}}}"),
        &[],
    );
    assert!(message.len() < 3_000, "{message}");
}

#[test]
fn thousands_of_problems_are_counted() {
    let mut text = "name: x\nmodels:\n".to_owned();
    for i in 0..9_000 {
        writeln!(text, "  a/{i}: {{layers: lif}}").unwrap();
    }
    let message = wrong(&text, &[]);
    assert_eq!(message.lines().count(), 101, "{message}");
    assert!(message.ends_with("more problems"), "{message}");
}

#[test]
fn a_key_under_the_wrong_key_is_sent_home() {
    let message = wrong("name: x\nepochs: 3", &[]);
    assert!(
        message.starts_with(
            "s.yaml:2:1: epochs: unknown key: it belongs under `train`, indented further than that"
        ),
        "{message}"
    );
    let message = wrong("name: x\ntrain:\nepochs: 3", &[]);
    assert!(
        message.contains("train: no value: give a mapping"),
        "{message}"
    );
    assert!(message.contains("indented further"), "{message}");
    assert!(wrong("name: x\nlayers: lif", &[]).contains("it belongs under `models.NAME`"));
}

#[test]
fn words_that_others_use_lead_to_ours() {
    for (text, part) in [
        (
            "name: x\ndata: {dt: 1}",
            "data.dt: unknown key, nearest `dt_ms`",
        ),
        (
            "name: x\nevaluate: {state_reset: never}",
            "unknown choice `never`, nearest `none`",
        ),
        (
            "name: x\ntrain: {learning_rate: 1}",
            "train.learning_rate: unknown key, nearest `lr`",
        ),
        (
            "name: x\ntrain: {batch_size: 1}",
            "train.batch_size: unknown key, nearest `lanes`",
        ),
    ] {
        let message = wrong(text, &[]);
        assert!(message.contains(part), "{part} in\n{message}");
    }
}

#[test]
fn a_number_in_place_of_a_list_is_refused_with_both_remedies() {
    assert_eq!(
        wrong("name: x\nseeds: 3", &[]),
        "s.yaml:2:8: seeds: expected a list, found `3`: write `[3]` for one value, or `[1, 2, 3]` for several"
    );
    assert_eq!(
        wrong("name: x", &["seeds=12"]),
        "--set seeds=12: seeds: expected a list, found `12`: write `[12]` for one value, or `[12, ...]` for \
        several"
    );
    let choice = wrong("name: x\ntune: {search: {train.lr: {choice: 0.1}}}", &[]);
    assert!(choice.contains("write `[0.1]` for one value"), "{choice}");
    assert_eq!(good("name: x\nseeds: [3]").seeds, [3]);
    // A word is not a count.
    let fill = good("name: x\nstream: {gap: {fill: noise}}").stream.gap;
    assert_eq!(fill.unwrap().fill, [Fill::Noise(1.0)]);
}

#[test]
fn tabs_and_wrong_indentation_are_named() {
    let message = wrong("name: x\ntrain:\n\tlr: 1", &[]);
    assert!(message.contains("line 3 is indented by a tab"), "{message}");
    let message = wrong("name: x\ntrain:\n  lr: 1\n   epochs: 3", &[]);
    assert!(
        message.contains("keys of one mapping begin in one column"),
        "{message}"
    );
}

#[test]
fn what_is_no_text_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.yaml");
    for (bytes, part) in [
        (
            &b"\x89HDF\r\n\x1a\n...."[..],
            "is not a scenario: it is an HDF5 file",
        ),
        (b"\x1f\x8b\x08", "it is a gzip file"),
        (b"name: \0x", "byte 6 is 0, so it is a binary file"),
        (b"name: \xff", "it is not UTF-8 from byte 6 on"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let message = unloadable(&path);
        assert!(message.contains(part), "{part} in {message}");
        assert!(
            message.contains("hint: a scenario is YAML text"),
            "{message}"
        );
    }
    std::fs::write(&path, vec![b' '; (4 << 20) + 1]).unwrap();
    assert!(unloadable(&path).contains("it has 4194305 bytes, and at most 4194304 are read"));
    assert!(unloadable(folder.path()).contains("it is a folder, not a regular file"));
}

#[test]
#[cfg(target_os = "linux")]
fn what_never_ends_is_not_read() {
    assert!(unloadable(Path::new("/dev/zero")).contains("it is a device, not a regular file"));
}

#[test]
fn settings_that_are_hardly_meant_are_warned_of() {
    let s = good(
        "name: x\ndata: {dt_ms: 25}\nmodels: {m: {layers: [{lif: {tau_mem_ms: [5, 100]}}], readout: {leaky: {tau_mem_ms: 30}}}}\n\
         train: {lr: 10}\narms: {a: {train: {optimizer: sgd, lr: 1}}}",
    );
    let kinds: Vec<_> = s
        .warnings
        .iter()
        .map(|w| (w.kind, w.path.as_str(), w.found.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            (
                WarningKind::ShortTimeConstant,
                "models.m.layers.0.lif.tau_mem_ms",
                "5"
            ),
            (WarningKind::LearningRate, "train.lr", "10"),
        ]
    );
    let line = s.warnings[0].line("s.yaml");
    assert!(
        line.starts_with(
            "s.yaml:3:42: models.m.layers.0.lif.tau_mem_ms: `5`: that is less than a step of 25 ms"
        ),
        "{line}"
    );
}

#[test]
fn a_matrix_has_a_bound() {
    let names = |n: usize, what: &str| {
        (0..n)
            .map(|i| format!("  n{i}: {what}\n"))
            .collect::<Vec<_>>()
            .concat()
    };
    let text = format!(
        "name: x\nmodels:\n{}arms:\n{}",
        names(200, "{layers: lif}"),
        names(200, "{streams: single}")
    );
    assert!(wrong(&text, &[]).contains("models: 200 models in 200 arms are 40000 pairs"));
    let seeds = format!("seeds={:?}", (0..9_000).collect::<Vec<u64>>());
    let text = format!(
        "name: x\nmodels:\n{}arms:\n{}",
        names(20, "{layers: lif}"),
        names(20, "{streams: single}")
    );
    assert!(wrong(&text, &[&seeds]).contains("are 3600000 nets"));
}
