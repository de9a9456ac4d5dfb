//! Known bytes, and any bytes: no panic, every lost byte is reported, splitting into pieces does not matter.

use proptest::prelude::*;

use super::*;

const CHANNELS: usize = 700;

#[derive(Debug, Default, PartialEq)]
struct Heard {
    items: Vec<Item>,
    faults: Vec<Fault>,
    places: Vec<String>,
}

impl Sink for Heard {
    fn item(&mut self, item: Item) {
        self.items.push(item);
    }
    fn fault(&mut self, fault: Fault, place: Place, _: &[u8]) {
        self.faults.push(fault);
        self.places.push(place.to_string());
    }
}

fn hear<'a>(format: Format, pieces: impl IntoIterator<Item = &'a [u8]>) -> Heard {
    let (mut decoder, mut heard) = (Decoder::new(format, CHANNELS), Heard::default());
    for piece in pieces {
        decoder.feed(piece, &mut heard);
        assert!(decoder.frames.waiting() <= frame::HEADER + 8 * frame::RECORDS);
    }
    decoder.finish(&mut heard);
    heard
}

fn event(time_us: u64, unit: u32, count: u32) -> Item {
    Item::Event {
        time_us,
        unit,
        count,
    }
}

#[test]
fn lines_say_what_the_head_of_the_file_says() {
    let text = b"# time unit count\n1000 17\n\n1250,3,2\r\n2e4\n7\t0;1\n30 699";
    let expected = Heard {
        items: vec![
            event(1000, 17, 1),
            event(1250, 3, 2),
            Item::Mark { time_us: 20_000 },
            event(7, 0, 1),
            event(30, 699, 1),
        ],
        ..Heard::default()
    };
    assert_eq!(hear(Format::Auto, [&text[..]]), expected);
}

#[test]
fn every_malformed_line_has_its_name() {
    let long = "9".repeat(line::LONGEST + 1);
    for (text, fault) in [
        ("NaN 1", Fault::Time),
        ("inf 1", Fault::Time),
        ("-3 1", Fault::Time),
        ("9007199254740992 1", Fault::Time),
        ("1e300", Fault::Time),
        ("0.0012 1", Fault::Decimal),
        ("7.9", Fault::Decimal),
        ("1000.0 1", Fault::Decimal),
        ("25e-1 1", Fault::Decimal),
        ("1 700", Fault::Unit),
        ("1 -1", Fault::Unit),
        ("1 NaN", Fault::Unit),
        ("1 2.5", Fault::Unit),
        ("1 99999999999999999999", Fault::Unit),
        ("1 2 0", Fault::Count),
        ("1 2 256", Fault::Count),
        ("1 2 1e9", Fault::Count),
        ("1 2 NaN", Fault::Count),
        ("1 2 3 4", Fault::Syntax),
        ("one 2", Fault::Syntax),
        ("1 two", Fault::Syntax),
        ("\u{1F9E0} 1", Fault::Syntax),
        (&long, Fault::Length),
    ] {
        let text = format!("1 1\n# a remark\n{text}\n5 5\n");
        let mut heard = hear(Format::Line, [text.as_bytes()]);
        assert_eq!(heard.items.remove(0), event(1, 1, 1));
        assert_eq!(heard.faults, [fault], "{text}");
        assert_eq!(heard.places, ["line 3"], "{text}");
        assert_eq!(heard.items, [event(5, 5, 1)], "{text}");
    }
}

/// The bytes in `docs/live.md`, and what its Python writes.
#[test]
fn a_frame_by_hand() {
    let bytes = [
        0xA5, 0x53, 0x45, 0x31, 0x02, 0x00, 0x00, 0x00, // mark, n = 2
        0xE8, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // t = 1000
        0x91, 0xC0, 0x86, 0x7D, // CRC-32
        0x00, 0x00, 0x00, 0x00, 0x11, 0x00, 0x00, 0x01, // 1000: unit 17, once
        0xFA, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x02, // 1250: unit 3, twice
    ];
    let items = [event(1000, 17, 1), event(1250, 3, 2)];
    let mut written = Vec::new();
    frame::encode(&items, &mut written);
    assert_eq!(written, bytes);
    let heard = hear(Format::Auto, [&bytes[..]]);
    assert_eq!((heard.items, heard.faults), (items.to_vec(), Vec::new()));
}

