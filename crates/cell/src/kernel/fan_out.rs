//! Products with sparse connections: each of H senders reaches K of H targets.
//!
//! ```text
//! (1) y[t[k, j]] += v[k, j] s[j]                 for all k and j
//! (2) adj[j]     += Σ_k v[k, j] d[t[k, j]]
//! (3) dv[k, j]   += Σ_n d[t[k, j], n] s[j, n]
//! ```
//!
//! (1) adds K numbers for each spike. (2) takes several lanes at a time: d is turned, so that a block of lanes follows each
//! other, and a connection costs one multiplication and one addition in wide registers. (3) reads one column of d, which stays
//! in the first-level cache, and adds to K numbers that follow each other.
//!
//! Sums are added in order: over senders (1), over k (2), over columns (3), each by a multiplication, then an addition. So no
//! number of lanes and no instruction set changes a bit.

use std::cell::RefCell;
use std::sync::Arc;

use nalgebra::DMatrix;

use super::active::active;
use crate::{EventView, Real, View, ViewMut, column, column_mut};

/// Values that are searched for spikes at a time.
const PASS: usize = 512;
/// Senders whose sums (2) are written back together.
const TILE: usize = 16;
/// Sums (2) that are added up at the same time, since each waits for its last addition.
const GROUP: usize = 4;
/// Lanes of a block of (2): where there are many, and where there are few.
const MANY: usize = 16;
const FEW: usize = 4;

/// Which K of H targets each of H senders reaches. Copies share the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FanOut {
    hidden: usize,
    each: usize,
    /// K targets of each sender, one sender after the other; all below H.
    targets: Arc<[u32]>,
}

impl FanOut {
    /// Connections of `hidden` senders, H, to `each` targets, K, listed one sender after the other, `[H K]`.
    ///
    /// # Panics
    /// Unless there are H K targets, all below H.
    pub fn new(hidden: usize, each: usize, targets: Vec<u32>) -> Self {
        assert_eq!(targets.len(), hidden * each, "H K targets");
        let inside = |&target: &u32| (target as usize) < hidden;
        assert!(targets.iter().all(inside), "a target is not below {hidden}");
        Self {
            hidden,
            each,
            targets: targets.into(),
        }
    }

    /// K, targets of a sender.
    pub fn each(&self) -> usize {
        self.each
    }

    /// The targets of all senders, one sender after the other, `[H K]`.
    pub fn targets(&self) -> &[u32] {
        &self.targets
    }

    /// (1) for one lane: `v [H K]`, `s [H]`, `y [H]`. A sender with s = 0 costs nothing.
    pub fn add_product<R: Real>(&self, y: &mut [R], v: &[R], s: &[R]) {
        assert_eq!((y.len(), s.len()), (self.hidden, self.hidden), "y, s [H]");
        assert_eq!(v.len(), self.targets.len(), "v [H K]");
        let mut units = [0; PASS];
        for (start, s) in (0..).step_by(PASS).zip(s.chunks(PASS)) {
            let n = active(s, &mut units);
            for &unit in &units[..n] {
                let s = s[unit as usize];
                let (targets, v) = self.of(start + unit as usize, v);
                for (&target, &v) in targets.iter().zip(v) {
                    // SAFETY: targets are below H, the length of y.
                    *unsafe { y.get_unchecked_mut(target as usize) } += s * v;
                }
            }
        }
    }

    /// (2) for B lanes: `v [H K]`, `d [H, B]`, `adj [H, B]`. Where `read [H, B]` is given, only what it holds is requested:
    /// other sums may be left out.
    pub fn add_transpose_product<R: Real>(
        &self,
        adj: &mut ViewMut<R>,
        v: &[R],
        d: &View<R>,
        read: Option<EventView>,
    ) {
        let shape = (self.hidden, adj.ncols());
        assert_eq!((adj.shape(), d.shape()), (shape, shape), "adj, d [H, B]");
        assert_eq!(v.len(), self.targets.len(), "v [H K]");
        thread_local!(static SCRATCH: RefCell<Scratch> = RefCell::default());
        SCRATCH.with_borrow_mut(|scratch| {
            let mut first = 0;
            while first < shape.1 {
                let left = shape.1 - first;
                let (block, width): (Block<R>, _) = match left {
                    0..=FEW => (add_few, FEW),
                    _ => (add_many, MANY),
                };
                let lanes = left.min(width);
                scratch.list_senders(self.hidden, read.map(|read| read.slice(first, lanes)));
                let numbers = self.hidden * width;
                let room = (numbers * size_of::<R>()).div_ceil(size_of::<f64>());
                if scratch.turned.len() < room {
                    scratch.turned.resize(room, 0.0);
                }
                let turned: &mut [R] = bytemuck::cast_slice_mut(&mut scratch.turned);
                block(
                    adj.columns_mut(first, lanes),
                    (self, v),
                    d.columns(first, lanes),
                    &scratch.senders,
                    &mut turned[..numbers],
                );
                first += lanes;
            }
        });
    }

