//! `saturn export`: finished networks in files for other programs, and what they lack.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use saturn_network::{Network, NetworkConfig, Readout, build};
use saturn_neurons::lif::LifConfig;
use saturn_neurons::spike_reset::SpikeReset;
use saturn_train::weights::{self, Belonging, WeightsFile};

use crate::saturn::{Bench, fails, succeeds};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exchange/tests");
    folder.join(name).display().to_string()
}

fn shown(bench: &Bench, line: &str) -> String {
    let arguments: Vec<&str> = line.split(' ').collect();
    let output = bench.saturn(&arguments);
    succeeds(&output);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn checksum(bench: &Bench, file: &str) -> String {
    let mut file = WeightsFile::open(&bench.path(file)).unwrap();
    file.checksum().unwrap()
}

/// A folder with LIF neurons of this reset.
fn lif(bench: &Bench, folder: &str, spike_reset: SpikeReset) {
    spiking(bench, folder, spike_reset, (5, 2, 2.0));
}

/// The same with so many inputs and classes, for steps of so many ms.
fn spiking(
    bench: &Bench,
    folder: &str,
    spike_reset: SpikeReset,
    (channels, classes, dt_ms): (usize, usize, f64),
) {
    let config = LifConfig {
        hidden: 12,
        recurrent: true,
        input_gain: 3.0,
        spike_reset,
        ..LifConfig::default()
    };
    let config = NetworkConfig {
        layers: vec![config.into()],
        readout: Some(Readout::Linear),
    };
    let network: Network<f32> = build(folder, &config, channels, classes, dt_ms, 1).unwrap();
    let classes: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    let of = Belonging {
        network: folder,
        model: &config,
        channels,
        classes: &classes,
        dt_ms,
        training: "",
        modules: &[],
    };
    fs::create_dir(bench.path(folder)).unwrap();
    let path = bench.path(folder).join("weights.safetensors");
    weights::save(&network, &path, &of).unwrap();
}

#[test]
fn nir_comes_back_with_every_bit() {
    let bench = Bench::new();
    lif(&bench, "lif", SpikeReset::Zero);
    let text = shown(&bench, "export lif --to nir --out new/lif.nir");
    for line in [
        "layer0_lif  lif     exact",
        "layer1_fc   linear  exact",
        "new/lif.nir: NIR, steps of 2 ms; 2 of 2 parts are exact; 0 of 12000 spikes differ in 1000 steps of a probe",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let text = shown(&bench, "import new/lif.nir --out again");
    assert!(text.contains("note: the graph is unchanged"), "{text}");
    let [a, b] = ["lif", "again"].map(|folder| format!("{folder}/weights.safetensors"));
    assert_eq!(checksum(&bench, &a), checksum(&bench, &b));
    let description = |file: &str| {
        let file = WeightsFile::open(&bench.path(file)).unwrap();
        let found = file.description().unwrap().unwrap();
        (found.classes, found.cells, found.dt_ms.to_bits())
    };
    assert_eq!(description(&a), description(&b));
    let text = shown(&bench, "export again --to nir --for snntorch --out snn.nir");
    assert!(
        text.contains("NIR, steps of 0.1 ms") && text.contains("note: snnTorch's step"),
        "{text}"
    );
    // A file of another program, there and back.
    let nested = fixture("nir/nested_1.0.8.nir");
    shown(
        &bench,
        &format!("import {nested} --out nested --dt-ms 1 --precision f64"),
    );
    shown(&bench, "export nested --to nir --out nested.nir");
    shown(&bench, "import nested.nir --out twice --precision f64");
    let [a, b] = ["nested", "twice"].map(|folder| format!("{folder}/weights.safetensors"));
    assert_eq!(checksum(&bench, &a), checksum(&bench, &b));
}

#[test]
fn safetensors_are_a_state_dict_or_saturns_own() {
    let bench = Bench::new();
    let gru = fixture("pytorch/gru.safetensors");
    shown(&bench, &format!("import {gru} --out gru"));
    let text = shown(
        &bench,
        "export gru --to safetensors --for pytorch --layers first,second,fc --out dict.safetensors",
    );
    assert!(
        text.contains(
            "a state dict of `first` nn.GRU(3, 5), `second` nn.GRU(5, 5), `fc` nn.Linear(5, 4)"
        ),
        "{text}"
    );
    shown(
        &bench,
        "import dict.safetensors --out back --layers first,second,fc",
    );
    let [a, b] = ["gru", "back"].map(|folder| format!("{folder}/weights.safetensors"));
    assert_eq!(checksum(&bench, &a), checksum(&bench, &b));
    shown(&bench, "export gru --to safetensors --out own.safetensors");
    let bytes = |file: &str| fs::read(bench.path(file)).unwrap();
    assert_eq!(bytes("own.safetensors"), bytes(&a));
    // The file is a finished network.
    shown(
        &bench,
        "export own.safetensors --to safetensors --for pytorch --out c.safetensors",
    );
}

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f64>)>;

/// Names, shapes and numbers of a state dict, without the kind of resets, an integer.
fn state_dict(path: &Path) -> Tensors {
    let mut file = WeightsFile::open(path).unwrap();
    let names: Vec<String> = file.tensors().keys().cloned().collect();
    let real = |name: &String| !name.ends_with("reset_mechanism_val");
    let each = names.into_iter().filter(real).map(|name| {
        let shape = file.tensors()[&name].shape.clone();
        let numbers = file.numbers(&name).unwrap();
        (name, (shape, numbers))
    });
    each.collect()
}

#[test]
fn a_network_of_snntorch_goes_back_under_its_names_before_and_after_training() {
    let bench = Bench::new();
    let theirs = fixture("snntorch/subtract.safetensors");
    shown(&bench, &format!("import {theirs} --out net --dt-ms 10"));
    let text = shown(
        &bench,
        "export net --to safetensors --for snntorch --out net.safetensors",
    );
    let expected = "a state dict of `fc1` nn.Linear(4, 8), `lif1` snn.Leaky(";
    assert!(text.contains(expected), "{text}");
    let [ours, theirs] =
        [bench.path("net.safetensors"), theirs.into()].map(|path| state_dict(&path));
    assert_eq!(ours, theirs);

    spiking(&bench, "lif", SpikeReset::Subtract, (16, 4, 10.0));
    shown(
        &bench,
        "export lif --to safetensors --for snntorch --layers fc1,lif1,fc2 --out theirs.safetensors",
    );
    shown(&bench, "import theirs.safetensors --out theirs --dt-ms 10");
    let scenario = r"
name: goes_back
seed: 1
data: {events: {train: data/train.h5, valid: data/valid.h5, test: data/test.h5}, channels: 16}
stream: {samples: 2, gap: {steps: [5, 15], fill: [silence]}}
models: {net: {from: theirs}}
arms: {carry: {streams: concatenated, train: {steps: 3, keep: last}}}
train: {lanes: 2, lr: 0.01}
evaluate: {steps: 500, lanes: 2, state_reset: [none]}
";
    fs::write(bench.path("s.yaml"), scenario).unwrap();
    shown(&bench, "run s.yaml --out run");
    shown(
        &bench,
        "export run/net.carry.1 --to safetensors --for snntorch --out trained.safetensors",
    );
    let [before, after] =
        ["theirs.safetensors", "trained.safetensors"].map(|file| state_dict(&bench.path(file)));
    let shapes = |of: &Tensors| {
        let each = of
            .iter()
            .map(|(name, (shape, _))| (name.clone(), shape.clone()));
        each.collect::<Vec<_>>()
    };
    assert_eq!(shapes(&after), shapes(&before));
    assert_eq!(before["lif1.beta"].0, [12]);
    assert_ne!(after["fc1.weight"], before["fc1.weight"]);
    for (trained, old) in after["lif1.beta"].1.iter().zip(&before["lif1.beta"].1) {
        assert!((trained - old).abs() < 1e-7, "{trained} for {old}");
    }
}

#[test]
fn what_cannot_be_exported_is_named() {
    let bench = Bench::new();
    lif(&bench, "lif", SpikeReset::Subtract);
    let gru = fixture("pytorch/gru.safetensors");
    shown(&bench, &format!("import {gru} --out gru"));
    let refused = |line: &str, expected: &[&str]| {
        let arguments: Vec<&str> = line.split(' ').collect();
        fails(&bench.saturn(&arguments), 2, expected);
    };
    refused(
        "export gru --to nir --out x.nir",
        &[
            "gru: layer 0 (`gru`): NIR has no gates",
            "hint: `--to safetensors --for pytorch`",
        ],
    );
    refused(
        "export lif --to nir --out x.nir",
        &[
            "lif: layer 0 (`lif`): NIR has no reset by subtraction",
            "--approximate",
        ],
    );
    refused(
        "export lif --to safetensors --for pytorch --out x",
        &[
            "lif: layer 0 (`lif`): PyTorch has no such module; snnTorch has, its RLeaky",
            "hint: write it for snnTorch: `--for snntorch`",
        ],
    );
    refused(
        "export nowhere --to nir --out x",
        &["nowhere", "is not a finished net"],
    );
    refused(
        "export lif --to nir --for pytorch --out x",
        &[
            "--for pytorch: it does not read what --to nir writes",
            "give --to safetensors",
        ],
    );
    refused(
        "export lif --to c --for snntorch --out x",
        &["give --to nir or --to safetensors"],
    );
    refused(
        "export lif --to safetensors --approximate --out x",
        &["--approximate: goes with --to nir alone"],
    );
    refused(
        "export lif --to nir --layers a --out x",
        &["--layers: goes with --to safetensors --for pytorch or snntorch alone"],
    );
    assert!(!bench.path("x").exists() && !bench.path("x.nir").exists());
    let text = shown(&bench, "export lif --to nir --approximate --out x.nir");
    assert!(
        text.contains("layer0_lif  lif     approximate: NIR has no reset by subtraction, so a spike sets v to 0, by"),
        "{text}"
    );
    refused(
        "export lif --to nir --approximate --out x.nir",
        &[
            "--out x.nir: exists already",
            "or --overwrite to replace it",
        ],
    );
    fs::write(bench.path("x.nir"), "old").unwrap();
    shown(
        &bench,
        "export lif --to nir --approximate --out x.nir --overwrite",
    );
    assert_ne!(fs::read(bench.path("x.nir")).unwrap(), b"old");
    fs::write(bench.path("x.h"), "old").unwrap();
    refused(
        "export lif --to c --out x.c",
        &["--out x.h: exists already"],
    );
    shown(&bench, "export lif --to c --out x.c --overwrite");
    assert_ne!(fs::read(bench.path("x.h")).unwrap(), b"old");
}
