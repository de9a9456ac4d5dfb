//! Axes: what they measure, the range they cover, and their tick numbers.

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal steps, equal lengths.
    #[default]
    Linear,
    /// Equal factors, equal lengths; values that are not positive are drawn at the lower end.
    Log,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// The quantity and its unit.
    pub label: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// Lowest and highest value; found from the data where it is `None`.
    pub range: Option<(f64, f64)>,
    /// Values at or below this were not distinguished and are drawn here; the tick is marked accordingly.
    pub floor: Option<f64>,
    /// Whether the lower end of a logarithmic axis represents 0 alone, and is marked so.
    pub zero: bool,
}

impl Axis {
    /// A linear axis that covers its data.
    pub fn linear(label: impl Into<String>) -> Axis {
        Axis {
            label: label.into(),
            ..Axis::default()
        }
    }

    /// A logarithmic axis that covers its data.
    pub fn log(label: impl Into<String>) -> Axis {
        Axis {
            label: label.into(),
            scale: Scale::Log,
            ..Axis::default()
        }
    }

    /// The same axis over a fixed range.
    #[must_use]
    pub fn over(mut self, low: f64, high: f64) -> Axis {
        self.range = Some((low, high));
        self
    }

    /// The same axis with a floor: values at or below it are drawn there, under a tick marked accordingly.
    #[must_use]
    pub fn with_floor(mut self, floor: f64) -> Axis {
        self.floor = Some(floor);
        self
    }

    /// The same logarithmic axis with 0 at its lower end.
    #[must_use]
    pub fn with_zero(mut self) -> Axis {
        self.zero = true;
        self
    }

    /// Whether its lower end represents all lower values: some value is at the floor, or is not positive on a
    /// logarithmic axis, whose end is `low`.
    pub(crate) fn ends_in_floor(&self, low: f64, values: impl Iterator<Item = f64>) -> bool {
        let limit = match (self.scale, self.floor) {
            (_, Some(floor)) if floor >= low => floor,
            (Scale::Log, _) => 0.0,
            (Scale::Linear, _) => return false,
        };
        values.filter(|v| v.is_finite()).any(|v| v <= limit)
    }

    /// Whether a fixed range leaves out the zero of a quantity in per cent: its lower end is no zero.
    pub(crate) fn is_cut(&self) -> bool {
        let low = self.range.map_or(0.0, |(low, _)| low);
        self.scale == Scale::Linear && low > 0.0 && self.label.contains('%')
    }

    /// The range to draw: the fixed one, or one that covers the finite values with some air.
    /// `snug` leaves no air, as along an axis of time.
    pub(crate) fn covering(&self, values: impl Iterator<Item = f64>, snug: bool) -> (f64, f64) {
        if let Some((low, high)) = self.range
            && low.is_finite()
            && high.is_finite()
            && low < high
            && (self.scale == Scale::Linear || low > 0.0)
        {
            return (low, high);
        }
        let useful = |v: &f64| v.is_finite() && (self.scale == Scale::Linear || *v > 0.0);
        let (low, high) = values
            .filter(useful)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
        match (self.scale, low <= high) {
            (Scale::Linear, false) => (0.0, 1.0),
            (Scale::Log, false) => (0.1, 1.0),
            (Scale::Log, true) if snug && high / low > 1.5 => (low, high),
            // What lies at the floor is drawn at the end of the axis.
            (Scale::Log, true) if self.floor.is_some_and(|floor| low <= floor && floor < high) => {
                (self.floor.unwrap_or(low), high * 1.3)
            }
            (Scale::Log, true) => (low / 1.3, high * 1.3),
            (Scale::Linear, true) => {
                let span = high - low;
                if span <= 1e-9 * low.abs().max(high.abs()) {
                    let air = if low == 0.0 { 1.0 } else { 0.5 * low.abs() };
                    return (if low == 0.0 { 0.0 } else { low - air }, high + air);
                }
                if snug {
                    return rounded_out(low, high);
                }
                // A quantity that starts near zero gets an axis from zero.
                let floor = if low >= 0.0 && low < 0.4 * high {
                    0.0
                } else {
                    low - 0.06 * span
                };
                (floor, high + 0.06 * span)
            }
        }
    }
}

/// Moves the ends of a range to round numbers that lie no further than a thirtieth of it away.
fn rounded_out(low: f64, high: f64) -> (f64, f64) {
    let span = high - low;
    let step = 10f64.powf(span.log10().floor()) / 2.0;
    let near = |end: f64, round: f64| {
        if (end - round).abs() < span / 30.0 {
            round
        } else {
            end
        }
    };
    (
        near(low, (low / step).floor() * step),
        near(high, (high / step).ceil() * step),
    )
}

/// A tick: its position and label.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub value: f64,
    pub label: String,
}

/// Maps values to px along one axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ruler {
    low: f64,
    high: f64,
    scale: Scale,
    start: f64,
    end: f64,
    floored: bool,
    zero: bool,
}

