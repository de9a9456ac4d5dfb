//! The timed work is what it claims to be.

use nalgebra::DMatrix;
use saturn_cell::{Input, View, ViewMut};
use saturn_loss::{Loss, Targets};

use super::floor::{Need, Pass, Shares};
use super::limit::Limits;
use super::scaling::exponent;
use super::task::{TrainStep, hidden_rate, on_cores};
use super::work::{INPUTS, Net, Work, events};
use saturn_network::Tapes;
use saturn_sim::scenario::Optimizer as Rule;
use saturn_train::optimizer::Optimizer;

/// The work of a spiking net grows with its rate, so a rate of 5-7 % is part of what is timed.
#[test]
fn hidden_units_spike_in_5_to_7_per_cent_of_the_steps() {
    let spiking = [Net::LifRecurrent, Net::LifTwice];
    let works = spiking
        .iter()
        .flat_map(|&net| [0.015, 0.13].map(|density| Work::train(net, density)))
        .chain([Work::train_wide(Net::LifRecurrent, 0.015)]);
    for work in works {
        let work = Work { lanes: 16, ..work };
        let net = work.network().expect("a net");
        let rate = hidden_rate(&work, &net).expect("it spikes");
        assert!((0.05..0.07).contains(&rate), "{work:?}: {rate}");
    }
    let rnn = Work::train(Net::Rnn, 0.015);
    let small = Work { lanes: 1, ..rnn };
    assert_eq!(hidden_rate(&small, &rnn.network().expect("a net")), None);
}

#[test]
fn inputs_have_their_density_and_lanes_do_not_depend_on_their_shard() {
    for density in [0.001, 0.015, 0.13, 0.5] {
        let work = Work {
            steps: 500,
            ..Work::train(Net::Rnn, density)
        };
        let batch = events(&work, 0..4);
        let cells = (4 * 500 * INPUTS) as f64;
        let share = batch.view().active() as f64 / cells;
        let noise = (density / cells).sqrt();
        assert!((share - density).abs() < 5.0 * noise, "{density}: {share}");
    }
    let work = Work {
        steps: 9,
        ..Work::train(Net::Rnn, 0.1)
    };
    let (both, second) = (events(&work, 2..4), events(&work, 3..4));
    for t in 0..9 {
        assert_eq!(both.view().column(2 * t + 1), second.view().column(t));
    }
}

/// The loss after some steps of the timed path (events, shards, sums in order) is that of a plain one:
/// dense inputs, all lanes at once.
#[test]
fn the_timed_step_trains_as_a_plain_one_does() {
    for kind in Net::ALL {
        let work = Work {
            hidden: 24,
            lanes: 6,
            steps: 12,
            shard_lanes: 2,
            ..Work::train(kind, 0.05)
        };
        let timed = TrainStep::loss_after(work, 20).expect("a net");
        let plain = plain_loss_after(work, 20);
        assert!((timed - plain).abs() < 1e-4, "{kind:?}: {timed} {plain}");
        let before = TrainStep::loss_after(work, 0).expect("a net");
        assert!(timed < before - 0.1, "{kind:?}: {before} to {timed}");
    }
}

/// Sums over shards have one order, whoever computes them.
#[test]
fn training_has_the_same_bits_at_1_2_and_7_threads() {
    for kind in Net::ALL {
        let work = Work {
            hidden: 40,
            lanes: 18,
            steps: 30,
            shard_lanes: 2,
            ..Work::train(kind, 0.05)
        };
        let losses = [1, 2, 7].map(|threads| {
            let loss = on_cores(threads, || TrainStep::loss_after(work, 5)).expect("a pool");
            loss.expect("a net").to_bits()
        });
        assert_eq!(losses, [losses[0]; 3], "{kind:?}");
    }
}

fn plain_loss_after(work: Work, steps: usize) -> f64 {
    let all = Work {
        shard_lanes: work.lanes,
        ..work
    };
    let mut batch = saturn_train::batch::Batch::default();
    all.fill(0, &mut batch);
    let columns = work.steps * work.lanes;
    let mut x = DMatrix::<f32>::zeros(INPUTS, columns);
    for j in 0..columns {
        let (units, counts) = batch.input.events().view().column(j);
        for (&unit, &count) in units.iter().zip(counts) {
            x[(unit as usize, j)] = count;
        }
    }
    let targets: Targets<f32> = batch.targets();
    let cross_entropy = Loss::default();
    let totals = cross_entropy.totals(&targets);
    let balance = cross_entropy.balance(0.0, [0.0; 2]);
    let mut net = work.network().expect("a net");
    let mut adam = Optimizer::new(Rule::default(), &net);
    let mut tapes = Tapes::new(&net);
    let mut loss = f64::NAN;
    for _ in 0..=steps {
        let x = Input::Dense(x.as_view());
        tapes.start(&net, work.steps, work.lanes);
        tapes.forward(&net, x, None);
        let mut grad = net.zero_gradient();
        let mut gradient = |_, logits: View<f32>, d: ViewMut<f32>| {
            let parts = cross_entropy.value_and_gradient(logits, &targets, &totals, balance, d);
            loss = parts.total;
        };
        tapes.backward(&net, x, &mut gradient, &mut grad, &mut |_, _, _, _| {});
        adam.step(&mut net, &grad, super::task::LEARNING_RATE);
    }
    loss
}

