//! States that are made of blocks of rows.

use saturn_cell::{Field, FieldKind, Real};

/// Fields of so many rows each, one below the other.
pub(crate) fn stacked(blocks: &[(&'static str, usize, FieldKind)]) -> Vec<Field> {
    let mut start = 0;
    let place = |&(name, rows, kind): &(&'static str, usize, FieldKind)| {
        let rows = start..start + rows;
        start = rows.end;
        Field { name, rows, kind }
    };
    blocks.iter().map(place).collect()
}

/// The three blocks of `h` rows of a state `[3H]`.
#[inline(always)]
pub(crate) fn thirds<R: Real>(state: &[R], h: usize) -> (&[R], &[R], &[R]) {
    (&state[..h], &state[h..2 * h], &state[2 * h..3 * h])
}

/// The three blocks of `h` rows of a state `[3H]`, mutably.
#[inline(always)]
pub(crate) fn thirds_mut<R: Real>(state: &mut [R], h: usize) -> (&mut [R], &mut [R], &mut [R]) {
    let (first, rest) = state[..3 * h].split_at_mut(h);
    let (second, third) = rest.split_at_mut(h);
    (first, second, third)
}
