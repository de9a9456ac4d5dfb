//! Events as rows of text, converted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::TimeUnit;
use saturn_data::convert::event_csv::{CsvOptions, convert};
use saturn_fuzz::{at, judge, unwatched, write};

fuzz_target!(|bytes: &[u8]| {
    let input = write("events.csv", bytes);
    let camera = CsvOptions {
        columns: Some(["-", "t", "x", "y", "p"].map(str::to_owned).to_vec()),
        times: Some(TimeUnit::Microseconds),
        size: Some((34, 34)),
        ..CsvOptions::default()
    };
    for options in [CsvOptions::default(), camera] {
        judge(convert(&input, &at("csv.h5"), &options, &mut unwatched()));
    }
});
