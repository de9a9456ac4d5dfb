//! What NIR or a simulator lacks is named, and names that HDF5 cannot store are replaced.

mod common;

use std::fs;
use std::io::Read as _;
use std::path::Path;

use common::net::{Net, lif};
use common::{graph, input, linear, output};
use flate2::read::GzDecoder;
use saturn_exchange::nir::{Array, Dialect, Graph, Node, Reset};
use saturn_exchange::to_nir::{Exported, Options, Target};
use saturn_exchange::{Fidelity, from_nir};
use saturn_network::{Layer, LeakyReadout, Readout};
use saturn_neurons::alif::AlifConfig;
use saturn_neurons::decay::{InputScale, TimeConstants};
use saturn_neurons::gru::GruConfig;
use saturn_neurons::lif::LifConfig;
use saturn_neurons::spike_reset::SpikeReset;
use tempfile::TempDir;

#[test]
fn what_nir_lacks_is_named() {
    let net = |layer: Layer| Net::new(vec![layer], Readout::Linear, 2, 1.0);
    let subtract = || LifConfig {
        spike_reset: SpikeReset::Subtract,
        ..lif(false, InputScale::One)
    };
    let none = LifConfig {
        spike_reset: SpikeReset::None,
        ..lif(false, InputScale::One)
    };
    let any = Options::default();
    let approximate = Options {
        approximate: true,
        ..any
    };
    let message = net(subtract().into()).refused(any);
    assert_eq!(
        message,
        "net: layer 0 (`lif`): NIR has no reset by subtraction (`spike_reset: subtract`)\nhint: make it with \
         `spike_reset: zero`, or give --approximate to have a spike set v to 0"
    );
    // snnTorch reads what NIR lacks by another way.
    let snntorch = Options {
        target: Target::SnnTorch,
        ..any
    };
    for layer in [subtract(), none.clone()] {
        let message = net(layer.into()).refused(snntorch);
        assert!(
            message.contains("make it with `spike_reset: zero`"),
            "{message}"
        );
        assert!(
            message.ends_with("`net.state_dict(reader=\"snntorch\")`"),
            "{message}"
        );
    }
    let message = net(GruConfig { hidden: 4 }.into()).refused(approximate);
    assert!(
        message.starts_with("net: layer 0 (`gru`): NIR has no gates\nhint: `--to safetensors"),
        "{message}"
    );
    for options in [any, approximate] {
        assert!(
            net(none.clone().into())
                .refused(options)
                .contains("without a reset")
        );
        let ssm = Layer::Lru(saturn_ssm::LruConfig::default());
        assert!(
            net(ssm)
                .refused(options)
                .contains("NIR has no state-space models")
        );
    }
    let adaptive = AlifConfig {
        hidden: 16,
        ..AlifConfig::default()
    };
    let adaptive = net(adaptive.into());
    assert!(
        adaptive
            .refused(any)
            .contains("NIR has no adaptation\nhint: train a `lif`")
    );
    for (net, lost) in [(net(subtract().into()), 1), (adaptive, 2)] {
        let exported = net.export(approximate);
        let verdict = exported
            .verdicts
            .iter()
            .find(|v| v.part == "layer0_lif")
            .unwrap();
        let Fidelity::Approximate { why, by } = &verdict.fidelity else {
            panic!("{verdict:?}");
        };
        assert_eq!(why.split("; ").count(), lost, "{why}");
        assert!(by.ends_with("spikes in 1000 steps of a probe"), "{by}");
    }
}

#[test]
fn each_simulator_gets_what_it_reads() {
    let spiking = |config: LifConfig| Net::new(vec![config.into()], Readout::Linear, 2, 1.0);
    let to = |target| Options {
        target,
        approximate: false,
    };
    let lif_node = |exported: &Exported| match &exported.graph.nodes["layer0_lif"] {
        Node::Lif { tau, r, .. } => (tau.values[0], r.values[0]),
        other => panic!("{other:?}"),
    };
    let one = LifConfig {
        tau_mem_ms: TimeConstants::Same(20.0),
        learn_tau: false,
        ..lif(false, InputScale::One)
    };
    let net = spiking(one);
    let share = -(-0.05_f64).exp_m1();
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6 * b;
    let (tau, r) = lif_node(&net.export(to(Target::Any)));
    assert!(near(tau, 1e-3 / share) && near(r, 1.0));
    let (tau, r) = lif_node(&net.export(to(Target::SnnTorch)));
    assert!(near(tau, 1e-4 / share) && near(r, 1.0 / share));
    let (tau, r) = lif_node(&net.export(to(Target::SpikingJelly)));
    assert!(near(tau, 1e-3 / share) && near(r, 1.0 / share));
    let many = spiking(lif(false, InputScale::One));
    let message = many.refused(to(Target::SpikingJelly));
    assert!(
        message.contains("SpikingJelly has one a layer"),
        "{message}"
    );
    let leaky = Net::new(
        vec![lif(false, InputScale::One).into()],
        Readout::Leaky(LeakyReadout::default()),
        2,
        1.0,
    );
    for target in [Target::SnnTorch, Target::Norse, Target::SpikingJelly] {
        let message = leaky.refused(to(target));
        let place = if target == Target::SpikingJelly {
            "layer 0"
        } else {
            "the readout (`li`)"
        };
        assert!(message.contains(place), "{message}");
        let by_state_dict = message.contains("`net.state_dict(reader=\"snntorch\")`");
        assert_eq!(by_state_dict, target == Target::SnnTorch, "{message}");
        let exported = leaky.export(Options {
            target,
            approximate: true,
        });
        assert!(
            exported
                .graph
                .nodes
                .values()
                .all(|node| node.type_name() != "LI")
        );
    }
}

