//! A live run that is stopped and resumed has the same output as one that is never stopped.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use saturn_live::protocol::Format;

use super::{bytes, count, disturbed, hear, scratch, start, stream};

/// Networks of both kinds, with health monitoring and an active fallback.
const NETS: [&str; 2] = ["out/lif.adaptive.1", "out/gru.classic.1"];
const OPTIONS: [&str; 10] = [
    "--every",
    "3",
    "--threshold",
    "0.3",
    "--health-window",
    "50",
    "--patience",
    "2",
    "--fallback",
    "decay=0.8",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&OPTIONS, more].concat()
}

/// Standard input in three parts, cut anywhere but within a line.
#[test]
fn in_parts_with_a_state_it_is_one_stream() {
    for net in NETS {
        let items = disturbed();
        let whole = hear(net, &OPTIONS, &bytes(&items, Format::Line));
        let expected = whole.texts();
        assert!(
            expected.iter().any(|line| line.contains("fallback")),
            "{net}"
        );
        let state = scratch("resume/parts.state");
        let options = with(&["--state", state.to_str().unwrap()]);
        let mut found = Vec::new();
        let cuts = [0, 133, items.len() / 3 + 1, items.len() / 2, items.len()];
        for pair in cuts.windows(2) {
            let part = hear(
                net,
                &options,
                &bytes(&items[pair[0]..pair[1]], Format::Binary),
            );
            found.extend(part.texts());
        }
        // Open steps wait for more events if a state is saved; a last run without one closes them.
        let known = found.len();
        assert_eq!(found, expected[..known], "{net}");
        assert!(expected.len() - known < 3, "{net}");
        fs::remove_file(&state).unwrap();
    }
}

/// A file, read by a program that is interrupted several times, and killed once after it has saved.
#[test]
fn interrupted_and_killed_it_goes_on_where_it_was() {
    let net = NETS[0];
    let all = bytes(&disturbed(), Format::Line);
    let whole = hear(net, &OPTIONS, &all);
    let expected = whole.texts();
    let (state, path) = (scratch("resume/file.state"), scratch("resume/events.txt"));
    fs::write(&path, "").unwrap();
    let options = with(&[
        "--state",
        state.to_str().unwrap(),
        "--from",
        path.to_str().unwrap(),
        "--follow",
        "--save-every-s",
        "0.05",
    ]);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let mut found: Vec<String> = Vec::new();
    for (k, piece) in all.chunks(all.len() / 5 + 1).enumerate() {
        let mut running = start(net, &options);
        running.wait_for(|line| line["kind"] == "start");
        for part in piece.chunks(piece.len() / 3 + 1) {
            file.write_all(part).unwrap();
            std::thread::sleep(Duration::from_millis(80));
        }
        if k == 2 {
            // Everything written has been processed and saved by now; anything else would be processed again.
            std::thread::sleep(Duration::from_secs(3));
            running.child.kill().unwrap();
        } else {
            running.interrupt();
        }
        let code = running.end();
        assert!(code == 0 || k == 2, "{}", running.said);
        found.extend(running.texts());
    }
    assert_eq!(found, expected[..found.len()]);
    assert!(expected.len() - found.len() < 3);
    // To the end of the file without following: no event is processed twice.
    let mut last = start(
        net,
        &with(&[
            "--state",
            state.to_str().unwrap(),
            "--from",
            path.to_str().unwrap(),
        ]),
    );
    assert_eq!(last.end(), 0, "{}", last.said);
    assert!(last.texts().is_empty());
    assert_eq!(count(last.last(), "taken"), count(whole.last(), "taken"));
}

/// A state is rejected with the reason if it is truncated, damaged, of another net, of other settings or not
/// a state.
#[test]
fn a_state_that_does_not_fit_is_refused() {
    let net = NETS[0];
    let input = bytes(&stream()[..200], Format::Line);
    let state = scratch("resume/refused.state");
    let name = state.to_str().unwrap();
    let options = ["--state", name, "--no-health"];
    hear(net, &options, &input);
    let whole = fs::read(&state).unwrap();
    let refused = |net: &str, options: &[&str], words: &str| {
        let before = fs::read(&state).unwrap();
        let mut running = start(net, options);
        assert_eq!(running.end(), 2, "{words}: {}", running.said);
        for part in [words, "refused.state", "hint:"] {
            assert!(
                running.said.contains(part),
                "`{part}` is not in {}",
                running.said
            );
        }
        assert_eq!(fs::read(&state).unwrap(), before, "it is unchanged");
    };
    refused(NETS[1], &options, "is of another net, lif.adaptive.1");
    refused("out/lif.classic.1", &options, "is of another net");
    let other = ["--state", name, "--health-window", "50"];
    refused(net, &other, "health windows differ");
    let other = ["--state", name, "--no-health", "--threshold", "0.123"];
    refused(net, &other, "detector has other settings");
    let other = ["--state", name, "--no-health", "--reorder-ms", "30"];
    refused(net, &other, "another --pace, --reorder-ms");
    let damage = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(&state, bytes).unwrap();
    };
    for cut in [17, 60, whole.len() - 1] {
        damage(&|bytes| bytes.truncate(cut));
        refused(net, &options, "is truncated or corrupt");
    }
    damage(&|bytes| bytes[100] ^= 1);
    refused(net, &options, "its checksum does not match");
    damage(&|bytes| bytes[14] = b'1');
    refused(net, &options, "another version");
    damage(&|bytes| *bytes = b"hello".to_vec());
    refused(net, &options, "is not a state");
    fs::write(&state, &whole).unwrap();
    let mut sound = start(net, &options);
    assert_eq!(sound.end(), 0, "{}", sound.said);
    assert!(Path::new(name).exists());
}