#[test]
fn what_is_damaged_is_named_and_the_next_frame_is_read() {
    let mut whole = Vec::new();
    frame::encode(&[event(10, 1, 1), event(20, 2, 2)], &mut whole);
    let after = |damaged: Vec<u8>| {
        let heard = hear(Format::Binary, [&damaged[..], &whole[..]]);
        assert_eq!(heard.items, [event(10, 1, 1), event(20, 2, 2)]);
        heard.faults
    };
    let mut flipped = whole.clone();
    flipped[24] ^= 1;
    assert_eq!(after(flipped)[0], Fault::Checksum);
    let mut beyond = whole.clone();
    frame::encode(&[event(1, 700, 1)], &mut beyond);
    assert_eq!(hear(Format::Binary, [&beyond[..]]).places, ["frame 2"]);
    assert_eq!(after(b"hello".to_vec()), [Fault::Frame]);
    let mut none = whole.clone();
    none[4] = 0;
    assert_eq!(after(none)[0], Fault::Frame);
    // Half a frame takes the beginning of the next one with it.
    let heard = hear(Format::Binary, [&whole[..whole.len() - 3]]);
    assert_eq!((heard.items, heard.faults), (vec![], vec![Fault::Torn]));
    let mut wrong = Vec::new();
    frame::encode(&[event(1, 700, 1), event(LATEST_US, 0, 1)], &mut wrong);
    let heard = hear(Format::Binary, [&wrong[..]]);
    assert_eq!(heard.faults, [Fault::Unit, Fault::Time]);
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let event = (0..LATEST_US, 0..CHANNELS as u32, 1..=MOST).prop_map(|(t, u, n)| event(t, u, n));
    let mark = (0..LATEST_US).prop_map(|time_us| Item::Mark { time_us });
    prop::collection::vec(prop_oneof![9 => event, 1 => mark], 0..200)
}

/// Where a stream is cut into pieces.
fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_items_or_faults_in_any_pieces(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        marked in any::<bool>(),
    ) {
        let mut bytes = bytes;
        if marked {
            bytes.splice(0..0, frame::MAGIC);
        }
        for format in [Format::Auto, Format::Line, Format::Binary] {
            let whole = hear(format, [&bytes[..]]);
            prop_assert_eq!(&hear(format, pieces(&bytes, &cuts)), &whole);
            let said = whole.items.len() + whole.faults.len();
            prop_assert!(said > 0 || bytes.is_empty() || format != Format::Binary);
        }
    }

    #[test]
    fn what_is_written_is_read(
        items in items(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut bytes = Vec::new();
        frame::encode(&items, &mut bytes);
        let heard = hear(Format::Auto, pieces(&bytes, &cuts));
        prop_assert_eq!(&heard.items, &items);
        prop_assert!(heard.faults.is_empty());
        let text: String = items
            .iter()
            .map(|item| match item {
                Item::Event { time_us, unit, count } => format!("{time_us} {unit} {count}\n"),
                Item::Mark { time_us } => format!("{time_us}\n"),
            })
            .collect();
        let heard = hear(Format::Auto, pieces(text.as_bytes(), &cuts));
        prop_assert_eq!(&heard.items, &items);
    }

    #[test]
    fn lines_of_numbers_are_sound_or_named(words in prop::collection::vec("[-+0-9.eEnNaAiIfF,; \t#]{0,20}", 1..9)) {
        let text = words.join("\n");
        let heard = hear(Format::Line, [text.as_bytes()]);
        for item in &heard.items {
            if let Item::Event { time_us, unit, count } = *item {
                prop_assert!(time_us < LATEST_US && (unit as usize) < CHANNELS);
                prop_assert!((1..=MOST).contains(&count));
            }
        }
        prop_assert!(heard.items.len() + heard.faults.len() <= words.len());
    }
}
