//! Straight-through gradients: those of the cell itself where the grid is fine, none where a state saturates.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::{Setup, assert_gradients, random};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Tape};
use saturn_neurons::gru::GruConfig;
use saturn_neurons::lif::{Lif, LifConfig};
use saturn_neurons::rnn::RnnConfig;
use saturn_ssm::ssm::SsmConfig;

use crate::precision::grid::{Fixed, Grid};
use crate::precision::quantised::{Quantised, stored_fields};
use crate::precision::{Format, Rounding};

/// So fine that a central difference does not notice it, and so wide that nothing saturates.
fn fine(cell: &dyn Cell<f64>) -> Quantised<f64> {
    let grid = Grid::Fixed(Fixed::new(2f64.powi(-44), 2f64.powi(50)));
    on(cell, grid)
}

fn on(cell: &dyn Cell<f64>, grid: Grid<f64>) -> Quantised<f64> {
    let fields = stored_fields(cell).into_iter().map(|f| (f.rows, grid));
    Quantised::on(cell, Format::F32, Rounding::Nearest, fields.collect(), 1, 0)
}

#[test]
fn on_a_fine_grid_gradients_are_those_of_central_differences() {
    use saturn_cell::CellConfig;
    let mut rng = generator(4, "test", 0);
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let lif: LifConfig = serde_json::from_value(json(
        r#"{"hidden": 5, "recurrent": true, "reset_gradient": "full"}"#,
    ))
    .expect("settings");
    let lif = Lif::new(&lif, 3, 10.0, &mut rng).expect("a cell").relaxed();
    let rnn: RnnConfig = serde_json::from_value(json(r#"{"hidden": 5}"#)).expect("settings");
    let gru: GruConfig = serde_json::from_value(json(r#"{"hidden": 5}"#)).expect("settings");
    let ssm: SsmConfig =
        serde_json::from_value(json(r#"{"width": 5, "states": 4}"#)).expect("settings");
    let sparse = r#"{"hidden": 5, "recurrent": true, "reset_gradient": "full", "density": 0.4}"#;
    let sparse: LifConfig = serde_json::from_value(json(sparse)).expect("settings");
    let sparse = Lif::new(&sparse, 3, 10.0, &mut rng).expect("a cell");
    let cells: [Box<dyn Cell<f64>>; 5] = [
        Box::new(lif),
        Box::new(sparse.relaxed()),
        rnn.build(3, 10.0, &mut rng).expect("a cell"),
        gru.build(3, 10.0, &mut rng).expect("a cell"),
        ssm.build(3, 10.0, &mut rng).expect("a cell"),
    ];
    for cell in cells {
        assert_gradients(&fine(cell.as_ref()), Setup::default());
    }
}

/// Quantised weights: the gradient for W is that of the inner cell at W'.
#[test]
fn gradients_go_straight_through_stored_weights() {
    use saturn_cell::CellConfig;
    let rnn: RnnConfig = serde_json::from_str(r#"{"hidden": 6}"#).expect("settings");
    let plain = rnn
        .build(4, 10.0, &mut generator(5, "test", 0))
        .expect("a cell");
    let stored = Quantised::on(
        plain.as_ref(),
        Format::Int4,
        Rounding::Nearest,
        Vec::new(),
        1,
        0,
    );
    let mut inner = plain.boxed();
    inner.update(&mut |p| crate::precision::weights::store(p, Format::Int4));
    let gradient = |cell: &dyn Cell<f64>| {
        let x = random(4, 5 * 2, 1.0, 6);
        let dy = random(6, 5 * 2, 1.0, 7);
        let mut tape = Tape::new();
        tape.start(cell, 5, 2);
        tape.forward(cell, Input::Dense(x.as_view()), None);
        let mut grad = cell.params().zeros_like();
        tape.backward(
            cell,
            Input::Dense(x.as_view()),
            dy.as_view(),
            &mut grad,
            None,
        );
        grad
    };
    let straight = gradient(&stored);
    assert!(straight == gradient(inner.as_ref()));
    assert!(
        straight != gradient(plain.as_ref()),
        "other weights, another gradient"
    );
}

/// A state beyond its range passes no gradient: neither to its drive nor to its past.
#[test]
fn no_gradient_passes_a_saturated_state() {
    use saturn_cell::CellConfig;
    let rnn: RnnConfig = serde_json::from_str(r#"{"hidden": 3}"#).expect("settings");
    let plain = rnn
        .build(2, 10.0, &mut generator(5, "test", 0))
        .expect("a cell");
    let cell = on(plain.as_ref(), Grid::Fixed(Fixed::new(1e-6, 2.0)));
    let x = random(2, 4, 1.0, 6);
    let dy = DMatrix::from_element(3, 4, 1.0);
    let mut tape = Tape::new();
    tape.start(&cell, 4, 1);
    tape.forward(&cell, Input::Dense(x.as_view()), None);
    assert!(tape.states().iter().all(|h| h.abs() < 3e-6));
    let mut grad = cell.params().zeros_like();
    let mut dx = DMatrix::from_element(2, 4, 9.0);
    let into = Some(dx.as_view_mut());
    tape.backward(
        &cell,
        Input::Dense(x.as_view()),
        dy.as_view(),
        &mut grad,
        into,
    );
    for tensor in grad.tensors() {
        assert!(
            tensor.value.iter().all(|g| g.abs() <= 0.0),
            "{}",
            tensor.name
        );
    }
    assert!(dx.iter().all(|g| g.abs() <= 0.0));
    assert!(tape.d_initial().iter().all(|g| g.abs() <= 0.0));
}
