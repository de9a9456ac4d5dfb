//! A run's checkpoint: any bytes, and any state under a sound head.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_eval::lanes::SavedLanes;
use saturn_store::checkpoint::{CHECKPOINT, decode, encode, seal};
use saturn_train::saved::SavedTraining;

/// The key of its owner, as stored before the state.
const KEY: (&str, &[u8]) = ("key", b"\x03key");

fuzz_target!(|input: (bool, &[u8])| {
    let (sound, state) = input;
    let bytes = if sound { seal(CHECKPOINT, &[KEY.1, state].concat()) } else { state.to_vec() };
    // A checkpoint that is loaded is complete: it can be written again.
    if let Ok(lanes) = decode::<SavedLanes>(KEY.0, &bytes) {
        let again = encode(KEY.0, &lanes);
        assert!(again.is_ok(), "lanes that can be read can be written");
    }
    let _ = decode::<SavedTraining>(KEY.0, &bytes);
});
