//! NIR graphs as networks of Saturn's: every node against the reference.
#![allow(clippy::print_stderr)] // A skipped test prints a message.

mod common;

use common::{fixtures, graph, input, lif, linear, output, single};
use nalgebra::DMatrix;
use saturn_cell::{Input, Stream};
use saturn_exchange::from_nir::{Options, import, import_graph};
use saturn_exchange::nir::{Array, Decay, Dialect, Node, Reset};
use saturn_exchange::{Fidelity, Imported};

fn options(dt_s: f64) -> Options {
    Options {
        dt_s: Some(dt_s),
        ..Options::default()
    }
}

/// The spikes of the first output on a constant input, and the step of the first one.
fn count(imported: &Imported, x: f64, steps: usize) -> (usize, Option<usize>) {
    let net = imported.network::<f32>().unwrap();
    let cell = net.cells()[0].as_ref();
    let mut stream = Stream::new(cell, 1);
    let x = DMatrix::from_element(imported.channels, 1, x as f32);
    let spikes: Vec<f32> = (0..steps)
        .map(|_| {
            stream.step(cell, Input::Dense(x.as_view()));
            stream.output()[(0, 0)]
        })
        .collect();
    let first = spikes.iter().position(|&s| s > 0.0);
    (spikes.iter().sum::<f32>() as usize, first)
}

#[test]
fn every_fixture_is_exact() {
    for path in fixtures() {
        let imported = import(&path, &options(1e-3)).unwrap();
        for verdict in &imported.verdicts {
            let delay = verdict.kind == "Delay";
            assert!(
                verdict.fidelity == Fidelity::Exact || delay,
                "{}: {} {}: {}",
                path.display(),
                verdict.part,
                verdict.kind,
                verdict.fidelity
            );
        }
    }
}

#[test]
fn the_habits_of_every_simulator_are_those_of_the_reference() {
    // r and tau that each dialect can read.
    let tau = 0.02;
    let neurons = |r: f64, tau: f64| {
        let wide = |value: f64| Array::list([value; 4]);
        Node::CubaLif {
            tau_syn: Array::list([tau / 4.0; 4]),
            tau_mem: Array::list([tau; 4]),
            r: wide(r),
            v_leak: wide(0.1),
            w_in: wide(1.0),
            v_threshold: wide(0.6),
            v_reset: wide(0.0),
        }
    };
    let cases = [
        (Dialect::Nir, neurons(1.0, tau), None),
        (Dialect::Nir, neurons(1.0, tau), Some(Reset::Subtract)),
        (Dialect::Nir, neurons(1.0, tau), Some(Reset::None)),
        (Dialect::SnnTorch, neurons(20.0, tau), Some(Reset::Subtract)),
        (Dialect::SnnTorch, neurons(20.0, tau), Some(Reset::Zero)),
        (Dialect::Norse, neurons(1.0, tau * 1e-3), Some(Reset::Zero)),
        (Dialect::SpikingJelly, neurons(20.0, tau), None),
        (Dialect::Sinabs, neurons(1.0, 20.0), None),
        (Dialect::Spyx, neurons(0.95, tau), None),
        (
            Dialect::Rockpool,
            neurons(20.0 * (-0.05_f64).exp(), tau),
            None,
        ),
    ];
    for (dialect, node, reset) in cases {
        for decay in [None, Some(Decay::Exact)] {
            let options = Options {
                dialect,
                dt_s: Some(1e-3),
                reset,
                decay,
            };
            let graph = graph(
                [
                    ("input", input(&[4])),
                    ("lif", node.clone()),
                    ("w", linear(4, 4, -0.25)),
                    ("output", output(&[4])),
                ],
                [
                    ("input", "lif"),
                    ("lif", "w"),
                    ("w", "lif"),
                    ("lif", "output"),
                ],
            );
            let imported = import_graph(&graph, &options).unwrap();
            if dialect == Dialect::SnnTorch && reset == Some(Reset::Zero) {
                assert_eq!(undetermined(&imported), ["lif"]);
                continue;
            }
            assert!(
                imported.is_exact(),
                "{}, reset {reset:?}, decay {decay:?}: {:?} {:?}",
                dialect.name(),
                imported.verdicts,
                imported.notices
            );
        }
    }
}

