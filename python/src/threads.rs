//! The threads that compute. They belong to one process: after a fork, the child starts its own.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{SaturnError, detached, wrong};

/// The most threads.
const MOST: usize = 1_024;

struct Threads {
    process: u32,
    pool: Arc<ThreadPool>,
}

static THREADS: Mutex<Option<Threads>> = Mutex::new(None);

fn start(threads: usize) -> PyResult<Arc<ThreadPool>> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map(Arc::new)
        .map_err(|e| SaturnError::new_err(format!("cannot start {threads} threads: {e}")))
}

/// How many threads to start: `RAYON_NUM_THREADS`, or one a core.
fn usual() -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let set = std::env::var("RAYON_NUM_THREADS").ok();
    let set = set.and_then(|text| text.trim().parse().ok());
    set.filter(|n| (1..=MOST).contains(n)).unwrap_or_else(cores)
}

/// The threads of this process.
pub fn pool() -> PyResult<Arc<ThreadPool>> {
    let mut known = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    match &*known {
        Some(own) if own.process == process => Ok(Arc::clone(&own.pool)),
        _ => {
            let pool = start(usual())?;
            let new = Threads {
                process,
                pool: Arc::clone(&pool),
            };
            // Those of the parent process do not run here, so that to wait for their end would take forever.
            std::mem::forget(known.replace(new));
            Ok(pool)
        }
    }
}

/// Runs `f` on the threads of this process, with the interpreter released. All that may compute on several threads must
/// be called so: in a forked process, threads of the parent would be waited for.
pub fn released<T: Send>(py: Python<'_>, f: impl FnOnce() -> T + Send) -> PyResult<T> {
    let pool = pool()?;
    detached(py, || pool.install(f))
}

/// Set the number of threads that compute. Results are the same at any number.
#[pyfunction]
pub fn set_threads(n: &Bound<'_, PyAny>) -> PyResult<()> {
    let number = n.extract().ok().filter(|n| (1..=MOST).contains(n));
    let Some(number) = number else {
        return Err(wrong(format!(
            "n: `{n}` is out of range: it must be 1 to {MOST}"
        )));
    };
    let pool = start(number)?;
    let mut known = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    let old = known.replace(Threads { process, pool });
    if old.as_ref().is_some_and(|old| old.process != process) {
        std::mem::forget(old);
    }
    Ok(())
}

/// The number of threads that compute.
#[pyfunction]
pub fn threads() -> PyResult<usize> {
    Ok(pool()?.current_num_threads())
}