    /// (3) for events `s [H, N]`: `dv [H K]`, `d [H, N]`.
    pub fn add_gradient<R: Real>(&self, dv: &mut [R], d: &View<R>, s: EventView) {
        assert_eq!((s.channels(), s.columns()), d.shape(), "s, d [H, N]");
        for n in 0..s.columns() {
            let (units, counts) = s.column(n);
            for (&unit, &count) in units.iter().zip(counts) {
                let s = R::of(f64::from(count));
                add_gathered(self, unit as usize, dv, s, column(d, n));
            }
        }
    }

    /// (3) for values `s [H, N]`: `dv [H K]`, `d [H, N]`. A sender with s = 0 costs nothing.
    pub fn add_gradient_of_values<R: Real>(&self, dv: &mut [R], d: &View<R>, s: &View<R>) {
        assert_eq!((s.shape(), d.nrows()), (d.shape(), self.hidden), "[H, N]");
        let mut units = [0; PASS];
        for n in 0..s.ncols() {
            for (start, s) in (0..).step_by(PASS).zip(column(s, n).chunks(PASS)) {
                let found = active(s, &mut units);
                for &unit in &units[..found] {
                    let (j, s) = (start + unit as usize, s[unit as usize]);
                    add_gathered(self, j, dv, s, column(d, n));
                }
            }
        }
    }

    /// W `[H, H]`: `v [H K]` where there are connections, else 0.
    pub fn dense<R: Real>(&self, v: &[R]) -> DMatrix<R> {
        let mut w = DMatrix::zeros(self.hidden, self.hidden);
        for j in 0..self.hidden {
            let (targets, v) = self.of(j, v);
            for (&target, &v) in targets.iter().zip(v) {
                w[(target as usize, j)] = v;
            }
        }
        w
    }

    /// The targets of sender `j` and their numbers among `v [H K]`, K each.
    #[inline(always)]
    fn of<'a, R>(&'a self, j: usize, v: &'a [R]) -> (&'a [u32], &'a [R]) {
        let own = j * self.each..(j + 1) * self.each;
        (&self.targets[own.clone()], &v[own])
    }
}

crate::for_each_isa! {
    /// (3) for sender `j` in one column: `dv [H K]`, `d [H]`.
    fn add_gathered<R: Real>(fan_out: &FanOut, j: usize, dv: &mut [R], s: R, d: &[R]) {
        assert_eq!(d.len(), fan_out.hidden, "d [H]");
        let own = j * fan_out.each..(j + 1) * fan_out.each;
        for (dv, &target) in dv[own.clone()].iter_mut().zip(&fan_out.targets[own]) {
            // SAFETY: targets are below H, the length of d.
            *dv += s * unsafe { *d.get_unchecked(target as usize) };
        }
    }
}

/// (2) for one block of lanes: `adj [H, B]`, `v [H K]`, `d [H, B]`, the senders, and room for a turned d.
type Block<R> = fn(ViewMut<R>, (&FanOut, &[R]), View<R>, &[u32], &mut [R]);

crate::for_each_isa! {
    /// A [`Block`] of up to [`MANY`] lanes.
    fn add_many<R: Real>(
        adj: ViewMut<R>,
        of: (&FanOut, &[R]),
        d: View<R>,
        senders: &[u32],
        turned: &mut [R],
    ) {
        add_block::<R, MANY>(&mut adj, of, &d, senders, turned);
    }
}

