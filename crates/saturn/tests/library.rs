//! The library as a user meets it: round trips, and errors that name what is wrong.

use saturn::prelude::*;
use saturn::{InitialState, Instrument};

fn recording(index: usize, label: usize) -> Recording {
    Recording {
        times_s: vec![0.005, 0.015, 0.035],
        units: vec![label as u32, 2, 1],
        label,
        speaker: None,
        index,
    }
}

fn data() -> Dataset {
    let some = |n: usize| (0..n).map(|i| recording(i, i % 2)).collect();
    Dataset::from_recordings(some(24), some(8), 4, 10.0).unwrap()
}

fn lif() -> Network {
    let lif = LifConfig {
        hidden: 8,
        ..default()
    };
    Network::builder(4).layer(lif).classes(2).build().unwrap()
}

fn message<T>(result: Result<T, Error>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn what_is_saved_loads_without_its_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let ssm = SsmBlockConfig {
        width: 6,
        states: 4,
        ..default()
    };
    let net = Network::<f64>::builder(4)
        .layer(LifConfig::default())
        .layer(ssm)
        .class_names(["no", "yes"])
        .dt_ms(5.0)
        .build()
        .unwrap();
    net.save(&path).unwrap();
    let loaded = Network::<f64>::load(&path).unwrap();
    assert_eq!(loaded.class_names(), ["no", "yes"]);
    assert_eq!((loaded.channels(), loaded.dt_ms()), (4, 5.0));
    let (mut a, mut b) = (net.stream(), loaded.stream());
    for t in 0..40 {
        let events = [(t % 4, 1.0)];
        assert_eq!(a.step(events).unwrap(), b.step(events).unwrap());
    }
}

#[test]
fn training_stops_when_told_and_has_the_same_bits_each_time() {
    let data = data();
    let trainer = Trainer::new(AdaptiveConfig::default()).epochs(5).lanes(4);
    let trained = || {
        let (mut net, mut epochs) = (lif(), 0);
        let stop = |_: &saturn::EpochRecord| {
            epochs += 1;
            epochs < 3
        };
        let history = trainer.fit_watched(&mut net, &data, stop).unwrap();
        assert_eq!(history.epochs.len(), 3);
        let report = Evaluation::new(&data).steps(4_000).run(&net).unwrap();
        (history.epochs[2].loss.to_bits(), report.summed.unwrap())
    };
    assert_eq!(trained(), trained());
}

#[test]
fn as_many_updates_as_epochs_have_are_the_same_training_and_none_change_nothing() {
    let data = data();
    let trainer = || Trainer::new(AdaptiveConfig::default()).lanes(4);
    let fit = |trainer: Trainer| {
        let mut net = lif();
        let history = trainer.fit(&mut net, &data).unwrap();
        let report = Evaluation::new(&data).steps(4_000).run(&net).unwrap();
        let loss = history.epochs.last().map(|epoch| epoch.loss.to_bits());
        (
            history.epochs.len(),
            loss,
            report.summed.unwrap().value.to_bits(),
        )
    };
    // 24 samples, four lanes of two an update.
    let updates = 3;
    assert_eq!(fit(trainer().epochs(2)), fit(trainer().steps(2 * updates)));
    assert_eq!(
        fit(trainer().steps(updates + 1)).0,
        2,
        "the second is cut short"
    );
    let before = Evaluation::new(&data).steps(4_000).run(&lif()).unwrap();
    let unchanged = (0, None, before.summed.unwrap().value.to_bits());
    assert_eq!(fit(trainer().steps(0)), unchanged);
}

#[test]
fn an_estimated_mask_instruments_and_a_test_split_work() {
    let test = (0..6).map(|i| recording(i, i % 2)).collect();
    let data = data().with_test(test).unwrap();
    let loss = AdaptiveConfig {
        mask: saturn::losses::MaskConfig::Contrast(default()),
        ..default()
    };
    let mut net = lif();
    let trainer = Trainer::new(loss).initial_state(InitialState::FittedNoise);
    trainer.epochs(1).fit(&mut net, &data).unwrap();
    let evaluation = Evaluation::new(&data).on_test().steps(4_000);
    let report = evaluation.instrument(Instrument::Calibration).run(&net);
    assert!(report.unwrap().answers.calibration.is_some());
}

