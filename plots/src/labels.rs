//! Places labels beside lines: near their own line, off all lines, and never on one another.
//!
//! For each label a few hundred boxes along its line, above and below it, are tried. A box must lie
//! inside the panel, meet no line and no earlier label. Among those the cheapest wins: close to its
//! own line, far from others. How clearly it must belong to its line
//! is part of what is wanted.

use crate::frame::Rect;

/// How clearly a label must belong to its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Nearer to its own line than to any other, and where that line runs apart from the others.
    Alone,
    /// One other line may lie on its own line.
    Shared,
    /// Off all lines is enough.
    Anywhere,
}

/// A label to be placed: which line it belongs to, and its size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Index into the lines.
    pub line: usize,
    pub width: f64,
    pub height: f64,
    pub fit: Fit,
}

/// Space kept free around a label, px.
const AIR: f64 = 2.0;
/// How much nearer to its own line than to others a label lies, px.
const CLEARER: f64 = 4.0;
/// How far apart two lines lie that count as one, px.
const COINCIDING: f64 = 1.5;
/// Distance between the points at which lines are looked at, px.
const STRIDE: f64 = 2.0;

/// A line in px as runs of points, clipped to the panel.
pub(crate) type Path = Vec<Vec<(f64, f64)>>;

/// Places labels one after another; `None` where nothing fits. All lines are kept off, and the first
/// `rivals` of them also compete: a label may not seem to be theirs. `taken` are boxes to keep off,
/// and the new ones are added to it.
pub(crate) fn place(
    panel: Rect,
    lines: &[Path],
    rivals: usize,
    wanted: &[Wanted],
    taken: &mut Vec<Rect>,
) -> Vec<Option<Rect>> {
    let sampled: Vec<Vec<(f64, f64)>> = lines.iter().map(sample).collect();
    wanted
        .iter()
        .map(|label| {
            let best = candidates(panel, &sampled[label.line], *label)
                .into_iter()
                .filter(|r| !taken.iter().any(|t| grown(r, AIR).overlaps(t)))
                .filter_map(|r| cost(&r, *label, &sampled, rivals, panel).map(|c| (c, r)))
                .min_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, r)| r);
            taken.extend(best);
            best
        })
        .collect()
}

fn grown(r: &Rect, by: f64) -> Rect {
    Rect::new(r.x - by, r.y - by, r.w + 2.0 * by, r.h + 2.0 * by)
}

fn sample(path: &Path) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for run in path {
        points.extend(run.first());
        for pair in run.windows(2) {
            let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            let pieces = (dx.hypot(dy) / STRIDE).ceil().max(1.0);
            points.extend((1..=pieces as usize).map(|k| {
                let share = k as f64 / pieces;
                (pair[0].0 + share * dx, pair[0].1 + share * dy)
            }));
        }
    }
    points
}

fn candidates(panel: Rect, line: &[(f64, f64)], label: Wanted) -> Vec<Rect> {
    if line.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    let places = 24.min(line.len());
    for k in 0..places {
        let (x, y) = line[(line.len() - 1) * k / (places - 1).max(1)];
        let left = (x - 0.5 * label.width).clamp(
            panel.x + 3.0,
            (panel.right() - label.width - 1.0).max(panel.x + 3.0),
        );
        for step in 0..7 {
            let away = 4.0 + 0.45 * label.height * f64::from(step);
            for top in [y - away - label.height, y + away] {
                out.push(Rect::new(left, top, label.width, label.height));
            }
        }
        // Beside a steep line there is room to its right and left.
        for left in [x + 6.0, x - 6.0 - label.width] {
            out.push(Rect::new(
                left,
                y - 0.5 * label.height,
                label.width,
                label.height,
            ));
        }
    }
    out.retain(|r| {
        r.x >= panel.x + 1.0
            && r.right() <= panel.right() + 1.0
            && r.y >= panel.y - 2.0
            && r.bottom() <= panel.bottom() - 2.0
    });
    out
}

