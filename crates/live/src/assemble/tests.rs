//! Hand-made streams and random ones: no event counts twice, memory is bounded, order within the window does
//! not matter.

use proptest::prelude::*;

use super::*;

const CONFIG: AssembleConfig = AssembleConfig {
    channels: 8,
    dt_ms: 10.0,
    window: 0,
    early: 0,
    most_ahead: 1_000,
    most_events: 4,
    rebase_after: None,
    repeats: Repeats::Count,
    wrap_bits: None,
};

fn event(time_us: u64, unit: u32) -> Item {
    Item::Event {
        time_us,
        unit,
        count: 1,
    }
}

type Column = Vec<(u32, f32)>;

struct Bench {
    config: AssembleConfig,
    assembler: Assembler,
    counts: Counts,
    steps: Vec<Column>,
}

impl Bench {
    fn new(config: AssembleConfig) -> Self {
        Self {
            assembler: Assembler::new(&config, None),
            config,
            counts: Counts::default(),
            steps: Vec::new(),
        }
    }

    fn close(&mut self) {
        let mut batch = EventBatch::new(0);
        self.assembler
            .close(&self.config, &mut batch, &mut self.counts);
        let view = batch.view();
        let (units, counts) = view.column(0);
        self.steps
            .push(units.iter().copied().zip(counts.iter().copied()).collect());
    }

    fn hear(&mut self, item: Item) -> Placed {
        loop {
            let placed = self
                .assembler
                .place(&self.config, item, false, &mut self.counts);
            let Placed::After(steps) = placed else {
                return placed;
            };
            (0..steps).for_each(|_| self.close());
        }
    }

    fn finish(&mut self) {
        (0..self.assembler.unfinished()).for_each(|_| self.close());
    }
}

#[test]
fn steps_are_bins_from_the_first_event_on() {
    let mut bench = Bench::new(CONFIG);
    for item in [
        event(25_000, 3),
        event(29_999, 1),
        event(29_000, 3),
        event(30_000, 0),
        Item::Mark { time_us: 59_000 },
    ] {
        assert!(matches!(bench.hear(item), Placed::In(_)));
    }
    bench.finish();
    assert_eq!(
        bench.steps,
        [vec![(1, 1.0), (3, 2.0)], vec![(0, 1.0)], vec![], vec![]]
    );
    assert_eq!(bench.assembler.time_us(&CONFIG, 1), Some(30_000));
    let counts = bench.counts;
    assert_eq!((counts.taken, counts.marks, counts.reordered), (4, 1, 1));
}

#[test]
fn late_duplicate_crowding_and_distant_events_are_dropped_and_counted() {
    let mut bench = Bench::new(AssembleConfig {
        repeats: Repeats::Once,
        ..CONFIG
    });
    bench.hear(event(20_000, 3));
    bench.hear(event(20_000, 3));
    bench.hear(event(30_000, 1));
    assert_eq!(bench.hear(event(29_999, 1)), Placed::Dropped);
    // A jump of 10^12 steps, and one step more than is allowed.
    assert_eq!(bench.hear(event(1 << 52, 1)), Placed::Dropped);
    assert_eq!(
        bench.hear(event(30_000 + 1_001 * 10_000, 1)),
        Placed::Dropped
    );
    for k in 1..=5 {
        bench.hear(event(30_000 + k, 1));
    }
    bench.finish();
    assert_eq!(bench.steps, [vec![(3, 1.0)], vec![(1, 4.0)]]);
    let found = bench.counts;
    let expected = Counts {
        taken: 5,
        late: 1,
        ahead: 2,
        duplicates: 1,
        crowded: 2,
        ..Counts::default()
    };
    assert_eq!(found, expected);
    let last = bench.hear(event(30_000 + 1_000 * 10_000, 1));
    assert_eq!(last, Placed::In(1_001));
}

#[test]
fn a_clock_that_jumps_is_taken_anew_if_asked() {
    let mut bench = Bench::new(AssembleConfig {
        rebase_after: Some(2),
        ..CONFIG
    });
    bench.hear(event(1 << 40, 1));
    for (k, placed) in [Placed::Dropped, Placed::Dropped, Placed::In(0)]
        .into_iter()
        .enumerate()
    {
        assert_eq!(bench.hear(event(50 + k as u64, 1)), placed);
    }
    assert_eq!(bench.hear(event(10_001, 1)), Placed::In(1));
    bench.finish();
    assert_eq!(bench.steps, [vec![(1, 2.0)], vec![(1, 1.0)]]);
    assert_eq!((bench.counts.rebased, bench.counts.late), (1, 2));
}

