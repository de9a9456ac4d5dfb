//! Figures of made-up runs: if a run lacks something, the rest is drawn.

mod long_run;
mod optional;
mod roles;

use std::path::Path;

use saturn_loss::MaskReport;
use saturn_train::mask::MaskReports;

use super::*;
use crate::run::summary::{
    CellSummary, NamedContraction, NamedEvaluation, Reference, Roles, TrainRecord, VERSION, table,
};
use saturn_eval::detector::{DetectorScore, grid};
use saturn_eval::evaluate::{Evaluation, Watched};
use saturn_eval::gap::GapBin;
use saturn_eval::instruments::contraction::ContractionCurve;
use saturn_eval::instruments::{AlwaysStats, Reports, WindowStats};
use saturn_eval::reset::{Misaligned, StateReset};
use saturn_eval::stats::estimate::{ByRecording, Estimate};
use saturn_eval::stats::slope::SlopeFit;
use saturn_eval::trace::{StateTrace, Trace};
use saturn_train::job::EpochRecord;
use saturn_train::validation::Validation;

/// A scenario with these models and arms: `adaptive` has the adaptive loss, `carry` concatenated samples, and any
/// other arm one sample at a time.
pub(crate) fn scenario(models: &[&str], arms: &[&str]) -> Scenario {
    let settings = |arm: &str| match arm {
        "adaptive" => "{loss: adaptive}",
        "carry" => "{streams: concatenated}",
        _ => "{streams: single}",
    };
    let models = models
        .iter()
        .map(|name| format!("  {name}: {{layers: [rnn]}}\n"));
    let arms = arms
        .iter()
        .map(|arm| format!("  {arm}: {}\n", settings(arm)));
    let text = format!(
        "name: made up\nmodels:\n{}arms:\n{}",
        models.collect::<String>(),
        arms.collect::<String>()
    );
    Scenario::parse(&text, "made-up.yaml", Path::new(""), &[""; 0])
        .unwrap_or_else(|e| panic!("{e}"))
}

/// A run of it in which every accuracy is `accuracy`.
pub(crate) fn summary(scenario: &Scenario, accuracy: f64) -> Summary {
    let mut cells = Vec::new();
    for model in scenario.models.names() {
        for arm in scenario.arms.names() {
            cells.push(cell(model, arm, accuracy));
        }
    }
    Summary {
        format: "saturn summary".to_owned(),
        version: VERSION,
        name: "made <up> & more".to_owned(),
        about: Some("\"quotes\" & <tags>".to_owned()),
        split: "valid".to_owned(),
        events: String::new(),
        classes: vec!["a".to_owned(), "b".to_owned()],
        chance: 0.5,
        dt_ms: 10.0,
        margin: saturn_eval::stats::verdict::MARGIN,
        reference: Roles::of(scenario).usual_reference(),
        roles: Roles::of(scenario),
        table: table(&cells, &Roles::of(scenario).usual_reference()),
        cells,
        failures: Vec::new(),
    }
}

fn cell(model: &str, arm: &str, accuracy: f64) -> CellSummary {
    let evaluations = ["none", "oracle"].map(|state_reset| NamedEvaluation {
        stream: "noise".to_owned(),
        state_reset: state_reset.to_owned(),
        evaluation: evaluation(accuracy),
    });
    let epoch = EpochRecord {
        epoch: 1,
        loss: 1.0 - accuracy,
        cross_entropy: 0.0,
        kl_weight: None,
        kl: 0.0,
        gradient_norm: 1.0,
        skipped: 0,
        active: None,
        lr: 0.1,
        validation: Validation {
            summed: accuracy,
            balanced: 0.5,
            last: accuracy,
            surprise: 0.1,
        },
        seconds: 1.0,
    };
    CellSummary {
        model: model.to_owned(),
        arm: arm.to_owned(),
        seed: 1,
        training: TrainRecord {
            weights_sha256: None,
            parameters: 1234,
            weight_steps: Some(40),
            from_sha256: None,
            isa: None,
            seconds: 5.0,
            kept_epoch: 1,
            history: vec![epoch],
            mask: None,
        },
        evaluations: evaluations.to_vec(),
        stored: Vec::new(),
        isa: None,
        contraction: vec![NamedContraction {
            stream: "noise".to_owned(),
            curves: vec![ContractionCurve {
                layer: 0,
                field: "h".to_owned(),
                spikes: false,
                main: true,
                lags: vec![0, 1, 2],
                distances: vec![1.0, 0.5, accuracy],
                values: vec![1.0, 0.5, accuracy],
                relative_to_stream: None,
            }],
        }],
        experiments: saturn_eval::experiments::Experiments::default(),
    }
}

