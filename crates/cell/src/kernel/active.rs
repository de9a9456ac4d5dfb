//! Where a vector is not zero: the positions of its spikes.

use std::cell::RefCell;

#[cfg(target_arch = "x86_64")]
use super::isa::Isa;
use crate::{EventBatch, Real, View, column};

impl EventBatch {
    /// Adds the columns of a dense matrix, leaving out its zeros.
    pub fn push_dense<R: Real>(&mut self, dense: &View<R>) {
        for j in 0..dense.ncols() {
            self.push_found(column(dense, j), active);
        }
    }

    /// Adds one column, which `set` writes into a vector of all channels, leaving out its zeros.
    pub fn push_set<R: Real>(&mut self, set: impl FnOnce(&mut [R])) {
        thread_local!(static VALUES: RefCell<Vec<f64>> = RefCell::default());
        VALUES.with_borrow_mut(|buffer| {
            let channels = self.view().channels();
            buffer.resize(channels, 0.0);
            let values: &mut [R] = &mut bytemuck::cast_slice_mut(buffer)[..channels];
            set(values);
            self.push_found(values, active);
        });
    }
}

/// Writes the positions of the values of `x` that are not zero, ascending, to the front of `into`, which
/// must have room for all; returns how many there are.
pub fn active<R: Real>(x: &[R], into: &mut [u32]) -> usize {
    assert!(into.len() >= x.len(), "room for every position");
    let mut n = 0;
    #[cfg(target_arch = "x86_64")]
    if let Some(x) = narrow(x)
        && Isa::current() == Isa::Avx512
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

/// `x` as `f32`, if that is what R is.
pub(super) fn narrow<R: Real>(x: &[R]) -> Option<&[f32]> {
    (size_of::<R>() == size_of::<f32>()).then(|| bytemuck::cast_slice(x))
}

/// `x` as `f32`, if that is what R is.
pub(super) fn narrow_mut<R: Real>(x: &mut [R]) -> Option<&mut [f32]> {
    (size_of::<R>() == size_of::<f32>()).then(|| bytemuck::cast_slice_mut(x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::random;

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
