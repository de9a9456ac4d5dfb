//! Long work on a thread of its own, while this one shows progress and takes interrupts.

use std::ffi::OsString;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use pyo3::prelude::*;
use saturn_store::Progress;

use crate::error::{mistake, raised};
use crate::threads::pool;

/// Interval between two looks at progress and signals.
const LOOK: Duration = Duration::from_millis(50);

/// What the work asks of the thread that holds the interpreter.
pub enum Ask {
    /// An epoch is over; the answer is whether to continue.
    Epoch(String, Sender<bool>),
}

/// The user's functions.
#[derive(Default)]
pub struct Callbacks<'py> {
    /// Receives completed units, all units, the current work and new notices.
    pub progress: Option<Bound<'py, PyAny>>,
    /// Receives the record of an epoch as JSON; false stops.
    pub epoch: Option<Bound<'py, PyAny>>,
}

/// Runs `work` on a thread of its own. An interrupt, or an error of a callback, stops it and is raised.
pub fn watched<T: Send>(
    py: Python<'_>,
    callbacks: &Callbacks<'_>,
    work: impl FnOnce(&Progress, &Sender<Ask>) -> T + Send,
) -> PyResult<T> {
    let stop = Arc::new(AtomicBool::new(false));
    let progress = Progress::observed(Arc::clone(&stop));
    let threads = pool()?;
    std::thread::scope(|scope| {
        // The worker's end is dropped when it ends, also if it panics.
        let (ask, asked) = channel();
        let own = progress.clone();
        let worker = scope.spawn(move || threads.install(|| work(&own, &ask)));
        let result = attend(py, callbacks, &progress, asked);
        stop.store(result.is_err(), Ordering::Relaxed);
        let ended = py.detach(|| worker.join());
        result?;
        ended.map_err(|panic| mistake(&*panic))
    })
}

/// The same for work without places to stop at: an interrupt is raised immediately. The work ends by itself, when it next
/// reports what it does; its result is dropped.
pub fn watched_apart<T: Send + 'static>(
    py: Python<'_>,
    callbacks: &Callbacks<'_>,
    work: impl FnOnce(&dyn Fn(&str)) -> T + Send + 'static,
) -> PyResult<T> {
    let stop = Arc::new(AtomicBool::new(false));
    let progress = Progress::observed(Arc::clone(&stop));
    let threads = pool()?;
    let (ask, asked) = channel();
    let (own, stopped) = (progress.clone(), Arc::clone(&stop));
    let worker = std::thread::spawn(move || {
        // Dropped at the end, also if the work panics.
        let _ask = ask;
        threads.install(|| {
            work(&|doing| {
                own.doing(doing);
                if stopped.load(Ordering::Relaxed) {
                    // To the end of this thread, whose result nobody waits for.
                    resume_unwind(Box::new("stopped"));
                }
            })
        })
    });
    let result = attend(py, callbacks, &progress, asked);
    stop.store(result.is_err(), Ordering::Relaxed);
    result?;
    py.detach(|| worker.join())
        .map_err(|panic| mistake(&*panic))
}

/// Answers the worker until it ends. A worker that still waits for an answer after an error receives none.
fn attend(
    py: Python<'_>,
    callbacks: &Callbacks<'_>,
    progress: &Progress,
    mut asked: Receiver<Ask>,
) -> PyResult<()> {
    loop {
        let (back, waited) = py.detach(move || {
            let waited = asked.recv_timeout(LOOK);
            (asked, waited)
        });
        asked = back;
        let ended = match waited {
            Ok(Ask::Epoch(record, answer)) => {
                let proceed = match &callbacks.epoch {
                    Some(epoch) => epoch.call1((record,))?.extract::<Option<bool>>()?,
                    None => None,
                };
                // The worker may have ended meanwhile.
                let _ = answer.send(proceed.unwrap_or(true));
                false
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        if let Some(show) = &callbacks.progress {
            let (done, all, doing) = progress.done();
            let notices: Vec<(bool, String)> = (progress.take_notices().into_iter())
                .map(|notice| (notice.is_alert, notice.text))
                .collect();
            show.call1((done, all, doing, notices))?;
        }
        py.check_signals()?;
        if ended {
            return Ok(());
        }
    }
}

/// Run one command of the `saturn` program in this process; return what it prints.
///
/// Parameters
/// ----------
/// arguments : list of str
///     Without the program's name: ``["run", "scenario.yaml"]``.
/// progress : callable, optional
///     Receives completed units, all units, the current work and a list of notices.
#[pyfunction]
#[pyo3(signature = (arguments, progress=None))]
pub fn command(
    py: Python<'_>,
    arguments: Vec<OsString>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let callbacks = Callbacks {
        progress,
        epoch: None,
    };
    let (result, text) = watched(py, &callbacks, |progress, _| {
        saturn_cli::cli::call(&arguments, progress)
    })?;
    result.map_err(|e| raised(&e))?;
    Ok(text)
}

/// Run the `saturn` program on the arguments of this process; return its exit code.
#[pyfunction]
pub fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    // The program is alone in its process, and its panics are printed as those of any program.
    drop(std::panic::take_hook());
    // Python's handler would wait for the interpreter.
    py.detach(|| saturn_cli::cli::main_of(arguments).code())
}
