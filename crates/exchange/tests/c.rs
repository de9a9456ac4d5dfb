//! The C sources against the program that they are made from: the same bits, with and without optimisation.

#[path = "common/nets.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod nets;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nets::{CLASSES, DT_MS, INPUTS, batch, config, events, nets, states};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use saturn_cell::Input;
use saturn_eval::precision::{Format, PrecisionConfig, with_stored_weights};
use saturn_exchange::step::Precision;
use saturn_exchange::step::functions::unary;
use saturn_exchange::step::program::Function;
use saturn_exchange::step::{Interpreter, Program, StepInput, lower, quantise};
use saturn_exchange::to_c;
use saturn_network::{NetworkStream, build};
use serde_json::json;

/// Steps of a run.
const STEPS: usize = 2000;

/// Compiles `main.c` in `folder` with all warnings as errors.
fn compile(folder: &Path, level: &str) {
    let cc = Command::new("cc")
        .args([
            "-std=c99",
            "-pedantic",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-ffp-contract=off",
            level,
        ])
        .args(["main.c", "-o", "main"])
        .current_dir(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&cc.stderr);
    assert!(cc.status.success(), "{errors}");
}

/// Whether there is a compiler; a note if not.
#[expect(clippy::print_stdout, reason = "why a test does nothing")]
fn is_there_a_compiler() -> bool {
    let there = Command::new("cc").arg("--version").output().is_ok();
    if !there {
        println!("skipped: no C compiler `cc`");
    }
    there
}

