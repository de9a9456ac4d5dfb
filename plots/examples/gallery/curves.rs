//! Lines against time, position and epoch.

use saturn_plots::{
    Accuracy, AccuracyPanel, Axis, Contraction, Level, LinePanel, Look, Saturation,
    SaturationModel, SaturationPanel, Series, Slope, Training, TrainingArm, TrainingModel,
    TrainingRun,
};

use crate::numbers::{MODELS, Numbers, arms};

pub fn contraction(models: usize, count: usize, log: bool) -> Contraction {
    let mut n = Numbers(3);
    let panels = MODELS[..models].iter().enumerate().map(|(m, model)| {
        let series = arms(count).into_iter().map(|(name, look, keep)| {
            let keep = keep * if m < 2 { 0.1 } else { 1.0 };
            let points = (0..400).map(|k| {
                let t = f64::from(k) * 0.01;
                let left = keep + (1.0 - keep) * (-t * (3.0 + m as f64 + 8.0 * (1.0 - keep))).exp();
                (t, (left * n.around(1.0, 0.04)).max(0.0))
            });
            Series::new(name, look, points.collect())
        });
        LinePanel::new(*model, series.collect())
    });
    let mut figure = Contraction {
        panels: panels.collect(),
        threshold: Some(Level::new(0.15, "target")),
        ..Contraction::default()
    };
    figure.x = Axis::linear("time in the same gap (noise), s");
    if log {
        figure.y = Axis::log("remaining effect of the past");
    }
    figure
}

pub fn accuracy(models: usize, count: usize) -> Accuracy {
    let mut n = Numbers(5);
    let panels = MODELS[..models].iter().map(|model| {
        let all = arms(count);
        let series = all.iter().map(|(name, look, keep)| {
            let level = 98.0 - 60.0 * keep;
            let points: Vec<(f64, f64)> = (0..40)
                .map(|k| {
                    (
                        25_000.0 * (f64::from(k) + 0.5),
                        n.around(level, 3.0).min(100.0),
                    )
                })
                .collect();
            let bounds = points
                .iter()
                .map(|p| (p.1 - 3.0, (p.1 + 3.0).min(100.0)))
                .collect();
            Series::new(format!("{name}, never reset"), *look, points).with_interval(bounds)
        });
        let mut series: Vec<Series> = series.collect();
        let oracle = (0..40)
            .map(|k| (25_000.0 * (f64::from(k) + 0.5), 98.5))
            .collect();
        series.push(Series::new(
            "classic, oracle reset",
            Look::reference(),
            oracle,
        ));
        let slopes = all.iter().map(|(name, look, keep)| Slope {
            name: (*name).to_owned(),
            look: *look,
            points_per_million: 0.4 - 3.0 * keep,
            standard_error: 0.31,
        });
        AccuracyPanel {
            title: (*model).to_owned(),
            series,
            slopes: slopes.collect(),
        }
    });
    Accuracy {
        panels: panels.collect(),
        chance: Some(10.0),
        ..Accuracy::default()
    }
}

pub fn saturation(models: usize, count: usize) -> Saturation {
    let mut n = Numbers(13);
    let mut line = |level: f64, drift: f64, spread: f64| -> Vec<(f64, f64)> {
        (0..60)
            .map(|k| {
                let x = 16_667.0 * (f64::from(k) + 0.5);
                (x, n.around(level + drift * x / 1e6, spread).max(0.0))
            })
            .collect()
    };
    let mut panel = |title: &str, unit: &str, level: f64, band: bool, bound: Option<Level>| {
        let series = arms(count).into_iter().map(|(name, look, keep)| {
            let points = line(level * (0.4 + 0.6 * keep), 0.3 * level * keep, 0.04 * level);
            let series = Series::new(name, look, points.clone());
            if band {
                series.with_interval(points.iter().map(|p| (0.7 * p.1, 1.3 * p.1)).collect())
            } else {
                series
            }
        });
        SaturationPanel {
            title: title.to_owned(),
            y: Axis::linear(unit),
            series: series.collect(),
            levels: bound.into_iter().collect(),
        }
    };
    let models = MODELS[..models].iter().map(|name| {
        let panels = match *name {
            "LIF" | "ALIF" => vec![
                panel("firing rate", "Hz", 12.0, false, None),
                panel("silent neurons", "%", 20.0, false, None),
                panel("membrane over threshold", "ratio", 0.6, true, None),
                panel("effective rank", "of 128", 40.0, false, None),
            ],
            "SSM" => vec![
                panel(
                    "state over its bound",
                    "ratio",
                    0.7,
                    true,
                    Some(Level::new(1.0, "bound")),
                ),
                panel("effective rank", "of 128", 30.0, false, None),
            ],
            _ => vec![
                panel("pinned units", "%", 35.0, false, None),
                panel("gates, 5 to 95 %", "value", 0.5, true, None),
                panel("effective rank", "of 128", 25.0, false, None),
            ],
        };
        SaturationModel {
            name: (*name).to_owned(),
            panels,
        }
    });
    Saturation {
        models: models.collect(),
        ..Saturation::default()
    }
}

pub fn training(models: usize, count: usize, seeds: usize) -> Training {
    let mut n = Numbers(19);
    let models = MODELS[..models].iter().map(|name| TrainingModel {
        name: (*name).to_owned(),
        arms: arms(count)
            .into_iter()
            .enumerate()
            .map(|(k, (name, look, _))| TrainingArm {
                name: name.to_owned(),
                look,
                runs: (0..seeds)
                    .map(|_| TrainingRun {
                        loss: (0..20)
                            .map(|e| {
                                n.around(0.15 * k as f64 + 2.3 * (-0.3 * f64::from(e)).exp(), 0.1)
                                    .max(0.01)
                            })
                            .collect(),
                        accuracy: (0..20)
                            .map(|e| {
                                n.around(
                                    97.0 - 2.0 * k as f64 - 87.0 * (-0.5 * f64::from(e)).exp(),
                                    2.0,
                                )
                                .clamp(0.0, 100.0)
                            })
                            .collect(),
                    })
                    .collect(),
            })
            .collect(),
    });
    Training {
        models: models.collect(),
        ..Training::default()
    }
}