/// Least distance between a box and the points of a line, and the nearest point.
fn nearest(r: &Rect, line: &[(f64, f64)]) -> (f64, (f64, f64)) {
    let mut best = (f64::INFINITY, (f64::NAN, f64::NAN));
    for point in line {
        let dx = (r.x - point.0).max(point.0 - r.right()).max(0.0);
        let dy = (r.y - point.1).max(point.1 - r.bottom()).max(0.0);
        let distance = dx.hypot(dy);
        if distance < best.0 {
            best = (distance, *point);
        }
    }
    best
}

/// The cost of a box, or `None` where it may not stand.
fn cost(
    r: &Rect,
    label: Wanted,
    lines: &[Vec<(f64, f64)>],
    rivals: usize,
    panel: Rect,
) -> Option<f64> {
    let distances: Vec<f64> = lines.iter().map(|line| nearest(r, line).0).collect();
    if distances.iter().any(|d| *d < AIR) {
        return None;
    }
    let (own, at) = nearest(r, &lines[label.line]);
    let is_rival = |k: usize| k < rivals && k != label.line;
    let others = distances
        .iter()
        .enumerate()
        .filter(|(k, _)| is_rival(*k))
        .map(|(_, d)| *d);
    let to_other = others.clone().fold(f64::INFINITY, f64::min);
    let close = others.filter(|d| *d < own + CLEARER).count();
    let marker_nearer = (rivals..lines.len()).any(|k| k != label.line && distances[k] < own);
    let fits = match label.fit {
        Fit::Anywhere => true,
        Fit::Shared => close <= 1 && to_other >= own - COINCIDING && !marker_nearer,
        Fit::Alone => {
            let point = Rect::new(at.0, at.1, 0.0, 0.0);
            let apart = |k: usize| nearest(&point, &lines[k]).0 > CLEARER;
            close == 0 && !marker_nearer && (0..lines.len()).all(|k| !is_rival(k) || apart(k))
        }
    };
    // Lines spread towards their end as a rule, and readers look there first.
    let leftness = 10.0 * (panel.right() - r.right()).max(0.0) / panel.w.max(1.0);
    fits.then(|| own - 0.25 * to_other.min(40.0) + leftness)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(height: f64, phase: f64) -> Path {
        vec![
            (0..100)
                .map(|k| {
                    let x = 20.0 + 3.0 * f64::from(k);
                    (x, height + 12.0 * (0.05 * x + phase).sin())
                })
                .collect(),
        ]
    }

    #[test]
    fn labels_keep_off_each_other_and_off_lines() {
        let panel = Rect::new(20.0, 10.0, 300.0, 200.0);
        // Three of the six lines nearly coincide.
        let lines: Vec<Path> = [30.0, 60.0, 120.0, 160.0, 161.0, 163.0]
            .iter()
            .map(|h| wave(*h, h * 0.001))
            .collect();
        let wanted: Vec<Wanted> = (0..6)
            .map(|line| Wanted {
                line,
                width: 60.0,
                height: 14.0,
                fit: Fit::Anywhere,
            })
            .collect();
        let mut taken = Vec::new();
        let placed = place(panel, &lines, 6, &wanted, &mut taken);
        let boxes: Vec<Rect> = placed.into_iter().flatten().collect();
        assert_eq!(boxes.len(), 6, "{boxes:?}");
        for (k, a) in boxes.iter().enumerate() {
            assert!(a.x >= panel.x && a.right() <= panel.right() + 1.0, "{a:?}");
            for b in &boxes[..k] {
                assert!(!a.overlaps(b), "{a:?} {b:?}");
            }
            for line in &lines {
                assert!(!line[0].iter().any(|p| a.contains(*p)), "{a:?}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let panel = Rect::new(0.0, 0.0, 50.0, 20.0);
        let wanted = Wanted {
            line: 0,
            width: 80.0,
            height: 14.0,
            fit: Fit::Alone,
        };
        let line = vec![vec![(0.0, 10.0), (50.0, 10.0)]];
        assert_eq!(
            place(panel, &[line, vec![]], 2, &[wanted], &mut Vec::new()),
            [None]
        );
        let empty = Wanted { line: 1, ..wanted };
        assert_eq!(
            place(panel, &[vec![], vec![]], 2, &[empty], &mut Vec::new()),
            [None]
        );
    }
}
