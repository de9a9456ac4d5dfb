//! State dicts of snnTorch: the same spikes as snnTorch's in every step, and what cannot be read named.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use nalgebra::DMatrix;
use safetensors::tensor::{Dtype, TensorView};
use saturn_cell::{Input, Real, Stream};
use saturn_exchange::from_pytorch::{AlphaNeuron, Options, import};
use saturn_exchange::{Fidelity, Imported};
use serde::Deserialize;
use tempfile::TempDir;

const STEPS: usize = 200;

#[derive(Deserialize)]
struct Record {
    /// For each channel the steps of its spikes.
    input: Vec<Vec<usize>>,
    /// For each net and each unit of its last layer the steps of its spikes.
    nets: BTreeMap<String, Vec<Vec<usize>>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snntorch")
}

fn synaptic() -> Options {
    Options {
        neuron: Some(AlphaNeuron::Synaptic),
        ..Options::default()
    }
}

/// The steps in which each output is not 0.
fn run<R: Real>(imported: &Imported, input: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let net = imported.network::<R>().unwrap();
    let cell = net.cells()[0].as_ref();
    let mut stream = Stream::new(cell, 1);
    let mut found = vec![Vec::new(); imported.outputs];
    for t in 0..STEPS {
        let spikes = |i: usize, _| {
            if input[i].contains(&t) {
                R::one()
            } else {
                R::zero()
            }
        };
        let x = DMatrix::from_fn(input.len(), 1, spikes);
        stream.step(cell, Input::Dense(x.as_view()));
        for (times, s) in found.iter_mut().zip(stream.output().iter()) {
            if s.wide() > 0.0 {
                times.push(t);
            }
        }
    }
    found
}

#[test]
fn spikes_are_those_of_snntorch() {
    let text = std::fs::read_to_string(folder().join("spikes.json")).unwrap();
    let record: Record = serde_json::from_str(&text).unwrap();
    assert_eq!(record.nets.len(), 14);
    for (name, golden) in &record.nets {
        let path = folder().join(format!("{name}.safetensors"));
        let imported = import(&path, &synaptic()).unwrap();
        assert_eq!((imported.channels, imported.outputs), (4, 3), "{name}");
        assert!(imported.is_exact(), "{name}: {:?}", imported.verdicts);
        assert_eq!(run::<f64>(&imported, &record.input), *golden, "{name}, f64");
        assert_eq!(run::<f32>(&imported, &record.input), *golden, "{name}, f32");
        // What a factor per step does is the same in steps of any length.
        let options = Options {
            dt_ms: Some(0.1),
            ..synaptic()
        };
        let short = import(&path, &options).unwrap();
        assert_eq!(run::<f64>(&short, &record.input), *golden, "{name}, 0.1 ms");
    }
}

fn parts(imported: &Imported) -> Vec<(&str, &str)> {
    let all = imported.verdicts.iter();
    all.map(|v| (v.part.as_str(), v.kind.as_str())).collect()
}

#[test]
fn parts_are_modules_and_what_is_assumed_is_noted() {
    let read = |name: &str| import(&folder().join(name), &synaptic()).unwrap();
    let each = read("each.safetensors");
    assert_eq!(
        parts(&each),
        [
            ("fc1", "Linear"),
            ("lif1", "Leaky"),
            ("fc2", "Linear"),
            ("lif2", "Leaky")
        ]
    );
    let notes = each.notices.join("\n");
    for expected in [
        "`beta` of `lif1` is outside of 0 to 1 for 2 of 8 neurons and is clamped",
        "the step in which beta holds; it is taken to be 1 ms",
        "does not contain reset_delay, inhibition and state_quant",
        "the outputs are the spikes of `lif2`",
        "a probe of 1000 steps in f32",
    ] {
        assert!(notes.contains(expected), "{expected} in {notes}");
    }
    let sequential = read("sequential.safetensors");
    assert_eq!(
        parts(&sequential),
        [
            ("0", "Linear"),
            ("1", "Leaky"),
            ("3", "Linear"),
            ("4", "Leaky")
        ]
    );
    assert_eq!(
        parts(&read("one_to_one.safetensors"))[1],
        ("lif1", "RLeaky")
    );
    assert_eq!(
        parts(&read("synaptic.safetensors"))[1],
        ("lif1", "Synaptic")
    );
    assert_eq!(
        parts(&read("recurrent_synaptic.safetensors"))[1],
        ("lif1", "RSynaptic")
    );
}

