//! What actions do to the parts of a state.

use super::super::effect::Effect;
use super::nets::net;
use super::*;
use saturn_network::{Network, Tapes};

/// Sets the initial states of one lane of a net to 1, 2, 3, .., acts, and gives each cell's state.
fn acted(net: &Network<f64>, action: Action) -> Vec<Vec<f64>> {
    let mut tapes = Tapes::new(net);
    tapes.start(net, 1, 2);
    for i in 0..net.cells().len() {
        let mut state = tapes.initial_mut(i);
        for j in 0..state.nrows() {
            state[(j, 0)] = 1.0 + j as f64;
            state[(j, 1)] = 1.0 + j as f64;
        }
    }
    let effect = Effect::new(net);
    effect.act(&mut tapes, 1, action);
    (0..net.cells().len())
        .map(|i| {
            let state = tapes.initial_mut(i);
            let first: Vec<f64> = state.column(0).iter().copied().collect();
            let expected: Vec<f64> = (0..first.len()).map(|j| 1.0 + j as f64).collect();
            assert_eq!(first, expected, "the other lane stays");
            state.column(1).iter().copied().collect()
        })
        .collect()
}

#[test]
fn spikes_are_reset_but_neither_scaled_nor_cut() {
    // The state is v [2], s [2]; the readout's v [3].
    let net = net("[{lif: {hidden: 2}}]");
    let [hidden, readout] = &acted(&net, Action::Scale(0.5))[..] else {
        panic!("two cells");
    };
    assert_eq!(
        (&hidden[..], &readout[..]),
        (&[0.5, 1.0, 3.0, 4.0][..], &[0.5, 1.0, 1.5][..])
    );
    assert_eq!(acted(&net, Action::Clip(1.5))[0], [1.0, 1.5, 3.0, 4.0]);
    assert_eq!(acted(&net, Action::Reset)[0], [0.0; 4]);
    assert_eq!(acted(&net, Action::Leave)[0], [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn complex_numbers_are_cut_by_their_moduli() {
    // Real parts 1 and 2, imaginary parts 3 and 4.
    let net = net("[{ssm: {width: 2, states: 2}}]");
    let state = &acted(&net, Action::Clip(4.0))[0];
    let by = 4.0 / 20f64.sqrt();
    assert_eq!(state[..], [1.0, 2.0 * by, 3.0, 4.0 * by]);
    let mut tapes = Tapes::new(&net);
    tapes.start(&net, 1, 1);
    let mut initial = tapes.initial_mut(0);
    initial.copy_from_slice(&[3.0, 0.0, 4.0, 0.0]);
    // One modulus of 5 among two; a linear readout has no state.
    let norm = Effect::new(&net).norm(&mut tapes, 0);
    assert!((norm - (25.0f64 / 2.0).sqrt()).abs() < 1e-12, "{norm}");
}
