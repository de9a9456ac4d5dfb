//! Writes networks as C, for `.ci/microcontroller`, and measures them against the network running live:
//!
//! ```sh
//! cargo run -p saturn-exchange --example c_step small FOLDER
//! cargo run --release -p saturn-exchange --example c_step speed FOLDER
//! ```
//!
//! `small`: a GRU and two layers of LIF neurons on 64 inputs, in full and with int8 weights, and 2,000 steps of events.
//! `speed`: a GRU of 128 units and two layers of 128 LIF neurons on 700 inputs of which 3 % are active, with `cc -O3`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use saturn_cell::{EventBatch, Input};
use saturn_exchange::step::Precision;
use saturn_exchange::step::lower;
use saturn_exchange::to_c;
use saturn_network::{Network, NetworkConfig, NetworkStream, build};
use serde_json::json;

/// Milliseconds a step.
const DT_MS: f64 = 10.0;
/// Scores.
const CLASSES: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["small", folder] => small(Path::new(folder)),
        ["speed", folder] => speed(Path::new(folder)),
        _ => Err("usage: c_step small FOLDER, or c_step speed FOLDER".into()),
    }
}

/// A network with its name and description.
type Named = (&'static str, NetworkConfig, Network<f32>);

/// A GRU, and two layers of LIF neurons, of `hidden` units each.
fn networks(inputs: usize, hidden: usize) -> Result<Vec<Named>, Box<dyn Error>> {
    let gru = json!({"layers": [{"gru": {"hidden": hidden}}]});
    let lif = json!({"layers": [{"lif": {"hidden": hidden, "recurrent": true}}, {"lif": {"hidden": hidden}}]});
    let net = |(name, description): (&'static str, serde_json::Value)| {
        let config: NetworkConfig = serde_json::from_value(description)?;
        let net = build(name, &config, inputs, CLASSES, DT_MS, 1)?;
        Ok((name, config, net))
    };
    [("gru", gru), ("lif", lif)].into_iter().map(net).collect()
}

/// The active channels of so many steps.
fn stream(inputs: usize, steps: usize, density: f64) -> Vec<Vec<u16>> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut step = || {
        (0..inputs as u16)
            .filter(|_| rng.random_bool(density))
            .collect()
    };
    (0..steps).map(|_| step()).collect()
}

/// Writes the sources of a network under its name and precision, and returns this name.
fn write(
    folder: &Path,
    (name, config, net): &Named,
    precision: Precision,
) -> Result<String, Box<dyn Error>> {
    let name = format!("{name}_{precision:?}").to_lowercase();
    let program = lower(config, net, DT_MS)?;
    let sources = to_c::export(&program, &name, &[], precision)?;
    fs::write(folder.join(format!("{name}.h")), sources.header)?;
    fs::write(folder.join(format!("{name}.c")), sources.source)?;
    Ok(name)
}

fn small(folder: &Path) -> Result<(), Box<dyn Error>> {
    for net in &networks(64, 32)? {
        write(folder, net, Precision::F32)?;
        write(folder, net, Precision::Int8)?;
    }
    let stream = stream(64, 2000, 0.1);
    let list = |numbers: Vec<String>| numbers.join(", ");
    let counts = stream.iter().map(|units| units.len().to_string()).collect();
    let events = stream.iter().flatten().map(u16::to_string).collect();
    let (counts, events) = (list(counts), list(events));
    let text = format!(
        "#include <stdint.h>\n#define STEPS {}\n#define CLASSES {CLASSES}\nstatic const uint16_t counts[] = {{{counts}}};\nstatic const \
         uint16_t events[] = {{{events}}};\n",
        stream.len()
    );
    fs::write(folder.join("events.h"), text)?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of a measurement")]
fn speed(folder: &Path) -> Result<(), Box<dyn Error>> {
    const STEPS: usize = 2000;
    const ROUNDS: usize = 21;
    fs::create_dir_all(folder)?;
    let stream = stream(700, STEPS, 0.03);
    let batches: Vec<EventBatch> = (stream.iter())
        .map(|units| {
            let mut batch = EventBatch::new(700);
            batch.push_column(units.iter().map(|&unit| (u32::from(unit), 1.0)));
            batch
        })
        .collect();
    let words = |units: &Vec<u16>| [&[units.len() as u16], units.as_slice()].concat();
    let bytes: Vec<u8> = (stream.iter().flat_map(words))
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(folder.join("events.bin"), bytes)?;
    println!("microseconds a step, and their ratio to Saturn's");
    println!(
        "{:10} {:>8} {:>8} {:>6} {:>14} {:>6}",
        "network", "saturn", "C", "ratio", "C -march=native", "ratio"
    );
    for net in &networks(700, 128)? {
        let mut live = NetworkStream::new(&net.2, 1);
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            for batch in &batches {
                live.step(&net.2, Input::Events(batch.view()));
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e6 / STEPS as f64);
        }
        for precision in [Precision::F32, Precision::Int8] {
            let name = write(folder, net, precision)?;
            fs::write(folder.join("speed.c"), timer(&name, ROUNDS))?;
            let plain = time(folder, &[])?;
            let native = time(folder, &["-march=native"])?;
            let (ratio, native_ratio) = (plain / best, native / best);
            println!(
                "{name:10} {best:8.2} {plain:8.2} {ratio:6.2} {native:15.2} {native_ratio:6.2}"
            );
        }
    }
    Ok(())
}

/// Compiles and runs `speed.c`: microseconds a step.
fn time(folder: &Path, options: &[&str]) -> Result<f64, Box<dyn Error>> {
    let cc = Command::new("cc")
        .args([
            "-std=c99",
            "-O3",
            "-ffp-contract=off",
            "speed.c",
            "-o",
            "speed",
        ])
        .args(options)
        .current_dir(folder)
        .status()?;
    if !cc.success() {
        return Err("cc failed".into());
    }
    let output = Command::new(folder.join("speed"))
        .current_dir(folder)
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// A program that prints the microseconds of a step of the network `name` in the best of `rounds` rounds.
fn timer(name: &str, rounds: usize) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "#include <stdio.h>
#include <time.h>
#include \"{name}.c\"
static uint16_t all[1 << 20];
static {name}_state state;
int main(void)
{{
    float p[64];
    double best = 1e9;
    FILE *file = fopen(\"events.bin\", \"rb\");
    size_t words = fread(all, 2, 1 << 20, file), at, steps = 0;
    {name}_init(&state);
    for (int round = 0; round < {rounds}; round++) {{
        clock_t start = clock();
        steps = 0;
        for (at = 0; at < words; at += all[at] + 1u, steps++) {{
            {name}_step(&state, all + at + 1, all[at], p);
        }}
        double took = (double)(clock() - start) * 1e6 / CLOCKS_PER_SEC / (double)steps;
        best = took < best ? took : best;
    }}
    printf(\"%f\\n\", best);
    return 0;
}}
"
    );
    text
}
