//! `saturn import`: networks that were made elsewhere, their verdicts and folders.

use std::fs;
use std::path::Path;

use saturn_train::weights::WeightsFile;

use crate::saturn::{Bench, fails, succeeds};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exchange/tests");
    folder.join(name).display().to_string()
}

fn shown(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.saturn(arguments);
    succeeds(&output);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_network_becomes_a_folder_that_describes_itself() {
    let bench = Bench::new();
    let gru = fixture("pytorch/gru.safetensors");
    let text = shown(
        &bench,
        &["import", &gru, "--out", "gru", "--classes", "a,b,c,d"],
    );
    for line in [
        "gru  GRU     exact",
        "fc   Linear  exact",
        "gru: 3 inputs, 4 outputs, steps of 1 ms; 2 of 2 parts are exact",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let file = WeightsFile::open(&bench.path("gru/weights.safetensors")).unwrap();
    let description = file.description().unwrap().unwrap();
    assert_eq!(description.classes, ["a", "b", "c", "d"]);
    assert_eq!(description.config().unwrap().layers.len(), 2);
    let record = fs::read(bench.path("gru/import.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(record["source_format"], "pytorch");
    assert_eq!(record["verdicts"][1]["fidelity"], "exact");

    let synaptic = fixture("snntorch/synaptic.safetensors");
    let arguments = ["import", &synaptic, "--out", "snn", "--neuron", "synaptic"];
    let text = shown(&bench, &arguments);
    for line in [
        "lif1  Synaptic  exact",
        "lif2  Leaky     exact",
        "note: a probe of",
        "snn: 4 inputs, 3 outputs, steps of 1 ms; 4 of 4 parts are exact",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }

    let nir = fixture("nir/primitives_1.0.7.nir");
    let text = shown(
        &bench,
        &[
            "import",
            &nir,
            "--out",
            "nir",
            "--dt-ms",
            "1",
            "--precision",
            "f64",
        ],
    );
    assert!(
        text.contains("CubaLIF") && text.contains("note: a probe of"),
        "{text}"
    );
    let file = WeightsFile::open(&bench.path("nir/weights.safetensors")).unwrap();
    let description = file.description().unwrap().unwrap();
    assert_eq!(
        (description.precision.as_str(), description.dt_ms),
        ("f64", 1.0)
    );
}

#[test]
fn what_cannot_be_imported_is_named() {
    let bench = Bench::new();
    let [nir, gru] = ["nir/primitives_1.0.7.nir", "pytorch/gru.safetensors"].map(fixture);
    let refused = |arguments: &[&str], expected: &[&str]| {
        fails(&bench.saturn(arguments), 2, expected);
    };
    refused(
        &["import", &nir, "--out", "m"],
        &["NIR files have no time step", "--dt-ms"],
    );
    refused(
        &["import", &gru, "--out", "m", "--classes", "a"],
        &["--classes has 1 names", "4 outputs"],
    );
    refused(
        &["import", "nowhere.nir", "--out", "m"],
        &["nowhere.nir: cannot be opened", "hint: "],
    );
    fs::write(bench.path("text.nir"), "no network").unwrap();
    refused(
        &["import", "text.nir", "--out", "m"],
        &["text.nir: is neither", "nir.write"],
    );
    let synaptic = fixture("snntorch/synaptic.safetensors");
    refused(
        &["import", &synaptic, "--out", "m"],
        &["`lif1` has an `alpha`", "--neuron synaptic"],
    );
    refused(
        &["import", &synaptic, "--out", "m", "--neuron", "alpha"],
        &["`lif1` is snnTorch's Alpha", "hint: "],
    );
    let spiking = ["import", &nir, "--out", "m", "--dialect", "snntorch"];
    refused(&spiking, &["--reset"]);
    let is_for_nir = "a state dict of snnTorch contains its resets";
    refused(
        &["import", &gru, "--out", "m", "--reset", "zero"],
        &[
            "--reset: ",
            "gru.safetensors: ",
            is_for_nir,
            "hint: leave it out",
        ],
    );
    refused(
        &["import", &gru, "--out", "m", "--dialect", "nir"],
        &["--dialect: ", "a state dict has no dialects"],
    );
    refused(
        &["import", &gru, "--out", "m", "--decay", "exact"],
        &["--decay: ", "a state dict contains its decays"],
    );
    refused(
        &[
            "import", &nir, "--out", "m", "--dt-ms", "1", "--layers", "a",
        ],
        &["--layers: ", "a NIR file contains the order"],
    );
    refused(
        &[
            "import", &nir, "--out", "m", "--dt-ms", "1", "--neuron", "synaptic",
        ],
        &["--neuron: ", "a NIR file contains the types"],
    );
    assert!(!bench.path("m").exists(), "nothing was written");

    shown(&bench, &["import", &gru, "--out", "m"]);
    refused(
        &["import", &gru, "--out", "m"],
        &["--out m: contains a network or a run"],
    );
}
