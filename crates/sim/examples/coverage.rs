//! How often intervals over three seeds hold the truth: the simulations that `docs/statistics.md` sums up.
//!
//! ```sh
//! cargo run --release --example coverage            # 4,000 repetitions, some minutes
//! cargo run --release --example coverage -- 400     # fewer
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr)] // A program for the terminal.

use saturn_eval::stats::crossed::simulated::{Setting, coverage, margin_test};

/// Effects on the logit scale: seeds, recordings, both.
const EFFECTS: [[f64; 3]; 6] = [
    [0.0, 0.0, 0.0],
    [0.0, 1.5, 0.5],
    [0.3, 1.5, 0.5],
    [0.6, 1.5, 0.5],
    [0.2, 4.0, 1.5],
    [0.6, 4.0, 1.5],
];
const RATES: [f64; 6] = [0.5, 0.7, 0.9, 0.95, 0.98, 0.99];
const MARGIN: f64 = 0.025;

fn main() {
    let repetitions = std::env::args().nth(1).and_then(|n| n.parse().ok());
    let repetitions = repetitions.unwrap_or(4_000);
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    println!(
        "| rate | sd of seeds | of recordings | of both | this rule | Student over seeds | Hillis | bootstrap of the seeds | width, this rule | width, Student |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut least = 1.0f64;
    for rate in RATES {
        for effects in EFFECTS {
            let found = coverage(&Setting::usual(rate, effects), repetitions, 1);
            least = least.min(found.crossed.coverage);
            let [a, b, c] = effects;
            let cells = [
                percent(found.crossed.coverage),
                percent(found.student.coverage),
                percent(found.hillis.coverage),
                percent(found.bootstrap.coverage),
                percent(found.crossed.width),
                percent(found.student.width),
            ];
            println!("| {rate} | {a} | {b} | {c} | {} |", cells.join(" | "));
        }
    }
    println!("\nleast coverage of this rule: {} %\n", percent(least));
    println!(
        "| rate of the reference | sd of seeds | of recordings | of both | coverage of the difference | false *shown*, this rule | false *shown*, Student over seeds |"
    );
    println!("|---|---|---|---|---|---|---|");
    for rate in [0.5, 0.9, 0.95, 0.98, 0.99] {
        for effects in EFFECTS {
            let tested = margin_test(
                &Setting::usual(rate - MARGIN, effects),
                MARGIN,
                0.8,
                repetitions,
                2,
            );
            let [a, b, c] = effects;
            let cells = [
                percent(tested.crossed.coverage),
                percent(tested.error),
                percent(tested.student_error),
            ];
            println!("| {rate} | {a} | {b} | {c} | {} |", cells.join(" | "));
        }
    }
}
