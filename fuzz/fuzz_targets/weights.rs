//! A safetensors file of weights: read into a net, compared with a run, and its checksum.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_fuzz::{judge, write};
use saturn_network::{NetworkConfig, build};
use saturn_train::weights::{self, Belonging, WeightsFile};

const LAYERS: &str = r#"[{"rnn": {"hidden": 2}}]"#;

fuzz_target!(|bytes: &[u8]| {
    let model = NetworkConfig::new(serde_json::from_str(LAYERS).unwrap_or_else(|e| panic!("{e}")));
    let mut net = build::<f32>("rnn", &model, 3, 2, 10.0, 1).unwrap_or_else(|e| panic!("{e}"));
    let path = write("net.safetensors", bytes);
    let read = weights::load(&mut net, &path);
    // What is read is finite, and can be written again.
    let finite = net.cells().iter().flat_map(|cell| cell.params().tensors().to_vec()).all(|t| t.value.iter().all(|x| x.is_finite()));
    assert!(finite, "a net of numbers");
    judge(read);
    judge(weights::tie(&path, Some("0123456789abcdef")));
    judge(weights::tie(&path, None));
    judge(weights::refuse_in_the_way(&path, "key", Some(None)));
    let classes = ["a", "b"].map(String::from);
    let of = Belonging { network: "rnn.classic.1", model: &model, channels: 3, classes: &classes, dt_ms: 10.0, training: "key" };
    if let Ok(mut file) = WeightsFile::open(&path) {
        judge(file.refuse_another(&of));
        judge(file.origin());
    }
});
