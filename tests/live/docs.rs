//! `docs/live.md` is correct: its bytes, its lines and its Python client.

use std::path::Path;
use std::process::Command;

use saturn_live::protocol::{Decoder, Fault, Format, Item, Place, Sink, frame};

/// The block of code after the `n`th fence of `kind`.
fn block(kind: &str, n: usize) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/live.md");
    let text = std::fs::read_to_string(path).unwrap();
    let fence = format!("```{kind}\n");
    let after = text.split(&fence).nth(n + 1).unwrap();
    after.split("```").next().unwrap().to_owned()
}

fn events() -> [Item; 2] {
    [(1000, 17, 1), (1250, 3, 2)].map(|(time_us, unit, count)| Item::Event {
        time_us,
        unit,
        count,
    })
}

fn documented() -> Vec<u8> {
    let text = block("text", 1);
    let bytes = text.split_whitespace();
    bytes.map(|b| u8::from_str_radix(b, 16).unwrap()).collect()
}

#[derive(Default)]
struct Heard(Vec<Item>);

impl Sink for Heard {
    fn item(&mut self, item: Item) {
        self.0.push(item);
    }
    fn fault(&mut self, fault: Fault, _: Place, _: &[u8]) {
        panic!("{}", fault.words());
    }
}

#[test]
fn the_documented_lines_and_bytes_are_what_is_read() {
    let mut written = Vec::new();
    frame::encode(&events(), &mut written);
    assert_eq!(written, documented());
    let (mut decoder, mut heard) = (Decoder::new(Format::Auto, 700), Heard::default());
    decoder.feed(block("text", 0).as_bytes(), &mut heard);
    decoder.finish(&mut heard);
    assert_eq!(heard.0[..2], events());
    assert_eq!(heard.0[2..], [Item::Mark { time_us: 20_000 }]);
}

#[test]
fn the_client_in_python_writes_them() {
    let output = Command::new("python3")
        .args(["-c", &block("python", 0)])
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no python3 to run the client in docs/live.md");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(output.stdout, documented());
}
