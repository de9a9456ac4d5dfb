//! `saturn view`: its picture at several sizes, and that the terminal is left clean.

use std::fs;
use std::io::Write;
use std::process::Command;

use saturn_cli::view::{RunFolder, Scene, text};
use saturn_live::counts::Counts;
use saturn_live::latency::Quantiles;
use saturn_live::raster::Raster;
use saturn_live::status::{Health, Status};

use crate::live::{bench, bytes, start, stream};
use crate::saturn::{fails, succeeds};

const SIZES: [(u16, u16); 3] = [(80, 24), (140, 45), (40, 12)];

/// A stream of ten classes with two figures of health out of their ranges.
fn status() -> Status {
    let (mut input, mut layer) = (Raster::new(96), Raster::new(64));
    for step in 0..300usize {
        input.begin();
        layer.begin();
        for unit in (0..96).filter(|unit| (step * 7 + unit * 13) % 11 == 0) {
            input.raise(unit, 0.8);
        }
        for unit in (0..64).filter(|unit| (step * 3 + unit * 5) % 17 == 0) {
            layer.raise(unit, 1.0);
        }
    }
    let health = (0..12).map(|i| Health {
        name: format!("{}.v.rms", i / 3),
        value: Some(f64::from(i) * 0.25),
        limits: Some([0.1, 2.3]),
        out: i > 9,
    });
    let quantiles = Quantiles {
        count: 9,
        p50_us: 21.0,
        p90_us: 40.0,
        p99_us: 130.0,
        p999_us: 900.0,
        max_us: 1_500.0,
    };
    Status {
        place: "lif.adaptive.1".to_owned(),
        classes: (0..10).map(|c| format!("digit {c}")).collect(),
        source: "the socket /tmp/events".to_owned(),
        pace: "real".to_owned(),
        dt_ms: 10.0,
        step: 1_234_567,
        steps_per_second: 100.2,
        uptime_s: 12_345.6,
        queue: [17, 65_536],
        decision: Some(3),
        decisions: 412,
        probabilities: (0..10).map(|c| if c == 3 { 0.82 } else { 0.02 }).collect(),
        counts: Counts {
            taken: 9_876_543,
            late: 12,
            duplicates: 3,
            ..Counts::default()
        },
        step_latency: quantiles,
        event_latency: Quantiles {
            p50_us: 10_400.0,
            p99_us: 21_000.0,
            ..quantiles
        },
        health: health.collect(),
        fallback: "decay=0.9".to_owned(),
        falls_back: true,
        input,
        layer,
        log: vec!["warning: out of its range: 3.v.rms is 2.5".to_owned()],
    }
}

fn shown(scene: &Scene, size: (u16, u16)) -> String {
    let lines = text(scene, 3, size).unwrap();
    assert_eq!(lines.len(), usize::from(size.1));
    lines.join("\n")
}

fn has(picture: &str, parts: &[&str]) {
    for part in parts {
        assert!(picture.contains(part), "`{part}` is not in\n{picture}");
    }
}

#[test]
fn a_stream_is_shown_whole_at_every_size() {
    let scene = Scene::Stream(status());
    for size in SIZES {
        let picture = shown(&scene, size);
        has(
            &picture,
            &["lif.adaptive.1", "falls back: decay=0.9", "step 1,234,567"],
        );
        if size.0 >= 80 {
            has(
                &picture,
                &[
                    "input: 96 units, last",
                    "first layer: 64 units, last",
                    "says digit 3",
                    "▶ digit 3",
                    "health",
                    "▲ 3.v.rms",
                    "0.100–2.30",
                    "dropped: 12 late, 3 duplicate",
                    "9,876,543 events  412 decisions  queue 17 of 65,536",
                    "step 21 µs / 130 µs, event to decision 10.4 ms / 21.0 ms",
                    "warning: out of its range: 3.v.rms",
                ],
            );
            let dots = picture
                .chars()
                .filter(|c| ('\u{2801}'..='\u{28FF}').contains(c));
            assert!(dots.count() > 200, "{picture}");
        }
    }
    // All ten outputs and twelve figures where there is room for them.
    let large = shown(&scene, (140, 45));
    assert_eq!(large.matches("digit ").count(), 11, "{large}");
    assert_eq!(large.matches(".v.rms").count(), 13, "{large}");
    // Of too many the likeliest and the least healthy.
    let small = shown(&scene, (80, 24));
    has(&small, &["health: the worst "]);
}

#[test]
fn what_is_not_known_yet_is_said() {
    let empty = Status {
        place: "m.a.1".to_owned(),
        ..Status::default()
    };
    for size in SIZES {
        let picture = shown(&Scene::Stream(empty.clone()), size);
        has(&picture, &["m.a.1", "well", "says nothing"]);
    }
    let why = Scene::Nothing("the folder has gone".to_owned());
    has(&shown(&why, (80, 24)), &["the folder has gone"]);
}

