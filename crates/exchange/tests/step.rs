//! The program of one step against the network running live: every kind of layer, in `f64` and in `f32`.

#[path = "common/nets.rs"]
mod nets;

use nets::{DT_MS, INPUTS, Net, batch, dense, events, nets, states};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use saturn_cell::{Input, Real};
use saturn_exchange::step::{Interpreter, StepInput, lower};
use saturn_network::NetworkStream;

/// The largest distance over `steps` steps between a network and its program, both running free.
fn distance<R: Real>(net: &Net<R>, steps: usize, as_events: bool) -> f64 {
    let program = lower(&net.config, &net.net, DT_MS).unwrap();
    let mut live = NetworkStream::new(&net.net, 1);
    let mut own = Interpreter::new(&program);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut worst = 0.0f64;
    for _ in 0..steps {
        let units = events(INPUTS, &mut rng);
        let x = dense::<R>(INPUTS, &units);
        let batch = batch(INPUTS, &units);
        let logits = live.step(&net.net, Input::Events(batch.view()));
        let logits: Vec<R> = logits.iter().copied().collect();
        own.step(if as_events {
            StepInput::Events(&units)
        } else {
            StepInput::Dense(&x)
        });
        let expected = states(&net.net, &live, &program);
        let all = own.states().iter().zip(&expected);
        for (a, b) in all.chain([(&own.logits().to_vec(), &logits)]) {
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(b) {
                worst = worst.max((*a - *b).wide().abs());
            }
        }
    }
    let sum: f64 = own.probabilities().iter().map(|p| p.wide()).sum();
    assert!((sum - 1.0).abs() < 1e-6);
    worst
}

#[test]
fn a_program_is_its_network_in_f64() {
    for net in nets::<f64>() {
        for as_events in [false, true] {
            let worst = distance(&net, 300, as_events);
            println!("{} {worst}", net.name);
            assert!(worst < 1e-12, "{}: {worst}", net.name);
        }
    }
}

/// All cells but the selective one, whose logarithm is the system's, give the same numbers to the last bit.
#[test]
fn a_program_is_its_network_in_f32_to_the_last_bit() {
    for net in nets::<f32>() {
        for as_events in [false, true] {
            let worst = distance(&net, 300, as_events);
            println!("{} {worst}", net.name);
            let limit = if net.name.starts_with("selective") {
                1e-6
            } else {
                0.0
            };
            assert!(worst <= limit, "{}: {worst}", net.name);
        }
    }
}