#[test]
fn repeats_count_as_in_training_or_once() {
    let items = [
        (7, 3, 1),
        (7, 3, 1),
        (7, 3, 2),
        (8, 3, 1),
        (7, 1, 1),
        (9_999, 1, 1),
        (10_000, 1, 1),
    ];
    let steps = |repeats| {
        let mut bench = Bench::new(AssembleConfig {
            most_events: 99,
            repeats,
            ..CONFIG
        });
        for &(time_us, unit, count) in &items {
            bench.hear(Item::Event {
                time_us,
                unit,
                count,
            });
        }
        bench.finish();
        (bench.steps, bench.counts.taken, bench.counts.duplicates)
    };
    let counted = vec![vec![(1, 2.0), (3, 5.0)], vec![(1, 1.0)]];
    assert_eq!(steps(Repeats::Count), (counted, 7, 0));
    let once = vec![vec![(1, 2.0), (3, 2.0)], vec![(1, 1.0)]];
    assert_eq!(steps(Repeats::Once), (once, 5, 2));
    assert_eq!(Repeats::default(), Repeats::Count);
}

/// A counter of 32 bits, before and after its wrap, with events that are late within the window and beyond it.
#[test]
fn a_counter_that_wraps_goes_on() {
    let period = 1u64 << 32;
    let config = AssembleConfig {
        window: 2,
        most_events: 99,
        wrap_bits: Some(32),
        ..CONFIG
    };
    let times = [
        -25_000i64, -14_000, 3_000, -2_000, 9_000, -1_000, 31_000, -30_000, 42_000,
    ];
    let run = |config: AssembleConfig, shown: &dyn Fn(i64) -> u64| {
        let mut bench = Bench::new(config);
        for (unit, &after) in times.iter().enumerate() {
            bench.hear(event(shown(after), unit as u32 % 8));
        }
        bench.finish();
        (bench.steps, bench.counts)
    };
    let wrapped = run(config, &|after| after.rem_euclid(period as i64) as u64);
    let never = run(
        AssembleConfig {
            wrap_bits: None,
            ..config
        },
        &|after| (period as i64 + after) as u64,
    );
    assert_eq!(wrapped, never);
    assert_eq!(
        (wrapped.1.late, wrapped.1.taken, wrapped.1.ahead),
        (1, 8, 0)
    );
}

/// One damaged time has no effect; events that agree resynchronise, without the steps between.
#[test]
fn far_events_that_agree_are_followed() {
    let mut bench = Bench::new(AssembleConfig {
        most_events: 99,
        ..CONFIG
    });
    bench.hear(event(20_000, 3));
    for k in 0..40 {
        assert_eq!(bench.hear(event((1 << 45) + (k << 40), 1)), Placed::Dropped);
        bench.hear(event(20_001 + k, 3));
    }
    for k in 0..CONFIRMED {
        assert_eq!(bench.hear(event((1 << 40) + 9_000 * k, 1)), Placed::Dropped);
    }
    assert_eq!(bench.counts.ahead, 40 + CONFIRMED);
    assert_eq!(bench.hear(event(1 << 40, 1)), Placed::In(0));
    assert_eq!(bench.hear(event((1 << 40) + 10_000, 1)), Placed::In(1));
    assert_eq!((bench.counts.rebased, bench.steps.len()), (1, 1));
}

proptest! {
    #[test]
    fn within_the_window_order_and_repetition_are_nothing(
        times in prop::collection::btree_set((0u64..200_000, 0u32..8), 1..60),
        keys in prop::collection::vec(0u64..20_000, 60),
        twice in any::<bool>(),
    ) {
        let config = AssembleConfig { window: 2, most_events: 200, repeats: Repeats::Once, ..CONFIG };
        let sorted: Vec<Item> = times.iter().map(|&(t, unit)| event(t, unit)).collect();
        // Each is delayed by less than the window.
        let mut order: Vec<(u64, usize)> =
            times.iter().zip(&keys).map(|((t, _), key)| t + key).zip(0..).collect();
        order[0].0 = 0;
        order.sort_unstable();
        let (mut plain, mut mixed) = (Bench::new(config), Bench::new(config));
        for &item in &sorted {
            plain.hear(item);
        }
        for &(_, i) in &order {
            mixed.hear(sorted[i]);
            if twice {
                mixed.hear(sorted[i]);
            }
        }
        plain.finish();
        mixed.finish();
        prop_assert_eq!(plain.steps, mixed.steps);
        prop_assert_eq!(mixed.counts.taken, sorted.len() as u64);
        prop_assert_eq!(mixed.counts.duplicates, if twice { sorted.len() as u64 } else { 0 });
        prop_assert_eq!(mixed.counts.late, 0);
    }

    #[test]
    fn anything_is_counted_once_and_memory_is_bounded(
        items in prop::collection::vec((0u64..crate::protocol::LATEST_US, 0u32..8), 0..200),
        near in any::<bool>(),
        rebase in prop::option::of(0u64..3),
    ) {
        let config = AssembleConfig { window: 1, rebase_after: rebase, most_ahead: 50, ..CONFIG };
        let mut bench = Bench::new(config);
        for &(t, unit) in &items {
            bench.hear(event(if near { t % 100_000 } else { t }, unit));
        }
        bench.finish();
        let c = bench.counts;
        prop_assert_eq!(c.taken + c.late + c.ahead + c.duplicates + c.crowded, items.len() as u64);
        prop_assert!(bench.steps.len() <= 52 * items.len());
        prop_assert!(bench.assembler.open.iter().all(|b| b.capacity() == config.most_events));
    }
}