#[test]
fn a_state_is_plain_numbers_and_fits_its_network_alone() {
    let net = lif();
    let mut stream = net.stream();
    for t in 0..9 {
        stream.step([(t % 4, 1.0)]).unwrap();
    }
    let state = stream.state();
    assert_eq!(state.steps, 9);
    stream.reset();
    assert_ne!(stream.state().cells, state.cells);
    let other = Network::<f32>::builder(4).classes(2).build().unwrap();
    let refused = message(other.stream().restore(&state));
    assert!(refused.contains("another network"), "{refused}");
}

#[test]
fn what_does_not_fit_is_named_and_leaves_the_state() {
    let net = lif();
    let mut stream = net.stream();
    stream.step([(0, 1.0)]).unwrap();
    let before = stream.state();
    for events in [
        vec![(4, 1.0)],
        vec![(2, 1.0), (1, 1.0)],
        vec![(1, 1.0), (1, 1.0)],
    ] {
        assert!(
            message(stream.step(events).map(<[f32]>::len)).contains("out of order or out of range")
        );
    }
    assert!(
        message(stream.step_dense(&[0.0; 3]).map(<[f32]>::len)).contains("3 values for 4 channels")
    );
    assert_eq!(stream.state(), before);
}

#[test]
fn settings_out_of_range_are_named() {
    let data = data();
    let fit = |trainer: Trainer| message(trainer.fit(&mut lif(), &data));
    let trainer = || Trainer::new(CrossEntropyConfig::default());
    assert!(fit(trainer().epochs(0)).starts_with("epochs: `0` is out of range"));
    assert!(fit(trainer().learning_rate(f64::NAN)).starts_with("learning_rate: `NaN`"));
    assert!(fit(trainer().lanes(0)).starts_with("lanes: `0`"));
    let evaluate = |e: Evaluation| message(e.run(&lif()));
    assert!(evaluate(Evaluation::new(&data).steps(3)).starts_with("steps: `3`"));
    assert!(evaluate(Evaluation::new(&data).lanes(0)).starts_with("lanes: `0`"));
    assert!(evaluate(Evaluation::new(&data).on_test()).contains("no test samples"));
    let build = |channels| Network::<f32>::builder(channels).classes(2).build();
    assert!(message(build(0)).contains("at least one input channel"));
    assert!(message(Network::<f32>::builder(1).build()).contains("at least one class"));
    let layer = LifConfig {
        hidden: 0,
        ..default()
    };
    let zero = Network::<f32>::builder(1).layer(layer).classes(2).build();
    assert!(message(zero).contains("layers.0"));
    let narrow = Network::<f32>::builder(3).classes(2).build().unwrap();
    assert!(
        message(Evaluation::new(&data).run(&narrow)).contains("3 channels and the data have 4")
    );
    let label = Dataset::from_recordings(vec![recording(0, 1)], Vec::new(), 4, 10.0);
    assert!(message(label).contains("no recordings"));
    assert!(message(Dataset::from_recordings(vec![], vec![], 4, -1.0)).starts_with("dt_ms"));
}

#[test]
fn dense_samples_train_and_do_not_mix_with_events() {
    let frames = |i: usize| saturn::Frames {
        values: (0..20).map(|k| (k * (i % 2) + i) as f32).collect(),
        mask: vec![true; 10],
        label: i % 2,
        speaker: None,
        index: i,
    };
    let some = |n: usize| (0..n).map(frames).collect();
    let data = Dataset::from_frames(some(16), some(8), 2, 10.0).unwrap();
    let gru = GruConfig::default();
    let mut net: Network = Network::builder(2).layer(gru).classes(2).build().unwrap();
    let trainer = Trainer::new(AdaptiveConfig::default());
    trainer.epochs(1).fit(&mut net, &data).unwrap();
    assert!(Evaluation::new(&data).steps(2_000).run(&net).is_ok());
    let refused = message(data.with_test(vec![recording(0, 0)]));
    assert!(refused.contains("test samples are events"), "{refused}");
}

#[test]
fn a_network_with_an_output_for_nothing_is_asked_for_by_name() {
    let loss = saturn::losses::NothingConfig::default();
    let refused = message(Trainer::new(loss).epochs(1).fit(&mut lif(), &data()));
    assert!(
        refused.contains("needs 1 outputs") && refused.contains("extra_outputs"),
        "{refused}"
    );
}
