//! The cells against PyTorch, by the numbers of the scripts in `golden`.

use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig, Input, Tape};
use saturn_neurons::bounded::Bounded;
use saturn_neurons::decay::TimeConstants;
use saturn_ssm::{
    LruConfig, SelectiveSsmConfig, SpikingSsm, SpikingSsmConfig, SsmBlockConfig, SsmConfig,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

const TOLERANCE: f64 = 1e-12;

fn read(golden: &str) -> Value {
    serde_json::from_str(golden).expect("valid JSON")
}

fn reference() -> Value {
    read(include_str!("golden/reference.json"))
}

/// A list of rows.
fn matrix(value: &Value) -> DMatrix<f64> {
    let rows: Vec<Vec<f64>> = serde_json::from_value(value.clone()).expect("a list of rows");
    DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

/// The cell of these keys on so many inputs.
fn cell<C: CellConfig + DeserializeOwned>(keys: &str, inputs: usize) -> Box<dyn Cell<f64>> {
    let config: C = serde_json::from_str(keys).expect("keys of the cell");
    let cell = config.build(inputs, 10.0, &mut generator(1, "init", 0));
    cell.expect("valid")
}

fn load(cell: &mut dyn Cell<f64>, params: &Value) {
    cell.update(&mut |own| {
        for tensor in own.tensors_mut() {
            let golden = matrix(&params[&*tensor.name]);
            assert_eq!(tensor.value.shape(), golden.shape(), "{}", tensor.name);
            tensor.value = golden;
        }
    });
}

fn assert_close(ours: &DMatrix<f64>, golden: &DMatrix<f64>, what: &str) {
    let distance = (ours - golden).norm() / golden.norm();
    assert!(distance < TOLERANCE, "{what} is {distance:.2e} off");
}

#[test]
fn a_dense_system_in_its_eigenbasis() {
    let golden = &reference()["dense"];
    let x = matrix(&golden["x"]);
    for name in ["zoh", "bilinear"] {
        let keys = format!(r#"{{"width": 2, "states": 3, "discretization": "{name}"}}"#);
        let mut cell = cell::<SsmConfig>(&keys, 2);
        load(cell.as_mut(), &golden["params"]);
        let mut tape = Tape::new();
        tape.start(cell.as_ref(), x.ncols(), 1);
        tape.forward(cell.as_ref(), Input::Dense(x.as_view()), None);
        let y = tape.output().clone_owned();
        assert_close(&y, &matrix(&golden["y"][name]), name);
    }
}

#[test]
fn cells_and_their_gradients() {
    let (block, lru) = (&reference()["block"], read(include_str!("golden/lru.json")));
    let selective = read(include_str!("golden/selective_ssm.json"));
    let [zoh, euler, complex] = ["zoh", "euler", "complex"].map(|case| &selective[case]);
    let steps = r#"{"width": 3, "states": 2, "discretization": "euler", "gate": false}"#;
    let turning = r#"{"width": 3, "states": 2, "complex": true}"#;
    for (mut cell, golden) in [
        (
            cell::<SsmBlockConfig>(r#"{"width": 3, "states": 2}"#, 3),
            block,
        ),
        (cell::<LruConfig>(r#"{"width": 3, "states": 3}"#, 2), &lru),
        (
            cell::<SelectiveSsmConfig>(r#"{"width": 3, "states": 2}"#, 3),
            zoh,
        ),
        (cell::<SelectiveSsmConfig>(steps, 3), euler),
        (cell::<SelectiveSsmConfig>(turning, 3), complex),
    ] {
        assert_golden(cell.as_mut(), golden, 2);
    }
}

#[test]
fn the_spiking_model_and_its_gradients() {
    let golden = read(include_str!("golden/spiking_ssm.json"));
    let range = [15.0, 45.0];
    let config = SpikingSsmConfig {
        width: 4,
        states: 3,
        tau_mem_ms: TimeConstants::Range(range),
        ..SpikingSsmConfig::default()
    };
    let rng = &mut generator(1, "init", 0);
    let mut cell = SpikingSsm::new(&config, 3, 10.0, rng).expect("valid");
    let taus: Vec<f64> = matrix(&Value::from(vec![golden["tau_mem_ms"].clone()]))
        .iter()
        .copied()
        .collect();
    cell.set_tau_ms(&taus).expect("inside the range");
    // What is learnt of a time constant, and what the golden gradient is of, differ by the map between them.
    let map = Bounded::draw(range, 1, rng);
    let logit = cell.params().tensors().iter();
    let logit = logit.clone().find(|t| t.name == "tau_mem_logit");
    let logit = logit.expect("learnt").value.clone();
    let chain = DMatrix::from_fn(4, 1, |i, _| taus[i] * map.log_slope(taus[i]));
    let mut golden = golden;
    golden["params"]["tau_mem_logit"] = rows(&logit);
    let d_tau = matrix(&golden["d_tau_mem"]);
    golden["grads"]["tau_mem_logit"] = rows(&d_tau.component_mul(&chain));
    assert_golden(&mut cell, &golden, 2);
    let x = matrix(&golden["x"]);
    let mut tape = Tape::new();
    tape.start(&cell, x.ncols() / 2, 2);
    tape.forward(&cell, Input::Dense(x.as_view()), None);
    let m = tape.states().rows(6, 4).clone_owned();
    assert_close(&m, &matrix(&golden["m"]), "m");
}

/// `m` as a list of rows.
fn rows(m: &DMatrix<f64>) -> Value {
    let row = |i| m.row(i).iter().copied().collect::<Vec<f64>>();
    (0..m.nrows()).map(row).collect()
}

/// S5's keys, with J = 2 blocks of 4: two pairs of eigenvalues a block, and four states that stand for pairs.
const S5: &str = r#"{"width": 3, "states": 4, "init": "s5", "frequencies": 2, "discretization": "zoh",
    "dt_min": 0.001, "dt_max": 0.1, "normalise": false}"#;

#[test]
fn s5_by_its_keys() {
    let golden = read(include_str!("golden/s5.json"));
    for (mut cell, golden) in [
        (cell::<SsmConfig>(S5, 3), &golden["ssm"]),
        (cell::<SsmBlockConfig>(S5, 3), &golden["ssm_block"]),
    ] {
        assert_starts_as_s5(cell.as_ref(), &golden["params"]);
        assert_golden(cell.as_mut(), golden, 2);
    }
}

/// Asserts that `cell` starts from S5's eigenvalues, of which it keeps the other half, and gains, and from
/// steps in S5's range.
fn assert_starts_as_s5(cell: &dyn Cell<f64>, params: &Value) {
    let learnt = |name: &str| {
        let tensors = cell.params().tensors();
        &tensors.iter().find(|t| t.name == name).expect(name).value
    };
    assert_close(learnt("log_re"), &matrix(&params["log_re"]), "log_re");
    // In S5's blocks the slowest frequency comes last, in Saturn's first.
    let mut kept: Vec<f64> = matrix(&params["im"]).iter().map(|im| -im).collect();
    kept.chunks_mut(2).for_each(<[f64]>::reverse);
    assert_close(learnt("im"), &DMatrix::from_vec(4, 1, kept), "im");
    assert!(learnt("log_gain").iter().all(|g| *g == 0.0));
    let range = 0.001f64.ln()..=0.1f64.ln();
    assert!(learnt("log_step").iter().all(|s| range.contains(s)));
}

/// Asserts that `cell` on so many lanes, with the golden parameters, has the golden outputs and gradients.
fn assert_golden(cell: &mut dyn Cell<f64>, golden: &Value, lanes: usize) {
    load(cell, &golden["params"]);
    let (x, dy) = (matrix(&golden["x"]), matrix(&golden["dy"]));
    let mut tape = Tape::new();
    tape.start(cell, x.ncols() / lanes, lanes);
    tape.forward(cell, Input::Dense(x.as_view()), None);
    assert_close(&tape.output().clone_owned(), &matrix(&golden["y"]), "y");
    let mut grad = cell.params().zeros_like();
    let mut dx = DMatrix::zeros(x.nrows(), x.ncols());
    let input = Input::Dense(x.as_view());
    tape.backward(cell, input, dy.as_view(), &mut grad, Some(dx.as_view_mut()));
    assert_close(&dx, &matrix(&golden["dx"]), "dx");
    for tensor in grad.tensors() {
        let golden = matrix(&golden["grads"][&*tensor.name]);
        assert_close(&tensor.value, &golden, &tensor.name);
    }
}
