//! What sparse columns leave in a weight gradient: `dW += Σ_j d[:, j] e[:, j]ᵀ`.
//!
//! Column by column, every event would read and write a column of dW. Sorted by unit, that column is
//! loaded once and takes what all its events bring: half of the traffic. The order of the additions to a
//! weight is that of the columns either way.

use std::cell::RefCell;

use super::columns::{add_columns, narrow};
use crate::{EventBatch, EventView, Real, View, ViewMut, column_mut};

/// `dw += d eᵀ`, with `d [M, N]`, events `e [K, N]`, `dw [M, K]`.
pub fn scatter<R: Real>(dw: &mut ViewMut<R>, d: &View<R>, e: EventView) {
    assert_eq!((d.nrows(), d.ncols()), (dw.nrows(), e.columns()), "d eᵀ");
    assert_eq!(e.channels(), dw.ncols(), "weights and channels");
    thread_local!(static BY_UNIT: RefCell<ByUnit> = RefCell::default());
    BY_UNIT.with_borrow_mut(|events| {
        events.sort(e);
        for unit in 0..e.channels() {
            let (columns, counts) = events.of(unit);
            if !columns.is_empty() {
                let columns = columns.iter().zip(counts);
                let columns = columns.map(|(&column, &count)| (count, column as usize));
                add_columns(column_mut(dw, unit), d, columns);
            }
        }
    });
}

/// `dw += d sᵀ`, with `d [M, N]`, spikes `s [K, N]` of which few are not zero, `dw [M, K]`.
pub fn add_product_by_spikes<R: Real>(dw: &mut ViewMut<R>, d: &View<R>, s: &View<R>) {
    thread_local!(static SPIKES: RefCell<EventBatch> = RefCell::default());
    SPIKES.with_borrow_mut(|spikes| {
        spikes.clear(s.nrows());
        spikes.push_dense(s);
        scatter(dw, d, spikes.view());
    });
}

/// Writes the positions of the values of `x` that are not zero, ascending, to the front of `into`, which
/// must have room for all; returns how many there are.
pub fn active<R: Real>(x: &[R], into: &mut [u32]) -> usize {
    assert!(into.len() >= x.len(), "room for every position");
    let mut n = 0;
    #[cfg(target_arch = "x86_64")]
    if let Some(x) = narrow(x)
        && is_x86_feature_detected!("avx512f")
    {
        // SAFETY: the machine has the instructions.
        return unsafe { active_f32(x, into) };
    }
    for (i, &x) in x.iter().enumerate() {
        if x != R::zero() {
            into[n] = i as u32;
            n += 1;
        }
    }
    n
}

/// [`active`], sixteen values a comparison.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn active_f32(x: &[f32], into: &mut [u32]) -> usize {
    use std::arch::x86_64::{
        _CMP_NEQ_UQ, _mm512_add_epi32, _mm512_cmp_ps_mask, _mm512_loadu_ps,
        _mm512_maskz_compress_epi32, _mm512_set1_epi32, _mm512_setr_epi32, _mm512_setzero_ps,
        _mm512_storeu_si512,
    };
    let ramp = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let mut n = 0;
    let (blocks, tail) = x.as_chunks::<16>();
    for (i, block) in blocks.iter().enumerate() {
        // SAFETY: the block holds sixteen values.
        let values = unsafe { _mm512_loadu_ps(block.as_ptr()) };
        let mask = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(values, _mm512_setzero_ps());
        let positions = _mm512_add_epi32(ramp, _mm512_set1_epi32((16 * i) as i32));
        // All sixteen are stored, the next block's over those that are too many: a masked store to memory
        // takes several times as long.
        let first = _mm512_maskz_compress_epi32(mask, positions);
        // SAFETY: n is at most the number of values before this block, and `into` has room for all values
        // up to its end.
        unsafe { _mm512_storeu_si512(into.as_mut_ptr().add(n).cast(), first) };
        n += mask.count_ones() as usize;
    }
    for (i, &x) in tail.iter().enumerate() {
        if x != 0.0 {
            into[n] = (16 * blocks.len() + i) as u32;
            n += 1;
        }
    }
    n
}

