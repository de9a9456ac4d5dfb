//! Models against arms.

use saturn_plots::{
    Axis, Compare, CompareItem, ComparePanel, CompareValue, Heat, Look, Operating, OperatingPanel,
    OperatingPoint, Scatter, ScatterPanel, ScatterPoint, Series,
};

use crate::numbers::{ARMS, MANY, MODELS, Numbers, arms};

pub fn compare(models: usize, count: usize, fills: usize) -> Compare {
    let mut n = Numbers(7);
    let mut items = vec![CompareItem {
        name: "classic, oracle reset".to_owned(),
        look: Look::reference(),
    }];
    let all = arms(count);
    items.extend(all.iter().map(|(name, look, _)| CompareItem {
        name: format!("{name}, never reset"),
        look: *look,
    }));
    let fill_names = ["noise", "silence", "no gaps", "noise x 4"];
    let panels = fill_names[..fills].iter().enumerate().map(|(f, fill)| {
        let values = (0..models).map(|m| {
            (0..=count)
                .map(|k| {
                    let keep = if k == 0 { 0.0 } else { all[k - 1].2 };
                    let fall = keep * (30.0 + 9.0 * m as f64) * if f == 0 { 1.0 } else { 0.6 };
                    let value = n.around(98.0 - fall, 2.0).min(100.0);
                    let half = 1.0 + 0.06 * (100.0 - value);
                    let value = CompareValue {
                        value,
                        low: value - half,
                        high: (value + half).min(100.0),
                        seeds: (0..3)
                            .map(|_| n.around(value, 0.6 * half).min(100.0))
                            .collect(),
                    };
                    (m != 1 || k != 2).then_some(value)
                })
                .collect()
        });
        ComparePanel {
            title: (*fill).to_owned(),
            values: values.collect(),
        }
    });
    Compare {
        title: "Without resets the classic nets fall, the adaptive ones hold".to_owned(),
        models: MODELS[..models].iter().map(|m| (*m).to_owned()).collect(),
        items,
        panels: panels.collect(),
        chance: Some(10.0),
        ..Compare::default()
    }
}

pub fn heat(models: usize, columns: usize) -> Heat {
    let mut n = Numbers(31);
    let mut values: Vec<f64> = (0..models * columns)
        .map(|_| 100.0 - 70.0 * n.next().powi(2))
        .collect();
    if values.len() > 2 {
        values[2] = f64::NAN;
    }
    Heat {
        title: "Accuracy without resets, noise between the words".to_owned(),
        unit: "accuracy in %, summed over the segment, ± 95 % interval".to_owned(),
        rows: MODELS[..models].iter().map(|m| (*m).to_owned()).collect(),
        columns: std::iter::once("classic, oracle reset")
            .chain(ARMS)
            .take(columns)
            .map(|a| a.replace('_', " "))
            .collect(),
        half_widths: values.iter().map(|v| 0.2 + 0.05 * (100.0 - v)).collect(),
        values,
        range: Some((0.0, 100.0)),
        places: 1,
    }
}

/// A table of a whole comparison.
pub fn large_heat() -> Heat {
    let mut n = Numbers(5);
    let columns = ARMS.len() + 1;
    let values: Vec<f64> = (0..MANY.len() * columns)
        .map(|_| 100.0 - 70.0 * n.next().powi(2))
        .collect();
    Heat {
        title: "Accuracy without resets, noise between the words".to_owned(),
        unit: "accuracy in %, summed over the segment, ± 95 % interval".to_owned(),
        rows: MANY.iter().map(|m| (*m).to_owned()).collect(),
        columns: std::iter::once("classic, oracle reset")
            .chain(ARMS)
            .map(str::to_owned)
            .collect(),
        half_widths: values.iter().map(|v| 0.2 + 0.05 * (100.0 - v)).collect(),
        values,
        range: Some((10.0, 100.0)),
        places: 1,
    }
}

/// Nets in panels, an arm each.
pub fn scatter(models: usize, count: usize) -> Scatter {
    let mut n = Numbers(11);
    let all = arms(count);
    let mut panels = Vec::new();
    for (arm, look, keep) in &all {
        let points = MANY[..models].iter().map(|model| ScatterPoint {
            name: (*model).to_owned(),
            look: *look,
            at: (
                100.0 * n.next().powi(2),
                (keep * n.around(1.0, 0.8)).max(1e-4),
            ),
        });
        panels.push(ScatterPanel {
            title: (*arm).to_owned(),
            points: points.collect(),
        });
    }
    if models * count <= 30 {
        let points = panels.drain(..).flat_map(|p| p.points).collect();
        panels.push(ScatterPanel {
            title: String::new(),
            points,
        });
    }
    Scatter {
        title: "Does a saturated state retain the past?".to_owned(),
        x: Axis::linear("units at the ends of their range, %").over(0.0, 100.0),
        y: Axis::log("remaining effect of the past after 80 steps of noise"),
        legend: all.iter().map(|(n, l, _)| (*l, (*n).to_owned())).collect(),
        panels,
        caption: "Each marker is one net.".to_owned(),
    }
}

/// Detectors of some models.
pub fn operating(models: usize, count: usize) -> Operating {
    let all = arms(count);
    let panel = |m: usize| {
        let error = |keep: f64, share: f64| {
            100.0 * (0.02 + 0.7 * keep) * (0.3 + share * share) + 2.0 * m as f64
        };
        let alarms = |keep: f64, share: f64| (2000.0 * (keep + 0.02)) * (1.0 - share).powi(3);
        OperatingPanel {
            title: MANY[m].to_owned(),
            curves: (all.iter())
                .map(|(name, look, keep)| {
                    let points = (1..40).map(|k| {
                        let share = f64::from(k) / 40.0;
                        (alarms(*keep, share), error(*keep, share).min(100.0))
                    });
                    Series::new(*name, *look, points.collect())
                })
                .collect(),
            points: (all.iter())
                .map(|(name, look, keep)| OperatingPoint {
                    name: (*name).to_owned(),
                    look: *look,
                    false_alarms_per_hour: alarms(*keep, 0.6),
                    substitutions: 0.4 * error(*keep, 0.6),
                    misses: 0.6 * error(*keep, 0.6),
                })
                .collect(),
        }
    };
    Operating {
        panels: (0..models).map(panel).collect(),
        ..Operating::default()
    }
}
