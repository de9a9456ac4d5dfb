//! Events of one unit at one microsecond count live as they do in training.

use std::fs;

use saturn_cell::{Input, column};
use saturn_data::{OnBadSample, ReadOptions, Recording, WriteMeta, write_events};
use saturn_live::decide::Decider;
use saturn_live::model::Model as _;
use saturn_live::protocol::{Format, Item};
use saturn_loss::softmax::softmax;
use saturn_network::{Network, NetworkStream};
use saturn_sim::trained::TrainedModel;
use saturn_stream::{Columns, Form, Split};

use super::{bench, bytes, count, hear, scratch, start};
use crate::saturn::succeeds;

const NET: &str = "out/lif.adaptive.1";
const OPTIONS: [&str; 3] = ["--every", "1", "--no-health"];

/// Half a second with repeats of every kind: of two and of 300 events. None is on the edge of a step.
fn recording() -> Recording {
    let mut events = vec![(0.003, 2); 2];
    events.extend(vec![(0.0155, 5); 300]);
    events.extend((0..120).flat_map(|k| {
        let t_s = 0.003 + f64::from(k / 3) * 0.0125;
        vec![(t_s, k % 16); 1 + k as usize % 3]
    }));
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    Recording {
        times_s: events.iter().map(|e| e.0).collect(),
        units: events.iter().map(|e| e.1).collect(),
        label: 0,
        speaker: None,
        index: 0,
    }
}

/// The mean probabilities that the net has on what training is given of the file, step by step.
fn trained_on(path: &std::path::Path) -> Vec<f64> {
    let options = ReadOptions {
        channels: 16,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let split = Split::open(path, &options, 10.0).unwrap();
    let sample = split.sample(0).unwrap();
    let mut columns = Columns::<f32>::new(Form::Events, 16);
    (0..sample.steps()).for_each(|t| sample.content.push(t, &mut columns));
    let model = TrainedModel::open(&bench().path(NET)).unwrap();
    let network: Network<f32> = model.network().unwrap();
    let mut live = NetworkStream::new(&network, 1);
    let config = model.scenario.evaluate.detector;
    let mut decider = Decider::new(&config, 4, model.threshold.unwrap());
    let mut p = vec![0.0f32; 4];
    let events = columns.events().view();
    (0..sample.steps())
        .map(|t| {
            let logits = live.step(&network, Input::Events(events.slice(t, 1)));
            softmax(column(&logits, 0), &mut p);
            decider.observe(&p).score
        })
        .collect()
}

fn probabilities(running: &super::Running) -> Vec<f64> {
    let lines = running.decisions().into_iter();
    lines
        .map(|line| line["probability"].as_f64().unwrap())
        .collect()
}

#[test]
fn repeats_are_the_same_live_as_in_training() {
    let path = scratch("repeats/rep.h5");
    let recording = recording();
    let events = recording.times_s.len() as u64;
    let meta = WriteMeta {
        channels: 16,
        class_names: ["a", "b", "c", "d"].map(String::from).to_vec(),
        ..WriteMeta::default()
    };
    write_events(&path, [recording.clone()], &meta).unwrap();
    let expected = trained_on(&path);
    // By the client, into a file that is then read.
    let sent = scratch("repeats/sent.bin");
    let (from, to) = (path.to_str().unwrap(), sent.to_str().unwrap());
    let arguments = [
        "send",
        from,
        "--channels",
        "16",
        "--gap-ms",
        "0",
        "--to",
        to,
    ];
    succeeds(&bench().saturn(&arguments));
    let mut file = start(NET, &[&OPTIONS[..], &["--from", to]].concat());
    assert_eq!(file.end(), 0, "{}", file.said);
    // An event at a time, as a sensor sends them, in both forms.
    let items: Vec<Item> = (recording.times_s.iter().zip(&recording.units))
        .map(|(t_s, &unit)| Item::Event {
            time_us: (t_s * 1e6).round() as u64,
            unit,
            count: 1,
        })
        .collect();
    for running in [
        file,
        hear(NET, &OPTIONS, &bytes(&items, Format::Line)),
        hear(NET, &OPTIONS, &bytes(&items, Format::Binary)),
        hear(NET, &OPTIONS, &fs::read(&sent).unwrap()),
    ] {
        let found = probabilities(&running);
        assert_eq!(found[..expected.len()], expected, "{}", running.said);
        assert_eq!(count(running.last(), "duplicates"), 0);
    }
    // If a sender repeats itself, an option counts each event once.
    let once = [&OPTIONS[..], &["--repeats", "once"]].concat();
    let running = hear(NET, &once, &bytes(&items, Format::Line));
    assert_ne!(probabilities(&running)[..expected.len()], expected);
    let last = running.last();
    assert_eq!(count(last, "taken") + count(last, "duplicates"), events);
    assert!(count(last, "duplicates") > 300, "{last}");
}
