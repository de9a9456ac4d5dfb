//! A spoken word, WAV, among sound ones: as log-mel frames, which takes less time than the ear.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::convert::speech::{Form, SpeechOptions, SplitBy, convert};
use saturn_fuzz::{at, judge, unwatched, wav, write};

fuzz_target!(|bytes: &[u8]| {
    for number in [0, 5] {
        write(&format!("wav/0_a_{number}.wav"), &wav());
    }
    write("wav/1_a_10.wav", bytes);
    let options = SpeechOptions { form: Form::Mel(Default::default()), by: SplitBy::Number, ..SpeechOptions::default() };
    let (input, output) = (at("wav/x").with_file_name(""), at("wav-out/x").with_file_name(""));
    judge(convert(&input, &output, &options, &mut unwatched()));
});
