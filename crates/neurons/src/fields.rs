//! States that are made of blocks of rows.

use saturn_cell::{Field, FieldKind};

/// Fields of `h` rows each, one below the other.
pub(crate) fn stacked(blocks: &[(&'static str, FieldKind)], h: usize) -> Vec<Field> {
    let place = |(i, &(name, kind)): (usize, &(&'static str, FieldKind))| Field {
        name: name.into(),
        rows: i * h..(i + 1) * h,
        kind,
    };
    blocks.iter().enumerate().map(place).collect()
}