crate::for_each_isa! {
    /// A [`Block`] of up to [`FEW`] lanes.
    fn add_few<R: Real>(
        adj: ViewMut<R>,
        of: (&FanOut, &[R]),
        d: View<R>,
        senders: &[u32],
        turned: &mut [R],
    ) {
        add_block::<R, FEW>(&mut adj, of, &d, senders, turned);
    }
}

/// A [`Block`] of up to W lanes.
#[inline(always)]
fn add_block<R: Real, const W: usize>(
    adj: &mut ViewMut<R>,
    (fan_out, v): (&FanOut, &[R]),
    d: &View<R>,
    senders: &[u32],
    turned: &mut [R],
) {
    let (turned, _) = turned.as_chunks_mut::<W>();
    turn(turned, d);
    for tile in senders.chunks(TILE) {
        let mut sums = [[R::zero(); W]; TILE];
        let (groups, rest) = tile.as_chunks::<GROUP>();
        let (sums_of_groups, _) = sums.as_chunks_mut::<GROUP>();
        for (group, sums) in groups.iter().zip(sums_of_groups) {
            *sums = add_up::<R, W, GROUP>(turned, fan_out, v, group);
        }
        for (sender, sums) in rest.iter().zip(&mut sums[tile.len() - rest.len()..]) {
            [*sums] = add_up::<R, W, 1>(turned, fan_out, v, &[*sender]);
        }
        for lane in 0..adj.ncols() {
            let adj = column_mut(adj, lane);
            for (&j, sums) in tile.iter().zip(&sums) {
                adj[j as usize] += sums[lane];
            }
        }
    }
}

/// Writes `d [H, B]` into `turned`, one row of d after the other, filled up with zeros.
#[inline(always)]
fn turn<R: Real, const W: usize>(turned: &mut [[R; W]], d: &View<R>) {
    if d.ncols() < W {
        turned.fill([R::zero(); W]);
    }
    for (tile, turned) in turned.chunks_mut(TILE).enumerate() {
        for lane in 0..d.ncols() {
            for (turned, &d) in turned.iter_mut().zip(&column(d, lane)[tile * TILE..]) {
                turned[lane] = d;
            }
        }
    }
}

/// The sums (2) of G senders in W lanes.
#[inline(always)]
fn add_up<R: Real, const W: usize, const G: usize>(
    turned: &[[R; W]],
    fan_out: &FanOut,
    v: &[R],
    senders: &[u32; G],
) -> [[R; W]; G] {
    let targets = &*fan_out.targets;
    assert_eq!(turned.len(), fan_out.hidden, "rows of a turned d");
    assert_eq!(v.len(), targets.len(), "v [H K]");
    assert!(senders.iter().all(|&j| (j as usize) < fan_out.hidden));
    let first = senders.map(|j| j as usize * fan_out.each);
    let mut sums = [[R::zero(); W]; G];
    for k in 0..fan_out.each {
        for (sums, first) in sums.iter_mut().zip(first) {
            // SAFETY: senders are below H, v has as many numbers as there are targets, H K, and targets are below H, the
            // rows of d.
            let (v, d) = unsafe {
                let target = *targets.get_unchecked(first + k) as usize;
                (*v.get_unchecked(first + k), turned.get_unchecked(target))
            };
            for (sum, &d) in sums.iter_mut().zip(d) {
                *sum += v * d;
            }
        }
    }
    sums
}

/// What (2) needs room for.
#[derive(Default)]
struct Scratch {
    /// A block of d, turned.
    turned: Vec<f64>,
    /// Senders whose sums are formed, ascending.
    senders: Vec<u32>,
    /// Whether a sender is among them.
    is_read: Vec<bool>,
}

