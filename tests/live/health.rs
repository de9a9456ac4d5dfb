//! Health: ranges are learnt once, figures out of range are reported, fallbacks act, and metrics can be
//! scraped.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use saturn_live::protocol::Format;
use serde_json::Value;

use super::{bench, bytes, disturbed, hear, start, stream};

const NET: &str = "out/lif.adaptive.1";

fn kinds<'a>(heard: &'a [Value], kind: &str) -> Vec<&'a Value> {
    heard.iter().filter(|line| line["kind"] == kind).collect()
}

#[test]
fn what_leaves_its_range_is_said_and_fallbacks_act() {
    let windows = ["--health-window", "50", "--patience", "2"];
    let with = |more: &[&'static str]| [&windows[..], more].concat();
    let plain = hear(NET, &windows, &bytes(&disturbed(), Format::Binary));
    let ranges = fs::read_to_string(bench().path("out/health/lif.adaptive.1.json")).unwrap();
    assert!(ranges.contains("0.s.rate_hz"), "{ranges}");
    let health = kinds(&plain.heard, "health");
    let input: Vec<bool> = health
        .iter()
        .filter(|line| line["figure"] == "input.rate_hz")
        .map(|line| line["out"].as_bool().unwrap())
        .collect();
    assert_eq!(input, [true, false], "{}", plain.said);
    assert!(
        plain
            .said
            .contains("warning: input.rate_hz is 900.000, out of its range")
    );
    assert!(kinds(&plain.heard, "fallback").is_empty());
    for (fallback, acts) in [
        ("reset", vec!["begins", "reset"]),
        ("decay=0.8", vec!["begins"]),
        ("model=out/gru.adaptive.1", vec!["begins", "reset"]),
    ] {
        let running = hear(
            NET,
            &with(&["--fallback", fallback]),
            &bytes(&disturbed(), Format::Binary),
        );
        let lines = kinds(&running.heard, "fallback");
        let what: Vec<&str> = lines.iter().map(|l| l["what"].as_str().unwrap()).collect();
        assert_eq!(what[..acts.len()], acts, "{fallback}: {}", running.said);
        assert_eq!(what.last(), Some(&"ends"), "{fallback}: {}", running.said);
        assert_eq!(lines[0]["fallback"], fallback);
        assert!(running.said.contains("falls back: "), "{}", running.said);
        // Up to the alarm all is as without a fallback; then it is not.
        let at = lines[0]["step"].as_u64();
        let every = |fallback: &'static str| {
            let options = with(&["--fallback", fallback, "--every", "1"]);
            let running = hear(NET, &options, &bytes(&disturbed(), Format::Binary));
            let lines = running.decisions().into_iter().cloned();
            let decisions = lines.filter(|line| line["kind"] == "decision");
            let (before, after): (Vec<Value>, Vec<Value>) =
                decisions.partition(|line| line["step"].as_u64() < at);
            (before, after)
        };
        let (acting, idle) = (every(fallback), every("none"));
        assert!(acting.0 == idle.0 && acting.1 != idle.1, "{fallback}");
    }
}

pub fn get(address: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn metrics_are_served_on_this_machine() {
    let mut running = start(NET, &["--metrics", "0", "--health-window", "50"]);
    let address = running.metrics();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let mut stdin = running.stdin();
    stdin.write_all(&bytes(&stream(), Format::Binary)).unwrap();
    stdin.write_all(b"").unwrap();
    let scrape = || {
        let answer = get(&address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        answer.split("\r\n\r\n").nth(1).unwrap().to_owned()
    };
    let value_in = |body: &str, name: &str| -> f64 {
        let line = body
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("{name} is not in {body}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    // Sent events are processed before long, on a slow machine too.
    let until = Instant::now() + Duration::from_mins(1);
    let body = loop {
        let body = scrape();
        let heard = value_in(&body, "saturn_stream_steps_total") > 100.0
            && value_in(&body, "saturn_stream_events_total") > 1_000.0;
        if heard {
            break body;
        }
        assert!(Instant::now() < until, "{body}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let value = |name: &str| value_in(&body, name);
    for name in [
        "saturn_stream_dropped_events_total{kind=\"late\"}",
        "saturn_stream_malformed_input_total{kind=\"unit\"}",
        "saturn_stream_latency_seconds{kind=\"step\",part=\"0.99\"}",
        "saturn_stream_health{kind=\"input.rate_hz\",part=\"most\"}",
        "saturn_stream_queue_room",
    ] {
        value(name);
    }
    assert!(body.ends_with("# EOF\n"));
    let status = get(
        &address,
        &format!("GET /status HTTP/1.1\r\nhost: {address}\r\n\r\n"),
    );
    let status: Value = serde_json::from_str(status.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(status["place"], "lif.adaptive.1");
    for (request, code) in [
        ("GET / HTTP/1.1\r\nHost: [::1]:80", 404),
        ("GET /metrics HTTP/1.0", 200),
        ("POST /metrics HTTP/1.1\r\nHost: localhost", 405),
        ("GET /status HTTP/1.1\r\nHost: evil.example", 421),
        ("GET /metrics HTTP/1.1\r\nHost: evil.example:9464", 421),
        ("GET /status HTTP/1.1", 400),
        (
            "GET /status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example",
            400,
        ),
        ("\u{1}\u{2}", 400),
    ] {
        let answer = get(&address, &format!("{request}\r\n\r\n"));
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {code}")),
            "{request}: {answer}"
        );
        assert!(
            code == 200 || !answer.contains("lif.adaptive.1"),
            "{answer}"
        );
    }
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(4_000));
    assert!(get(&address, &long).starts_with("HTTP/1.1 400"));
    drop(stdin);
    assert_eq!(running.end(), 0, "{}", running.said);
}
