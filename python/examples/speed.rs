//! The Rust side of `tools/speed.py`: the same calls as a Rust program makes them.
//!
//! Prints the milliseconds of each call of `infer` on 64 lanes of 1,000 steps of 256 channels, then the nanoseconds of a
//! step of a stream with one event.
#![allow(clippy::print_stdout)] // What it is for.

use std::time::Instant;

use saturn::Input;
use saturn::nalgebra::DMatrix;
use saturn::prelude::*;

#[global_allocator]
static ALLOCATOR: saturn_cell::kernel::CacheAligned = saturn_cell::kernel::CacheAligned;

fn main() -> Result<(), Error> {
    let (channels, steps, lanes) = (256, 1_000, 64);
    let lif = || LifConfig {
        hidden: 256,
        recurrent: true,
        ..default()
    };
    let net = Network::<f32>::builder(channels)
        .layer(lif())
        .classes(20)
        .build()?;
    let x = DMatrix::from_fn(channels, steps * lanes, |i, j| {
        f32::from(u8::from((i * 31 + j * 17) % 97 < 2))
    });
    for _ in 0..4 {
        let began = Instant::now();
        let mut y = DMatrix::zeros(20, x.ncols());
        net.infer(Input::Dense(x.as_view()), lanes, None, y.as_view_mut())?;
        println!("infer_ms {:.3}", 1e3 * began.elapsed().as_secs_f64());
    }
    let small = LifConfig {
        hidden: 64,
        ..default()
    };
    let net = Network::<f32>::builder(channels)
        .layer(small)
        .classes(20)
        .build()?;
    let mut stream = net.stream();
    for _ in 0..4 {
        let began = Instant::now();
        let count = 200_000;
        for i in 0..count {
            stream.step([(i % 256, 1.0)])?;
        }
        let each = began.elapsed().as_secs_f64() / f64::from(count);
        println!("step_ns {:.1}", 1e9 * each);
    }
    Ok(())
}