/// Events sorted by unit: for each, the columns in which it fired.
#[derive(Default)]
struct ByUnit {
    /// Where unit u's events end; those of u + 1 follow.
    ends: Vec<u32>,
    columns: Vec<u32>,
    counts: Vec<f32>,
}

impl ByUnit {
    /// A counting sort, which keeps columns in order.
    fn sort(&mut self, e: EventView) {
        let (units, counts) = e.all();
        self.ends.clear();
        self.ends.resize(e.channels() + 1, 0);
        self.columns.resize(units.len(), 0);
        self.counts.resize(units.len(), 0.0);
        for &unit in units {
            self.ends[unit as usize + 1] += 1;
        }
        for unit in 0..e.channels() {
            self.ends[unit + 1] += self.ends[unit];
        }
        // `ends[u]` is where u's events start, and moves on to where they end.
        for j in 0..e.columns() {
            let (units, own) = e.column(j);
            for (&unit, &count) in units.iter().zip(own) {
                let at = self.ends[unit as usize] as usize;
                self.ends[unit as usize] += 1;
                self.columns[at] = j as u32;
                self.counts[at] = count;
            }
        }
        debug_assert_eq!(counts.len(), units.len());
    }

    /// Columns and counts of `unit`'s events.
    fn of(&self, unit: usize) -> (&[u32], &[f32]) {
        let start = if unit == 0 { 0 } else { self.ends[unit - 1] };
        let range = start as usize..self.ends[unit] as usize;
        (&self.columns[range.clone()], &self.counts[range])
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::column;
    use crate::gradcheck::{random, random_events};
    use crate::kernel::axpy;

    #[test]
    fn a_scatter_has_the_bits_of_its_loop() {
        fn check<R: Real>() {
            let d = random(37, 60, 1.0, 3).map(R::of);
            let events = random_events(50, 60, 0.1, 7);
            for e in [events.view(), events.view().slice(13, 40)] {
                let d = d.columns(0, e.columns());
                let mut fast = DMatrix::from_element(37, 50, R::of(0.1));
                scatter(&mut fast.as_view_mut(), &d, e);
                let mut slow = DMatrix::from_element(37, 50, R::of(0.1));
                for j in 0..e.columns() {
                    let (units, counts) = e.column(j);
                    for (&unit, &count) in units.iter().zip(counts) {
                        let to = slow.column_mut(unit as usize).data.into_slice_mut();
                        axpy(R::of(f64::from(count)), column(&d, j), to);
                    }
                }
                assert_eq!(fast, slow);
            }
        }
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn a_product_by_spikes_is_the_product() {
        let d = random(20, 30, 1.0, 3);
        let s = random(40, 30, 1.0, 4).map(|x| if x > 0.9 { 1.0 } else { 0.0 });
        let mut dw = DMatrix::zeros(20, 40);
        add_product_by_spikes(&mut dw.as_view_mut(), &d.as_view(), &s.as_view());
        assert!((dw - &d * s.transpose()).norm() < 1e-13);
    }

    #[test]
    fn active_finds_every_value_that_is_not_zero() {
        for len in [0, 1, 16, 31, 64, 100] {
            let x: Vec<f64> = random(len, 1, 1.0, 5).iter().copied().collect();
            let x: Vec<f64> = x.iter().map(|&x| if x > 0.3 { x } else { 0.0 }).collect();
            let expected: Vec<u32> = (0..len as u32).filter(|&i| x[i as usize] != 0.0).collect();
            let mut found = vec![0; len];
            let n = active(&x, &mut found);
            assert_eq!(found[..n], expected);
            let narrow: Vec<f32> = x.iter().map(|&x| x as f32).collect();
            let n = active(&narrow, &mut found);
            assert_eq!(found[..n], expected);
        }
        assert_eq!(active(&[f32::NAN, -0.0], &mut [0; 2]), 1);
    }
}