/// Tensors by name: shape and numbers.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// fc 3 -> 2, Leaky; the reset's number is an integer, as snnTorch stores it.
fn leaky() -> Tensors {
    let mut tensors = Tensors::new();
    let mut add = |name: &str, shape: &[usize], value: f32| {
        let numbers = vec![value; shape.iter().product()];
        tensors.insert(name.to_owned(), (shape.to_vec(), numbers));
    };
    add("fc.weight", &[2, 3], 0.5);
    add("fc.bias", &[2], 0.0);
    add("lif.beta", &[], 0.9);
    add("lif.threshold", &[], 1.0);
    add("lif.graded_spikes_factor", &[], 1.0);
    add("lif.reset_mechanism_val", &[], 0.0);
    tensors
}

fn written(folder: &TempDir, tensors: &Tensors) -> PathBuf {
    let stored: Vec<_> = tensors
        .iter()
        .map(|(name, (shape, numbers))| {
            let whole = name.ends_with("reset_mechanism_val");
            let bytes: Vec<u8> = if whole {
                numbers
                    .iter()
                    .flat_map(|&x| (x as i64).to_le_bytes())
                    .collect()
            } else {
                numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
            };
            (
                name,
                if whole { Dtype::I64 } else { Dtype::F32 },
                shape,
                bytes,
            )
        })
        .collect();
    let views = stored.iter().map(|(name, dtype, shape, bytes)| {
        (
            name,
            TensorView::new(*dtype, (*shape).clone(), bytes).unwrap(),
        )
    });
    let path = folder.path().join("net.safetensors");
    let bytes = safetensors::serialize(views, None::<HashMap<String, String>>).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn read(tensors: &Tensors, options: &Options) -> Result<Imported, String> {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, tensors);
    import(&path, options).map_err(|e| {
        let message = e.to_string();
        let (place, message) = message.split_once(": ").unwrap();
        assert_eq!(place, path.display().to_string());
        message.to_owned()
    })
}

/// A change of a tensor: shape and value, or none.
type Change = (&'static str, Option<(&'static [usize], f32)>);

/// Each file, which is that of [`leaky`] with some changes, and how its error begins.
fn are_refused(cases: &[(&[Change], &str)]) {
    for (changes, expected) in cases {
        let mut tensors = leaky();
        for (name, change) in *changes {
            match change {
                Some((shape, value)) => {
                    let numbers = vec![*value; shape.iter().product()];
                    tensors.insert((*name).to_owned(), (shape.to_vec(), numbers));
                }
                None => {
                    tensors.remove(*name);
                }
            }
        }
        let message = read(&tensors, &Options::default()).unwrap_err();
        assert!(message.starts_with(expected), "{message}\nnot {expected}");
    }
}

