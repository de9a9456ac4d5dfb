//! Errors as exceptions: the text has place and remedy, the class tells whose fault it is.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

use pyo3::create_exception;
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use saturn_cli::command::fault::fault;
use saturn_sim::fault::Fault;
use saturn_sim::run::reason;

create_exception!(
    saturn_snn,
    SaturnError,
    PyRuntimeError,
    "Something failed although the input is sound: a full disk, a loss that diverged."
);
create_exception!(
    saturn_snn,
    InputError,
    PyValueError,
    "The input is wrong: a setting, an array, a scenario, a file. The text names the place and a remedy."
);

/// Where the last panic was.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// Panics print nothing: they become exceptions.
pub fn collect_panics() {
    set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place.unwrap_or_default();
    }));
}

/// The exception for a panic.
pub fn mistake(panic: &(dyn Any + Send)) -> PyErr {
    let text = (panic.downcast_ref::<String>().map(String::as_str))
        .or_else(|| panic.downcast_ref::<&str>().copied());
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    SaturnError::new_err(format!(
        "a mistake in saturn: {} ({place})\nhint: please report it with what you called",
        text.unwrap_or("a panic")
    ))
}

/// Runs `f`; a panic in it is an exception.
pub fn guarded<T>(f: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| mistake(&*panic))
}

/// Runs `f` with the interpreter released; a panic in it is an exception.
pub fn detached<T: Send>(py: Python<'_>, f: impl FnOnce() -> T + Send) -> PyResult<T> {
    guarded(|| py.detach(f))
}

/// The exception for an error of a command.
pub fn raised(e: &anyhow::Error) -> PyErr {
    if let Some(e) = saturn_cli::cli::refusal(e) {
        return InputError::new_err(e);
    }
    let text = reason(e);
    match fault(e) {
        Fault::Input => InputError::new_err(text),
        Fault::Interrupted => PyKeyboardInterrupt::new_err("stopped; finished results are kept"),
        Fault::Run | Fault::NotShown => SaturnError::new_err(text),
    }
}

/// The exception for an error of the library: most of them are about what was given to it.
pub fn of_library(e: saturn::Error) -> PyErr {
    match e {
        saturn::Error::Train(e) => match e {
            saturn_train::job::TrainError::Interrupted => stopped(),
            e => raised(&e.into()),
        },
        saturn::Error::Eval(e) => match e {
            saturn_eval::evaluate::EvalError::Interrupted => stopped(),
            e => raised(&e.into()),
        },
        saturn::Error::Data(e) => raised(&e.into()),
        saturn::Error::Weights(e) => raised(&e.into()),
        saturn::Error::Build(e) => raised(&(*e).into()),
        e => InputError::new_err(e.to_string()),
    }
}

/// An interrupt.
pub fn stopped() -> PyErr {
    PyKeyboardInterrupt::new_err("stopped")
}

/// An error about what was given.
pub fn wrong(what: impl Into<String>) -> PyErr {
    InputError::new_err(what.into())
}

/// Settings as JSON, which Python wrote.
pub fn read<T: serde::de::DeserializeOwned>(what: &str, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|e| wrong(format!("{what}: {}", plainly(&e.to_string()))))
}

/// The error of a JSON reader without its position in text that the user never saw.
fn plainly(text: &str) -> &str {
    text.rsplit_once(" at line ").map_or(text, |(what, _)| what)
}
