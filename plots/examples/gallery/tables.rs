//! Models against arms.

use saturn_plots::{Compare, CompareItem, ComparePanel, CompareValue, Heat, Look};

use crate::numbers::{ARMS, MODELS, Numbers, arms};

pub fn compare(models: usize, count: usize, fills: usize) -> Compare {
    let mut n = Numbers(7);
    let mut items = vec![CompareItem {
        name: "classic, oracle reset".to_owned(),
        look: Look::arm("classic").with_reset("oracle"),
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
        title: "Accuracy without reset, noise between the words".to_owned(),
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
