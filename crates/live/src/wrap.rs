//! Times of a counter that wraps.
//!
//! Many a sender counts microseconds in 32 bits, which are full after 71.6 minutes. With b the bits, P = 2^b, and r
//! the latest time that was taken:
//!
//! ```text
//! t = s + k P,  with k such that |t - r| is least; of two, the later
//! ```
//!
//! So an event that comes up to P/2 late or early, about the wrap or anywhere else, gets the time that it had.

/// The fewest bits of a counter.
pub const FEWEST_BITS: u32 = 16;
/// The most: those of a time.
pub const MOST_BITS: u32 = 52;

/// The time nearest to `latest_us` that a counter of `bits` bits shows as `shown_us`; `None` where that is before 0.
pub fn unwrapped(shown_us: u64, latest_us: u64, bits: u32) -> Option<u64> {
    let period = 1u64 << bits;
    let behind = latest_us.wrapping_sub(shown_us) & (period - 1);
    if behind >= period / 2 {
        Some(latest_us + (period - behind))
    } else {
        latest_us.checked_sub(behind)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn by_hand_about_the_wrap() {
        let p = 1u64 << 32;
        for (shown, latest, expected) in [
            (5, p - 10, Some(p + 5)),
            (p - 3, p + 5, Some(p - 3)),
            (p - 3, 3 * p + 5, Some(3 * p - 3)),
            (p / 2, 0, Some(p / 2)),
            (p / 2 + 1, 0, None),
            (7, 0, Some(7)),
        ] {
            assert_eq!(
                unwrapped(shown, latest, 32),
                expected,
                "{shown} after {latest}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_is_within_half_a_period_is_found(
            time in 0u64..1 << 50, off in -(1i64 << 31) + 1..1i64 << 31, bits in 32u32..=MOST_BITS,
        ) {
            let latest = time.saturating_add_signed(off);
            prop_assert_eq!(unwrapped(time & ((1 << bits) - 1), latest, bits), Some(time));
        }
    }
}
