//! What the machine can do, measured in the same run as the work.
//!
//! | limit | measured as | unit |
//! |---|---|---|
//! | `product` | `gemm` of 512 x 512 matrices, each core its own | flop/s |
//! | `step_product` | the same at 256 x 256 times 256 x 64: one step of 64 lanes | flop/s |
//! | `read` | a matrix of 768 KiB, which only L2 holds, times a vector that stays in registers | byte/s |
//! | `elements` | y <- a y + x on 32 KiB each | element/s |
//!
//! Each is the best of many short rounds, summed over cores that work at the same time.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use nalgebra::DMatrix;
use saturn_cell::for_each_isa;
use saturn_cell::kernel;

use super::BenchError;
use super::task::on_cores;

/// The limits of some number of cores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// How many cores worked at the same time.
    pub cores: usize,
    /// f32 operations a second in a large product.
    pub product: f64,
    /// f32 operations a second in a product of one step's size.
    pub step_product: f64,
    /// Bytes of weights a second, read from L2.
    pub read: f64,
    /// Elements a second in y <- a y + x.
    pub elements: f64,
}

/// Side of the large product.
const LARGE: usize = 512;
/// Rows and columns of the matrix that is read from L2, [`ROWS`] being what registers hold.
const ROWS: usize = 128;
const COLUMNS: usize = 1536;
/// Elements of each stream of the elementwise rate.
const ELEMENTS: usize = 8192;
/// How often they are gone through between two looks at the clock.
const REPEATS: usize = 16;

impl Limits {
    /// Measures for some `seconds` on `cores` cores.
    pub fn measure(cores: usize, seconds: f64) -> Result<Self, BenchError> {
        let each = seconds / 4.0;
        on_cores(cores, || Self {
            cores,
            product: best(each, || product((LARGE, LARGE, LARGE))),
            step_product: best(each, || product((256, 64, 256))),
            read: best(each, || {
                let w = DMatrix::from_element(ROWS, COLUMNS, 0.5f32);
                let units: Vec<u32> = (0..COLUMNS as u32).collect();
                let x = vec![0.5f32; COLUMNS];
                let mut y = [0.0f32; ROWS];
                let bytes = (size_of::<f32>() * w.len()) as f64;
                move || {
                    kernel::gather(&mut y, w.as_view(), &units, &x);
                    black_box(&y);
                    bytes
                }
            }),
            elements: best(each, || {
                let x = vec![0.5f32; ELEMENTS];
                let mut y = vec![0.5f32; ELEMENTS];
                move || {
                    // A look at the clock must not cost as much as the work.
                    for _ in 0..REPEATS {
                        elements(0.5, &x, &mut y);
                        black_box(&y);
                    }
                    (REPEATS * ELEMENTS) as f64
                }
            }),
        })
    }
}

/// How long a round lasts: shorter than what the scheduler gives to another program.
const ROUND: Duration = Duration::from_millis(5);

/// The best rate in `seconds`: `start` makes the memory of a core and the work on it, which returns how
/// much it did; all cores of the pool work at the same time, round after round.
fn best<W: FnMut() -> f64>(seconds: f64, start: impl Fn() -> W + Sync) -> f64 {
    let rounds = (seconds / ROUND.as_secs_f64()).ceil().max(1.0) as usize;
    let barrier = Barrier::new(rayon::current_num_threads());
    let cores: Vec<Vec<f64>> = rayon::broadcast(|_| {
        let mut work = start();
        work();
        let rates = (0..rounds).map(|_| {
            barrier.wait();
            let began = Instant::now();
            let mut done = 0.0;
            while began.elapsed() < ROUND {
                done += work();
            }
            done / began.elapsed().as_secs_f64()
        });
        rates.collect()
    });
    (0..rounds)
        .map(|round| cores.iter().map(|rates| rates[round]).sum())
        .fold(0.0, f64::max)
}

fn product((m, n, k): (usize, usize, usize)) -> impl FnMut() -> f64 {
    let a = DMatrix::from_element(m, k, 0.5f32);
    let b = DMatrix::from_element(k, n, 0.5f32);
    let mut out = DMatrix::zeros(m, n);
    let operations = (2 * m * n * k) as f64;
    move || {
        kernel::add_product(out.as_view_mut(), a.as_view(), b.as_view());
        black_box(&out);
        operations
    }
}

for_each_isa! {
    fn elements(a: f32, x: &[f32], y: &mut [f32]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = a * *y + x;
        }
    }
}
