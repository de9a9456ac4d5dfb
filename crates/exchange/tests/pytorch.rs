//! State dicts of PyTorch: the same outputs as PyTorch's, and what cannot be read named.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use nalgebra::DMatrix;
use safetensors::tensor::{Dtype, TensorView};
use saturn_cell::Input;
use saturn_exchange::from_pytorch::{Options, import};
use saturn_exchange::{Fidelity, Imported};
use saturn_network::Tapes;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pytorch")
        .join(name)
}

fn rows(value: &serde_json::Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The largest distance of the outputs in f64 from those that PyTorch gave.
fn distance(imported: &Imported, name: &str) -> f64 {
    let text = std::fs::read_to_string(fixture(&format!("{name}.json"))).unwrap();
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (x, y) = (rows(&record["input"]), rows(&record["output"]));
    let x = DMatrix::from_fn(x[0].len(), x.len(), |i, t| x[t][i]);
    let net = imported.network::<f64>().unwrap();
    let mut tapes = Tapes::new(&net);
    tapes.start(&net, x.ncols(), 1);
    let found = tapes.forward(&net, Input::Dense(x.as_view()), None);
    let each = y
        .iter()
        .enumerate()
        .flat_map(|(t, y)| y.iter().enumerate().map(move |(i, y)| (i, t, *y)));
    each.map(|(i, t, y)| (found[(i, t)] - y).abs())
        .fold(0.0, f64::max)
}

#[test]
fn outputs_are_those_of_pytorch() {
    for (name, layers) in [
        ("gru", 2),
        ("lstm", 1),
        ("lstm_biases", 2),
        ("rnn", 2),
        ("half", 1),
        ("bfloat", 1),
    ] {
        let imported = import(
            &fixture(&format!("{name}.safetensors")),
            &Options::default(),
        )
        .unwrap();
        assert_eq!(imported.config.layers.len(), layers, "{name}");
        assert_eq!((imported.channels, imported.outputs), (3, 4), "{name}");
        assert!(
            imported
                .verdicts
                .iter()
                .all(|v| v.fidelity == Fidelity::Exact),
            "{name}"
        );
        let distance = distance(&imported, name);
        assert!(distance < 1e-12, "{name}: {distance:.2e}");
    }
}

/// A tensor's name and shape.
type Shaped = (&'static str, &'static [usize]);

/// A file of tensors of zeros.
fn file(folder: &TempDir, tensors: &[(&str, &[usize])]) -> PathBuf {
    let zeros = vec![0_u8; 1 << 16];
    let views: Vec<_> = tensors
        .iter()
        .map(|(name, shape)| {
            let bytes = 4 * shape.iter().product::<usize>();
            (
                *name,
                TensorView::new(Dtype::F32, shape.to_vec(), &zeros[..bytes]).unwrap(),
            )
        })
        .collect();
    let path = folder.path().join("net.safetensors");
    std::fs::write(
        &path,
        safetensors::serialize(views, None::<HashMap<String, String>>).unwrap(),
    )
    .unwrap();
    path
}

fn refused(tensors: &[(&str, &[usize])], layers: Option<&[&str]>) -> String {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, tensors);
    let options = Options {
        layers: layers.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        ..Options::default()
    };
    let message = import(&path, &options).unwrap_err().to_string();
    let (place, message) = message.split_once(": ").unwrap();
    assert_eq!(place, path.display().to_string());
    message.to_owned()
}

