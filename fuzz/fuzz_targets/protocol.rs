//! What a client may send to a live stream: lines or binary frames, in pieces of any size.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_live::protocol::{Decoder, Fault, Format, Item, Place, Sink};

const CHANNELS: usize = 96;

#[derive(Default)]
struct Heard {
    items: Vec<u64>,
    faults: Vec<(Fault, Place)>,
}

impl Sink for Heard {
    fn item(&mut self, item: Item) {
        self.items.push(item.time_us());
    }

    fn fault(&mut self, fault: Fault, place: Place, bytes: &[u8]) {
        assert!(bytes.len() <= 1 << 16, "a fault quotes little");
        self.faults.push((fault, place));
    }
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (format, piece, bytes) = input;
    let format = [Format::Auto, Format::Line, Format::Binary][usize::from(format) % 3];
    let hear = |piece: usize| {
        let (mut decoder, mut heard) = (Decoder::new(format, CHANNELS), Heard::default());
        for part in bytes.chunks(piece) {
            decoder.feed(part, &mut heard);
            assert!(decoder.waiting() <= 1 << 17, "what waits is bounded");
        }
        decoder.finish(&mut heard);
        heard
    };
    let (whole, pieces) = (hear(bytes.len().max(1)), hear(usize::from(piece) + 1));
    assert_eq!((whole.items, whole.faults), (pieces.items, pieces.faults), "the same in any pieces");
});
