//! One of the four files of a set of images, the other three sound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::convert::idx::{IdxOptions, convert};
use saturn_fuzz::{at, idx, judge, unwatched, write};

const FILES: [(&str, &[u32]); 4] = [
    ("train-images-idx3-ubyte", &[8, 3, 3]),
    ("train-labels-idx1-ubyte", &[8]),
    ("t10k-images-idx3-ubyte", &[4, 3, 3]),
    ("t10k-labels-idx1-ubyte", &[4]),
];

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (which, packed, bytes) = input;
    let which = usize::from(which) % 4;
    for (k, (name, sizes)) in FILES.iter().enumerate() {
        let packed_name = format!("idx/{name}.gz");
        let _ = std::fs::remove_file(at(&packed_name));
        let _ = std::fs::remove_file(at(&format!("idx/{name}")));
        match (k == which, packed) {
            (true, true) => write(&packed_name, bytes),
            (true, false) => write(&format!("idx/{name}"), bytes),
            (false, _) => write(&format!("idx/{name}"), &idx(sizes)),
        };
    }
    let options = IdxOptions { valid: 2, ..IdxOptions::default() };
    judge(convert(&at("idx/x").with_file_name(""), &at("idx-out/x").with_file_name(""), &options, &mut unwatched()));
});
