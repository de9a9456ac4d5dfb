//! The plotting area of a panel: left and lower spine, ticks, lines, bands.

use crate::axis::{Ruler, Scale, Tick};
use crate::canvas::{Canvas, Text};
use crate::font;
use crate::legend::beyond;
use crate::series::Series;
use crate::style::{self, INK, MUTED};

/// A rectangle in px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Rect {
        Rect { x, y, w, h }
    }

    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }

    pub fn contains(&self, (x, y): (f64, f64)) -> bool {
        x >= self.x && x <= self.right() && y >= self.y && y <= self.bottom()
    }
}

/// px between tick numbers along the horizontal and the vertical axis.
const SPACING: (f64, f64) = (76.0, 42.0);

/// A plotting area with its two rulers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub rect: Rect,
    pub x: Ruler,
    pub y: Ruler,
}

impl Frame {
    pub fn new(rect: Rect, x: ((f64, f64), Scale), y: ((f64, f64), Scale)) -> Frame {
        Frame {
            rect,
            x: Ruler::new(x.0, x.1, rect.x, rect.right()),
            y: Ruler::new(y.0, y.1, rect.bottom(), rect.y),
        }
    }

    /// The same frame; the lower end of x is 0 if `zero`.
    pub fn with_zero(mut self, zero: bool) -> Frame {
        self.x = self.x.with_zero(zero);
        self
    }

    /// The same frame; the lower end of an axis represents all lower values.
    pub fn with_floors(mut self, x: bool, y: bool) -> Frame {
        self.x = self.x.with_floor(x);
        self.y = self.y.with_floor(y);
        self
    }

    /// Marks the points of a series above or below the frame, once for each run of such points; returns
    /// whether there are any.
    pub fn beyond(&self, canvas: &mut Canvas, series: &Series) -> bool {
        let r = self.rect;
        let side = |&(x, y): &(f64, f64)| -> i8 {
            let (px, py) = (self.x.at(x), self.y.at(y));
            let inside = x.is_finite() && y.is_finite() && px >= r.x - 0.5 && px <= r.right() + 0.5;
            match () {
                () if inside && py < r.y - 0.5 => -1,
                () if inside && py > r.bottom() + 0.5 => 1,
                () => 0,
            }
        };
        let mut some = false;
        for run in series.points.chunk_by(|a, b| side(a) == side(b)) {
            let way = side(&run[0]);
            if way != 0 {
                let x = self.x.at(run[run.len() / 2].0).clamp(r.x, r.right());
                let y = if way < 0 { r.y } else { r.bottom() };
                beyond(canvas, (x, y), f64::from(way), series.look.colour());
                some = true;
            }
        }
        some
    }

    pub fn x_ticks(&self) -> Vec<Tick> {
        self.x.ticks(SPACING.0)
    }

    pub fn y_ticks(&self) -> Vec<Tick> {
        self.y.ticks(SPACING.1)
    }

    /// The lower spine with its ticks, and optionally the numbers.
    pub fn lower(&self, canvas: &mut Canvas, numbers: bool) {
        let (r, y) = (self.rect, self.rect.bottom());
        canvas.rule((r.x, y), (r.right(), y), INK, style::SPINE);
        let mut free_from = f64::NEG_INFINITY;
        for tick in self.x_ticks() {
            let x = self.x.at(tick.value);
            canvas.rule((x, y), (x, y + style::TICK_LENGTH), INK, style::SPINE);
            let text = Text::new(tick.label, style::TICK, INK).middle();
            let half = 0.5 * text.width();
            if numbers && x - half > free_from {
                free_from = x + half + 4.0;
                canvas.text(x, y + style::TICK_LENGTH + 3.0 + style::TICK, text);
            }
        }
    }

    /// The left spine with its ticks, and optionally the numbers.
    pub fn left(&self, canvas: &mut Canvas, numbers: bool) {
        let r = self.rect;
        canvas.rule((r.x, r.y), (r.x, r.bottom()), INK, style::SPINE);
        for tick in self.y_ticks() {
            let y = self.y.at(tick.value);
            canvas.rule((r.x - style::TICK_LENGTH, y), (r.x, y), INK, style::SPINE);
            if numbers {
                let text = Text::new(tick.label, style::TICK, INK).end();
                canvas.centred(r.x - style::TICK_LENGTH - 3.0, y, text);
            }
        }
    }

    /// Two strokes across the foot of the left spine: the scale does not begin at zero.
    pub fn cut(&self, canvas: &mut Canvas) {
        let (x, y) = (self.rect.x, self.rect.bottom() - 7.0);
        canvas.rect(x - 2.0, y - 3.0, 4.0, 3.0, style::WHITE, 1.0);
        for up in [0.0, 3.0] {
            canvas.rule(
                (x - 4.0, y - up + 1.5),
                (x + 4.0, y - up - 1.5),
                INK,
                style::SPINE,
            );
        }
    }

    /// Width of the widest number at the left spine, tick included.
    pub fn left_width(&self) -> f64 {
        let widest = self
            .y_ticks()
            .iter()
            .map(|t| font::width(&t.label, style::TICK, false))
            .fold(0.0, f64::max);
        widest + style::TICK_LENGTH + 3.0
    }

    /// The runs of finite points of a series in px, not clipped. Long runs keep the first, lowest,
    /// highest and last point of each half px.
    pub fn runs(&self, points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        points
            .split(|p| !(p.0.is_finite() && p.1.is_finite()))
            .filter(|run| !run.is_empty())
            .map(|run| {
                let placed = run
                    .iter()
                    .map(|p| (self.x.at(p.0), self.y.at(p.1)))
                    .collect();
                thin_out(placed, 4.0 * self.rect.w)
            })
            .collect()
    }

