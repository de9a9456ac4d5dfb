use saturn_cell::init::normal;
use saturn_cell::rng::generator;
use saturn_cell::view;

use super::super::toy::{Toy, field};
use super::*;

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * b.abs() + 1e-12, "{a} is not {b}");
}

/// Pairs at once have the bits of pairs one by one.
#[test]
fn distances_are_summed_pair_by_pair() {
    for rows in [1, 7, 8, 13, 64] {
        for starts in [1, 2, 3, 5, 6, 17] {
            let states = normal::<f64>(rows, starts, 1.0, &mut generator(4, "pairs", rows as u64));
            let mut sum = 0.0;
            for i in 0..starts {
                for j in 0..i {
                    let mut sums = [0.0; 8];
                    for k in 0..rows {
                        sums[k % 8] += (states[(k, i)] - states[(k, j)]).powi(2);
                    }
                    sum += sums.iter().sum::<f64>().sqrt();
                }
            }
            let pairs = (starts * (starts - 1) / 2) as f64;
            let expected = (starts > 1).then_some(sum / pairs);
            assert_eq!(
                mean_distance(states.as_slice(), rows),
                expected,
                "{rows} rows, {starts} starts"
            );
        }
    }
    assert_eq!(mean_distance(&[], 0), None);
}

/// A cell with spikes first, then a value, then a membrane.
fn cell() -> Toy {
    Toy {
        state: vec![
            field("s", 0..2, FieldKind::Spikes),
            field("i", 2..4, FieldKind::Value),
            field("v", 4..7, FieldKind::Membrane),
        ],
        ..Toy::default()
    }
}

/// Fields that shrink by 0.5, 0.9 and not at all, for any constant added to all starts by the gap.
#[test]
fn fields_contract_at_their_own_pace() {
    let start = normal::<f64>(7, 64, 1.0, &mut generator(1, "start", 0));
    let mut contraction = Contraction::new(2, &cell());
    for gap in 0..8 {
        let mut states = start.clone();
        let noise = normal::<f64>(7, 21, 3.0, &mut generator(1, "gap", gap));
        for k in 0..=20 {
            contraction.observe(k, states.as_view());
            for mut s in states.column_iter_mut() {
                for (row, v) in s.iter_mut().enumerate() {
                    let factor = [1.0, 1.0, 0.5, 0.5, 0.9, 0.9, 0.9][row];
                    *v = factor * *v + noise[(row, k)];
                }
            }
        }
    }
    let curves = contraction.curves();
    for (curve, factor) in curves.iter().zip([1.0, 0.5, 0.9]) {
        assert_eq!(curve.lags, (0..=20).collect::<Vec<_>>());
        for (k, &value) in curve.values.iter().enumerate() {
            close(value, f64::powi(factor, k as i32));
        }
        assert_eq!((curve.layer, &curve.relative_to_stream), (2, &None));
    }
    let told: Vec<_> = curves
        .iter()
        .map(|c| (&*c.field, c.spikes, c.main))
        .collect();
    assert_eq!(
        told,
        [("s", true, false), ("i", false, false), ("v", false, true)]
    );
}

/// Three starts at the corners of a 3-4-5 triangle, then of one half its size in one gap and of one
/// quarter in the other.
#[test]
fn distances_are_means_over_pairs_and_gaps() {
    let toy = Toy {
        state: vec![field("x", 0..2, FieldKind::Complex)],
        ..Toy::default()
    };
    let mut contraction = Contraction::new(0, &toy);
    let triangle = [0.0, 0.0, 3.0, 0.0, 0.0, 4.0];
    for part in [0.5, 0.25] {
        contraction.observe(0, view(&triangle, 2, 3));
        contraction.observe(10, view(&triangle.map(|v| part * v), 2, 3));
        contraction.observe(11, view(&[f64::NAN; 6], 2, 3));
    }
    let curve = &contraction.curves()[0];
    assert_eq!(curve.lags, [0, 10]);
    close(curve.distances[0], 4.0);
    close(curve.distances[1], 1.5);
    close(curve.values[1], 0.375);
}

