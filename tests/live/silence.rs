//! A long silence costs few steps of the net, and changes no bit.

use saturn_cell::{EventBatch, Input, column};
use saturn_eval::health::{Figures, Watch, WatchConfig};
use saturn_live::decide::Decider;
use saturn_live::engine::{Engine, Parts};
use saturn_live::fallback::Fallback;
use saturn_live::model::Model as _;
use saturn_loss::softmax::softmax;
use saturn_network::{Network, NetworkStream};
use saturn_sim::trained::TrainedModel;

use super::{bench, count, hear};

#[test]
fn a_still_net_is_not_computed_and_says_the_same() {
    for (name, most) in [
        ("out/lif.adaptive.1", 5_000),
        ("out/gru.adaptive.1", 40_000),
    ] {
        let model = TrainedModel::open(&bench().path(name)).unwrap();
        let net: Network<f32> = model.network().unwrap();
        let config = model.scenario.evaluate.detector;
        let decider = Decider::new(&config, 4, 0.5);
        let figures = Figures::new(&net, 16, 10.0);
        let strict = WatchConfig {
            tolerance: 0.5,
            patience: 3,
        };
        let mut engine = Engine::new(Parts {
            watch: Watch::new(figures.names(), None, &strict),
            net: net.clone(),
            other: None,
            decider: decider.clone(),
            figures,
            window: 200,
            patience: 3,
            fallback: Fallback::None,
        });
        let (mut live, mut other, mut p) = (NetworkStream::new(&net, 1), decider, vec![0.0; 4]);
        let mut events = EventBatch::new(16);
        for step in 0..41_000u64 {
            events.clear(16);
            if !(200..=40_500).contains(&step) {
                events.push((step % 7) as u32, 1.0);
                events.push(9, (step % 3 + 1) as f32);
            }
            events.end_column();
            let found = engine.step(&events);
            let logits = live.step(&net, Input::Events(events.view()));
            softmax(column(&logits, 0), &mut p);
            assert_eq!(found, other.observe(&p), "{name}, step {step}");
        }
        assert!(
            engine.computed() <= most + 1_000,
            "{name}: {}",
            engine.computed()
        );
    }
}

/// A single event cannot move time far: an unconfirmed event is dropped, and the message names the option
/// that accepts it.
#[test]
fn one_line_does_not_move_time_by_an_hour() {
    let running = hear(
        "out/lif.adaptive.1",
        &["--no-health"],
        b"1000 1\n3599000000 1\n1200 1\n",
    );
    let last = running.last();
    assert_eq!((count(last, "ahead"), count(last, "taken")), (1, 2));
    assert_eq!(last["step"], 1);
    let alone = hear(
        "out/lif.adaptive.1",
        &["--no-health"],
        b"1000 1\n3599000000 1\n",
    );
    assert_eq!(count(alone.last(), "ahead"), 1);
    // A pause of an hour, after which many agree: the run continues, without the steps between.
    let after: Vec<String> = (0..40)
        .map(|k| format!("{} 1\n", 3_600_000_000u64 + 10_000 * k))
        .collect();
    let running = hear(
        "out/lif.adaptive.1",
        &["--no-health"],
        format!("1000 1\n{}", after.concat()).as_bytes(),
    );
    let last = running.last();
    assert_eq!((count(last, "ahead"), count(last, "taken")), (16, 25));
    assert_eq!(count(last, "rebased"), 1);
    assert!(last["step"].as_u64() < Some(60), "{last}");
    for part in ["--max-jump-s", "resynchronised"] {
        assert!(running.said.contains(part), "{}", running.said);
    }
    // With a longer jump every step is made, as it was before.
    let options = ["--no-health", "--max-jump-s", "4000"];
    let running = hear("out/lif.adaptive.1", &options, b"1000 1\n360000000 1\n");
    assert_eq!(running.last()["step"], 36_001);
}
