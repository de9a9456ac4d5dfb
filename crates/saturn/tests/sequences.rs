//! Whole sequences: inference, resumed states, groups of lanes, gradients by parameters and by the input.

use saturn::nalgebra::DMatrix;
use saturn::prelude::*;
use saturn::{EventBatch, Input};

const CHANNELS: usize = 5;
const LANES: usize = 19;
const STEPS: usize = 70;

fn net<R: saturn::Real>() -> Network<R> {
    Network::builder(CHANNELS)
        .layer(LifConfig {
            hidden: 9,
            recurrent: true,
            ..default()
        })
        .layer(GruConfig { hidden: 6 })
        .layer(SsmBlockConfig {
            width: 6,
            states: 4,
            ..default()
        })
        .classes(3)
        .build()
        .unwrap()
}

/// Counts, most of them zero.
fn counts(columns: usize) -> DMatrix<f64> {
    DMatrix::from_fn(CHANNELS, columns, |i, j| {
        f64::from(u8::from((i * 7 + j * 3 + j / 11).is_multiple_of(4))) * 3.0
    })
}

fn infer<R: saturn::Real>(
    net: &Network<R>,
    x: Input<R>,
    lanes: usize,
    states: Option<&[DMatrix<R>]>,
) -> (DMatrix<R>, Vec<DMatrix<R>>) {
    let mut y = DMatrix::zeros(3, x.columns());
    let states = net.infer(x, lanes, states, y.as_view_mut()).unwrap();
    (y, states)
}

#[test]
fn inference_has_the_bits_of_the_forward_pass_and_of_each_lane_alone() {
    let net = net::<f32>();
    let x = counts(STEPS * LANES).map(|v| v as f32);
    let all = Input::Dense(x.as_view());
    let (y, states) = infer(&net, all, LANES, None);
    let mut passes = Passes::new(&net, Optimizer::default());
    let close = |a: &DMatrix<f32>, b: &DMatrix<f32>| (a - b).abs().max() < 1e-5;
    assert!(close(&y, &passes.forward(&net, all, LANES).clone_owned()));
    for (a, b) in passes.last_states().iter().zip(&states) {
        assert!(close(a, b));
    }
    // Lanes 8 to 15 are a group, so that they have the same bits alone.
    let columns: Vec<usize> = (0..STEPS)
        .flat_map(|t| (8..16).map(move |b| t * LANES + b))
        .collect();
    let part = x.select_columns(&columns);
    let (alone, _) = infer(&net, Input::Dense(part.as_view()), 8, None);
    assert_eq!(y.select_columns(&columns), alone);
    let one: Vec<usize> = (0..STEPS).map(|t| t * LANES + 17).collect();
    let single = x.select_columns(&one);
    let (single, _) = infer(&net, Input::Dense(single.as_view()), 1, None);
    assert!(close(&y.select_columns(&one), &single));
}

#[test]
fn a_sequence_in_parts_has_the_scores_of_the_whole() {
    let net = net::<f64>();
    let x = counts(STEPS * LANES);
    let (whole, last) = infer(&net, Input::Dense(x.as_view()), LANES, None);
    let cut = 29 * LANES;
    let (first, states) = infer(&net, Input::Dense(x.columns(0, cut)), LANES, None);
    let rest = x.ncols() - cut;
    let (second, end) = infer(
        &net,
        Input::Dense(x.columns(cut, rest)),
        LANES,
        Some(&states),
    );
    assert!((whole.columns(0, cut) - first).abs().max() < 1e-12);
    assert!((whole.columns(cut, rest) - second).abs().max() < 1e-12);
    for (a, b) in last.iter().zip(&end) {
        assert!((a - b).abs().max() < 1e-12);
    }
    let empty = DMatrix::zeros(CHANNELS, 0);
    let (_, same) = infer(&net, Input::Dense(empty.as_view()), LANES, Some(&states));
    assert_eq!(same, states);
}

#[test]
fn events_and_dense_input_have_the_same_scores() {
    let net = net::<f64>();
    let x = counts(STEPS * LANES);
    let mut events = EventBatch::new(CHANNELS);
    for column in x.column_iter() {
        let active = column.iter().enumerate().filter(|(_, v)| **v != 0.0);
        events.push_column(active.map(|(i, v)| (i as u32, *v as f32)));
    }
    let (dense, _) = infer(&net, Input::Dense(x.as_view()), LANES, None);
    let (sparse, _) = infer(&net, Input::Events(events.view()), LANES, None);
    assert!((dense - sparse).abs().max() < 1e-12);
}

