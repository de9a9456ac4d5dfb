//! A network step by step, and events in time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use saturn_data::Steps;
use saturn_eval::detector::DetectorConfig;
use saturn_live::decide::Decider;

use crate::error::{guarded, of_library, read, wrong};
use crate::tensors::Number;

/// The most steps that one event may be ahead of the last: a mistaken unit of time would fill the memory with decisions.
const MOST_AHEAD: i64 = 1_000_000;

/// What was decided at the end of a step: the step, the class, its score, whether it is detected.
type Decided = (i64, usize, f64, bool);

/// A stream in either precision.
pub enum Live {
    F32(saturn::Stream<'static, f32>),
    F64(saturn::Stream<'static, f64>),
}

macro_rules! either {
    ($live:expr, $stream:ident => $body:expr) => {
        match $live {
            Live::F32($stream) => $body,
            Live::F64($stream) => $body,
        }
    };
}

/// A network on one endless input: step by step, or by events in time. Its state is never reset unless ``reset`` is
/// called.
#[pyclass(module = "saturn_snn")]
pub struct Stream {
    /// Any thread may use it, one at a time: those that change it have it alone.
    live: Mutex<Live>,
    steps: Steps,
    dt_ms: f64,
    decider: Decider,
    probabilities: Vec<f32>,
    /// The number of the open step, counted from time 0; `None` before the first event.
    open: Option<i64>,
    /// Its events, by channel.
    events: Vec<(u32, f32)>,
    /// Events that came after their step.
    late: u64,
    still: bool,
}

impl Stream {
    pub fn new(live: Live) -> Self {
        let (classes, dt_ms) = either!(&live, stream => (stream.network().class_names().len(), stream.network().dt_ms()));
        Self {
            steps: Steps::new(dt_ms),
            dt_ms,
            decider: Decider::new(&DetectorConfig::default(), classes, 0.5),
            probabilities: vec![0.0; classes],
            open: None,
            events: Vec::new(),
            late: 0,
            still: false,
            live: Mutex::new(live),
        }
    }

    /// Closes the open step: its class, score and whether it is detected.
    fn close(&mut self) -> PyResult<(usize, f64, bool)> {
        self.events.sort_unstable_by_key(|(channel, _)| *channel);
        self.events.dedup_by(|next, first| {
            let same = next.0 == first.0;
            if same {
                first.1 += next.1;
            }
            same
        });
        let silent = self.events.is_empty();
        // A silent step after one that changed no state changes none, either.
        if !(silent && self.still) {
            let (events, p) = (&self.events, &mut self.probabilities);
            either!(own(&mut self.live), stream => {
                let step = guarded(|| stream.step(events.iter().copied()).map(|y| p.copy_from_slice(y)))?;
                step.map_err(of_library)?;
                self.still = silent && stream.is_still();
            });
        }
        self.events.clear();
        let said = self.decider.observe(&self.probabilities);
        Ok((said.class, said.score, said.detected))
    }

    /// Closes the steps that end before the one of `t_us`, which is then open; `None` if that one has ended.
    fn close_until(&mut self, t_us: i64) -> PyResult<Option<Vec<Decided>>> {
        let Some(t) = u64::try_from(t_us).ok() else {
            return Err(wrong(format!("t_us: `{t_us}` is negative")));
        };
        let step = self.steps.of_us(t) as i64;
        let open = *self.open.get_or_insert(step);
        if step < open {
            return Ok(None);
        }
        if step - open > MOST_AHEAD {
            return Err(wrong(format!(
                "t_us: `{t_us}` is {} steps after the event before, and at most {MOST_AHEAD} are run at once: times are in \
                 microseconds; let a long silence pass in parts with `advance`",
                step - open
            )));
        }
        let mut closed = Vec::with_capacity((step - open) as usize);
        for n in open..step {
            let (class, score, detected) = self.close()?;
            closed.push((n, class, score, detected));
        }
        self.open = Some(step);
        Ok(Some(closed))
    }

    fn read(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn channels(&mut self) -> usize {
        either!(own(&mut self.live), stream => stream.network().channels())
    }
}

/// The stream of a caller that has it alone.
fn own(live: &mut Mutex<Live>) -> &mut Live {
    live.get_mut().unwrap_or_else(PoisonError::into_inner)
}

/// One step of dense input.
fn step_dense<R: Number>(
    stream: &mut saturn::Stream<'static, R>,
    x: &Bound<'_, PyAny>,
    p: &mut [f32],
) -> PyResult<()> {
    let x: PyReadonlyArray1<'_, R> = x
        .extract()
        .map_err(|_| wrong(format!("x: expected a {} array [I]", R::NAME)))?;
    let x = x
        .as_slice()
        .map_err(|_| wrong("x: the array is not contiguous"))?;
    if !R::all_finite(x) {
        return Err(wrong("x contains NaN or an infinite number"));
    }
    guarded(|| stream.step_dense(x).map(|y| p.copy_from_slice(y)))?.map_err(of_library)
}

#[pymethods]
impl Stream {
    /// Sets the detector that makes decisions: its settings as JSON, and its threshold.
    fn detector(&mut self, config: &str, threshold: f64) -> PyResult<()> {
        let config: DetectorConfig = read("detector", config)?;
        config.check().map_err(|e| wrong(e.to_string()))?;
        if !(0.0..=1.0).contains(&threshold) {
            return Err(wrong(format!(
                "threshold: `{threshold}` is out of range: it must be 0 to 1"
            )));
        }
        self.decider = Decider::new(&config, self.probabilities.len(), threshold);
        Ok(())
    }

    /// Add one event; return the steps that it closes.
    ///
    /// Parameters
    /// ----------
    /// t_us : int
    ///     Time in microseconds, at or after the events before.
    /// channel : int
    ///     Channel, from 0.
    ///
    /// Returns
    /// -------
    /// list of tuple
    ///     ``(step, class, score, detected)`` for each step of ``dt_ms`` that ended before the event; steps count from
    ///     time 0. An event of a step that has ended is dropped and counted in ``late``.
    fn push(&mut self, t_us: i64, channel: u32) -> PyResult<Vec<Decided>> {
        let channels = self.channels();
        if channel as usize >= channels {
            let last = channels as i64 - 1;
            return Err(wrong(format!(
                "channel: `{channel}` is out of range: it must be 0 to {last}"
            )));
        }
        match self.close_until(t_us)? {
            None => {
                self.late += 1;
                Ok(Vec::new())
            }
            Some(closed) => {
                self.events.push((channel, 1.0));
                Ok(closed)
            }
        }
    }

    /// Let time pass without an event; return the steps that end until then, as `push` does.
    ///
    /// Parameters
    /// ----------
    /// t_us : int
    ///     Time in microseconds. A time of a step that has ended changes nothing.
    fn advance(&mut self, t_us: i64) -> PyResult<Vec<Decided>> {
        Ok(self.close_until(t_us)?.unwrap_or_default())
    }

    /// Run one step; return the probabilities of the classes ``[C]``.
    ///
    /// Parameters
    /// ----------
    /// x : numpy.ndarray of shape (I,), or list of (channel, count)
    ///     A value a channel, or the active channels in ascending order.
    fn step<'py>(&mut self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let py = x.py();
        self.still = false;
        let p = &mut self.probabilities;
        if let Ok(events) = x.extract::<Vec<(u32, f32)>>() {
            if let Some((channel, count)) = events.iter().find(|(_, count)| !count.is_finite()) {
                return Err(wrong(format!(
                    "count {count} of channel {channel} is not finite"
                )));
            }
            either!(own(&mut self.live), stream => {
                guarded(|| stream.step(events).map(|y| p.copy_from_slice(y)))?.map_err(of_library)?;
            });
        } else {
            either!(own(&mut self.live), stream => step_dense(stream, x, p)?);
        }
        Ok(PyArray1::from_slice(py, p))
    }

    /// Resets the state to the initial state.
    fn reset(&mut self) {
        self.still = false;
        either!(own(&mut self.live), stream => stream.reset());
    }

    /// Steps that were computed.
    #[getter]
    fn steps(&self) -> u64 {
        either!(&*self.read(), stream => stream.steps())
    }

    /// Events that were dropped since their step had ended.
    #[getter]
    fn late(&self) -> u64 {
        self.late
    }

    /// Milliseconds a step.
    #[getter]
    fn dt_ms(&self) -> f64 {
        self.dt_ms
    }

    /// The state of each cell, from which ``restore`` resumes.
    fn state<'py>(&self, py: Python<'py>) -> (u64, Vec<Bound<'py, PyArray1<f64>>>) {
        let state = either!(&*self.read(), stream => stream.state());
        let cells = state
            .cells
            .iter()
            .map(|cell| PyArray1::from_slice(py, cell));
        (state.steps, cells.collect())
    }

    /// Resumes from a state.
    fn restore(&mut self, state: (u64, Vec<PyReadonlyArray1<'_, f64>>)) -> PyResult<()> {
        let state = saturn::StreamState {
            steps: state.0,
            cells: (state.1.iter())
                .map(|cell| cell.as_array().to_vec())
                .collect(),
        };
        let single = matches!(own(&mut self.live), Live::F32(_));
        let is_wild = |&x: &f64| !(if single { f64::from(x as f32) } else { x }).is_finite();
        if state.cells.iter().flatten().any(is_wild) {
            return Err(wrong("state contains NaN or an infinite number"));
        }
        self.still = false;
        either!(own(&mut self.live), stream => stream.restore(&state).map_err(of_library))
    }
}