#[test]
fn a_run_is_shown_as_it_grows() {
    let run = bench().path("out");
    let mut folder = RunFolder::open(&run).unwrap();
    let scene = Scene::Run(folder.look().unwrap());
    for size in [(80, 24), (140, 45)] {
        let picture = shown(&scene, size);
        has(
            &picture,
            &[
                "tiny",
                "4 of 4 nets",
                "finished",
                "✓ lif.classic.1",
                "✓ gru.adaptive.1",
                ": right in validation",
                "100 %",
                ": input from step ",
                "probability: right wrong in a gap",
                "health of ",
                "rms",
                "first",
                "last",
            ],
        );
    }
    // A half-finished run, with an incomplete last line.
    let half = bench().path("half");
    fs::create_dir_all(&half).unwrap();
    fs::copy(run.join("scenario.yaml"), half.join("scenario.yaml")).unwrap();
    let mut folder = RunFolder::open(&half).unwrap();
    let picture = shown(&Scene::Run(folder.look().unwrap()), (80, 24));
    has(
        &picture,
        &[
            "0 of 4 nets",
            "no news yet",
            "no epoch is over",
            "nothing is recorded yet",
        ],
    );
    let all = fs::read(run.join("metrics.jsonl")).unwrap();
    let end = all.iter().position(|&b| b == b'\n').unwrap();
    let mut metrics = fs::File::create(half.join("metrics.jsonl")).unwrap();
    metrics.write_all(&all[..end + 30]).unwrap();
    let picture = shown(&Scene::Run(folder.look().unwrap()), (80, 24));
    has(&picture, &["0 of 4 nets", "… ", "last news 0 s ago"]);
    let before = folder
        .look()
        .unwrap()
        .nets
        .iter()
        .map(|n| n.epochs.len())
        .sum::<usize>();
    metrics.write_all(&all[end + 30..]).unwrap();
    let after = folder
        .look()
        .unwrap()
        .nets
        .iter()
        .map(|n| n.epochs.len())
        .sum::<usize>();
    assert_eq!((before, after), (1, 8));
}

#[test]
fn pictures_can_be_printed_and_what_is_not_there_is_named() {
    let output = bench().saturn(&["view", "out", "--once", "--size", "100x30"]);
    succeeds(&output);
    let picture = String::from_utf8(output.stdout).unwrap();
    assert_eq!(picture.lines().count(), 30);
    has(&picture, &["4 of 4 nets"]);
    let mut running = start(
        "out/lif.adaptive.1",
        &["--metrics", "0", "--health-window", "50"],
    );
    let address = running.metrics();
    let mut stdin = running.stdin();
    stdin
        .write_all(&bytes(&stream(), saturn_live::protocol::Format::Line))
        .unwrap();
    // Sent events are processed before long, on a slow machine too.
    let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let picture = loop {
        let output = bench().saturn(&["view", &address, "--once"]);
        succeeds(&output);
        let picture = String::from_utf8(output.stdout).unwrap();
        if picture.contains("0.s.rate_hz") || std::time::Instant::now() > until {
            break picture;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    has(
        &picture,
        &["lif.adaptive.1", "input: 16 units", "events", "0.s.rate_hz"],
    );
    drop(stdin);
    running.end();
    fails(
        &bench().saturn(&["view", &address, "--once"]),
        2,
        &["/status", "hint:"],
    );
    fails(
        &bench().saturn(&["view", "nowhere"]),
        2,
        &["neither a run's folder", "hint:"],
    );
    fails(
        &bench().saturn(&["view", "data"]),
        2,
        &["no scenario.yaml", "hint:"],
    );
    fails(
        &bench().saturn(&["view", "out"]),
        2,
        &["it is no terminal", "--once"],
    );
}

/// In a pseudo-terminal: it draws on the alternate screen, and however it ends, it switches back and shows
/// the cursor.
#[test]
fn the_terminal_is_left_clean() {
    let there = Command::new("script").arg("--version").output();
    if !there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: `script`, which makes a pseudo-terminal, was not found");
        return;
    }
    let saturn = env!("CARGO_BIN_EXE_saturn");
    for (name, end) in [("term", "kill -TERM $!"), ("int", "kill -INT $!")] {
        let inner = format!("{saturn} view out & sleep 3; {end}; wait $!; echo code $?; stty -a");
        let output = Command::new("script")
            .args(["-qec", &inner, "/dev/null"])
            .current_dir(bench().path(""))
            .env("TERM", "xterm-256color")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let enters = said.find("\u{1b}[?1049h");
        let leaves = said.rfind("\u{1b}[?1049l");
        assert!(enters.is_some() && enters < leaves, "{name}: {said}");
        let after = &said[leaves.unwrap()..];
        has(after, &["code 0", " icanon", " echo "]);
        assert!(
            said.rfind("\u{1b}[?25h") > said.rfind("\u{1b}[?25l"),
            "{name}"
        );
    }
}
