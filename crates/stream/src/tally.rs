//! Events of one step, counted by channel: a count each, and a bit where it is not 0, so that reading the counts in
//! ascending order costs what there are, not what there may be.

use saturn_cell::Real;

use super::columns::Columns;

/// Events by channel. It is empty again after it was read, and keeps its memory.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: Vec<u16>,
    /// A bit a channel.
    some: Vec<u64>,
}

impl Tally {
    /// Makes room for units below `channels`.
    pub fn reach(&mut self, channels: usize) {
        if self.counts.len() < channels {
            self.counts.resize(channels, 0);
            self.some.resize(channels.div_ceil(64), 0);
        }
    }

    /// Counts an event of `unit`, for which there is room; 65,535 of one unit at most.
    #[inline]
    pub fn add(&mut self, unit: usize) {
        let count = &mut self.counts[unit];
        *count = count.saturating_add(1);
        self.some[unit / 64] |= 1 << (unit % 64);
    }

    /// Gives each unit that has events, in ascending order, with their number, and forgets them.
    #[inline]
    pub fn drain(&mut self, mut take: impl FnMut(u32, u16)) {
        for (word, some) in self.some.iter_mut().enumerate() {
            let mut left = std::mem::take(some);
            while left != 0 {
                let unit = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                take(unit as u32, std::mem::take(&mut self.counts[unit]));
            }
        }
    }

    /// Adds a column of its counts to `out`, and forgets them.
    pub fn push<R: Real>(&mut self, out: &mut Columns<R>) {
        out.push_counted(|events| self.drain(|unit, count| events.push(unit, f32::from(count))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_in_order_once_and_are_forgotten() {
        let mut tally = Tally::default();
        tally.reach(200);
        for unit in [199, 64, 63, 64, 0, 64] {
            tally.add(unit);
        }
        let mut found = Vec::new();
        tally.drain(|unit, count| found.push((unit, count)));
        assert_eq!(found, [(0, 1), (63, 1), (64, 3), (199, 1)]);
        tally.drain(|unit, _| panic!("{unit} was forgotten"));
        for _ in 0..70_000 {
            tally.add(5);
        }
        tally.drain(|unit, count| assert_eq!((unit, count), (5, u16::MAX)));
    }
}