fn evaluation(accuracy: f64) -> Evaluation {
    let estimate = Estimate {
        value: accuracy,
        standard_error: Some(0.02),
        interval: Some([accuracy - 0.04, accuracy + 0.04]),
        units: 50,
    };
    let window = |layer: usize| Watched {
        step: 100,
        layer,
        cell: "rnn".to_owned(),
        stats: WindowStats {
            always: AlwaysStats {
                pinned: [("h".to_owned(), accuracy)].into(),
                ..AlwaysStats::default()
            },
            ..WindowStats::default()
        },
    };
    Evaluation {
        balanced: None,
        macro_f1: None,
        by_class: saturn_eval::stats::by_class::ByClass::default(),
        steps: 1000,
        lanes: 1,
        segments: 10,
        summed: Some(estimate),
        last: Some(estimate),
        detector: None,
        detection: DetectorScore::default(),
        curve: (grid(10).into_iter())
            .map(|threshold| DetectorScore {
                threshold,
                right: 8,
                false_alarms: (5.0 * (1.0 - threshold)) as u64,
                segments: 10,
                steps: 1000,
                ..DetectorScore::default()
            })
            .collect(),
        false_alarms_per_hour: None,
        slope: SlopeFit::new().slope(),
        positions: vec![],
        gaps: vec![],
        late_gap_max_probability: None,
        resets: 0,
        computed_steps_per_step: 1.0,
        spikes_per_step: 0.0,
        synaptic_operations_per_step: 10.0,
        steps_per_second: 1e6,
        resident_mib: None,
        memory_by_step: vec![],
        speed_by_step: vec![],
        twin: vec![],
        saturation: vec![window(0), window(1)],
        by_recording: ByRecording::new(),
        last_by_recording: ByRecording::new(),
        detector_by_recording: ByRecording::new(),
        answers: Reports::default(),
    }
}

/// Two samples between gaps of 20 steps.
fn trace() -> Trace {
    let steps = 100;
    let inside = |t: usize| (20..40).contains(&t) || (60..80).contains(&t);
    let sample = |t: usize| if inside(t) { (t / 40) as i32 } else { -1 };
    Trace {
        dt_ms: 10.0,
        start: 5000,
        channels: 3,
        classes: 2,
        events: vec![1.0; steps * 3],
        label: (0..steps).map(sample).collect(),
        recording: (0..steps).map(sample).collect(),
        mask: (0..steps).map(|t| u8::from(inside(t))).collect(),
        probability: [0.8, 0.2].repeat(steps),
        states: vec![StateTrace {
            name: "0.h".to_owned(),
            units: 2,
            values: vec![0.5; steps * 2],
        }],
    }
}

fn stems(drawn: &[Drawn]) -> Vec<&str> {
    drawn.iter().map(|d| d.file_stem.as_str()).collect()
}

#[test]
fn a_run_with_traces_has_every_figure() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = scenario(&["rnn"], &["classic", "adaptive"]);
    let summary = summary(&scenario, 0.9);
    std::fs::create_dir(folder.path().join("traces")).expect("made");
    for arm in ["classic", "adaptive"] {
        let path = folder.path().join(format!("traces/rnn.{arm}.1.valid.h5"));
        trace().save(&path).expect("saved");
    }
    let drawn = draw(&scenario, folder.path(), &summary).expect("drawn");
    let expected = [
        "figures/stream-rnn",
        "figures/compare",
        "figures/table",
        "figures/contraction-noise",
        "figures/operating",
        "figures/nets-operations",
        "figures/saturation-rnn",
        "figures/traces-rnn",
        "figures/training",
    ];
    assert_eq!(stems(&drawn), expected);
    for figure in &drawn {
        for ending in ["svg", "png"] {
            let path = folder.path().join(format!("{}.{ending}", figure.file_stem));
            assert!(path.exists(), "{}", path.display());
        }
        assert!(figure.caption.ends_with('.') && !figure.title.is_empty());
    }
    let title = "The same RNN on the same stream, never reset: classic classifies 1 of 2 samples correctly, \
        adaptive 1";
    assert_eq!(drawn[0].title, title);
}

