//! Text tables with aligned columns.

/// Rows as lines: the first `names` columns to the left, numbers to the right.
pub fn aligned(rows: &[Vec<String>], names: usize) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| {
        let cells = rows.iter().filter_map(|row| row.get(c));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate();
            let line: Vec<String> = cells
                .map(|(c, (cell, &width))| {
                    if c < names {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                })
                .collect();
            line.join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_is_in_them() {
        let rows = [
            ["model", "arm", "memory"],
            ["a long name", "classic", "5 MiB"],
        ];
        let lines = aligned(&rows.map(|row| row.map(str::to_owned).to_vec()), 2);
        assert_eq!(lines[0], "model        arm      memory");
        assert_eq!(lines[1], "a long name  classic   5 MiB");
    }
}
