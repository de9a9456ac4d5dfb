//! A recording of an event camera, `.bin` or `.bs2`, among sound ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::convert::{Division, n_mnist::convert};
use saturn_fuzz::{at, camera, judge, unwatched, write};

fuzz_target!(|input: (bool, &[u8])| {
    let (old, bytes) = input;
    for name in ["Train/0/00001.bin", "Train/1/00002.bin", "Train/2/00003.bin", "Test/0/00004.bin"] {
        write(&format!("n-mnist/{name}"), &camera());
    }
    let (name, other) = if old { ("5.bs2", "5.bin") } else { ("5.bin", "5.bs2") };
    let _ = std::fs::remove_file(at(&format!("n-mnist/Train/3/{other}")));
    write(&format!("n-mnist/Train/3/{name}"), bytes);
    let (input, output) = (at("n-mnist/x").with_file_name(""), at("n-mnist-out/x").with_file_name(""));
    judge(convert(&input, &output, &Division::default(), &mut unwatched()));
});
