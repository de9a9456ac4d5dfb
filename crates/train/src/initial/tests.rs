use saturn_cell::Input;
use saturn_cell::gradcheck::random_events;

use super::*;
use crate::arm::{NoiseConfig, PassedConfig};
use saturn_network::{NetworkConfig, build};

const INPUTS: usize = 9;
const STEPS: usize = 12;

fn net(layers: &str) -> Network<f64> {
    let model = NetworkConfig::new(serde_saphyr::from_str(layers).expect("layers"));
    build("m", &model, INPUTS, 3, 10.0, 1).expect("a net")
}

const NET: &str = "[{rnn: {hidden: 4}}, {lif: {hidden: 5, recurrent: true}}]";

/// Tapes of `lanes` lanes that have run, their ends noted.
fn run(net: &Network<f64>, lanes: usize, seed: u64) -> Tapes<f64> {
    let x = random_events(INPUTS, STEPS * lanes, 0.4, seed);
    let mut tapes = Tapes::new(net);
    tapes.note_ends(net, (0..lanes).map(|lane| STEPS - lane % 3));
    tapes.start(net, STEPS, lanes);
    tapes.forward(net, Input::Events(x.view()), None);
    tapes
}

/// The initial states that `initial` gives to `lanes`, of every cell.
fn states(initial: &Initial<f64>, net: &Network<f64>, lanes: Range<usize>) -> Vec<DMatrix<f64>> {
    let mut tapes = Tapes::new(net);
    tapes.start(net, 1, lanes.len());
    initial.set(net, &mut tapes, lanes);
    (0..net.cells().len())
        .map(|i| tapes.initial_mut(i).clone_owned())
        .collect()
}

fn at_rest(states: &[DMatrix<f64>], lane: usize) -> bool {
    states.iter().all(|s| s.column(lane).norm() == 0.0)
}

#[test]
fn a_passed_state_is_the_last_one_of_another_lane() {
    let net = net(NET);
    let rule = InitialState::Passed(PassedConfig { probability: 1.0 });
    let mut initial = Initial::new(rule, 3);
    let first = states(&initial, &net, 0..6);
    assert!((0..6).all(|lane| at_rest(&first, lane)), "nothing to pass");
    let shards = [run(&net, 4, 1), run(&net, 2, 2)];
    initial.learn(&net, shards.iter());
    let given = states(&initial, &net, 0..40);
    let mut taken = [0; 6];
    for lane in 0..40 {
        let source = (0..6).find(|&k| {
            let (shard, column) = if k < 4 { (0, k) } else { (1, k - 4) };
            (0..net.cells().len())
                .all(|i| given[i].column(lane) == shards[shard].finals(i).column(column))
        });
        taken[source.expect("the state of one lane, in every cell")] += 1;
    }
    assert!(taken.iter().all(|n| *n > 0), "{taken:?}");
}

#[test]
fn states_do_not_depend_on_shards_and_change_from_update_to_update() {
    let net = net(NET);
    for rule in [
        InitialState::Passed(PassedConfig { probability: 0.5 }),
        InitialState::Noise(NoiseConfig { std: 0.3 }),
        InitialState::FittedNoise,
    ] {
        let mut initial = Initial::new(rule, 3);
        let shards = [run(&net, 8, 1)];
        initial.learn(&net, shards.iter());
        let whole = states(&initial, &net, 0..6);
        let parts = [states(&initial, &net, 0..4), states(&initial, &net, 4..6)];
        for (i, whole) in whole.iter().enumerate() {
            assert_eq!(whole.columns(0, 4), parts[0][i], "{rule:?}");
            assert_eq!(whole.columns(4, 2), parts[1][i], "{rule:?}");
        }
        initial.learn(&net, shards.iter());
        assert_ne!(whole, states(&initial, &net, 0..6), "{rule:?}");
    }
}

#[test]
fn random_passing_leaves_the_rest_at_rest() {
    let net = net(NET);
    let rule = InitialState::Passed(PassedConfig { probability: 0.25 });
    let mut initial = Initial::new(rule, 3);
    initial.learn(&net, [run(&net, 8, 1)].iter());
    let given = states(&initial, &net, 0..2_000);
    let resting = (0..2_000).filter(|&lane| at_rest(&given, lane)).count() as f64;
    // Five standard errors.
    assert!((resting / 2_000.0 - 0.75).abs() < 5.0 * (0.1875_f64 / 2_000.0).sqrt());
}

/// Mean and deviation over lanes.
fn moments(states: &DMatrix<f64>, row: usize) -> (f64, f64) {
    let n = states.ncols() as f64;
    let mean = states.row(row).sum() / n;
    let square: f64 = states.row(row).iter().map(|h| (h - mean).powi(2)).sum();
    (mean, (square / n).sqrt())
}

#[test]
fn noise_has_its_deviation_and_leaves_spikes_alone() {
    let net = net(NET);
    let initial = Initial::new(InitialState::Noise(NoiseConfig { std: 0.3 }), 3);
    let given = states(&initial, &net, 0..4_000);
    for (i, cell) in net.cells().iter().enumerate() {
        for field in cell.fields() {
            for row in field.rows {
                let (mean, deviation) = moments(&given[i], row);
                if field.kind == FieldKind::Spikes {
                    assert_eq!((mean, deviation), (0.0, 0.0));
                } else {
                    assert!(mean.abs() < 0.03 && (deviation - 0.3).abs() < 0.02);
                }
            }
        }
    }
}

#[test]
fn fitted_noise_has_the_moments_of_last_states() {
    let net = net(NET);
    let mut initial = Initial::new(InitialState::FittedNoise, 3);
    let shards = [run(&net, 30, 1)];
    initial.learn(&net, shards.iter());
    let given = states(&initial, &net, 0..4_000);
    for (i, cell) in net.cells().iter().enumerate() {
        for field in cell.fields() {
            for row in field.rows {
                let (mean, deviation) = moments(&given[i], row);
                if field.kind == FieldKind::Spikes {
                    assert_eq!((mean, deviation), (0.0, 0.0));
                    continue;
                }
                let (own_mean, own_deviation) = moments(shards[0].finals(i), row);
                let error = 5.0 * own_deviation / 4_000.0_f64.sqrt() + 1e-12;
                assert!((mean - own_mean).abs() < error, "mean of {i}, row {row}");
                assert!(
                    (deviation - own_deviation).abs() < error,
                    "of {i}, row {row}"
                );
            }
        }
    }
}
