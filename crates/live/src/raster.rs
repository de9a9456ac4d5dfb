//! A coarse raster of the input and the first layer in the last steps, for viewers.

use serde::{Deserialize, Serialize};

/// Number of steps kept.
pub const COLUMNS: usize = 240;
/// Rows that the units are gathered in, at most.
pub const ROWS: usize = 48;

/// A ring of columns; each cell is the largest value of its units, 0..255.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Raster {
    /// Units.
    pub units: usize,
    /// Rows; at most [`ROWS`].
    pub rows: usize,
    /// `[rows, COLUMNS]`, column by column.
    cells: Vec<u8>,
    /// The column that is written next.
    next: usize,
}

impl Raster {
    /// An empty raster of `units` units.
    pub fn new(units: usize) -> Self {
        let rows = units.clamp(1, ROWS);
        Self {
            units,
            rows,
            cells: vec![0; rows * COLUMNS],
            next: 0,
        }
    }

    /// Begins a new column of zeros.
    pub fn begin(&mut self) {
        let start = self.next * self.rows;
        self.cells[start..start + self.rows].fill(0);
        self.next = (self.next + 1) % COLUMNS;
    }

    /// Raises the newest column where `unit` is; `value` is 0..1.
    pub fn raise(&mut self, unit: usize, value: f64) {
        let column = (self.next + COLUMNS - 1) % COLUMNS;
        let row = unit * self.rows / self.units.max(1);
        let level = (255.0 * value.clamp(0.0, 1.0)) as u8;
        if let Some(cell) = self.cells.get_mut(column * self.rows + row) {
            *cell = level.max(*cell);
        }
    }

    /// The level in `row`, `back` steps ago.
    pub fn level(&self, row: usize, back: usize) -> u8 {
        if back >= COLUMNS || row >= self.rows {
            return 0;
        }
        let column = (self.next + 2 * COLUMNS - 1 - back) % COLUMNS;
        self.cells
            .get(column * self.rows + row)
            .copied()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_column_is_none_back() {
        let mut raster = Raster::new(96);
        for step in 0..COLUMNS + 5 {
            raster.begin();
            raster.raise(95, (step % 2) as f64);
        }
        assert_eq!(
            (raster.rows, raster.level(47, 0), raster.level(47, 1)),
            (48, 0, 255)
        );
        assert_eq!(
            (
                raster.level(0, 0),
                raster.level(99, 0),
                raster.level(0, 9999)
            ),
            (0, 0, 0)
        );
    }
}