/// A run with erring resets and gaps of several lengths.
#[test]
fn sweeps_are_drawn_where_something_was_swept() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut scenario = scenario(&["rnn", "gru"], &["classic", "adaptive"]);
    scenario.plots = vec![Plot::Boundary, Plot::Gap];
    let stems_of = |scenario: &Scenario, summary: &Summary| -> Vec<String> {
        let drawn = draw(scenario, folder.path(), summary).expect("drawn");
        drawn.into_iter().map(|d| d.file_stem).collect()
    };
    // One kind of reset at boundaries and no gap: no sweep.
    let mut found = summary(&scenario, 0.9);
    assert!(stems_of(&scenario, &found).is_empty());

    let errors = [0.0, 2.0, 10.0].map(|sigma| StateReset::Misaligned(Misaligned(sigma)));
    scenario.evaluate.state_reset.extend(errors);
    for cell in &mut found.cells {
        for policy in errors {
            cell.evaluations.push(NamedEvaluation {
                stream: "noise".to_owned(),
                state_reset: policy.to_string(),
                evaluation: evaluation(0.6),
            });
        }
        let bin = |from: u64, right: u64| GapBin {
            from,
            to: 2 * from - 1,
            mean_steps: 1.2 * from as f64,
            right,
            total: 40,
            accuracy: right as f64 / 40.0,
            interval: [0.5, 0.9],
        };
        for e in &mut cell.evaluations {
            e.evaluation.gaps = vec![bin(1, 30), bin(8, 32), bin(64, 35)];
        }
    }
    found.table = table(&found.cells, &Reference::default());
    let expected = ["figures/boundary-noise", "figures/gap-noise"];
    assert_eq!(stems_of(&scenario, &found), expected);
}

/// Masks that are wrong in a fifth of the steps or estimated, and the correct one.
#[test]
fn wrong_masks_are_drawn_where_there_are_some() {
    let folder = tempfile::tempdir().expect("a folder");
    let stems_of = |arms: &str| -> Vec<String> {
        let text =
            format!("name: x\nmodels: {{rnn: {{layers: [rnn]}}}}\narms:\n{arms}plots: [mask]\n");
        let scenario = Scenario::parse(&text, "x.yaml", Path::new(""), &[""; 0])
            .unwrap_or_else(|e| panic!("{e}"));
        let mut found = summary(&scenario, 0.9);
        let report = MaskReport {
            agreement: Some(0.8),
            hits: Some(0.8),
            false_alarms: Some(0.2),
        };
        for cell in &mut found.cells {
            cell.training.mask = Some(MaskReports {
                threshold: None,
                train: report,
                valid: report,
            });
        }
        let drawn = draw(&scenario, folder.path(), &found).expect("drawn");
        drawn.into_iter().map(|d| d.file_stem).collect()
    };
    let right = "  a: {loss: adaptive}\n";
    let late = "  late: {loss: {adaptive: {mask_error: {shift: 4}}}}\n";
    let estimated = "  counted: {loss: {adaptive: {mask: event_count}}}\n";
    assert!(stems_of(right).is_empty());
    assert_eq!(
        stems_of(&[right, late, estimated].concat()),
        ["figures/mask-noise"]
    );
}

#[test]
fn nets_are_points_where_forgetting_was_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = scenario(&["rnn"], &["classic", "adaptive"]);
    let mut summary = summary(&scenario, 0.9);
    for cell in &mut summary.cells {
        cell.contraction[0].curves[0].lags = vec![0, 1, crate::run::trials::thin::LAG];
    }
    let drawn = draw(&scenario, folder.path(), &summary).expect("drawn");
    assert!(stems(&drawn).contains(&"figures/nets-saturation"));
}

#[test]
fn what_a_run_lacks_is_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut one = scenario(&["rnn"], &["only"]);
    // One arm without a name of its own, numbers that are none, no traces and no data.
    let drawn = draw(&one, folder.path(), &summary(&one, f64::NAN)).expect("drawn");
    assert!(
        !stems(&drawn)
            .iter()
            .any(|s| s.contains("stream") || s.contains("raster"))
    );
    assert!(stems(&drawn).contains(&"figures/compare"));

    one.plots = vec![Plot::Training];
    let drawn = draw(&one, folder.path(), &summary(&one, 0.5)).expect("drawn");
    assert_eq!(stems(&drawn), ["figures/training"]);

    let mut empty = summary(&one, 0.5);
    (empty.cells, empty.table) = (Vec::new(), Vec::new());
    one.plots = Plot::ALL.to_vec();
    assert!(draw(&one, folder.path(), &empty).expect("drawn").is_empty());
}

#[test]
fn a_damaged_trace_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = scenario(&["rnn"], &["classic"]);
    std::fs::create_dir(folder.path().join("traces")).expect("made");
    let path = folder.path().join("traces/rnn.classic.1.valid.h5");
    std::fs::write(&path, "no HDF5").expect("written");
    let error = draw(&scenario, folder.path(), &summary(&scenario, 0.5)).expect_err("damaged");
    assert!(
        error.to_string().contains("rnn.classic.1.valid.h5"),
        "{error}"
    );
}
