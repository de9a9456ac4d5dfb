//! The part of a cell that is sequential in time, written for one lane and run on all of them.
//!
//! [`advance_lanes`] and [`advance_lanes_backward`] are compiled for every [instruction set](crate::kernel::Isa). The methods of [`Step`] are compiled along with them, so each implementation marks its
//! methods `#[inline(always)]`.

use crate::{Params, Real, Recorded, View, ViewMut, column, column_mut};

/// One step of one lane, and its reverse.
pub trait Step<R: Real> {
    /// Sets `next [S]` from `drive [D]` and `prev [S]`.
    fn step(&self, drive: &mut [R], prev: &[R], next: &mut [R]);

    /// Reverse of `step`: `adj [S]` turns from the adjoint of `next` into that of `prev`, and `d_drive [D]` is set.
    fn step_backward(
        &self,
        at: Lane<'_, R>,
        adj: &mut [R],
        d_drive: &mut [R],
        grad: &mut Params<R>,
    );
}

/// What the forward pass recorded of one step of one lane: see [`Recorded`].
#[derive(Clone, Copy, Debug)]
pub struct Lane<'a, R: Real> {
    /// The drive `[D]`.
    pub drive: &'a [R],
    /// The state before the step `[S]`.
    pub prev: &'a [R],
    /// The state after the step `[S]`.
    pub next: &'a [R],
}

crate::for_each_isa! {
    /// [`Step::step`] on B lanes: `drive [D, B]`, `prev [S, B]`, `next [S, B]`.
    pub fn advance_lanes<R: Real, S: Step<R>>(
        cell: &S,
        drive: ViewMut<R>,
        prev: View<R>,
        next: ViewMut<R>,
    ) {
        for lane in 0..prev.ncols() {
            cell.step(
                column_mut(&mut drive, lane),
                column(&prev, lane),
                column_mut(&mut next, lane),
            );
        }
    }
}

crate::for_each_isa! {
    /// [`Step::step_backward`] on B lanes: `adj [S, B]`, `d_drive [D, B]`.
    pub fn advance_lanes_backward<R: Real, S: Step<R>>(
        cell: &S,
        at: Recorded<R>,
        adj: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        for lane in 0..adj.ncols() {
            let at = Lane {
                drive: column(&at.drive, lane),
                prev: column(&at.prev, lane),
                next: column(&at.next, lane),
            };
            let (adj, d_drive) = (column_mut(&mut adj, lane), column_mut(&mut d_drive, lane));
            cell.step_backward(at, adj, d_drive, grad);
        }
    }
}

/// The N blocks of equally many rows that `rows` are made of.
#[inline(always)]
pub fn blocks<R: Real, const N: usize>(rows: &[R]) -> [&[R]; N] {
    let h = rows.len() / N;
    std::array::from_fn(|i| &rows[i * h..(i + 1) * h])
}

/// [`blocks`], mutably.
#[inline(always)]
pub fn blocks_mut<R: Real, const N: usize>(rows: &mut [R]) -> [&mut [R]; N] {
    let h = rows.len() / N;
    let mut rest = rows;
    std::array::from_fn(|_| {
        let (block, after) = std::mem::take(&mut rest).split_at_mut(h);
        rest = after;
        block
    })
}