/// What `main` in `folder` writes on `input`.
fn run(folder: &Path, argument: &str, input: &[u8]) -> Vec<f32> {
    let mut main = Command::new(folder.join("main"))
        .arg(argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = main.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = main.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
    output.stdout.chunks_exact(4).map(number).collect()
}

/// A program that includes all sources and runs all networks on the events of its input.
fn driver(programs: &[(String, Program<f32>)]) -> String {
    let mut text = String::from("#include <stdio.h>\n#include <string.h>\n");
    for (name, _) in programs {
        let _ = writeln!(text, "#include \"{name}.c\"");
    }
    text += "static void put(const float *x, size_t n) { fwrite(x, 4, n, stdout); }\n";
    for (name, _) in programs {
        let _ = writeln!(text, "static {name}_state {name};");
    }
    text += "int main(int argc, char **argv)\n{\n    float p[64], x[64];\n    uint16_t events[64], count;\n    int dense;\n";
    text += "    dense = argc > 1 && strcmp(argv[1], \"dense\") == 0;\n";
    for (name, _) in programs {
        let _ = writeln!(text, "    {name}_init(&{name});");
    }
    text += "    while (fread(&count, 2, 1, stdin) == 1 && fread(events, 2, count, stdin) == count) {\n";
    text += "        memset(x, 0, sizeof x);\n        for (size_t i = 0; i < count; i++) { x[events[i]] += 1.0f; }\n";
    for (name, program) in programs {
        let states: usize = program.states.iter().map(|state| state.start.len()).sum();
        let outputs = program.outputs();
        let _ = writeln!(
            text,
            "        if (dense) {{ {name}_step_dense(&{name}, x, p); }} else {{ {name}_step(&{name}, events, count, p); }}
        put((const float *)(const void *)&{name}, {states}); put({name}_logits(&{name}), {outputs}); put(p, {outputs});"
        );
    }
    text + "    }\n    return 0;\n}\n"
}

/// Every network in full, and those with different products with int8 weights, under its C name.
fn programs() -> Vec<(String, Program<f32>, Precision)> {
    let both = |net: nets::Net<f32>| {
        let program = lower(&net.config, &net.net, DT_MS).unwrap();
        let int8 = [
            "gru",
            "lif",
            "surprisal_rnn",
            "ssm_block",
            "graph_many",
            "graph_images",
        ]
        .contains(&net.name);
        let precisions = if int8 {
            vec![Precision::F32, Precision::Int8]
        } else {
            vec![Precision::F32]
        };
        precisions.into_iter().map(move |precision| {
            let name = format!("{}_{precision:?}", net.name).to_lowercase();
            (name, program.clone(), precision)
        })
    };
    nets::<f32>().into_iter().flat_map(both).collect()
}

#[test]
fn c_has_the_bits_of_the_program() {
    if !is_there_a_compiler() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for (name, program, precision) in programs() {
        let sources = to_c::export(&program, &name, &[], precision).unwrap();
        fs::write(folder.path().join(format!("{name}.h")), sources.header).unwrap();
        fs::write(folder.path().join(format!("{name}.c")), sources.source).unwrap();
        let run = match precision {
            Precision::F32 => program,
            Precision::Int8 => quantise(&program),
        };
        all.push((name, run));
    }
    fs::write(folder.path().join("main.c"), driver(&all)).unwrap();

    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let stream: Vec<Vec<u16>> = (0..STEPS).map(|_| events(INPUTS, &mut rng)).collect();
    let words = |units: &Vec<u16>| [&[units.len() as u16], units.as_slice()].concat();
    let input: Vec<u8> = (stream.iter().flat_map(words))
        .flat_map(u16::to_le_bytes)
        .collect();

    // Expected numbers, in the order in which the program writes them.
    let mut runs: Vec<Interpreter<f32>> = all.iter().map(|(_, p)| Interpreter::new(p)).collect();
    let mut expected = Vec::new();
    for units in &stream {
        for run in &mut runs {
            run.step(StepInput::Events(units));
            run.states()
                .iter()
                .for_each(|state| expected.extend_from_slice(state));
            expected.extend_from_slice(run.logits());
            expected.extend_from_slice(run.probabilities());
        }
    }
    let per_step = expected.len() / STEPS;
    for (level, argument, steps) in [
        ("-O2", "events", STEPS),
        ("-O2", "dense", 200),
        ("-O0", "events", 200),
    ] {
        compile(folder.path(), level);
        let bytes: usize = stream[..steps]
            .iter()
            .map(|units| 2 + 2 * units.len())
            .sum();
        let found = run(folder.path(), argument, &input[..bytes]);
        assert_eq!(found.len(), steps * per_step);
        let differs = |(a, b): (&f32, &f32)| a.to_bits() != b.to_bits();
        if let Some(at) = found.iter().zip(&expected).position(differs) {
            let (step, mut place) = (at / per_step, at % per_step);
            for (name, p) in &all {
                let states: usize = p.states.iter().map(|state| state.start.len()).sum();
                let own = states + 2 * p.outputs();
                assert!(
                    place >= own,
                    "{name} {level} {argument}: step {step}, number {place} is {} and not {}",
                    found[at],
                    expected[at]
                );
                place -= own;
            }
        }
    }
}

/// The functions of the C sources on 200,000 numbers.
#[test]
fn functions_of_c_have_the_bits_of_the_cells() {
    if !is_there_a_compiler() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let layers = json!([{"ssm_block": {"width": 4, "states": 2}}, {"selective_ssm": {"width": 4, "states": 2, "complex": true}}]);
    let net = build("net", &config(&layers), INPUTS, CLASSES, DT_MS, 1).unwrap();
    let program = lower(&config(&layers), &net, DT_MS).unwrap();
    let sources = to_c::export(&program, "net", &[], Precision::F32).unwrap();
    fs::write(folder.path().join("net.h"), sources.header).unwrap();
    fs::write(folder.path().join("net.c"), sources.source).unwrap();
    let main = "#include <stdio.h>\n#include \"net.c\"\nint main(void)\n{\n    float x, y[7];\n    while (fread(&x, 4, 1, stdin) == 1) {\n        \
                y[0] = net_exp(x); y[1] = net_tanh(x); y[2] = net_sigmoid(x); y[3] = net_softplus(x); y[4] = net_sqrt(x); y[5] = net_sin(x); y[6] = net_cos(x);\n        \
                fwrite(y, 4, 7, stdout);\n    }\n    return 0;\n}\n";
    fs::write(folder.path().join("main.c"), main).unwrap();
    let grid = (0..100_000u32).map(|i| -110.0 + i as f32 * (210.0 / 100_000.0));
    // All magnitudes, down to the smallest numbers.
    let bits = (0..100_000u32)
        .map(|i| f32::from_bits(i * 21_341))
        .filter(|x| x.is_finite());
    let numbers: Vec<f32> = grid.chain(bits).collect();
    let input: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    let functions = [
        Function::Exp,
        Function::Tanh,
        Function::Sigmoid,
        Function::Softplus,
        Function::Sqrt,
        Function::Sin,
        Function::Cos,
    ];
    for level in ["-O0", "-O2"] {
        compile(folder.path(), level);
        let found = run(folder.path(), "", &input);
        assert_eq!(found.len(), 7 * numbers.len());
        for (i, &x) in numbers.iter().enumerate() {
            for (k, function) in functions.into_iter().enumerate() {
                if function == Function::Sqrt && x < 0.0 {
                    continue;
                }
                let (expected, found) = (unary(function, x), found[7 * i + k]);
                let same =
                    found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
                assert!(same, "{function:?} {x}: {found}, {expected}");
            }
        }
    }
}

/// With int8 weights a program multiplies by the scale of a row after its sum, and the evaluation before: the distance is
/// that of rounding.
#[test]
fn int8_programs_are_near_the_evaluation_that_simulates_them() {
    let stored = PrecisionConfig {
        weights: Format::Int8,
        ..PrecisionConfig::default()
    };
    for net in nets::<f32>() {
        let live = with_stored_weights(&net.net, &stored);
        let program = quantise(&lower(&net.config, &net.net, DT_MS).unwrap());
        let (mut stream, mut own) = (NetworkStream::new(&live, 1), Interpreter::new(&program));
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let (mut worst, mut size) = (0.0f32, 1.0f32);
        for _ in 0..300 {
            let units = events(INPUTS, &mut rng);
            own.step(StepInput::Events(&units));
            stream.step(&live, Input::Events(batch(INPUTS, &units).view()));
            for (a, b) in own
                .states()
                .concat()
                .iter()
                .zip(states(&live, &stream, &program).concat())
            {
                worst = worst.max((a - b).abs());
                size = size.max(b.abs());
            }
        }
        assert!(worst <= 1e-5 * size, "{}: {worst} of {size}", net.name);
    }
}

#[test]
fn wrong_prefixes_and_too_many_inputs_are_errors() {
    let layers = json!([{"linear": {"out": 2}}]);
    let export = |inputs: usize, prefix: &str| {
        let net = build("net", &config(&layers), inputs, CLASSES, DT_MS, 1).unwrap();
        let program = lower(&config(&layers), &net, DT_MS).unwrap();
        to_c::export(&program, prefix, &[], Precision::F32).map(|sources| sources.report)
    };
    for prefix in ["", "2net", "a-b", "ä"] {
        assert!(export(3, prefix).is_err(), "{prefix}");
    }
    let message = export(70_000, "net").unwrap_err().to_string();
    assert_eq!(
        message,
        "the network has 70000 inputs, and events are numbered up to 65,535"
    );
    let report = export(3, "net").unwrap();
    // W, b and the scores' W and b; one sum, then the scores.
    assert_eq!(
        (report.constant_bytes, report.products),
        (4 * (6 + 2 + 8 + 4), 14)
    );
    assert_eq!(report.state_bytes, 4 * (2 + 4));
}
