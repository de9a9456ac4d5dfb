//! Stretches of streams, recordings, data sets.

use saturn_plots::{Inspect, Raster, RasterPlot, Span, Stream, StreamOutput, TraceArm, Traces};

use crate::numbers::{Numbers, arms};

fn spans() -> Vec<Span> {
    [
        (39.28, 39.81, 1),
        (40.06, 40.37, 8),
        (40.6, 41.18, 3),
        (41.37, 41.86, 2),
        (42.35, 42.87, 5),
        (43.34, 43.66, 8),
        (43.83, 44.14, 8),
    ]
    .into_iter()
    .map(|(from_s, to_s, class)| Span {
        from_s,
        to_s,
        class,
        name: class.to_string(),
    })
    .collect()
}

fn inside(t: f64) -> Option<usize> {
    spans().iter().position(|s| t >= s.from_s && t < s.to_s)
}

pub fn stream(count: usize, estimated: bool) -> Stream {
    let mut n = Numbers(11);
    let (start_s, dt_s, steps, rows) = (38.88, 0.01, 565, 40);
    let time = |t: usize| start_s + t as f64 * dt_s;
    let mut input = Raster {
        rows,
        columns: steps,
        values: vec![0.0; rows * steps],
    };
    for row in 0..rows {
        for t in 0..steps {
            let r = row as f64 / rows as f64;
            let level = match inside(time(t)) {
                Some(k) => {
                    let formant = 0.3 + 0.2 * (k as f64 + 6.0 * (time(t) - start_s)).sin();
                    (-((r - formant) / 0.08).powi(2)).exp()
                        + 0.7 * (-((r - 0.8) / 0.1).powi(2)).exp()
                }
                None => 0.25 * r,
            };
            input.values[row * steps + t] = (n.around(level, 0.3 * level.sqrt())).max(0.0) as f32;
        }
    }
    let mask: Vec<f32> = (0..steps)
        .map(|t| if inside(time(t)).is_some() { 1.0 } else { 0.0 })
        .collect();
    let pick = if count == 2 {
        vec![arms(4)[0], arms(4)[3]]
    } else {
        arms(count)
    };
    let outputs = pick.into_iter().map(|(name, look, keep)| {
        let mut state = [0.1f64; 10];
        let mut probabilities = Vec::new();
        for t in 0..steps {
            let want = inside(time(t)).map(|k| spans()[k].class);
            for (c, p) in state.iter_mut().enumerate() {
                let target = match want {
                    Some(class) => {
                        if keep > 0.4 && c == 5 {
                            0.9
                        } else {
                            f64::from(u8::from(c == class)) * (1.0 - keep)
                        }
                    }
                    None => {
                        if keep > 0.4 {
                            *p
                        } else {
                            0.1
                        }
                    }
                };
                *p += (0.12 * (1.0 - keep)) * (target - *p) + n.around(0.0, 0.01);
                *p = p.clamp(0.0, 1.0);
            }
            probabilities.extend(state.iter().map(|p| *p as f32));
        }
        let says = spans()
            .iter()
            .map(|s| {
                Some(if keep > 0.4 && s.class != 2 {
                    5
                } else {
                    s.class
                })
            })
            .collect();
        StreamOutput {
            name: name.to_owned(),
            look,
            probabilities,
            says,
        }
    });
    Stream {
        title: "The same GRU on the same stream: with standard training it cannot forget the past"
            .to_owned(),
        start_s,
        dt_s,
        input,
        channel_count: 700,
        estimated_mask: if estimated {
            let mut late = vec![0.0; 6];
            late.extend_from_slice(&mask[..steps - 6]);
            late
        } else {
            Vec::new()
        },
        mask,
        spans: spans(),
        classes: (0..10).map(|c| c.to_string()).collect(),
        outputs: outputs.collect(),
    }
}

pub fn traces(count: usize, units: usize) -> Traces {
    let mut n = Numbers(17);
    let (start_s, dt_s, steps) = (38.88, 0.01, 565);
    let mask: Vec<f32> = (0..steps)
        .map(|t| {
            if inside(start_s + t as f64 * dt_s).is_some() {
                1.0
            } else {
                0.0
            }
        })
        .collect();
    let arms = arms(count).into_iter().map(|(name, look, keep)| TraceArm {
        name: name.to_owned(),
        look,
        units: (0..units)
            .map(|u| {
                let mut h = 0.0;
                let values = mask.iter().enumerate().map(|(t, m)| {
                    let drive = f64::from(*m) * (0.05 * t as f64 + u as f64).sin();
                    h = (0.9 + 0.09 * keep) * h + 0.1 * drive + n.around(0.0, 0.02);
                    h as f32
                });
                (format!("unit {}", 7 * u + 3), values.collect())
            })
            .collect(),
    });
    Traces {
        title: "In the gaps the states of the adaptive network decay".to_owned(),
        quantity: "hidden state, tanh units".to_owned(),
        start_s,
        dt_s,
        spans: spans(),
        arms: arms.collect(),
        mask,
    }
}

pub fn recording(events: usize, title: &str) -> RasterPlot {
    let mut n = Numbers(23);
    let mut times_s = Vec::new();
    let mut channels = Vec::new();
    for _ in 0..events {
        let t = 0.08 + 0.55 * n.next();
        let c = match (n.next() * 4.0) as u32 {
            0 => n.around(120.0 + 300.0 * t, 40.0),
            1 => n.around(420.0 - 200.0 * t, 50.0),
            2 => n.around(600.0, 60.0),
            _ => 700.0 * n.next(),
        };
        times_s.push(t);
        channels.push(c.max(0.0) as u32);
    }
    RasterPlot {
        title: title.to_owned(),
        times_s,
        channels,
        channel_count: 700,
        window_s: Some((0.0, 0.7)),
        spans: Vec::new(),
    }
}

pub fn inspect(classes: usize, long: bool) -> Inspect {
    let mut n = Numbers(29);
    Inspect {
        title: "train.h5: 1 500 recordings, 700 channels, 12.3 million events".to_owned(),
        example: recording(9000, "recording 0: “seven”, speaker 4"),
        rates_hz: (0..700)
            .map(|c| 20.0 + 15.0 * (f64::from(c) * 0.01).sin() + 6.0 * n.next())
            .collect(),
        durations_s: (0..1500).map(|_| n.around(0.55, 0.25).max(0.15)).collect(),
        classes: (0..classes)
            .map(|c| {
                let name = if long {
                    format!("English {c}")
                } else {
                    c.to_string()
                };
                (name, (120.0 + 40.0 * n.next()) as usize)
            })
            .collect(),
    }
}
