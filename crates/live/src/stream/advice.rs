//! Advice when all events are dropped.
//!
//! If every recent event was dropped because of its time, the notice names the option that would accept them.
//! The distance of the last one from the newest time decides which: a small delay calls for a larger reorder
//! window, half a period of a 32-bit counter or more is likely a wrapped counter, and anything else is a
//! clock that was set.

use crate::assemble::AssembleConfig;

/// This many consecutive dropped events count as all events, even if others were accepted earlier in the same
/// second.
const MANY: u64 = 50;
/// Later than this no reorder window is likely to help, microseconds.
const A_LITTLE_US: i64 = 5_000_000;
/// Half the period of a counter of 32 bits.
const HALF_US: i64 = 1 << 31;

/// What would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// A longer reorder window.
    Reorder,
    /// The bits of a counter that wraps.
    Wrap,
    /// Resynchronise the sender's clock, or use the time of arrival.
    Late,
    /// A longer jump.
    Ahead,
}

impl Advice {
    /// The advice if the last `refused` events were dropped and `taken` were accepted before them since the
    /// last check; the last of them was `off_us` from the newest time.
    pub fn of(taken: u64, refused: u64, off_us: i64, config: &AssembleConfig) -> Option<Self> {
        if refused == 0 || (taken > 0 && refused < MANY) {
            return None;
        }
        Some(if off_us > 0 {
            Self::Ahead
        } else if -off_us < A_LITTLE_US {
            Self::Reorder
        } else if -off_us >= HALF_US && config.wrap_bits.is_none() {
            Self::Wrap
        } else {
            Self::Late
        })
    }

    /// As text, for an event that was `off_us` from the newest time.
    pub fn words(self, off_us: i64) -> String {
        let s = off_us.abs() as f64 / 1e6;
        match self {
            Self::Reorder => format!(
                "hint: every event was late, the last one by {s:.3} s: --reorder-ms {} waits for them",
                (s * 1e3).ceil().max(1.0)
            ),
            Self::Wrap => format!(
                "hint: every event was late, the last one by {s:.0} s: if the sender counts microseconds in \
                32 bits, give --wrap-bits 32; --rebase-after 1000 resynchronises to a clock that was set \
                back, and --stamp arrival uses the time of arrival"
            ),
            Self::Late => format!(
                "hint: every event was late, the last one by {s:.0} s: --rebase-after 1000 resynchronises \
                to the sender's clock, --stamp arrival uses the time of arrival, and --wrap-bits N unwraps \
                a counter of N bits"
            ),
            Self::Ahead => format!(
                "hint: every event was too far ahead, the last one by {s:.0} s: --max-jump-s {} accepts \
                them, --rebase-after 1000 resynchronises to the sender's clock, and --stamp arrival uses \
                the time of arrival",
                s.ceil()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::Repeats;

    #[test]
    fn the_distance_tells_which_option_helps() {
        let config = AssembleConfig {
            channels: 1,
            dt_ms: 1.0,
            window: 0,
            early: 0,
            most_ahead: 1,
            most_events: 1,
            rebase_after: None,
            repeats: Repeats::Count,
            wrap_bits: None,
        };
        let bits = AssembleConfig {
            wrap_bits: Some(32),
            ..config
        };
        for (off_us, config, advice, option) in [
            (-12_345, &config, Advice::Reorder, "--reorder-ms 13"),
            (-4_294_000_000, &config, Advice::Wrap, "--wrap-bits 32"),
            (-4_294_000_000, &bits, Advice::Late, "--rebase-after 1000"),
            (-60_000_000, &config, Advice::Late, "--stamp arrival"),
            (90_500_000, &config, Advice::Ahead, "--max-jump-s 91"),
        ] {
            assert_eq!(Advice::of(0, 1, off_us, config), Some(advice));
            assert_eq!(Advice::of(9, MANY, off_us, config), Some(advice));
            let words = advice.words(off_us);
            assert!(
                words.contains(option) && words.starts_with("hint: "),
                "{words}"
            );
        }
        assert_eq!(Advice::of(1, 9, -60_000_000, &config), None);
        assert_eq!(Advice::of(0, 0, -60_000_000, &config), None);
    }
}
