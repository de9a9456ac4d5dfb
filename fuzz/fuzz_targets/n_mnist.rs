//! A recording of an event camera, `.bin` or `.bs2`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::convert::n_mnist::{Picture, read};
use saturn_fuzz::{judge, write};

fuzz_target!(|input: (bool, &[u8])| {
    let (old, bytes) = input;
    let picture = if old { Picture::N_MNIST } else { Picture { width: 240, height: 180 } };
    let found = read(&write(if old { "5.bs2" } else { "5.bin" }, bytes), picture);
    if let Ok((times, units)) = &found {
        assert!(times.is_sorted() && times.len() == units.len(), "an event is a time and a unit, in order");
        assert!(units.iter().all(|unit| (*unit as usize) < picture.channels()), "units lie in the picture");
    }
    judge(found);
});
