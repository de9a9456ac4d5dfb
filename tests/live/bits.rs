//! A stream is the same net on the same events: by step to the bit, by sequence to rounding.

use saturn_cell::{EventBatch, Input, column};
use saturn_live::decide::Decider;
use saturn_live::model::Model as _;
use saturn_live::protocol::{Format, Item};
use saturn_loss::softmax::softmax;
use saturn_network::{Network, NetworkStream, Tapes};
use saturn_sim::trained::TrainedModel;

use super::{bench, bytes, hear, scratch, stream};

/// The events in steps of 10 ms, from the first one's on.
fn columns(items: &[Item]) -> EventBatch {
    let bin = |item: &Item| item.time_us() / 10_000;
    let first = items.iter().map(bin).min().unwrap();
    let last = items.iter().map(bin).max().unwrap();
    let mut batch = EventBatch::new(16);
    for step in first..=last {
        let mut counts = [0u32; 16];
        for item in items.iter().filter(|item| bin(item) == step) {
            if let Item::Event { unit, count, .. } = *item {
                counts[unit as usize] += count;
            }
        }
        let some = counts.iter().zip(0u32..).filter(|(count, _)| **count > 0);
        batch.push_column(some.map(|(&count, unit)| (unit, count as f32)));
    }
    batch
}

#[test]
fn a_stream_is_the_net_on_its_events() {
    let items = stream();
    let input = columns(&items);
    let steps = input.view().columns();
    for net in ["out/lif.adaptive.1", "out/gru.classic.1"] {
        let model = TrainedModel::open(&bench().path(net)).unwrap();
        let network: Network<f32> = model.network().unwrap();
        let mut live = NetworkStream::new(&network, 1);
        let mut by_step = vec![vec![0.0f32; 4]; steps];
        for (t, p) in by_step.iter_mut().enumerate() {
            let logits = live.step(&network, Input::Events(input.view().slice(t, 1)));
            softmax(column(&logits, 0), p);
        }
        let mut tapes = Tapes::new(&network);
        tapes.start(&network, steps, 1);
        let logits = tapes.forward(&network, Input::Events(input.view()), None);
        let mut p = vec![0.0f32; 4];
        for (t, other) in by_step.iter().enumerate() {
            softmax(column(&logits, t), &mut p);
            for (a, b) in p.iter().zip(other) {
                assert!((a - b).abs() < 1e-4, "{net}, step {t}: {a} and {b}");
            }
        }
        let running = hear(
            net,
            &["--every", "1", "--no-health"],
            &bytes(&items, Format::Line),
        );
        let said = running.decisions();
        assert_eq!(said.len(), steps, "{}", running.said);
        let config = model.scenario.evaluate.detector;
        let mut decider = Decider::new(&config, 4, model.threshold.unwrap());
        for (t, (line, p)) in said.iter().zip(&by_step).enumerate() {
            let expected = decider.observe(p);
            let found = line["probability"].as_f64().unwrap();
            assert_eq!(found.to_bits(), expected.score.to_bits(), "{net}, step {t}");
            let class = expected
                .decision()
                .map(|c| model.identity.classes[c].as_str());
            assert_eq!(line["class"].as_str(), class, "{net}, step {t}");
        }
    }
}

#[test]
fn a_network_without_a_run_streams_to_the_same_bits() {
    let folder = scratch("bits/alone/x").with_file_name("");
    let weights = bench().path("out/weights/lif.adaptive.1.safetensors");
    std::fs::copy(weights, folder.join("weights.safetensors")).unwrap();
    let input = bytes(&stream(), Format::Line);
    let options = ["--every", "1", "--no-health", "--threshold", "0.4"];
    let of_run = hear("out/lif.adaptive.1", &options, &input);
    let alone = hear(folder.to_str().unwrap(), &options, &input);
    assert!(of_run.heard.len() > 100);
    let numbers = |line: &serde_json::Value| line["p"].to_string() + &line["decision"].to_string();
    let [a, b] = [&of_run, &alone].map(|of| of.heard.iter().map(numbers).collect::<Vec<_>>());
    assert_eq!(a, b);
    let learnt = hear(folder.to_str().unwrap(), &["--every", "100"], &input);
    assert!(
        learnt.said.contains("the healthy ranges are unknown"),
        "{}",
        learnt.said
    );
}