#[test]
#[rustfmt::skip]
fn wrong_tensors_are_named_with_a_remedy() {
    are_refused(&[
        (&[("lif.beta", None)], "module `lif` has no `beta`, as neurons of snnTorch have\nhint: save the whole state dict"),
        (&[("lif.threshold", None)], "module `lif` has no `threshold`"),
        (&[("lif.reset_mechanism_val", None)], "module `lif` has no `reset_mechanism_val`"),
        (
            &[("lif.beta", Some((&[2, 1], 0.9)))],
            "module `lif` has a `beta` of shape [2, 1], and one number, or one for each neuron, is expected",
        ),
        (&[("lif.beta", Some((&[0], 0.9)))], "module `lif` has a `beta` of shape [0], and at least one neuron is expected"),
        (
            &[("lif.beta", Some((&[3], 0.9))), ("lif.threshold", Some((&[2], 1.0)))],
            "module `lif` has 3 neurons by `beta` and 2 by `threshold`",
        ),
        (
            &[("lif.beta", Some((&[5], 0.9)))],
            "its modules form no stack: `fc` (Linear 3 -> 2), `lif` (Leaky 5 -> 5)",
        ),
        (&[("lif.beta", Some((&[], f32::NAN)))], "tensor `lif.beta` is NaN at index []"),
        (&[("lif.threshold", Some((&[2], f32::INFINITY)))], "tensor `lif.threshold` is inf at index [0]"),
        (
            &[("lif.threshold", Some((&[], -1.0)))],
            "module `lif` has a negative `threshold`, with which snnTorch resets neurons before their first spike",
        ),
        (
            &[("lif.reset_mechanism_val", Some((&[], 3.0)))],
            "module `lif` has a `reset_mechanism_val` of 3\nhint: snnTorch has 0",
        ),
        (
            &[("lif.reset_mechanism_val", Some((&[2], 0.0)))],
            "module `lif` has a `reset_mechanism_val` of shape [2], and one number is expected",
        ),
        (
            &[("lif.recurrent.weight", Some((&[2, 3], 1.0)))],
            "module `lif` has a `recurrent.weight` of shape [2, 3], and [neurons, neurons] is expected",
        ),
        (&[("lif.recurrent.bias", Some((&[2], 1.0)))], "module `lif` has a `recurrent.bias` and no `recurrent.weight`"),
        (
            &[("lif.recurrent.weight", Some((&[2, 2], 1.0))), ("lif.V", Some((&[], 1.0)))],
            "module `lif` has `recurrent.weight` and `V`",
        ),
        (
            &[("lif.gamma", Some((&[], 1.0)))],
            "module `lif` is of no kind that is known: its tensors are beta, gamma, ",
        ),
        (&[("fc.weight", None), ("fc.bias", None)], "its modules form no stack: `lif` (Leaky)"),
    ]);
}

#[test]
#[rustfmt::skip]
fn modules_that_cannot_be_run_are_named_with_a_remedy() {
    are_refused(&[
        (
            &[("lif.V", Some((&[], 1.0))), ("lif.reset_mechanism_val", Some((&[], 1.0)))],
            "module `lif` (RLeaky) cannot be run: it resets to zero in the step after a spike, whose input is then lost",
        ),
        (&[("lif.recurrent.weight", Some((&[2, 2, 3, 3], 1.0)))], "module `lif` has recurrent convolutions"),
        (
            &[("lif.alpha", Some((&[], 0.5)))],
            "module `lif` has an `alpha`, so that it is snnTorch's Synaptic or Alpha, whose tensors have the same names\n\
             hint: give the one that it is: `--neuron synaptic`",
        ),
        (
            &[("lif.R", Some((&[], 1.0))), ("lif.time_step", Some((&[], 1.0)))],
            "module `lif` is snnTorch's Lapicque, which no layer of Saturn is\nhint: Saturn runs stacks",
        ),
        (&[("lif.lstm_cell.weight_ih", Some((&[8, 2], 0.1)))], "module `lif` is snnTorch's SLSTM"),
        (&[("conv.weight", Some((&[2, 3, 3, 3], 1.0)))], "module `conv` is a convolution\nhint: Saturn runs stacks"),
        (&[("norm.weight", Some((&[2], 1.0)))], "module `norm` is a normalisation"),
        (
            &[("gru.weight_ih_l0", Some((&[9, 2], 0.1))), ("gru.weight_hh_l0", Some((&[9, 3], 0.1)))],
            "module `gru` (GRU) is in a network with neurons of snnTorch\nhint: Saturn runs",
        ),
    ]);
    let mut alpha = leaky();
    alpha.insert("lif.alpha".to_owned(), (vec![], vec![0.5]));
    let options = Options {
        neuron: Some(AlphaNeuron::Alpha),
        ..Options::default()
    };
    let message = read(&alpha, &options).unwrap_err();
    assert!(
        message.starts_with("module `lif` is snnTorch's Alpha"),
        "{message}"
    );
    assert!(read(&alpha, &synaptic()).unwrap().is_exact());
}

