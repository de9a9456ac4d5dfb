//! The file in which a live stream's memory is kept: any bytes, and any body under a sound head.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_fuzz::{judge, write};
use saturn_live::state;
use sha2::{Digest, Sha256};

fuzz_target!(|input: (bool, &[u8])| {
    let (sound, body) = input;
    let mut bytes = Vec::new();
    if sound {
        bytes.extend(b"saturn stream 2\n");
        bytes.extend((body.len() as u64).to_le_bytes());
        bytes.extend(Sha256::digest(body));
    }
    bytes.extend(body);
    judge(state::load(&write("a.state", &bytes)));
});