/// Units that spike in 6 % of the steps, all of which take part in the reverse pass.
const ALL: Shares = Shares {
    spiking: 0.06,
    active: 1.0,
};

/// The dense product of the reverse pass of recurrent LIF units and what is gathered, by hand.
#[test]
fn the_floor_counts_what_a_person_counts() {
    let work = Work::train(Net::LifRecurrent, 0.015);
    let columns = (work.steps * work.lanes) as f64;
    let need = Need::of(&work, Pass::Train, columns, ALL, 1000);
    let recurrent = 2.0 * 6400.0 * 256.0 * 256.0;
    let readout = 2.0 * 6400.0 * 256.0 * 20.0;
    assert!((need.flops - recurrent - readout).abs() < 1.0);
    let bytes: f64 = need.either.iter().map(|e| e.1).sum();
    let rows = 0.015 * 700.0 * 256.0 + 0.06 * 256.0 * 256.0 + 0.06 * 256.0 * 20.0;
    assert!((bytes - 2.0 * 4.0 * 6400.0 * rows).abs() < 1.0);
    let few = Shares {
        active: 0.15,
        ..ALL
    };
    let window = Need::of(&work, Pass::Train, columns, few, 1000);
    assert!((window.flops - 0.15 * need.flops).abs() < 1.0);
    // 26 connections a unit, each with a weight and a target of four bytes.
    let sparse = Work::train(Net::LifSparse, 0.015);
    let sparse = Need::of(&sparse, Pass::Train, columns, ALL, 1000);
    let connections = 6400.0 * 256.0 * 26.0;
    assert!((sparse.flops - 2.0 * connections - readout).abs() < 1.0);
    assert!((sparse.bytes - 2.0 * 8.0 * 0.06 * connections).abs() < 1.0);
    let elements = 6400.0 * (4.0 * 256.0 + 3.0 * 20.0) + 5.0 * 1000.0;
    assert!((need.elements - elements).abs() < 1.0);

    // The table at the module's head.
    let measured = Limits {
        cores: 1,
        product: 103e9,
        step_product: 99e9,
        read: 55e9,
        elements: 8e9,
    };
    let table = [16.3, 17.1, 29.7, 85.7, 157.8];
    for (kind, floor) in Net::ALL.into_iter().zip(table) {
        let work = Work::train(kind, 0.015);
        let parameters = work.network().expect("a net").parameters();
        let need = Need::of(&work, Pass::Train, columns, ALL, parameters);
        let ms = 1e3 * need.seconds(&measured);
        assert!((ms - floor).abs() < 0.1, "{kind:?}: {ms}");
    }

    let limits = Limits {
        cores: 1,
        product: 1e11,
        step_product: 1e11,
        read: 5e10,
        elements: 1e10,
    };
    let alone = Need {
        flops: 1e9,
        bytes: 1e9,
        either: vec![(1e9, 1e9), (1e10, 1e8)],
        elements: 1e9,
    };
    // A product of events is the faster of dense and gathered.
    let seconds = 0.01 + 0.02 + (0.01 + 0.002) + 0.1;
    assert!((alone.seconds(&limits) - seconds).abs() < 1e-12);
}

/// A power is found from the last decade alone, where fixed costs no longer count.
#[test]
fn exponents_are_those_of_the_last_decade() {
    let points = |f: fn(f64) -> f64| -> Vec<(f64, f64)> {
        [1.0, 10.0, 100.0, 300.0, 1000.0]
            .map(|x| (x, f(x)))
            .to_vec()
    };
    let near = |found: f64, power: f64| assert!((found - power).abs() < 1e-9, "{found}");
    near(exponent(&points(|x| 3.0 * x * x)), 2.0);
    near(
        exponent(&points(|x| if x < 50.0 { 7.0 } else { x.sqrt() })),
        0.5,
    );
    assert!(exponent(&[(1.0, 2.0)]).is_nan());
}