/// The parts that are not exact, all for what snnTorch does not write and not for what a probe found.
fn undetermined(imported: &Imported) -> Vec<&str> {
    let parts = imported
        .verdicts
        .iter()
        .filter(|v| v.fidelity != Fidelity::Exact);
    let named = parts.map(|verdict| {
        let text = verdict.fidelity.to_string();
        assert!(
            text.starts_with("approximate: the file does not contain reset_delay"),
            "{text}"
        );
        assert!(text.ends_with("nothing if reset_delay was False"), "{text}");
        verdict.part.as_str()
    });
    named.collect()
}

/// snnTorch's beta, tau and r in f32, and weights with which membranes meet the threshold: the numbers that it computes with.
#[test]
fn snntorch_meets_the_threshold_exactly_as_its_factors_do() {
    let mut spikes = Vec::new();
    for (beta, dt_ms) in [0.0_f32, 0.5, 0.75]
        .into_iter()
        .flat_map(|b| [0.1, 1.0, 10.0].map(|dt| (b, dt)))
    {
        let tau = 1e-4_f32 / (1.0 - beta);
        let (tau, r) = (f64::from(tau), f64::from(tau / 1e-4));
        let imported = import_graph(
            &single(lif(tau, r, 0.0, 0.0), 1),
            &Options {
                dialect: Dialect::SnnTorch,
                dt_s: Some(dt_ms / 1e3),
                reset: Some(Reset::None),
                decay: None,
            },
        )
        .unwrap();
        assert!(imported.is_exact(), "{:?}", imported.verdicts);
        // From below, an input of 1 - beta stays below 1; an input of 1 is not above 1 in the first step.
        let (_, first) = count(&imported, 1.0, 40);
        let expected = if beta > 0.0 { Some(1) } else { None };
        assert_eq!(first, expected, "beta {beta}, {dt_ms} ms");
        spikes.push(first);
    }
    assert_eq!(spikes.len(), 9);
}

#[test]
fn a_delay_between_steps_is_approximate() {
    let delay = Node::Delay {
        delay: Array::list([0.0024, 0.003]),
    };
    let imported = import_graph(&single(delay, 2), &options(1e-3)).unwrap();
    let verdict = imported
        .verdicts
        .iter()
        .find(|v| v.kind == "Delay")
        .unwrap();
    assert_eq!(
        verdict.fidelity.to_string(),
        "approximate: its delay is no multiple of the step, 1 ms, by up to 0.400 ms"
    );
    assert!(!imported.is_exact());
}

#[test]
fn a_network_runs_in_f32_as_the_file_says() {
    let imported = import_graph(&single(lif(0.02, 1.0, 0.0, 0.0), 1), &options(1e-4)).unwrap();
    assert_eq!(count(&imported, 1.5, 1000), (4, Some(219)));
    assert_eq!((imported.channels, imported.outputs), (1, 1));
    let notice = imported.notices.last().unwrap();
    assert!(
        notice.starts_with("a probe of 1000 steps in f32: none of"),
        "{notice}"
    );
}

/// The given files of simulators, where the data is.
#[test]
fn real_files_are_exact() {
    let Some(data) = std::env::var_os("SATURN_DATA") else {
        eprintln!("skipped: no ../shared/data");
        return;
    };
    let cases = [
        ("lif_norse.nir", Dialect::Norse, Some(Reset::Zero), 1e-3),
        (
            "braille_noDelay_bias_zero.nir",
            Dialect::SnnTorch,
            Some(Reset::Zero),
            1e-4,
        ),
        ("cnn_sinabs.nir", Dialect::Sinabs, None, 1e-3),
    ];
    for (name, dialect, reset, dt_s) in cases {
        let path = std::path::Path::new(&data).join("nir").join(name);
        if !path.exists() {
            eprintln!("skipped: no {}", path.display());
            continue;
        }
        let options = Options {
            dialect,
            dt_s: Some(dt_s),
            reset,
            decay: None,
        };
        let imported = import(&path, &options).unwrap();
        if dialect == Dialect::SnnTorch {
            assert_eq!(undetermined(&imported), ["lif1.lif", "lif2"]);
            continue;
        }
        assert!(
            imported.is_exact(),
            "{name}: {:?} {:?}",
            imported.verdicts,
            imported.notices
        );
    }
}