#[test]
fn hostile_names_are_replaced() {
    let spiking = |n: usize| Node::Lif {
        tau: Array::list(vec![0.02; n]),
        r: Array::list(vec![1.0; n]),
        v_leak: Array::list(vec![0.0; n]),
        v_threshold: Array::list(vec![0.01; n]),
        v_reset: Array::list(vec![-0.5; n]),
    };
    let graph = graph(
        [
            ("a/b", input(&[2])),
            ("a_b", linear(2, 2, 0.5)),
            ("..", spiking(2)),
            ("", linear(3, 2, 1.0)),
            ("out\0put", output(&[3])),
        ],
        [("a/b", "a_b"), ("a_b", ".."), ("..", ""), ("", "out\0put")],
    );
    let options = from_nir::Options {
        dt_s: Some(1e-3),
        ..from_nir::Options::default()
    };
    let imported = from_nir::import_graph(&graph, &options).unwrap();
    let net = Net::of(&imported);
    let exported = net.export(Options::default());
    let names: Vec<&str> = exported.graph.nodes.keys().map(String::as_str).collect();
    assert_eq!(names, ["a_b", "a_b_2", "node", "node_2", "out_put"]);
    assert!(
        exported
            .notices
            .iter()
            .any(|n| n.contains("from version 1.0.6 on"))
    );
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("net.nir");
    exported.graph.write(&path).unwrap();
    let again = Graph::read(&path).unwrap();
    assert_eq!(again.version.as_deref(), Some("1.0.6"));
    let described = from_nir::import_graph(&again, &options).unwrap();
    assert_eq!(described.config, imported.config);
    assert_eq!(described.tensors, imported.tensors);
}

#[test]
fn a_name_that_hdf5_cannot_store_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.nir");
    let graph = graph([("a/b", input(&[1])), ("c", output(&[1]))], [("a/b", "c")]);
    let message = graph.write(&path).unwrap_err().to_string();
    assert!(message.contains("a/b") && !path.exists(), "{message}");
}

/// The graph in a compressed file of a simulator.
fn golden(name: &str) -> Graph {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let file = fs::File::open(folder.join(format!("{name}.nir.gz"))).unwrap();
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("net.nir");
    fs::write(&path, bytes).unwrap();
    Graph::read(&path).unwrap()
}

#[test]
fn habits_of_simulators_are_written_or_named() {
    let (zero, subtract) = (Some(Reset::Zero), Some(Reset::Subtract));
    let cases = [
        ("norse_cuba", Dialect::Norse, zero, None),
        ("norse_iaf", Dialect::Norse, zero, None),
        ("norse_zero", Dialect::Norse, zero, None),
        ("norse_leak", Dialect::Norse, zero, Some("start: leak")),
        ("snntorch_synaptic", Dialect::SnnTorch, zero, None),
        (
            "snntorch_recurrent",
            Dialect::SnnTorch,
            subtract,
            Some("reset: subtract"),
        ),
        (
            "spikingjelly_at_threshold",
            Dialect::SpikingJelly,
            None,
            Some("spike: at_or_above"),
        ),
        ("sinabs_plain", Dialect::Sinabs, None, Some("spike: many")),
        ("spyx_lif", Dialect::Spyx, None, Some("reset: subtract")),
        (
            "rockpool_synapse",
            Dialect::Rockpool,
            None,
            Some("spike: many"),
        ),
    ];
    for (name, dialect, reset, lacks) in cases {
        let options = from_nir::Options {
            dialect,
            reset,
            dt_s: (dialect != Dialect::SnnTorch).then_some(1e-3),
            decay: None,
        };
        let imported = from_nir::import_graph(&golden(name), &options).unwrap();
        let net = Net::of(&imported);
        let any = Options::default();
        let exported = match lacks {
            None => net.export(any),
            Some(lacks) => {
                let message = net.refused(any);
                assert!(
                    message.contains("NIR has no") && message.contains(lacks),
                    "{message}"
                );
                net.export(Options {
                    approximate: true,
                    ..any
                })
            }
        };
        let is_exact = exported
            .verdicts
            .iter()
            .all(|v| v.fidelity == Fidelity::Exact);
        assert_eq!(is_exact, lacks.is_none(), "{name}");
        if is_exact {
            assert_eq!(exported.agreement.differing(), 0, "{name}");
        }
        let again = from_nir::import_graph(&exported.graph, &from_nir::Options::default()).unwrap();
        assert_eq!(again.config, imported.config, "{name}: {:?}", again.notices);
        assert_eq!(again.tensors, imported.tensors, "{name}");
        let warned = again
            .notices
            .iter()
            .any(|n| n.contains("with approximations"));
        assert_eq!(warned, !is_exact, "{name}: {:?}", again.notices);
    }
}
