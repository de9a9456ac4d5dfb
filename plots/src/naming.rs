//! Names beside lines, over all panels of a figure: each name once, where its line is clear to see.

use crate::canvas::Text;
use crate::frame::{Frame, Rect, clip};
use crate::grid::{Cell, Grid, Layout, readable};
use crate::labels::{self, Fit, Path, Wanted};
use crate::series::Series;
use crate::style::{self, MUTED};

impl Grid {
    /// Each name once: all in the first panel where all fit, else each in the first panel where it
    /// fits; `None` if one fits nowhere. A last name may stand at a line on which another lies.
    pub(crate) fn direct_labels(&self, layout: &Layout) -> Option<Vec<(Rect, Text)>> {
        let mut open: Vec<String> = self.names().into_iter().map(|(_, name)| name).collect();
        open.retain(|name| {
            let mut all = self.cells().flat_map(|c| &c.series);
            all.any(|s| s.name == *name && !s.thin && s.has_data())
        });
        let panels: Vec<(&Cell, &Frame)> = self.panels(layout).collect();
        let whole = panels
            .iter()
            .map(|(cell, frame)| beside_lines(cell, frame, &open, Vec::new(), Fit::Alone));
        if let Some(all) = whole.into_iter().find(|found| found.len() == open.len()) {
            return Some(all);
        }
        let mut placed = Vec::new();
        for fit in [Fit::Alone, Fit::Shared] {
            for (cell, frame) in &panels {
                let taken: Vec<Rect> = placed.iter().map(|(place, _)| *place).collect();
                let found = beside_lines(cell, frame, &open, taken, fit);
                open.retain(|name| !found.iter().any(|(_, text)| text.words == *name));
                placed.extend(found);
            }
            if open.len() > 1 {
                break;
            }
        }
        open.is_empty().then_some(placed)
    }

    /// Adds the label of each level once, in the first panel where it keeps off lines and labels.
    pub(crate) fn level_labels(&self, layout: &Layout, labels: &mut Vec<(Rect, Text)>) {
        let mut done: Vec<&str> = vec![""];
        for (cell, frame) in self.panels(layout) {
            let mut lines = paths(cell, frame).1;
            let mut taken: Vec<Rect> = labels.iter().map(|(place, _)| *place).collect();
            for level in &cell.levels {
                if done.contains(&level.label.as_str()) {
                    continue;
                }
                let (r, y) = (frame.rect, frame.y.at(level.value));
                lines.push(vec![vec![(r.x, y), (r.right(), y)]]);
                let text = Text::new(&level.label, style::NOTE, MUTED);
                let wanted = Wanted {
                    line: lines.len() - 1,
                    width: text.width(),
                    height: text.size + 1.0,
                    fit: Fit::Anywhere,
                };
                if let [Some(place)] = labels::place(r, &lines, 0, &[wanted], &mut taken)[..] {
                    labels.push((place, text));
                    done.push(&level.label);
                }
            }
        }
    }
}

/// The lines of a panel in px, as far as they can be seen, each with the first series of its name.
/// The edges of a band and the seeds of an arm belong to the line of that name.
fn paths<'a>(cell: &'a Cell, frame: &Frame) -> (Vec<&'a Series>, Vec<Path>) {
    let (mut owners, mut lines): (Vec<&Series>, Vec<Path>) = (Vec::new(), Vec::new());
    for series in &cell.series {
        let bound = |pick: fn(&(f64, f64)) -> f64| -> Vec<(f64, f64)> {
            let bounds = series.interval.iter().flatten().map(pick);
            series.points.iter().map(|p| p.0).zip(bounds).collect()
        };
        let mut runs = frame.runs(&series.points);
        runs.extend(frame.runs(&bound(|b| b.0)));
        runs.extend(frame.runs(&bound(|b| b.1)));
        let path = runs.iter().flat_map(|run| clip(run, &frame.rect));
        if let Some(k) = owners.iter().position(|o| o.name == series.name) {
            lines[k].extend(path);
        } else {
            owners.push(series);
            lines.push(path.collect());
        }
    }
    (owners, lines)
}

/// The labels, among those that are open, which find room in a panel.
fn beside_lines(
    cell: &Cell,
    frame: &Frame,
    open: &[String],
    mut taken: Vec<Rect>,
    fit: Fit,
) -> Vec<(Rect, Text)> {
    let r = frame.rect;
    let (owners, mut lines) = paths(cell, frame);
    let (mut wanted, mut texts) = (Vec::new(), Vec::new());
    for (line, series) in owners.iter().enumerate() {
        if open.contains(&series.name) {
            let colour = readable(series.look.colour());
            let text = Text::new(&series.name, style::LABEL, colour).bold();
            wanted.push(Wanted {
                line,
                width: text.width(),
                height: text.size + 1.0,
                fit,
            });
            texts.push(text);
        }
    }
    let rivals = lines.len();
    for level in &cell.levels {
        let y = frame.y.at(level.value);
        lines.push(vec![vec![(r.x, y), (r.right(), y)]]);
    }
    let found = labels::place(r, &lines, rivals, &wanted, &mut taken);
    found
        .into_iter()
        .zip(texts)
        .filter_map(|(place, text)| Some((place?, text)))
        .collect()
}
