//! Labelled recordings in memory or in files.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use saturn::{Fill, Frames, Gap, Recording, Synthetic};
use saturn_stream::LONGEST_GAP;
use serde::Deserialize;

use crate::error::{of_library, read, wrong};
use crate::threads::released;

/// Labelled recordings for training, validation and test. ``saturn_snn.Dataset`` is its Python side.
#[pyclass(module = "saturn_snn._saturn")]
pub struct Dataset {
    pub data: Arc<saturn::Dataset>,
}

/// Events of one recording: times in seconds and channels.
type EventArrays<'py> = (PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, i64>);

/// A split of events: samples and their labels.
type EventSplit<'py> = (Vec<EventArrays<'py>>, Vec<i64>);

/// A split of dense samples and their labels.
type DenseSplit<'py> = (Vec<PyReadonlyArray2<'py, f32>>, Vec<i64>);

/// Gaps as in a scenario.
#[derive(Deserialize)]
struct GapKeys {
    steps: [usize; 2],
    fill: Vec<Fill>,
}

/// The gaps in JSON; `null` for none.
fn read_gap(json: &str) -> PyResult<Option<Gap>> {
    let keys: Option<GapKeys> = read("gap", json)?;
    let Some(GapKeys { steps, fill }) = keys else {
        return Ok(None);
    };
    if steps[0] > steps[1] || !(1..=LONGEST_GAP).contains(&steps[1]) {
        return Err(wrong(format!(
            "gap: steps {steps:?}: give the shortest and the longest, the longest 1 to {LONGEST_GAP}"
        )));
    }
    for fill in &fill {
        match fill {
            Fill::Noise(factor) if !(factor.is_finite() && *factor > 0.0) => {
                return Err(wrong(format!("gap: noise: `{factor}` must be above 0")));
            }
            Fill::Recordings => {
                return Err(wrong(
                    "gap: recordings of gaps are for scenarios; give silence, noise or shuffled",
                ));
            }
            _ => {}
        }
    }
    if fill.is_empty() {
        return Err(wrong("gap: fill: give silence, noise or shuffled"));
    }
    Ok(Some(Gap { steps, fill }))
}

fn label(index: usize, label: i64) -> PyResult<usize> {
    usize::try_from(label).map_err(|_| wrong(format!("labels[{index}]: `{label}` is negative")))
}

fn recordings(name: &str, (samples, labels): EventSplit<'_>) -> PyResult<Vec<Recording>> {
    check_lengths(name, samples.len(), labels.len())?;
    let each = samples.iter().zip(labels).enumerate();
    each.map(|(index, ((times, units), class))| {
        let (times, units) = (times.as_array(), units.as_array());
        if times.len() != units.len() {
            return Err(wrong(format!(
                "{name}[{index}]: {} times and {} channels",
                times.len(),
                units.len()
            )));
        }
        let unit = |&unit: &i64| {
            u32::try_from(unit)
                .map_err(|_| wrong(format!("{name}[{index}]: channel `{unit}` is out of range")))
        };
        Ok(Recording {
            times_s: times.to_vec(),
            units: units.iter().map(unit).collect::<PyResult<_>>()?,
            label: label(index, class)?,
            speaker: None,
            index,
        })
    })
    .collect()
}

fn frames(name: &str, (samples, labels): DenseSplit<'_>, channels: usize) -> PyResult<Vec<Frames>> {
    check_lengths(name, samples.len(), labels.len())?;
    let each = samples.iter().zip(labels).enumerate();
    each.map(|(index, (values, class))| {
        let [steps, width] = *values.shape() else {
            return Err(wrong(format!(
                "{name}[{index}]: two axes [T, I] are expected"
            )));
        };
        if width != channels {
            return Err(wrong(format!(
                "{name}[{index}] has {width} channels, and the first one {channels}"
            )));
        }
        Ok(Frames {
            values: values.as_array().iter().copied().collect(),
            mask: vec![true; steps],
            label: label(index, class)?,
            speaker: None,
            index,
        })
    })
    .collect()
}