impl Ruler {
    /// `low` lies at `start` px and `high` at `end` px.
    pub fn new((low, high): (f64, f64), scale: Scale, start: f64, end: f64) -> Ruler {
        Ruler {
            low,
            high,
            scale,
            start,
            end,
            floored: false,
            zero: false,
        }
    }

    /// The same ruler; its lower end represents all lower values if `floored`.
    pub fn with_floor(mut self, floored: bool) -> Ruler {
        self.floored = floored;
        self
    }

    /// The same ruler; a floor is 0 if `zero`.
    pub fn with_zero(mut self, zero: bool) -> Ruler {
        self.zero = zero;
        self
    }

    /// The place of a value in px; far outside the range it stays within a few lengths of the axis.
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log if value <= 0.0 => 0.0,
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        self.start + share.clamp(-4.0, 5.0) * (self.end - self.start)
    }

    /// Ticks inside the range, about one for `spacing` px.
    pub fn ticks(&self, spacing: f64) -> Vec<Tick> {
        let count = ((self.end - self.start).abs() / spacing).max(1.0);
        let inside = |v: f64| {
            let at = self.at(v);
            at >= self.start.min(self.end) - 0.01 && at <= self.start.max(self.end) + 0.01
        };
        let mut ticks = match self.scale {
            Scale::Linear => linear_ticks(self.low, self.high, count),
            Scale::Log => log_ticks(self.low, self.high, count),
        };
        ticks.retain(|tick| inside(tick.value));
        if self.floored {
            // The lowest tick is the end itself, and no other is near enough to touch it.
            let near = |tick: &Tick| (self.at(tick.value) - self.start).abs() < 0.35 * spacing;
            let own = ticks
                .iter()
                .find(|tick| (self.at(tick.value) - self.start).abs() < 0.5);
            let label = own.map_or_else(|| short(self.low), |tick| tick.label.clone());
            ticks.retain(|tick| !near(tick));
            let value = self.low;
            let label = if self.zero {
                "0".to_owned()
            } else {
                format!("≤{label}")
            };
            ticks.insert(0, Tick { value, label });
        }
        ticks
    }
}

fn linear_ticks(low: f64, high: f64, count: f64) -> Vec<Tick> {
    let rough = (high - low) / count;
    let power = 10f64.powf(rough.log10().floor());
    // Too few ticks are better than too many.
    let distance = |step: f64| {
        let off = (step / rough).ln();
        if off < 0.0 { -1.4 * off } else { off }
    };
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|s| s * power)
        .min_by(|a, b| distance(*a).total_cmp(&distance(*b)))
        .unwrap_or(power);
    let (first, last) = (
        (low / step - 1e-6).ceil() as i64,
        (high / step + 1e-6).floor() as i64,
    );
    let largest = low.abs().max(high.abs());
    (first..=last)
        .map(|k| {
            let value = k as f64 * step;
            Tick {
                value,
                label: number(value, step, largest),
            }
        })
        .collect()
}

fn log_ticks(low: f64, high: f64, count: f64) -> Vec<Tick> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades = (high / low).log10();
    let (stride, leads): (usize, &[f64]) = if decades > 1.5 * count {
        ((decades / count).ceil() as usize, &[1.0])
    } else if decades >= 2.0 || decades >= 0.5 * count {
        (1, &[1.0])
    } else if decades >= 1.0 {
        (1, &[1.0, 3.0])
    } else {
        (1, &[1.0, 2.0, 5.0])
    };
    let plain = first >= -2 && last <= 4;
    (first..=last)
        .filter(|e| e.rem_euclid(stride as i32) == 0)
        .flat_map(|e| leads.iter().map(move |lead| (e, *lead)))
        .map(|(e, lead)| {
            let value = lead * 10f64.powi(e);
            let label = if plain {
                number(value, value, value)
            } else if lead > 1.0 {
                format!("{lead:.0}×10{}", superscript(e))
            } else {
                format!("10{}", superscript(e))
            };
            Tick { value, label }
        })
        .collect()
}

/// A number in two digits.
fn short(value: f64) -> String {
    if (0.01..1e4).contains(&value) {
        return trim(&format!("{value:.2}"));
    }
    let exponent = value.abs().log10().floor();
    let lead = value / 10f64.powf(exponent);
    let power = format!("10{}", superscript(exponent as i32));
    match trim(&format!("{lead:.1}")).as_str() {
        "1" => power,
        lead => format!("{lead}×{power}"),
    }
}

/// A number with a few decimal places; a nonzero number that would read as zero is below the last place:
/// `<0.01`.
pub(crate) fn resolved(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    let reads_zero = text.chars().all(|c| matches!(c, '0' | '.' | '-'));
    if value == 0.0 || !reads_zero {
        return minus(&text);
    }
    let last = format!("{:.places$}", 10f64.powi(-(places as i32)));
    if value > 0.0 {
        format!("<{last}")
    } else {
        format!(">−{last}")
    }
}