    /// Draws a series: its line, and markers where there are few points.
    pub fn series(&self, canvas: &mut Canvas, series: &Series) {
        let colour = series.look.colour();
        let (colour, width) = if series.thin {
            (colour.tint(0.45), style::THIN)
        } else {
            (colour, style::LINE)
        };
        for run in self.runs(&series.points) {
            for piece in clip(&run, &self.rect) {
                canvas.stroke(&piece, colour, width, series.look.dashed);
            }
            if let ([(x, y)], true) = (run.as_slice(), !series.thin)
                && self.rect.contains((*x, *y))
            {
                canvas.disc(*x, *y, width + 0.5, colour);
            }
        }
        if series.is_marked() {
            for (x, y) in &series.points {
                let at = (self.x.at(*x), self.y.at(*y));
                if x.is_finite() && y.is_finite() && self.rect.contains(at) {
                    series.look.mark(canvas, at.0, at.1);
                }
            }
        }
    }

    /// Draws the band between the bounds of a series, held inside the frame.
    pub fn band(&self, canvas: &mut Canvas, series: &Series, opacity: f64) {
        let (top, bottom) = (self.rect.y, self.rect.bottom());
        let bounds = series.interval.as_deref().unwrap_or_default();
        let corners: Vec<Option<(f64, f64, f64)>> = series
            .points
            .iter()
            .zip(bounds)
            .map(|((x, _), (low, high))| {
                (x.is_finite() && low.is_finite() && high.is_finite()).then(|| {
                    let inside = |v: f64| self.y.at(v).clamp(top, bottom);
                    let x = self.x.at(*x).clamp(self.rect.x, self.rect.right());
                    (x, inside(*low), inside(*high))
                })
            })
            .collect();
        for run in corners.split(Option::is_none) {
            let upper = run.iter().flatten().map(|c| (c.0, c.2));
            let lower = run.iter().flatten().rev().map(|c| (c.0, c.1));
            canvas.area(upper.chain(lower).collect(), series.look.colour(), opacity);
        }
    }

    /// Writes "no data" in the middle.
    pub fn no_data(&self, canvas: &mut Canvas) {
        let text = Text::new("no data", style::LABEL, MUTED).middle();
        let r = self.rect;
        canvas.centred(r.x + 0.5 * r.w, r.y + 0.5 * r.h, text);
    }
}

fn thin_out(points: Vec<(f64, f64)>, limit: f64) -> Vec<(f64, f64)> {
    if (points.len() as f64) <= limit {
        return points;
    }
    let half_px = |p: &(f64, f64)| (2.0 * p.0).floor() as i64;
    let mut kept = Vec::new();
    for bucket in points.chunk_by(|a, b| half_px(a) == half_px(b)) {
        let order = |a: &usize, b: &usize| bucket[*a].1.total_cmp(&bucket[*b].1);
        let lowest = (0..bucket.len()).min_by(order).unwrap_or(0);
        let highest = (0..bucket.len()).max_by(order).unwrap_or(0);
        let mut picks = [0, lowest, highest, bucket.len() - 1];
        picks.sort_unstable();
        kept.extend(
            picks
                .iter()
                .enumerate()
                .filter(|(k, p)| *k == 0 || picks[k - 1] != **p)
                .map(|(_, p)| bucket[*p]),
        );
    }
    kept
}

/// The pieces of a line that lie inside a rectangle (Liang and Barsky).
pub(crate) fn clip(points: &[(f64, f64)], rect: &Rect) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let edges = [
            (-dx, from.0 - rect.x),
            (dx, rect.right() - from.0),
            (-dy, from.1 - rect.y),
            (dy, rect.bottom() - from.1),
        ];
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for (speed, distance) in edges {
            if speed < 0.0 {
                enter = enter.max(distance / speed);
            } else if speed > 0.0 {
                leave = leave.min(distance / speed);
            } else if distance < 0.0 {
                leave = -1.0;
            }
        }
        if enter > leave {
            continue;
        }
        let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
        let start = if enter > 0.0 { at(enter) } else { from };
        let end = if leave < 1.0 { at(leave) } else { to };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&start) => piece.push(end),
            _ => pieces.push(vec![start, end]),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_keeps_what_is_inside() {
        let rect = Rect::new(0.0, 0.0, 10.0, 10.0);
        let pieces = clip(
            &[
                (-5.0, 5.0),
                (5.0, 5.0),
                (5.0, 20.0),
                (8.0, 20.0),
                (8.0, 5.0),
            ],
            &rect,
        );
        assert_eq!(
            pieces,
            vec![
                vec![(0.0, 5.0), (5.0, 5.0), (5.0, 10.0)],
                vec![(8.0, 10.0), (8.0, 5.0)]
            ]
        );
    }

    #[test]
    fn thinning_keeps_the_extremes() {
        let mut points: Vec<(f64, f64)> =
            (0..100_000).map(|k| (f64::from(k) * 1e-3, 0.0)).collect();
        points[5_003].1 = 7.0;
        points[70_001].1 = -3.0;
        let kept = thin_out(points, 400.0);
        assert!(kept.len() < 1000);
        assert!(kept.iter().any(|p| p.1 > 6.9) && kept.iter().any(|p| p.1 < -2.9));
        assert!(kept.windows(2).all(|p| p[0].0 <= p[1].0));
    }
}
