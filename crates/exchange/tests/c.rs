//! The C sources against the program that they are made from: the same bits, with and without optimisation.

#[path = "common/nets.rs"]
mod nets;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nets::{DT_MS, INPUTS, batch, dense, events, nets, states};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use saturn_cell::Input;
use saturn_exchange::step::{Interpreter, Program, StepInput, lower, quantise};
use saturn_exchange::{ExportError, Precision, to_c};
use saturn_network::NetworkStream;

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

/// Whether there is a compiler; says so if not.
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

/// Every network in full and with int8 weights, under its C name.
fn programs() -> Vec<(String, Program<f32>, Precision)> {
    let both = |net: nets::Net<f32>| {
        let program = lower(&net.config, &net.net, DT_MS).unwrap();
        [Precision::F32, Precision::Int8].map(|precision| {
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
    for (level, arguments) in [
        ("-O0", &["events", "dense"][..]),
        ("-O2", &["events", "dense"]),
    ] {
        compile(folder.path(), level);
        for argument in arguments {
            let found = run(folder.path(), argument, &input);
            assert_eq!(found.len(), expected.len());
            let differs = |(a, b): (&f32, &f32)| a.to_bits() != b.to_bits();
            let first = found.iter().zip(&expected).position(differs);
            if let Some(at) = first {
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
}

/// The sources are small enough to be read: this one is.
#[test]
fn show() {
    let net = nets::<f32>().into_iter().nth(3).unwrap();
    let program = lower(&net.config, &net.net, DT_MS).unwrap();
    let s = to_c::export(&program, "net", &[], Precision::F32).unwrap();
    fs::write("/tmp/net.h", &s.header).unwrap();
    fs::write("/tmp/net.c", &s.source).unwrap();
}