#[test]
fn what_cannot_be_read_is_named_with_a_remedy() {
    let cases: [(&[Shaped], &str); 14] = [
        (
            &[],
            "contains no tensors\nhint: save the module's state dict",
        ),
        (
            &[
                ("gru.weight_ih_l0", &[15, 3]),
                ("gru.weight_hh_l0", &[5, 15]),
            ],
            "module `gru`: `weight_hh_l0` of shape [5, 15] is transposed\nhint: PyTorch stores [gates x hidden, hidden]",
        ),
        (
            &[
                ("gru.weight_ih_l0", &[10, 3]),
                ("gru.weight_hh_l0", &[10, 5]),
            ],
            "module `gru`: `weight_ih_l0` and `weight_hh_l0` have 10 and 10 rows for 5 units\nhint: an RNN has as many",
        ),
        (
            &[
                ("r.weight_ih_l0", &[5, 3]),
                ("r.weight_hh_l0", &[5, 5]),
                ("r.weight_ih_l0_reverse", &[5, 3]),
            ],
            "module `r` is bidirectional",
        ),
        (
            &[
                ("r.weight_ih_l0", &[20, 3]),
                ("r.weight_hh_l0", &[20, 2]),
                ("r.weight_hr_l0", &[2, 5]),
            ],
            "module `r` projects its state",
        ),
        (
            &[("r.weight_ih_l0", &[5, 3])],
            "module `r`: `weight_ih_l0` and `weight_hh_l0` are not two matrices",
        ),
        (
            &[("conv.weight", &[4, 3, 3, 3])],
            "module `conv` is a convolution",
        ),
        (
            &[("norm.weight", &[4]), ("norm.bias", &[4])],
            "module `norm` is a normalisation",
        ),
        (
            &[("fc.weight", &[4, 3]), ("fc.bias", &[3])],
            "module `fc` has a weight of 4 rows and a bias of shape [3]\nhint: is the weight transposed?",
        ),
        (
            &[("lif.tau", &[1]), ("lif.threshold", &[1])],
            "module `lif` is of no kind that is known: its tensors are tau, threshold",
        ),
        // Norse: SequentialState of Linear, LIFCell, Linear; Linear, LIFRecurrentCell.
        (
            &[("0.weight", &[4, 3]), ("2.weight", &[2, 4])],
            "`0` and `2` are linear and follow each other: what is between them is not in a state dict\nhint: multiply their \
             weights into one, if there is nothing between them; the constants of spiking neurons of Norse and others are in \
             no state dict: export",
        ),
        (
            &[
                ("fc.weight", &[4, 3]),
                ("lif.input_weights", &[4, 4]),
                ("lif.recurrent_weights", &[4, 4]),
            ],
            "module `lif` has weights of Norse's recurrent neurons; a state dict of Norse contains no time constants, \
             thresholds or resets\nhint: Norse 1.1.0 exports cells without recurrence only: \
             write the graph with Python's `nir`",
        ),
        (
            &[("a.weight", &[4, 3]), ("b.weight", &[5, 4])],
            "its modules form no stack: `a` (Linear 3 -> 4), `b` (Linear 4 -> 5)",
        ),
        (
            &[
                ("a.weight_ih_l0", &[4, 4]),
                ("a.weight_hh_l0", &[4, 4]),
                ("b.weight", &[4, 4]),
            ],
            "its modules fit together in more than one order",
        ),
    ];
    for (tensors, expected) in cases {
        let message = refused(tensors, None);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn layers_are_ordered_as_requested_or_by_their_numbers() {
    let square: [(&str, &[usize]); 3] = [
        ("a.weight_ih_l0", &[4, 4]),
        ("a.weight_hh_l0", &[4, 4]),
        ("b.weight", &[4, 4]),
    ];
    assert!(
        refused(&square, Some(&["a", "c"]))
            .starts_with("has no module `c`\nhint: its modules are `b` (Linear 4 -> 4)")
    );
    assert!(refused(&square, Some(&[])).starts_with("no module is named"));
    let folder = TempDir::new().unwrap();
    let order = |names: &[&str]| {
        let options = Options {
            layers: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            dt_ms: Some(2.0),
            ..Options::default()
        };
        let imported = import(&file(&folder, &square), &options).unwrap();
        assert!((imported.dt_ms - 2.0).abs() < 1e-15);
        imported
            .verdicts
            .into_iter()
            .map(|v| v.part)
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&["a", "b"]), ["a", "b"]);
    assert_eq!(order(&["b", "a"]), ["b", "a"]);
    // `nn.Sequential` numbers its modules.
    let numbered: [(&str, &[usize]); 3] = [
        ("1.weight", &[4, 4]),
        ("0.weight_ih_l0", &[4, 4]),
        ("0.weight_hh_l0", &[4, 4]),
    ];
    let imported = import(&file(&folder, &numbered), &Options::default()).unwrap();
    assert_eq!(
        imported
            .verdicts
            .iter()
            .map(|v| v.part.as_str())
            .collect::<Vec<_>>(),
        ["0", "1"]
    );
}
