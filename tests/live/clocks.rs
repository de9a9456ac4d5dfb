//! Clocks that wrap, are set back or are in other units: taken by an option, and named in the notice.

use saturn_live::protocol::{Format, Item};

use super::{bytes, count, hear, refused, stream};

const NET: &str = "out/lif.adaptive.1";

/// The items at other times.
fn at_times(items: &[Item], moved: impl Fn(u64) -> u64) -> Vec<Item> {
    let times = items.iter().map(|item| match *item {
        Item::Event {
            time_us,
            unit,
            count,
        } => Item::Event {
            time_us: moved(time_us),
            unit,
            count,
        },
        Item::Mark { time_us } => Item::Mark {
            time_us: moved(time_us),
        },
    });
    times.collect()
}

/// The stream, so that its middle is at 2^32 us.
fn across() -> Vec<Item> {
    let items = stream();
    let middle = items.last().unwrap().time_us() / 2;
    at_times(&items, |time_us| (1 << 32) - middle + time_us)
}

/// The same on a counter of 32 bits.
fn wrapped(items: &[Item]) -> Vec<Item> {
    at_times(items, |time_us| time_us & 0xFFFF_FFFF)
}

#[test]
fn a_counter_of_32_bits_goes_on_over_its_wrap() {
    let options = ["--every", "5", "--no-health"];
    let whole = across();
    let plain = hear(NET, &options, &bytes(&whole, Format::Line));
    let bits = [&options[..], &["--wrap-bits", "32"]].concat();
    let items = wrapped(&whole);
    let running = hear(NET, &bits, &bytes(&items, Format::Line));
    assert_eq!(running.texts(), plain.texts());
    assert_eq!(running.last()["counts"], plain.last()["counts"]);
    assert_eq!(count(plain.last(), "late"), 0);
    // Without it half is late, and the notice names the option.
    let lost = hear(NET, &options, &bytes(&items, Format::Line));
    assert!(count(lost.last(), "late") > 500, "{}", lost.said);
    assert!(lost.said.contains("--wrap-bits 32"), "{}", lost.said);
    // A time that the counter cannot show is refused by name.
    let beyond = hear(NET, &bits, b"1 1\n4294967296 1\n");
    assert!(beyond.said.contains("`4294967296`"), "{}", beyond.said);
    assert!(beyond.said.contains("--wrap-bits"), "{}", beyond.said);
}

#[test]
fn where_all_is_late_the_notice_names_the_option() {
    let back = |by_us: u64| -> Vec<u8> {
        let late = (0..200).map(|k| format!("{} 1\n", 9_000_000_000 - by_us + k));
        let first = "9000000000 1\n9000020000 1\n".to_owned();
        std::iter::once(first)
            .chain(late)
            .collect::<String>()
            .into()
    };
    for (by_us, option) in [
        (50_000, "--reorder-ms"),
        (60_000_000, "--rebase-after 1000"),
        (60_000_000, "--stamp arrival"),
    ] {
        let running = hear(NET, &["--no-health"], &back(by_us));
        assert_eq!(count(running.last(), "late"), 200);
        assert!(running.said.contains(option), "{by_us}: {}", running.said);
        let anew = [
            "--no-health",
            "--rebase-after",
            "100",
            "--reorder-ms",
            "100",
        ];
        let taken = hear(NET, &anew, &back(by_us));
        assert!(count(taken.last(), "taken") > 90, "{}", taken.said);
    }
}

#[test]
fn decimals_are_an_error_that_names_line_and_field() {
    let text = b"# in seconds\n0.0012 5\n0.0013 5\n0.0500 6\n";
    let running = refused(NET, &["--no-health"], text);
    for part in [
        "line 2, `0.0012 5`",
        "the time (field 1) has decimals",
        "10^6",
        "all of its 3 lines or frames are malformed",
        "`saturn send FILE`",
    ] {
        assert!(running.said.contains(part), "{part}: {}", running.said);
    }
    assert_eq!(count(running.last(), "taken"), 0);
    assert_eq!(running.last()["step"], 0);
}
