//! Spikes of nets in the simulators that wrote them, before their export to NIR: what the import makes of the files.
//!
//! The scripts in `golden/` run each net for 200 steps and export it. The import must give the same spikes in every step,
//! but where the file or the dialect lacks something, which the table names, with the measured difference.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use nalgebra::DMatrix;
use saturn_cell::{Input, Real, Stream};
use saturn_exchange::Imported;
use saturn_exchange::from_nir::{Options, import};
use saturn_exchange::nir::{Dialect, Reset};
use serde::Deserialize;

const STEPS: usize = 200;

#[derive(Deserialize)]
struct Record {
    /// For each channel the steps of its spikes.
    input: Vec<Vec<usize>>,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    file: String,
    dt_s: f64,
    reset: Option<String>,
    /// For each neuron of the last layer the steps of its spikes, several in a step repeated.
    output: Vec<Vec<usize>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// How often each spikes in each step, [who, step].
fn dense(times: &[Vec<usize>]) -> DMatrix<f64> {
    let mut counts = DMatrix::zeros(times.len(), STEPS);
    for (who, times) in times.iter().enumerate() {
        for &t in times {
            counts[(who, t)] += 1.0;
        }
    }
    counts
}

fn run<R: Real>(imported: &Imported, x: &DMatrix<f64>) -> DMatrix<f64> {
    let net = imported.network::<R>().unwrap();
    let cell = net.cells()[0].as_ref();
    let mut stream = Stream::new(cell, 1);
    let mut found = DMatrix::zeros(imported.outputs, STEPS);
    for t in 0..STEPS {
        let column = DMatrix::from_fn(x.nrows(), 1, |i, _| R::of(x[(i, t)]));
        stream.step(cell, Input::Dense(column.as_view()));
        for (i, s) in stream.output().iter().enumerate() {
            found[(i, t)] = s.wide();
        }
    }
    found
}

/// In how many of 600 places the import differs from the simulator, and the first step of them.
#[allow(clippy::float_cmp, reason = "counts of spikes")]
fn differing(found: &DMatrix<f64>, golden: &DMatrix<f64>) -> (usize, Option<usize>) {
    let differs = |t: &usize| {
        (0..3)
            .filter(|&i| found[(i, *t)] != golden[(i, *t)])
            .count()
    };
    let count = (0..STEPS).map(|t| differs(&t)).sum();
    (count, (0..STEPS).find(|t| differs(t) > 0))
}

/// How an import agrees, or in how many places it differs, the first step of them, and why.
enum Agrees {
    Equal,
    /// Not in f32.
    Double(usize, usize, &'static str),
    Not(usize, usize, &'static str),
}

use Agrees::{Double, Equal, Not};

/// Simulator, net, agreement.
#[rustfmt::skip]
const TABLE: &[(&str, &str, Agrees)] = &[
    ("snntorch", "subtract", Equal),
    ("snntorch", "zero", Equal),
    ("snntorch", "none", Equal),
    ("snntorch", "subtract_prompt", Not(67, 17, "the file does not have reset_delay; the default is taken")),
    ("snntorch", "zero_prompt", Equal),
    ("snntorch", "synaptic", Equal),
    ("snntorch", "synaptic_zero", Not(147, 6, "a Synaptic is 0 in the step after a spike, and its input in that step is lost; no semantics for that")),
    ("snntorch", "recurrent", Equal),
    ("norse", "zero", Equal),
    ("norse", "leak", Equal),
    ("norse", "subtract", Equal),
    ("norse", "cuba", Not(156, 5, "w_in is not written, but an input of 1 adds 1; the dialect follows the import of Norse, where w_in counts")),
    ("norse", "iaf", Equal),
    ("spikingjelly", "decay_input", Equal),
    ("spikingjelly", "whole_input", Equal),
    ("spikingjelly", "at_threshold", Double(123, 1, "v meets the threshold exactly only with tau and dt in f64")),
    ("spikingjelly", "v_reset", Equal),
    ("spikingjelly", "cuba", Equal),
    ("spikingjelly", "integrate", Equal),
    ("sinabs", "plain", Equal),
    ("sinabs", "zero", Equal),
    ("sinabs", "single", Not(64, 13, "the file does not have spike_fn")),
    ("sinabs", "normalised", Not(472, 1, "the file does not have norm_input, the default")),
    ("sinabs", "synapse", Not(504, 2, "the file does not have tau_syn")),
    ("sinabs", "integrate", Equal),
    ("spyx", "lif", Equal),
    ("spyx", "cuba", Equal),
    ("spyx", "integrate", Equal),
    ("spyx", "recurrent", Equal),
    ("rockpool", "synapse", Equal),
    ("rockpool", "membrane", Equal),
    ("rockpool", "bias", Not(246, 2, "the bias is not in the file")),
    ("rockpool", "recurrent", Not(361, 2, "w_rec is not in the file")),
];

#[test]
fn imports_spike_as_the_simulators_that_wrote_them() {
    let unpacked = tempfile::TempDir::new().unwrap();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for dialect in Dialect::ALL.into_iter().filter(|d| *d != Dialect::Nir) {
        let simulator = dialect.name().to_lowercase();
        let text = std::fs::read_to_string(folder().join(format!("{simulator}.json"))).unwrap();
        let record: Record = serde_json::from_str(&text).unwrap();
        let x = dense(&record.input);
        for (name, case) in &record.cases {
            let row = TABLE
                .iter()
                .find(|row| (row.0, row.1) == (simulator.as_str(), name.as_str()));
            let (.., expected) = row.unwrap_or_else(|| panic!("no row of {simulator} {name}"));
            rows += 1;
            let packed = std::fs::File::open(folder().join(&case.file)).unwrap();
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(packed)
                .read_to_end(&mut bytes)
                .unwrap();
            let path = unpacked.path().join("net.nir");
            std::fs::write(&path, bytes).unwrap();
            let options = Options {
                dialect,
                dt_s: Some(case.dt_s),
                reset: case.reset.as_deref().map(|reset| match reset {
                    "zero" => Reset::Zero,
                    "subtract" => Reset::Subtract,
                    "none" => Reset::None,
                    other => panic!("reset {other}"),
                }),
                decay: None,
            };
            let imported = import(&path, &options).unwrap();
            let golden = dense(&case.output);
            let equal = (0, None);
            let (double, single, why) = match *expected {
                Equal => (equal, equal, ""),
                Double(count, first, why) => (equal, (count, Some(first)), why),
                Not(count, first, why) => ((count, Some(first)), (count, Some(first)), why),
            };
            for (float, found, expected) in [
                ("f64", run::<f64>(&imported, &x), double),
                ("f32", run::<f32>(&imported, &x), single),
            ] {
                let here = differing(&found, &golden);
                if here != expected {
                    wrong.push(format!(
                        "{simulator} {name} in {float}: {here:?} differ, not {expected:?} ({why}); {} spikes of {}",
                        found.sum(),
                        golden.sum()
                    ));
                }
            }
        }
    }
    assert_eq!(rows, TABLE.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
