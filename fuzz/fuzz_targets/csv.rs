//! Events as rows of text, converted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::convert::event_csv::{CsvOptions, convert};
use saturn_fuzz::{at, judge, unwatched, write};

fuzz_target!(|bytes: &[u8]| {
    let input = write("events.csv", bytes);
    judge(convert(&input, &at("csv.h5"), CsvOptions::default(), &mut unwatched()));
});
