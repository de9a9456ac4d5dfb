//! `cargo bench`: tasks A to D through criterion, on the functions that `saturn bench` times.
//!
//! After criterion's own lines each task says how far its shortest sample is from its floor, with the
//! machine's limits measured in the same run. `cargo bench -p saturn-cli -- A/gru` runs what a name holds.
#![allow(missing_docs)] // The macros below write functions without documentation.
#![allow(clippy::print_stdout, clippy::expect_used)] // A program of its own, not a library.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use saturn_cli::bench::floor::{Need, Pass, Shares};
use saturn_cli::bench::limit::Limits;
use saturn_cli::bench::suite::Task;
use saturn_cli::bench::task::{Inference, Live, TrainStep, on_cores, shares};
use saturn_cli::bench::work::Work;

/// Steps of one iteration of B.
const LIVE_STEPS: usize = 1_000;

fn tasks(c: &mut Criterion) {
    let limits = Limits::measure(1, 2.0).expect("limits");
    println!(
        "limits of one core: products {:.0} GFLOP/s, weights from L2 {:.0} GB/s, elementwise {:.1} Gelem/s",
        limits.product / 1e9,
        limits.read / 1e9,
        limits.elements / 1e9
    );
    for task in [Task::A, Task::B, Task::C, Task::D] {
        let mut group = c.benchmark_group(task.name());
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_secs(3));
        for &net in task.nets() {
            let work = match task {
                Task::B => Work::stream(net, 0.015),
                Task::C => Work::infer(net, 0.015),
                Task::D => Work::train_wide(net, 0.015),
                Task::A | Task::E => Work::train(net, 0.015),
            };
            let mut shortest = f64::INFINITY;
            group.bench_function(net.name(), |bencher| {
                let mut run = start(task, work);
                bencher.iter_custom(|times| {
                    on_cores(1, || {
                        let mut sum = Duration::ZERO;
                        for _ in 0..times {
                            let each = run();
                            shortest = shortest.min(each.as_secs_f64());
                            sum += each;
                        }
                        sum
                    })
                    .expect("a pool")
                });
            });
            // A task that the filter left out has no shortest sample.
            if shortest.is_finite() {
                let floor = floor(task, work, &limits);
                println!(
                    "{}/{}: shortest {:.4} ms, floor {:.4} ms, {:.2} times the floor",
                    task.name(),
                    net.name(),
                    1e3 * shortest,
                    1e3 * floor,
                    shortest / floor
                );
            }
        }
        group.finish();
    }
}

/// One iteration of a task, which returns the time of what counts.
fn start(task: Task, work: Work) -> Box<dyn FnMut() -> Duration + Send> {
    match task {
        Task::B => {
            let mut live = Live::new(work).expect("a net");
            Box::new(move || timed(|| live.run(LIVE_STEPS)))
        }
        Task::C => {
            let mut inference = Inference::new(work).expect("a net");
            Box::new(move || timed(|| inference.run()))
        }
        Task::A | Task::D | Task::E => {
            let mut train = TrainStep::new(work).expect("a net");
            Box::new(move || {
                train.rewind();
                timed(|| {
                    train.step();
                })
            })
        }
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The floor of one iteration, seconds.
fn floor(task: Task, work: Work, limits: &Limits) -> f64 {
    let net = work.network().expect("a net");
    let (rate, active) = shares(&work, &net);
    let hidden = Shares::of(rate, active);
    let (pass, columns, parameters) = match task {
        Task::B => (Pass::Stream, LIVE_STEPS, 0),
        Task::C => (Pass::Infer, work.steps * work.lanes, 0),
        Task::A | Task::D | Task::E => (Pass::Train, work.steps * work.lanes, net.parameters()),
    };
    Need::of(&work, pass, columns as f64, hidden, parameters).seconds(limits)
}

criterion_group!(benches, tasks);
criterion_main!(benches);