fn check_lengths(name: &str, samples: usize, labels: usize) -> PyResult<()> {
    if samples == labels {
        return Ok(());
    }
    Err(wrong(format!(
        "{name}: {samples} samples and {labels} labels"
    )))
}

impl Dataset {
    fn of(data: Result<saturn::Dataset, saturn::Error>) -> PyResult<Self> {
        let data = Arc::new(data.map_err(of_library)?);
        Ok(Self { data })
    }
}

#[pymethods]
impl Dataset {
    /// Events: lists of (times in s, channels), with labels.
    #[staticmethod]
    #[pyo3(signature = (train, valid, test, channels, dt_ms, classes, gap))]
    #[allow(clippy::too_many_arguments)] // They are keyword arguments in Python.
    fn of_events(
        py: Python<'_>,
        train: EventSplit<'_>,
        valid: EventSplit<'_>,
        test: Option<EventSplit<'_>>,
        channels: usize,
        dt_ms: f64,
        classes: Option<Vec<String>>,
        gap: &str,
    ) -> PyResult<Self> {
        let gap = read_gap(gap)?;
        let (train, valid) = (recordings("train", train)?, recordings("valid", valid)?);
        let test = test.map(|test| recordings("test", test)).transpose()?;
        Self::of(released(py, || {
            let mut data = saturn::Dataset::from_recordings(train, valid, channels, dt_ms)?;
            if let Some(test) = test {
                data = data.with_test(test)?;
            }
            if let Some(classes) = classes {
                data = data.with_class_names(classes)?;
            }
            Ok(data.with_gap(gap))
        })?)
    }

    /// Dense samples: lists of arrays ``[T, I]``, with labels.
    #[staticmethod]
    fn of_dense(
        py: Python<'_>,
        train: DenseSplit<'_>,
        valid: DenseSplit<'_>,
        dt_ms: f64,
        classes: Option<Vec<String>>,
        gap: &str,
        standardise: bool,
    ) -> PyResult<Self> {
        let gap = read_gap(gap)?;
        let Some(first) = train.0.first() else {
            return Err(wrong("train: there are no samples"));
        };
        let channels = first.shape()[1];
        let (train, valid) = (
            frames("train", train, channels)?,
            frames("valid", valid, channels)?,
        );
        Self::of(released(py, || {
            let made = if standardise {
                saturn::Dataset::from_frames
            } else {
                saturn::Dataset::from_raw_frames
            };
            let mut data = made(train, valid, channels, dt_ms)?;
            if let Some(classes) = classes {
                data = data.with_class_names(classes)?;
            }
            Ok(data.with_gap(gap))
        })?)
    }

    /// Event files of a folder.
    #[staticmethod]
    fn of_folder(
        py: Python<'_>,
        folder: PathBuf,
        channels: usize,
        dt_ms: f64,
        gap: &str,
    ) -> PyResult<Self> {
        let gap = read_gap(gap)?;
        Self::of(released(py, || {
            Ok(saturn::Dataset::open(folder, channels, dt_ms)?.with_gap(gap))
        })?)
    }

    /// Made-up words.
    #[staticmethod]
    fn of_synthetic(py: Python<'_>, spec: &str, gap: &str) -> PyResult<Self> {
        let gap = read_gap(gap)?;
        let spec: Synthetic = read("synthetic", spec)?;
        Self::of(released(py, || {
            Ok(saturn::Dataset::synthetic(&spec)?.with_gap(gap))
        })?)
    }

    #[getter]
    fn channels(&self) -> usize {
        self.data.channels()
    }

    #[getter]
    fn dt_ms(&self) -> f64 {
        self.data.dt_ms()
    }

    #[getter]
    fn classes(&self) -> Vec<String> {
        self.data.class_names().to_vec()
    }

    /// Samples of training, validation and test.
    #[getter]
    fn samples(&self) -> (usize, usize, usize) {
        self.data.samples()
    }
}
