//! Style of a series: colour, marker and dash, derived from its meaning.

use crate::canvas::Canvas;
use crate::style::{self, Colour, WHITE};

/// The meaning of a series; decides colour and marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// One sample from a zero state, cross-entropy.
    Classic,
    /// One gap, then one sample.
    Lead,
    /// Concatenated streams, cross-entropy alone.
    Carry,
    /// Concatenated streams, adaptive loss, mask from labels.
    Adaptive,
    /// The adaptive loss on a mask estimated from the input.
    AdaptiveEstimated,
    /// The mask itself.
    Mask,
    /// What others are measured from.
    Reference,
    /// Anything else: the n-th colour of a cycle.
    Other(usize),
}

impl Role {
    /// The colour of this role.
    pub fn colour(self) -> Colour {
        match self {
            Role::Classic => style::CLASSIC,
            Role::Lead => style::LEAD,
            Role::Carry => style::CARRY,
            Role::Adaptive => style::ADAPTIVE,
            Role::AdaptiveEstimated => style::ADAPTIVE_ESTIMATED,
            Role::Mask => style::MASK,
            Role::Reference => style::REFERENCE,
            Role::Other(n) => style::CYCLE[n % style::CYCLE.len()],
        }
    }

    /// Corners of this role's marker on the unit circle; an empty list is a disc.
    fn corners(self) -> Vec<(f64, f64)> {
        let (count, turn) = match self {
            Role::Classic | Role::Mask => return Vec::new(),
            Role::Carry => (4, 0.125),
            Role::Adaptive => (3, 0.75),
            Role::AdaptiveEstimated => (3, 0.25),
            Role::Lead => (5, 0.75),
            Role::Reference => (4, 0.0),
            // Coprime with the number of colours, so that a pair of both comes again as late as can be.
            Role::Other(n) => match n % SHAPES {
                0 => (6, 0.0),
                1 => return star(),
                2 => return cross(),
                3 => return turned(&cross()),
                _ => return hourglass(),
            },
        };
        (0..count)
            .map(|k| {
                let angle = std::f64::consts::TAU * (turn + f64::from(k) / f64::from(count));
                // Few corners enclose little: the triangle is drawn larger to weigh the same.
                let grow = if count == 3 { 1.25 } else { 1.1 };
                (grow * angle.cos(), grow * angle.sin())
            })
            .collect()
    }
}

/// Shapes of markers of [`Role::Other`].
const SHAPES: usize = 5;
/// Series without a role of their own until a colour and a shape come together again.
pub const CYCLES: usize = SHAPES * style::CYCLE.len();

fn turned(corners: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let turn = |&(x, y): &(f64, f64)| (half * (x - y), half * (x + y));
    corners.iter().map(turn).collect()
}

fn hourglass() -> Vec<(f64, f64)> {
    vec![(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)]
}

fn star() -> Vec<(f64, f64)> {
    (0..10)
        .map(|k| {
            let angle = std::f64::consts::TAU * (0.75 + f64::from(k) / 10.0);
            let radius = if k % 2 == 0 { 1.3 } else { 0.55 };
            (radius * angle.cos(), radius * angle.sin())
        })
        .collect()
}

fn cross() -> Vec<(f64, f64)> {
    let (a, b) = (0.38, 1.05);
    vec![
        (-a, -b),
        (a, -b),
        (a, -a),
        (b, -a),
        (b, a),
        (a, a),
        (a, b),
        (-a, b),
        (-a, a),
        (-b, a),
        (-b, -a),
        (-a, -a),
    ]
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Decides colour and marker.
    pub role: Role,
    /// Whether the marker is hollow: a net that is helped by resets.
    pub open: bool,
    /// Whether the line is dashed.
    pub dashed: bool,
}

impl Look {
    /// The plain style of a role: filled marker, full line.
    pub const fn of(role: Role) -> Look {
        Look {
            role,
            open: false,
            dashed: false,
        }
    }

    /// The style of the reference: grey, hollow and dashed.
    pub const fn reference() -> Look {
        Look::of(Role::Reference).reset()
    }

    /// The same under a policy that resets: hollow and dashed.
    #[must_use]
    pub const fn reset(self) -> Look {
        Look {
            open: true,
            dashed: true,
            ..self
        }
    }

    /// The colour.
    pub fn colour(self) -> Colour {
        self.role.colour()
    }

    /// Draws the marker with its centre at (x, y).
    pub(crate) fn mark(self, canvas: &mut Canvas, x: f64, y: f64) {
        self.mark_of_size(canvas, (x, y), style::MARKER);
    }

    /// Draws the marker with half its extent `size`, px.
    pub(crate) fn mark_of_size(self, canvas: &mut Canvas, (x, y): (f64, f64), size: f64) {
        let corners = self.role.corners();
        let mut shape = |scale: f64, colour: Colour| {
            if corners.is_empty() {
                canvas.disc(x, y, scale, colour);
            } else {
                let points = corners.iter().map(|(u, v)| (x + scale * u, y + scale * v));
                canvas.area(points.collect(), colour, 1.0);
            }
        };
        shape(size, self.colour());
        if self.open {
            shape(size * if corners.len() == 3 { 0.5 } else { 0.66 }, WHITE);
        }
    }

    /// Draws a short sample of the line from (x, y) to the right.
    pub(crate) fn swatch(self, canvas: &mut Canvas, x: f64, y: f64, width: f64) {
        let ends = [(x, y), (x + width, y)];
        canvas.stroke(&ends, self.colour(), style::LINE, self.dashed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_looks_are_the_same() {
        let roles = [
            Role::Classic,
            Role::Lead,
            Role::Carry,
            Role::Adaptive,
            Role::AdaptiveEstimated,
            Role::Reference,
        ];
        let others = (0..CYCLES).map(Role::Other);
        let all: Vec<Role> = roles.into_iter().chain(others).collect();
        let seen = |role: &Role| (role.colour(), format!("{:.3?}", role.corners()));
        for (k, role) in all.iter().enumerate() {
            for other in &all[..k] {
                assert_ne!(seen(role), seen(other), "{role:?} and {other:?}");
            }
        }
    }

    #[test]
    fn resets_change_the_marker() {
        let adaptive = Look::of(Role::Adaptive);
        assert!(adaptive.reset().open && adaptive.reset().dashed);
        assert_eq!(adaptive.reset().role, Role::Adaptive);
        assert_eq!(Look::reference().colour(), style::REFERENCE);
    }
}
