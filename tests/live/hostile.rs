//! For any input, a live run continues, reports what it dropped, and stays small.

use std::io::Write;
use std::time::Duration;

use super::{Running, count, hear, start};

const NET: &str = "out/lif.adaptive.1";

/// The peak memory of the program, KiB; `None` if the system does not report it.
fn peak(running: &Running) -> Option<u64> {
    let path = format!("/proc/{}/status", running.child.id());
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The memory of a live run after one event.
fn plain_peak() -> Option<u64> {
    let mut running = start(NET, &["--every", "1", "--no-health"]);
    let mut stdin = running.stdin();
    stdin.write_all(b"1 1\n20001 1\n").unwrap();
    running.wait_for(|line| line["kind"] == "decision");
    let peak = peak(&running);
    drop(stdin);
    running.end();
    peak
}

fn malformed(last: &serde_json::Value) -> u64 {
    let all = last["counts"]["malformed"].as_array().unwrap();
    all.iter().map(|n| n.as_u64().unwrap()).sum()
}

#[test]
fn every_kind_of_bad_line_is_counted_and_named() {
    let input =
        "1000 1\nNaN 2\n1100 16\n1200 1 1e9\n-1 1\nwords\n1300 2\n1300 2\n25000 1\n1400 3\n";
    let options = ["--no-health", "--repeats", "once"];
    let running = hear(NET, &options, input.as_bytes());
    let last = running.last();
    assert_eq!((malformed(last), count(last, "taken")), (5, 3));
    assert_eq!((count(last, "duplicates"), count(last, "late")), (1, 1));
    assert!(
        running
            .said
            .contains("line 2, `NaN 2`: the time (field 1) is"),
        "{}",
        running.said
    );
}

/// Time that jumps 10^12 steps ahead, and back to the beginning; a jump within bounds is made.
#[test]
fn jumps_of_time_are_refused_or_bounded() {
    let far = 9_007_199_254_740_991u64;
    let input = format!("1000 1\n{far} 1\n{far}\n2000 1\n60001000 1\n0 1\n60002000 1\n");
    let began = std::time::Instant::now();
    let running = hear(
        NET,
        &["--no-health", "--max-jump-s", "60"],
        input.as_bytes(),
    );
    assert!(began.elapsed() < Duration::from_secs(30));
    let last = running.last();
    assert_eq!(last["step"].as_u64(), Some(6_001));
    assert_eq!(
        (
            count(last, "taken"),
            count(last, "ahead"),
            count(last, "late")
        ),
        (4, 2, 1)
    );
}

/// An endless line without an end, a flood of events of one step, and bytes of no form: memory stays.
#[test]
fn floods_do_not_grow() {
    let Some(plain) = plain_peak() else {
        eprintln!("skipped: this system does not report a program's memory");
        return;
    };
    let endless = vec![b'7'; 1 << 16];
    let crowd: Vec<u8> = (0..6_000)
        .flat_map(|k| format!("{} {}\n", 20_000 + k, k % 16).into_bytes())
        .collect();
    let noise: Vec<u8> = (0u32..1 << 16)
        .map(|k| (k.wrapping_mul(2_654_435_761) >> 13) as u8 | 0x80)
        .collect();
    for (what, piece) in [("endless", endless), ("crowd", crowd), ("noise", noise)] {
        let mut running = start(NET, &["--no-health", "--format", "line"]);
        let mut stdin = running.stdin();
        for _ in 0..400 {
            stdin.write_all(&piece).unwrap();
        }
        let peak = peak(&running).unwrap();
        drop(stdin);
        // If no input could be read, the exit code shows it.
        let code = if what == "crowd" { 0 } else { 2 };
        assert_eq!(running.end(), code, "{}", running.said);
        assert!(peak < plain + 24 * 1024, "{what}: {peak} KiB after {plain}");
        let last = running.last();
        match what {
            "endless" => assert_eq!(malformed(last), 1),
            "crowd" => assert!(count(last, "crowded") + count(last, "duplicates") > 1_000_000),
            _ => assert!(malformed(last) > 0),
        }
    }
}

/// Datagrams faster than they are processed: dropped and counted, and the run still receives.
#[test]
fn a_flood_of_datagrams_is_dropped() {
    let options = [
        "--no-health",
        "--from",
        "udp:127.0.0.1:0",
        "--queue",
        "16",
        "--metrics",
        "0",
    ];
    let mut running = start(NET, &options);
    let socket = running.datagrams();
    let lines: Vec<String> = (0..3_000).map(|k| format!("{k} {}", k % 16)).collect();
    let datagram = lines.join("\n");
    for _ in 0..2_000 {
        socket.send(datagram.as_bytes()).unwrap();
    }
    running.wait_for(|line| line["text"].as_str().is_some_and(|t| t.contains("flooded")));
    for k in 0..100u32 {
        socket
            .send(format!("{} 1\n", 1_000_000 + 10_000 * k).as_bytes())
            .unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
    running.interrupt();
    assert_eq!(running.end(), 0, "{}", running.said);
    let last = running.last();
    assert!(count(last, "flooded") > 1_000, "{last}");
    assert!(last["step"].as_u64() > Some(100), "{last}");
}
