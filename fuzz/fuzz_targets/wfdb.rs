//! Header, signal or annotation of a record of an electrocardiogram, among sound ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::convert::wfdb::{WfdbOptions, convert};
use saturn_fuzz::{at, judge, record, unwatched, write};

const ENDINGS: [&str; 3] = ["hea", "dat", "atr"];

fuzz_target!(|input: (u8, &[u8])| {
    let (which, bytes) = input;
    for name in ["100", "101", "102"] {
        for (ending, sound) in ENDINGS.iter().zip(record(name)) {
            write(&format!("wfdb/{name}.{ending}"), &sound);
        }
    }
    write(&format!("wfdb/100.{}", ENDINGS[usize::from(which) % 3]), bytes);
    let (input, output) = (at("wfdb/x").with_file_name(""), at("wfdb-out/x").with_file_name(""));
    judge(convert(&input, &output, &WfdbOptions::default(), &mut unwatched()));
});