/// Well under the size of the states, distances stay exact: here 1e-9 of the state's norm.
#[test]
fn small_distances_do_not_drown() {
    let mut contraction = Contraction::new(0, &cell());
    let mut states = [1.0f64; 14];
    contraction.observe(0, view(&[[0.0; 7], [1.0; 7]].concat(), 7, 2));
    states[7..].fill(1.0 + 1e-9);
    contraction.observe(1, view(&states, 7, 2));
    assert!((contraction.curves()[2].values[1] - 1e-9).abs() < 1e-15);
}

#[test]
fn the_stream_gives_the_root_mean_square_distance_of_its_pairs() {
    let stream = normal::<f64>(7, 30, 2.0, &mut generator(2, "stream", 0));
    let mut contraction = Contraction::new(0, &cell());
    for block in 0..6 {
        contraction.observe_stream(stream.columns(5 * block, 5).clone_owned().as_view());
    }
    contraction.observe(0, stream.columns(0, 9).clone_owned().as_view());
    for (curve, field) in contraction.curves().iter().zip(cell().state) {
        let own = stream.rows_range(field.rows);
        let mut squares = Vec::new();
        for i in 0..30 {
            squares.extend((0..i).map(|j| (own.column(i) - own.column(j)).norm_squared()));
        }
        let rms = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
        close(
            curve.relative_to_stream.as_ref().unwrap()[0],
            curve.distances[0] / rms,
        );
    }
}

#[test]
fn starts_that_do_not_differ_have_no_curve() {
    let mut contraction = Contraction::new(0, &cell());
    contraction.observe(0, view(&[0.5; 14], 7, 2));
    contraction.observe_stream(view(&[0.5; 14], 7, 2));
    let curve = &contraction.curves()[0];
    assert_eq!((curve.distances.len(), curve.values.len()), (1, 0));
    assert_eq!(curve.relative_to_stream, None);
    assert_eq!(headline(&contraction.curves()), None);
}

#[test]
fn the_headline_is_the_mean_over_layers_of_main_fields() {
    let curve = |layer, main, values: &[f64]| ContractionCurve {
        layer,
        field: "h".to_owned(),
        spikes: false,
        main,
        lags: (0..values.len()).collect(),
        distances: values.to_vec(),
        values: values.to_vec(),
        relative_to_stream: (layer < 2).then(|| values.iter().map(|v| 2.0 * v).collect()),
    };
    let curves = [
        curve(0, true, &[1.0, 0.5, 0.25]),
        curve(0, false, &[1.0, 0.9, 0.9]),
        curve(1, true, &[1.0, 0.7]),
        curve(2, true, &[]),
    ];
    let one = headline(&curves).unwrap();
    assert_eq!(one.lags, [0, 1]);
    close(one.values[1], 0.6);
    close(one.relative_to_stream.unwrap()[1], 1.2);
    let lacking = headline(&[curve(0, true, &[1.0]), curve(2, true, &[1.0])]).unwrap();
    assert_eq!(lacking.relative_to_stream, None);
}

/// Of spikes, a distance by bits is the distance by numbers, to the bit; of other numbers there is none.
#[test]
fn distances_of_spikes_are_the_same_by_bits_and_by_numbers() {
    for rows in [1usize, 8, 63, 64, 65, 128, 200] {
        for starts in [2, 3, 7, 64] {
            let spike = |i: usize| f64::from(u8::from(i * 2_654_435_761 % 97 < 20));
            let mut states: Vec<f64> = (0..rows * starts).map(spike).collect();
            let by_bits = spike_distance(&states, rows).unwrap();
            let by_numbers = mean_distance(&states, rows).unwrap();
            assert_eq!(by_bits.to_bits(), by_numbers.to_bits(), "{rows} x {starts}");
            states[rows] = 0.5;
            assert_eq!(spike_distance(&states, rows), None);
            states[rows] = f64::NAN;
            assert_eq!(spike_distance(&states, rows), None);
        }
        assert_eq!(spike_distance(&vec![1.0; rows], rows), None, "no pair");
    }
}
