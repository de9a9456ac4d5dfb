//! The one style of all figures: colours by meaning, sizes of type, widths of lines.
//!
//! The hues are those of Okabe and Ito (2008), which readers with the common forms of colour blindness can
//! distinguish; markers and dashes repeat the distinction. Sizes are in px of the SVG; the PNG has twice as
//! many pixels.
//!
//! Source: M. Okabe, K. Ito, "Color universal design", 2008.

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// This colour mixed with white: `strength` 1 is the colour itself, 0 is white.
    pub fn tint(self, strength: f64) -> Colour {
        WHITE.towards(self, strength)
    }

    /// The colour at `share` of the way to `other`.
    pub fn towards(self, other: Colour, share: f64) -> Colour {
        let s = share.clamp(0.0, 1.0);
        let mix = |a: u8, b: u8| (f64::from(a) + s * (f64::from(b) - f64::from(a))).round() as u8;
        Colour(
            mix(self.0, other.0),
            mix(self.1, other.1),
            mix(self.2, other.2),
        )
    }

    /// Perceived lightness in 0 (black) to 1 (white).
    pub fn lightness(self) -> f64 {
        (0.299 * f64::from(self.0) + 0.587 * f64::from(self.1) + 0.114 * f64::from(self.2)) / 255.0
    }
}

/// The ground.
pub const WHITE: Colour = Colour(255, 255, 255);
/// Text and axes.
pub const INK: Colour = Colour(0x22, 0x22, 0x22);
/// Secondary text.
pub const MUTED: Colour = Colour(0x66, 0x66, 0x66);
/// Reference lines and context curves.
pub const FAINT: Colour = Colour(0xb4, 0xb4, 0xb4);
/// Grid lines.
pub const GRID: Colour = Colour(0xe9, 0xe9, 0xe9);
/// Grounds of alternate rows.
pub const STRIPE: Colour = Colour(0xf6, 0xf6, 0xf6);

/// The classic arm: vermilion.
pub const CLASSIC: Colour = Colour(0xd5, 0x5e, 0x00);
/// The carry arm: orange.
pub const CARRY: Colour = Colour(0xe6, 0x9f, 0x00);
/// The adaptive arm: blue.
pub const ADAPTIVE: Colour = Colour(0x00, 0x72, 0xb2);
/// The adaptive arm with an estimated mask: sky blue.
pub const ADAPTIVE_ESTIMATED: Colour = Colour(0x56, 0xb4, 0xe9);
/// The lead arm: purple.
pub const LEAD: Colour = Colour(0xcc, 0x79, 0xa7);
/// The mask: green.
pub const MASK: Colour = Colour(0x00, 0x9e, 0x73);
/// What others are measured from: grey.
pub const REFERENCE: Colour = Colour(0x55, 0x55, 0x55);
/// Series without a role of their own, in order.
pub const CYCLE: [Colour; 8] = [
    Colour(0x33, 0x22, 0x88),
    Colour(0x88, 0x22, 0x55),
    Colour(0x99, 0x99, 0x33),
    Colour(0x44, 0xaa, 0x99),
    Colour(0x66, 0x3d, 0x14),
    Colour(0xcc, 0x66, 0x77),
    Colour(0xaa, 0x44, 0x99),
    Colour(0x8c, 0x8c, 0x8c),
];

/// Size of a figure's title.
pub const TITLE: f64 = 16.0;
/// Size of the title of a panel or column.
pub const PANEL_TITLE: f64 = 13.5;
/// Size of axis labels, direct labels and legends.
pub const LABEL: f64 = 12.0;
/// Size of tick numbers.
pub const TICK: f64 = 11.5;
/// Size of notes inside panels.
pub const NOTE: f64 = 10.5;

/// Width of the lines that carry data.
pub const LINE: f64 = 2.0;
/// Width of single seeds and context curves.
pub const THIN: f64 = 0.8;
/// Width of axes.
pub const SPINE: f64 = 1.0;
/// Length of ticks.
pub const TICK_LENGTH: f64 = 4.0;
/// Half the extent of a marker.
pub const MARKER: f64 = 5.0;
/// Radius of the dot of one seed.
pub const SEED: f64 = 1.6;
/// Margin between a figure's edge and its content.
pub const MARGIN: f64 = 16.0;
