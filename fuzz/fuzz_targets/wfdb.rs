//! Header, signal or annotation of a record of an electrocardiogram, or the header of one of segments, among sound ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::convert::wfdb::{Form, WfdbOptions, convert};
use saturn_fuzz::{at, judge, record, unwatched, write};

const ENDINGS: [&str; 3] = ["hea", "dat", "atr"];
/// A record of two segments, one of which is another's header and signal.
const SEGMENTS: &[u8] = b"103/3 2 100 210\n100 100\n~ 10\n101 100\n";

fuzz_target!(|input: (u8, &[u8])| {
    let (which, bytes) = input;
    for name in ["100", "101", "102"] {
        for (ending, sound) in ENDINGS.iter().zip(record(name)) {
            write(&format!("wfdb/{name}.{ending}"), &sound);
        }
    }
    write("wfdb/103.hea", SEGMENTS);
    write("wfdb/103.atr", &record("103")[2]);
    match usize::from(which) % 4 {
        3 => write("wfdb/103.hea", bytes),
        ending => write(&format!("wfdb/100.{}", ENDINGS[ending]), bytes),
    };
    let options = WfdbOptions {
        form: match which / 4 % 2 {
            0 => WfdbOptions::default().form,
            _ => Form::Frames,
        },
        skip_bad: which >= 128,
        ..WfdbOptions::default()
    };
    let (input, output) = (at("wfdb/x").with_file_name(""), at("wfdb-out/x").with_file_name(""));
    judge(convert(&input, &output, &options, &mut unwatched()));
});
