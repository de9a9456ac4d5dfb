//! A safetensors file of weights, read into a net.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_fuzz::{judge, write};
use saturn_sim::build::{Answers, build};
use saturn_sim::run::weights;
use saturn_sim::scenario::Scenario;

const NET: &str = "name: x\ndata: {synthetic: {channels: 8, classes: 2}}\nmodels: {rnn: {layers: [{rnn: {hidden: 2}}]}}\narms: {classic: {streams: single}}\n";

fuzz_target!(|bytes: &[u8]| {
    let scenario = Scenario::parse(NET, "s.yaml", std::path::Path::new(""), &[] as &[&str])
        .unwrap_or_else(|e| panic!("{e}"));
    let (Some((name, model)), Some((_, arm))) = (scenario.models.iter().next(), scenario.arms.iter().next()) else {
        return;
    };
    let mut net = build::<f32>(name, model, 3, Answers::of(2, arm), 10.0, 1).unwrap_or_else(|e| panic!("{e}"));
    judge(weights::load(&mut net, &write("net.safetensors", bytes)));
});
