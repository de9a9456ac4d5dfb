//! The cells give the numbers of other libraries, or of autograd on their equations, forward and reverse.
//!
//! The tables are `golden/recurrent.json` and `golden/spiking.json`; the Python scripts next to them made them and describe
//! their keys.

use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig, Input, Params, Tape};
use saturn_neurons::bounded::Bounded;
use saturn_neurons::decay::InputScale;
use saturn_neurons::li::LiConfig;
use saturn_neurons::{
    adlif::AdLifConfig, alif::AlifConfig, cuba_lif::CubaLifConfig, gru::GruConfig,
    input_gated_rnn::InputGatedRnnConfig, lif::LifConfig, linear::LinearConfig, lstm::LstmConfig,
    resonate_and_fire::ResonateAndFireConfig, rnn::RnnConfig, surprisal_rnn::SurprisalRnnConfig,
    windowed_attention::WindowedAttentionConfig,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

const LANES: usize = 2;

/// The cases of a table.
fn table(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// The numbers of nested lists, each list of the innermost level a column: `[T][B][H]` as `[H, T*B]`, `[H]` as
/// `[H, 1]`.
fn columns(value: &Value) -> DMatrix<f64> {
    fn flatten(value: &Value, into: &mut Vec<f64>) -> usize {
        let Value::Array(values) = value else {
            into.push(value.as_f64().unwrap());
            return 1;
        };
        let rows = values.iter().map(|v| flatten(v, into)).max().unwrap_or(0);
        if values.iter().all(Value::is_number) {
            values.len()
        } else {
            rows
        }
    }
    let mut numbers = Vec::new();
    let rows = flatten(value, &mut numbers);
    DMatrix::from_column_slice(rows, numbers.len() / rows, &numbers)
}

/// A parameter or its gradient with the shape `like`: a matrix is a list of rows.
fn tensor(value: &Value, like: &DMatrix<f64>) -> DMatrix<f64> {
    let columns = columns(value);
    let value = if value[0].is_array() {
        columns.transpose()
    } else {
        columns
    };
    assert_eq!(value.shape(), like.shape());
    value
}

/// Asserts ||a - b|| <= tolerance ||b||, and that b is not all zero.
fn assert_close(a: &DMatrix<f64>, b: &DMatrix<f64>, tolerance: f64, what: &str) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    assert!(b.norm() > 0.0, "{what} is all zero");
    let distance = (a - b).norm() / b.norm();
    assert!(distance <= tolerance, "{what} is off by {distance:.2e}");
}

/// The cell of a case, with initial parameters.
fn build(case: &Value) -> Box<dyn Cell<f64>> {
    fn of<C: CellConfig + DeserializeOwned>(case: &Value) -> Box<dyn Cell<f64>> {
        let config: C = serde_json::from_value(case["config"].clone()).unwrap();
        let inputs = case["x"][0][0].as_array().unwrap().len();
        let dt_ms = case["dt_ms"].as_f64().unwrap_or(10.0);
        let rng = &mut generator(1, "init", 0);
        config.build(inputs, dt_ms, rng).unwrap()
    }
    match case["cell"].as_str().unwrap() {
        "adlif" => of::<AdLifConfig>(case),
        "alif" => of::<AlifConfig>(case),
        "cuba_lif" => of::<CubaLifConfig>(case),
        "gru" => of::<GruConfig>(case),
        "input_gated_rnn" => of::<InputGatedRnnConfig>(case),
        "li" => of::<LiConfig>(case),
        "lif" => of::<LifConfig>(case),
        "linear" => of::<LinearConfig>(case),
        "lstm" => of::<LstmConfig>(case),
        "resonate_and_fire" => of::<ResonateAndFireConfig>(case),
        "rnn" => of::<RnnConfig>(case),
        "surprisal_rnn" => of::<SurprisalRnnConfig>(case),
        "windowed_attention" => of::<WindowedAttentionConfig>(case),
        other => panic!("no cell {other}"),
    }
}

/// What is learnt of numbers of a case, and the slopes of the map from one to the other: the parameter `name` is
/// that of the key in a scenario, but for its ending.
fn learnt(case: &Value, name: &str, part: &str, like: &DMatrix<f64>) -> [DMatrix<f64>; 2] {
    let ones = DMatrix::from_element(like.nrows(), like.ncols(), 1.0);
    let Some(stem) = name.strip_suffix("_logit") else {
        return [tensor(&case[part][name], like), ones];
    };
    let config = &case["config"];
    if let Some(max) = config[format!("{stem}_max")].as_f64() {
        let values = tensor(&case["parameters"][stem], like);
        let logits = values.map(|a| (a / (max - a)).ln());
        return [logits, values.map(|a| a * (1.0 - a / max))];
    }
    let key = format!("{stem}_ms");
    let range = serde_json::from_value(config[&key].clone()).unwrap();
    let values = tensor(&case["parameters"][&key], like);
    let mut map = Bounded::draw(range, like.nrows(), &mut generator(1, "init", 0));
    map.set(values.as_slice(), "values").unwrap();
    [map.logits(), values.map(|tau| tau * map.log_slope(tau))]
}

/// Gives a cell the golden parameters.
fn load(cell: &mut dyn Cell<f64>, case: &Value) {
    cell.update(&mut |p| {
        for t in p.tensors_mut() {
            [t.value, _] = learnt(case, &t.name, "parameters", &t.value);
        }
    });
}

/// Asserts that all gradients are the golden ones, times the slope of the map from what is learnt.
fn assert_gradients(grad: &Params<f64>, case: &Value, tolerance: f64, what: &str) {
    for t in grad.tensors() {
        let [_, slope] = learnt(case, &t.name, "parameters", &t.value);
        let key = match t.name.strip_suffix("_logit") {
            Some(stem) if case["gradients"][stem].is_array() => stem.to_owned(),
            Some(stem) => format!("{stem}_ms"),
            None => t.name.to_string(),
        };
        let wanted = tensor(&case["gradients"][key], &t.value).component_mul(&slope);
        assert_close(&t.value, &wanted, tolerance, &format!("{what}: {}", t.name));
    }
}

#[test]
fn recurrent_cells_are_those_of_pytorch() {
    for case in table(include_str!("golden/recurrent.json")) {
        let mut cell = build(&case);
        load(cell.as_mut(), &case);
        let (cell, remembers) = (cell.as_ref(), case["state0"].is_array());
        let name = cell.name();
        let same = |got: &DMatrix<f64>, key: &str| {
            assert_close(got, &columns(&case[key]), 1e-13, &format!("{name}: {key}"));
        };
        let x = columns(&case["x"]);
        let mut tape = Tape::new();
        tape.start(cell, x.ncols() / LANES, LANES);
        let mut last = DMatrix::zeros(cell.widths().state, LANES);
        if remembers {
            tape.initial_mut().copy_from(&columns(&case["state0"]));
            last = columns(&case["e"]);
        }
        tape.forward(cell, Input::Dense(x.as_view()), None);
        same(&tape.output().clone_owned(), "y");
        let mut grad = cell.params().zeros_like();
        let mut d_x = DMatrix::zeros(x.nrows(), x.ncols());
        tape.backward_from(
            cell,
            Input::Dense(x.as_view()),
            columns(&case["c"]).as_view(),
            Some(last.as_view()),
            &mut grad,
            Some(d_x.as_view_mut()),
        );
        assert_gradients(&grad, &case, 1e-13, name);
        same(&d_x, "d_x");
        if remembers {
            let states = tape.states();
            let end = states.columns(states.ncols() - LANES, LANES);
            same(&end.clone_owned(), "state");
            same(&tape.d_initial().clone_owned(), "d_state0");
        }
    }
}

#[test]
fn spiking_cells_are_those_of_libraries_and_papers() {
    for case in table(include_str!("golden/spiking.json")) {
        let mut cell = build(&case);
        load(cell.as_mut(), &case);
        let (cell, what) = (
            cell.as_ref(),
            format!("{} {}", case["cell"], case["config"]),
        );
        let [of_states, of_gradients] = [0, 1].map(|i| case["tolerances"][i].as_f64().unwrap());
        let x = columns(&case["x"]);
        let mut tape = Tape::new();
        tape.start(cell, x.ncols() / LANES, LANES);
        tape.forward(cell, Input::Dense(x.as_view()), None);
        let (states, s) = (tape.states().clone_owned(), tape.output().clone_owned());
        let mut last = DMatrix::zeros(states.nrows(), LANES);
        for field in cell.fields() {
            let rows = states.rows_range(field.rows.clone()).clone_owned();
            let recorded = &case["states"];
            let (wanted, rows) = match &recorded[&*field.name] {
                // A membrane that is recorded after its reset is 0 where there is a spike.
                Value::Null => (
                    &recorded["v_reset"],
                    rows.component_mul(&s.map(|s| 1.0 - s)),
                ),
                wanted => (wanted, rows),
            };
            let tolerance = if field.name == "s" { 0.0 } else { of_states };
            let what = format!("{what}: {}", field.name);
            assert_close(&rows, &columns(wanted), tolerance, &what);
            let adjoint = &case["adjoints"][&*field.name];
            if adjoint.is_array() {
                last.rows_range_mut(field.rows).copy_from(&columns(adjoint));
            }
        }
        let mut grad = cell.params().zeros_like();
        tape.backward_from(
            cell,
            Input::Dense(x.as_view()),
            columns(&case["c"]).as_view(),
            Some(last.as_view()),
            &mut grad,
            None,
        );
        assert_gradients(&grad, &case, of_gradients, &what);
    }
}

/// The case without a spike reset has recurrent spikes; they are inputs here: [x, s_{t-1}] under [W, W_r].
#[test]
fn a_leaky_readout_is_snntorchs_membrane() {
    let mut cases = table(include_str!("golden/spiking.json")).into_iter();
    let mut case = cases
        .find(|c| c["config"]["spike_reset"] == "none")
        .unwrap();
    let (x, s) = (columns(&case["x"]), columns(&case["states"]["s"]));
    let config = LiConfig {
        outputs: s.nrows(),
        tau_mem_ms: serde_json::from_value(case["config"]["tau_mem_ms"].clone()).unwrap(),
        input_scale: InputScale::One,
        ..LiConfig::default()
    };
    let rng = &mut generator(1, "init", 0);
    let mut cell = config
        .build::<f64>(x.nrows() + s.nrows(), 10.0, rng)
        .unwrap();
    let (w, w_r) = (
        columns(&case["parameters"]["weight"]),
        columns(&case["parameters"]["recurrent"]),
    );
    let weights = w
        .transpose()
        .as_slice()
        .iter()
        .chain(w_r.transpose().as_slice())
        .copied()
        .collect();
    let weights = DMatrix::from_vec(s.nrows(), x.nrows() + s.nrows(), weights);
    let rows: Vec<Vec<f64>> = weights
        .row_iter()
        .map(|row| row.iter().copied().collect())
        .collect();
    case["parameters"]["weight"] = rows.into();
    load(cell.as_mut(), &case);
    let mut input = DMatrix::zeros(x.nrows() + s.nrows(), x.ncols());
    input.rows_mut(0, x.nrows()).copy_from(&x);
    // Two lanes: the spikes of one step are the input of the next.
    let past = s.columns(0, s.ncols() - LANES);
    input
        .view_mut((x.nrows(), LANES), past.shape())
        .copy_from(&past);
    let mut tape = Tape::new();
    tape.start(cell.as_ref(), x.ncols() / LANES, LANES);
    tape.forward(cell.as_ref(), Input::Dense(input.as_view()), None);
    let v = tape.output().clone_owned();
    assert_close(
        &v,
        &columns(&case["states"]["v"]),
        1e-12,
        "snnTorch's membrane",
    );
}
