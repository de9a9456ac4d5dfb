//! A sound file, WAV.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::convert::speech::Sound;
use saturn_fuzz::{judge, write};

fuzz_target!(|bytes: &[u8]| {
    let sound = Sound::read(&write("sound.wav", bytes));
    if let Ok(sound) = &sound {
        assert!(sound.duration_s().is_finite(), "a sound has a length");
    }
    judge(sound);
});