/// An exponent in raised digits.
fn superscript(exponent: i32) -> String {
    exponent
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹']
                [digit.to_digit(10).unwrap_or(0) as usize],
        })
        .collect()
}

/// A number with as many places as steps of `step` ask for; thousands as k and millions as M where
/// the largest number on the axis has five digits or more.
fn number(value: f64, step: f64, largest: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e12).contains(&largest) {
        let exponent = value.abs().log10().floor() as i32;
        let lead = value / 10f64.powi(exponent);
        return minus(&format!(
            "{}×10{}",
            trim(&format!("{lead:.2}")),
            superscript(exponent)
        ));
    }
    let (unit, suffix) = match largest {
        l if l >= 1e9 => (1e9, "G"),
        l if l >= 1e6 => (1e6, "M"),
        l if l >= 1e4 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let places = (-(step.abs() / unit).log10().floor()).clamp(0.0, 9.0) as usize;
    minus(&format!("{:.places$}{suffix}", value / unit))
}

/// Removes trailing zeros of a decimal fraction.
pub(crate) fn trim(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// Sets a real minus sign.
pub(crate) fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: (f64, f64), scale: Scale, px: f64) -> Vec<String> {
        let ruler = Ruler::new(range, scale, 0.0, px);
        ruler.ticks(60.0).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn ticks_are_numbers_a_person_would_write() {
        assert_eq!(
            labels((0.0, 100.0), Scale::Linear, 300.0),
            ["0", "20", "40", "60", "80", "100"]
        );
        assert_eq!(
            labels((0.0, 1.0), Scale::Linear, 120.0),
            ["0", "0.5", "1.0"]
        );
        assert_eq!(
            labels((-0.3, 0.3), Scale::Linear, 180.0),
            ["−0.2", "0", "0.2"]
        );
        assert_eq!(
            labels((0.0, 1e6), Scale::Linear, 200.0),
            ["0", "0.5M", "1.0M"]
        );
        assert_eq!(
            labels((0.0, 30_000.0), Scale::Linear, 200.0),
            ["0", "10k", "20k", "30k"]
        );
        assert_eq!(
            labels((1.0, 1e6), Scale::Log, 200.0),
            ["10⁰", "10²", "10⁴", "10⁶"]
        );
        assert_eq!(labels((0.01, 1.0), Scale::Log, 200.0), ["0.01", "0.1", "1"]);
        assert_eq!(
            labels((1e-7, 3e-7), Scale::Linear, 100.0),
            ["1×10⁻⁷", "2×10⁻⁷", "3×10⁻⁷"]
        );
    }

    #[test]
    fn a_floor_is_marked_at_the_end_of_the_axis() {
        let axis = Axis::log("").with_floor(1e-6);
        let values = || [1e-6, 1e-3, 1.0].into_iter();
        let (low, high) = axis.covering(values(), false);
        assert!((low - 1e-6).abs() < 1e-12 && high > 1.0);
        assert!(axis.ends_in_floor(low, values()));
        assert!(!axis.ends_in_floor(low, [1e-3].into_iter()));
        let ruler = Ruler::new((low, high), Scale::Log, 200.0, 0.0).with_floor(true);
        assert_eq!(ruler.ticks(42.0)[0].label, "≤10⁻⁶");
        // A logarithmic axis has no place for zero.
        let zero = ruler.with_zero(true);
        assert_eq!(zero.ticks(42.0)[0].label, "0");
        assert!(Axis::log("").ends_in_floor(0.5, [0.0, 3.0].into_iter()));
        assert!(!Axis::linear("").ends_in_floor(0.0, [0.0].into_iter()));
    }

    #[test]
    fn what_is_not_zero_does_not_read_as_zero() {
        assert_eq!(resolved(0.004, 2), "<0.01");
        assert_eq!(resolved(-0.004, 2), ">−0.01");
        assert_eq!(
            (resolved(0.0, 2), resolved(-1.25, 1)),
            ("0.00".into(), "−1.2".into())
        );
    }

    #[test]
    fn ranges_cover_the_data_and_survive_its_absence() {
        let axis = Axis::linear("");
        assert_eq!(axis.covering([f64::NAN].into_iter(), false), (0.0, 1.0));
        assert_eq!(axis.covering([0.0, 100.0].into_iter(), true), (0.0, 100.0));
        let (low, high) = axis.covering([2.0, 2.0].into_iter(), false);
        assert!(low < 2.0 && high > 2.0);
        let (low, _) = Axis::log("").covering([0.0, 1e-3, 1.0].into_iter(), false);
        assert!(low > 0.0 && low < 1e-3);
        assert_eq!(
            Axis::log("")
                .over(0.0, 1.0)
                .covering(std::iter::empty(), false),
            (0.1, 1.0)
        );
    }
}