#[test]
fn wrong_shapes_are_errors() {
    let net = net::<f32>();
    let mut y = DMatrix::zeros(3, 4);
    let mut message = |rows, lanes, states: Option<&[DMatrix<f32>]>| {
        let x = DMatrix::zeros(rows, 4);
        let found = net.infer(Input::Dense(x.as_view()), lanes, states, y.as_view_mut());
        found.expect_err("an error").to_string()
    };
    assert!(message(4, 2, None).contains("4 channels where the network has 5"));
    assert!(message(5, 3, None).contains("no whole steps of 3 lanes"));
    assert!(message(5, 0, None).contains("no whole steps of 0 lanes"));
    let others = net.initial_states(3);
    assert!(message(5, 2, Some(&others)).contains("states are not those"));
    let x = DMatrix::zeros(5, 6);
    let found = net.infer(Input::Dense(x.as_view()), 2, None, y.as_view_mut());
    assert!(found.unwrap_err().to_string().contains("(3, 4)"));
}

/// The loss of the gradient checks: a fixed weight for every score.
fn weight(i: usize, j: usize) -> f64 {
    ((i * 5 + j * 3) % 7) as f64 / 7.0 - 0.4
}

#[test]
fn gradients_by_parameters_and_input_are_those_of_finite_differences() {
    let mut net: Network<f64> = Network::builder(CHANNELS)
        .layer(RnnConfig {
            hidden: 4,
            ..default()
        })
        .layer(SsmBlockConfig {
            width: 4,
            states: 4,
            ..default()
        })
        .classes(3)
        .build()
        .unwrap();
    let (steps, lanes) = (12, 11);
    let x = DMatrix::from_fn(CHANNELS, steps * lanes, |i, j| {
        ((i * 3 + j * 5) % 13) as f64 / 6.0 - 1.0
    });
    let d = DMatrix::from_fn(3, x.ncols(), weight);
    let mut passes = Passes::new(&net, Optimizer::default());
    let states: Vec<DMatrix<f64>> = net
        .initial_states(lanes)
        .into_iter()
        .map(|s| s.map_with_location(|i, j, _| ((i + 2 * j) % 5) as f64 / 10.0))
        .collect();
    let mut dx = DMatrix::zeros(CHANNELS, x.ncols());
    passes.forward_from(&net, Input::Dense(x.as_view()), lanes, Some(&states));
    let gradient = passes
        .backward_to(
            &net,
            Input::Dense(x.as_view()),
            d.as_view(),
            Some(dx.as_view_mut()),
        )
        .clone();
    let mut value = |net: &Network<f64>, x: &DMatrix<f64>| {
        let y = passes.forward_from(net, Input::Dense(x.as_view()), lanes, Some(&states));
        y.component_mul(&d).sum()
    };
    let h = 1e-5;
    for (i, j) in [(0, 0), (2, 17), (4, 60), (1, 131), (3, 99)] {
        let at = |by: f64| {
            let mut moved = x.clone();
            moved[(i, j)] += by;
            moved
        };
        let slope = (value(&net, &at(h)) - value(&net, &at(-h))) / (2.0 * h);
        assert!(
            (slope - dx[(i, j)]).abs() < 1e-7,
            "x[{i}, {j}]: {slope} {}",
            dx[(i, j)]
        );
    }
    for (cell, params) in gradient.iter().enumerate() {
        for (k, tensor) in params.tensors().iter().enumerate() {
            let middle = tensor.value.len() / 2;
            let mut moved = |by: f64| {
                net.inner_mut().cells_mut()[cell].update(&mut |params| {
                    params.tensors_mut()[k].value[middle] += by;
                });
                value(&net, &x)
            };
            let slope = (moved(h) - moved(-2.0 * h)) / (2.0 * h);
            moved(h);
            let found = tensor.value[middle];
            assert!(
                (slope - found).abs() < 1e-6,
                "{}: {slope} {found}",
                tensor.name
            );
        }
    }
}
