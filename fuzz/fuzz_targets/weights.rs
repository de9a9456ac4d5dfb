//! A safetensors file of weights: read into a net, compared with a run, and its checksum.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_fuzz::{judge, write};
use saturn_network::{Answers, build};
use saturn_sim::run::weights::{self, Belonging, WeightsFile};
use saturn_sim::scenario::Scenario;

const NET: &str = "name: x\ndata: {synthetic: {channels: 8, classes: 2}}\nmodels: {rnn: {layers: [{rnn: {hidden: 2}}]}}\narms: {classic: {streams: single}}\n";

fuzz_target!(|bytes: &[u8]| {
    let scenario = Scenario::parse(NET, "s.yaml", std::path::Path::new(""), &[] as &[&str])
        .unwrap_or_else(|e| panic!("{e}"));
    let (Some((name, model)), Some((_, arm))) = (scenario.models.iter().next(), scenario.arms.iter().next()) else {
        return;
    };
    let mut net = build::<f32>(name, model, 3, Answers::of(2, arm), 10.0, 1).unwrap_or_else(|e| panic!("{e}"));
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
    let of = Belonging { network: "rnn.classic.1", model, channels: 3, classes: &classes, dt_ms: 10.0, training: "key" };
    if let Ok(mut file) = WeightsFile::open(&path) {
        judge(file.refuse_another(&of));
        judge(file.origin());
    }
});