impl Scratch {
    /// Lists all senders, or those that are `read` in any lane.
    fn list_senders(&mut self, hidden: usize, read: Option<EventView>) {
        self.senders.clear();
        let all = 0..hidden as u32;
        let Some(read) = read else {
            self.senders.extend(all);
            return;
        };
        self.is_read.clear();
        self.is_read.resize(hidden, false);
        for n in 0..read.columns() {
            for &j in read.column(n).0 {
                self.is_read[j as usize] = true;
            }
        }
        let is_read = &self.is_read;
        self.senders.extend(all.filter(|&j| is_read[j as usize]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{random, random_events};
    use crate::kernel;
    use crate::rng::{distinct, generator};

    /// Connections of 70 senders to 9 targets, and numbers for them.
    fn connected<R: Real>() -> (FanOut, Vec<R>) {
        let mut rng = generator(1, "connections", 0);
        let mut targets = Vec::new();
        for _ in 0..70 {
            distinct(70, 9, &mut rng, &mut targets);
        }
        let v = random(9, 70, 1.0, 2).map(R::of);
        (FanOut::new(70, 9, targets), v.as_slice().to_vec())
    }

    /// (1) has the bits of the product of spikes with W, (2) and (3) are its transpose products.
    #[test]
    fn products_are_those_of_the_matrix_with_zeros() {
        fn check<R: Real>(tolerance: f64) {
            let (fan_out, v) = connected::<R>();
            let w = fan_out.dense(&v);
            assert_eq!(w.iter().filter(|w| !w.is_zero()).count(), 70 * 9);
            for lanes in [1, 4, 5, 16, 21] {
                let near = |a: &DMatrix<R>, b: &DMatrix<R>| {
                    assert!((a - b).map(Real::wide).norm() < tolerance, "{lanes} lanes");
                };
                let s = random(70, lanes, 1.0, 3).map(|x| R::of(f64::from(u8::from(x > 0.7))));
                let d = random(70, lanes, 1.0, 4).map(R::of);
                let start = random(70, lanes, 1.0, 5).map(R::of);
                let (mut own, mut twin) = (start.clone(), start.clone());
                for lane in 0..lanes {
                    let s = column(&s.as_view(), lane).to_vec();
                    fan_out.add_product(column_mut(&mut own.as_view_mut(), lane), &v, &s);
                    let twin = &mut twin.as_view_mut();
                    kernel::gather_active(column_mut(twin, lane), &w.as_view(), &s);
                }
                assert_eq!(own, twin);

                let (mut own, mut twin) = (start.clone(), start);
                fan_out.add_transpose_product(&mut own.as_view_mut(), &v, &d.as_view(), None);
                kernel::add_transpose_product(twin.as_view_mut(), w.as_view(), d.as_view());
                near(&own, &twin);

                let (mut own, mut same) = (vec![R::zero(); 630], vec![R::zero(); 630]);
                fan_out.add_gradient_of_values(&mut own, &d.as_view(), &s.as_view());
                let mut events = crate::EventBatch::new(70);
                events.push_dense(&s.as_view());
                fan_out.add_gradient(&mut same, &d.as_view(), events.view());
                assert_eq!(own, same);
                let mut dw = DMatrix::zeros(70, 70);
                kernel::scatter(&mut dw.as_view_mut(), &d.as_view(), events.view());
                let connected = fan_out.dense(&[R::one(); 630]);
                assert_eq!(fan_out.dense(&own), dw.component_mul(&connected));
            }
        }
        check::<f32>(1e-4);
        check::<f64>(1e-12);
    }

    /// What is read has the same bits whether the rest is left out or not, and in any number of lanes.
    #[test]
    fn sums_do_not_depend_on_what_else_is_read() {
        let (fan_out, v) = connected::<f32>();
        let d = random(70, 21, 1.0, 4).map(|x| x as f32);
        let mut all = DMatrix::zeros(70, 21);
        fan_out.add_transpose_product(&mut all.as_view_mut(), &v, &d.as_view(), None);
        let read = random_events(70, 21, 0.1, 6);
        let mut few = DMatrix::zeros(70, 21);
        fan_out.add_transpose_product(&mut few.as_view_mut(), &v, &d.as_view(), Some(read.view()));
        for n in 0..21 {
            for &j in read.view().column(n).0 {
                let at = (j as usize, n);
                assert_eq!(few[at].to_bits(), all[at].to_bits());
            }
            let mut alone = DMatrix::zeros(70, 1);
            let d = d.columns(n, 1);
            fan_out.add_transpose_product(&mut alone.as_view_mut(), &v, &d, None);
            assert_eq!(alone.column(0), all.column(n));
        }
        assert!(few.iter().any(|x| *x == 0.0), "nothing was left out");
    }

    #[test]
    #[should_panic(expected = "a target is not below 3")]
    fn a_target_beyond_the_layer_is_refused() {
        FanOut::new(3, 1, vec![0, 3, 1]);
    }
}