#[test]
fn the_order_is_that_of_widths_then_of_numbers_in_names() {
    let layers = |names: &[&str]| Options {
        layers: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..Options::default()
    };
    let mut two = leaky();
    let lif: Vec<_> = leaky()
        .into_iter()
        .filter(|(name, _)| name.starts_with("lif"))
        .collect();
    two.insert("out.weight".to_owned(), (vec![4, 2], vec![0.5; 8]));
    two.extend(
        lif.iter()
            .map(|(name, t)| (name.replace("lif", "last"), t.clone())),
    );
    let message = read(&two, &Options::default()).unwrap_err();
    assert!(
        message.starts_with(
            "its modules fit together in more than one order: `fc` (Linear 3 -> 2), `last` (Leaky), `lif` (Leaky), `out` \
             (Linear 2 -> 4)\nhint: name them in order: `--layers a,b,c`"
        ),
        "{message}"
    );
    let order = |tensors: &Tensors, options: &Options| -> Vec<String> {
        let imported = read(tensors, options).unwrap();
        imported.verdicts.into_iter().map(|v| v.part).collect()
    };
    let names = ["fc", "lif", "out", "last"];
    assert_eq!(order(&two, &layers(&names)), names);
    // With another width of its own, it fits in one place alone.
    let mut wide = two.clone();
    wide.insert("last.beta".to_owned(), (vec![4], vec![0.9; 4]));
    assert_eq!(order(&wide, &Options::default()), names);
    let renamed = |name: &String| {
        let new = [
            ("fc.", "fc1."),
            ("lif.", "lif1."),
            ("out.", "fc2."),
            ("last.", "lif2."),
        ];
        new.iter()
            .fold(name.clone(), |name, (old, new)| name.replace(old, new))
    };
    let numbered: Tensors = two
        .iter()
        .map(|(name, t)| (renamed(name), t.clone()))
        .collect();
    assert_eq!(
        order(&numbered, &Options::default()),
        ["fc1", "lif1", "fc2", "lif2"]
    );
    // Neurons on the input have the width of what is behind them; without it, none is known.
    let reversed = order(&leaky(), &layers(&["lif", "fc"]));
    assert_eq!(reversed, ["lif", "fc"]);
    let message = read(&leaky(), &layers(&["lif"])).unwrap_err();
    assert!(
        message.starts_with("no tensor gives the number of neurons of `lif`"),
        "{message}"
    );
    // A recurrent bias is added to the linear module before.
    let mut recurrent = leaky();
    recurrent.insert(
        "lif.recurrent.weight".to_owned(),
        (vec![2, 2], vec![0.1; 4]),
    );
    recurrent.insert("lif.recurrent.bias".to_owned(), (vec![2], vec![0.1; 2]));
    let imported = read(&recurrent, &Options::default()).unwrap();
    assert_eq!(imported.tensors["0.fc.bias"].1, [f64::from(0.1_f32); 2]);
    assert!(
        imported
            .verdicts
            .iter()
            .all(|v| v.fidelity == Fidelity::Exact)
    );
    let message = read(&recurrent, &layers(&["lif"])).unwrap_err();
    assert!(
        message.starts_with("module `lif` has a recurrent bias, and no linear module before it"),
        "{message}"
    );
}

#[test]
fn names_of_modules_are_free() {
    let renamed = |old: &str, new: &str| -> Tensors {
        let each = leaky().into_iter();
        each.map(|(name, t)| (name.replace(old, new), t)).collect()
    };
    for tensors in [
        renamed("lif", "output"),
        renamed("fc", "input"),
        renamed("lif", "net.a/b"),
    ] {
        let imported = read(&tensors, &Options::default()).unwrap();
        assert_eq!((imported.channels, imported.outputs), (3, 2));
        assert!(imported.network::<f32>().is_ok());
    }
}
