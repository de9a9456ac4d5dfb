//! How a series looks: colour, marker and dash, found from what it means.

use crate::canvas::Canvas;
use crate::style::{self, Colour, WHITE};

/// What a series stands for; decides colour and marker.
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
    /// A reference with oracle resets.
    Oracle,
    /// Anything else: the n-th colour of a cycle.
    Other(usize),
}

impl Role {
    /// The role of an arm by its name, where the name is one of Saturn's own.
    pub fn named(arm: &str) -> Option<Role> {
        let name = arm.trim().to_lowercase();
        if let Some(rest) = name.strip_prefix("adaptive") {
            return match rest.trim_matches([' ', '_', '-', ',', '(', ')']) {
                "" | "labels" => Some(Role::Adaptive),
                "estimated" | "estimated mask" | "estimated_mask" | "est" | "count"
                | "contrast" | "energy" | "event count" | "event_count" | "mask" => {
                    Some(Role::AdaptiveEstimated)
                }
                _ => None,
            };
        }
        match name.as_str() {
            "classic" => Some(Role::Classic),
            "lead" => Some(Role::Lead),
            "carry" => Some(Role::Carry),
            "mask" => Some(Role::Mask),
            "oracle" => Some(Role::Oracle),
            _ => None,
        }
    }

    /// The colour of this role.
    pub fn colour(self) -> Colour {
        match self {
            Role::Classic => style::CLASSIC,
            Role::Lead => style::LEAD,
            Role::Carry => style::CARRY,
            Role::Adaptive => style::ADAPTIVE,
            Role::AdaptiveEstimated => style::ADAPTIVE_ESTIMATED,
            Role::Mask => style::MASK,
            Role::Oracle => style::ORACLE,
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
            Role::Oracle => (4, 0.0),
            Role::Other(n) => match n % 3 {
                0 => (6, 0.0),
                1 => return star(),
                _ => return cross(),
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
    /// The plain look of a role: filled marker, full line.
    pub const fn of(role: Role) -> Look {
        Look {
            role,
            open: false,
            dashed: false,
        }
    }

    /// The look of an arm by its name; an unknown name takes the first colour of the cycle. For
    /// several arms with names of their own use [`arm_looks`].
    pub fn arm(name: &str) -> Look {
        Look::of(Role::named(name).unwrap_or(Role::Other(0)))
    }

    /// The same arm under a reset policy: `none` is unchanged, any other is hollow and dashed, and
    /// the classic arm with oracle resets is grey, for it is the reference.
    #[must_use]
    pub fn with_reset(self, state_reset: &str) -> Look {
        match state_reset {
            "none" | "never" | "" => self,
            "oracle" if self.role == Role::Classic => Look {
                role: Role::Oracle,
                open: true,
                dashed: true,
            },
            _ => Look {
                open: true,
                dashed: true,
                ..self
            },
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

/// Looks for a list of arms: Saturn's own names keep their colours, further names take the cycle in
/// the order in which they come.
pub fn arm_looks<S: AsRef<str>>(names: &[S]) -> Vec<Look> {
    let mut others = 0;
    names
        .iter()
        .map(|name| {
            Look::of(Role::named(name.as_ref()).unwrap_or_else(|| {
                others += 1;
                Role::Other(others - 1)
            }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_colours() {
        assert_eq!(Look::arm("Classic").colour(), style::CLASSIC);
        assert_eq!(Role::named("adaptive"), Some(Role::Adaptive));
        assert_eq!(
            Role::named("adaptive_estimated"),
            Some(Role::AdaptiveEstimated)
        );
        assert_eq!(
            Role::named("adaptive (estimated mask)"),
            Some(Role::AdaptiveEstimated)
        );
        assert_eq!(Role::named("adaptive, per step"), None);
        let looks = arm_looks(&["tbptt", "carry", "fptt"]);
        assert_eq!(looks[0].role, Role::Other(0));
        assert_eq!(looks[1].role, Role::Carry);
        assert_eq!(looks[2].role, Role::Other(1));
    }

    #[test]
    fn resets_change_the_marker() {
        let classic = Look::arm("classic");
        assert_eq!(classic.with_reset("none"), classic);
        assert_eq!(classic.with_reset("oracle").role, Role::Oracle);
        let adaptive = Look::arm("adaptive").with_reset("periodic(100)");
        assert_eq!(adaptive.role, Role::Adaptive);
        assert!(adaptive.open);
    }
}
