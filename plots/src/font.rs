//! The embedded font: how wide a text is, and its pixels.
//!
//! DejaVu Sans is part of the program, so figures need no font of the system. In an SVG the text
//! stays text: the viewer draws it with DejaVu Sans, or with Verdana, which has nearly the same
//! widths.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};

/// The font family named in SVG files.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Height of a capital over the size of the type.
const CAP: f64 = 0.73;

fn face(bold: bool) -> Option<&'static FontRef<'static>> {
    static REGULAR: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    static BOLD: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    if bold {
        BOLD.get_or_init(|| FontRef::try_from_slice(dejavu::sans::bold()).ok())
    } else {
        REGULAR.get_or_init(|| FontRef::try_from_slice(dejavu::sans::regular()).ok())
    }
    .as_ref()
}

/// `size` is px per em; ab_glyph expects px from ascent to descent.
fn scale(font: &FontRef<'_>, size: f64) -> PxScale {
    let em = f64::from(font.units_per_em().unwrap_or(2048.0));
    PxScale::from((size * f64::from(font.height_unscaled()) / em) as f32)
}

/// The width of a line of text in px.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let mut width = 0.0;
    walk(text, size, bold, |_, end| {
        width = end;
        true
    });
    width
}

/// Calls `at(i, w)` after each character: i bytes of the text are w px wide. Ends where that is false.
fn walk(text: &str, size: f64, bold: bool, mut at: impl FnMut(usize, f64) -> bool) {
    let font = face(bold);
    let scaled = font.map(|font| font.as_scaled(scale(font, size)));
    let mut previous = None;
    let mut width = 0.0;
    for (place, c) in text.char_indices() {
        let Some(scaled) = &scaled else {
            width += 0.6 * size as f32;
            if !at(place + c.len_utf8(), f64::from(width)) {
                return;
            }
            continue;
        };
        let glyph = scaled.glyph_id(c);
        if let Some(before) = previous {
            width += scaled.kern(before, glyph);
        }
        width += scaled.h_advance(glyph);
        previous = Some(glyph);
        if !at(place + c.len_utf8(), f64::from(width)) {
            return;
        }
    }
}

/// From a text's middle line down to its baseline.
pub(crate) fn middle_to_baseline(size: f64) -> f64 {
    0.5 * CAP * size
}

/// The pixels of a line of text whose baseline starts at the origin: calls `put(x, y, coverage)`.
pub(crate) fn rasterise(text: &str, size: f64, bold: bool, mut put: impl FnMut(i32, i32, f32)) {
    let Some(font) = face(bold) else { return };
    let scale = scale(font, size);
    let scaled = font.as_scaled(scale);
    let mut previous = None;
    let mut pen = 0.0;
    for c in text.chars() {
        let id = scaled.glyph_id(c);
        if let Some(before) = previous {
            pen += scaled.kern(before, id);
        }
        let glyph = id.with_scale_and_position(scale, ab_glyph::point(pen, 0.0));
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| {
                put(
                    x as i32 + corner.x as i32,
                    y as i32 + corner.y as i32,
                    coverage,
                );
            });
        }
        pen += scaled.h_advance(id);
        previous = Some(id);
    }
}

/// Breaks a text into lines no wider than `limit` px. A word wider than the limit gets its own line.
pub(crate) fn wrap(text: &str, size: f64, bold: bool, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if width(&longer, size, bold) <= limit {
                *line = longer;
                continue;
            }
        }
        lines.push(word.to_owned());
    }
    lines
}

/// Breaks a text as [`wrap`] does, into the same number of lines, as even as they can be.
pub(crate) fn wrap_evenly(text: &str, size: f64, bold: bool, limit: f64) -> Vec<String> {
    let mut best = wrap(text, size, bold, limit);
    let mut narrower = limit;
    while best.len() > 1 && narrower > 0.5 * limit {
        narrower -= 4.0;
        let lines = wrap(text, size, bold, narrower);
        if lines.len() > best.len() {
            break;
        }
        best = lines;
    }
    best
}

/// The text, truncated with an ellipsis to fit into `limit` px. At most twice the fitting length is measured.
pub(crate) fn shorten(text: &str, size: f64, bold: bool, limit: f64) -> String {
    let (mut fits, mut whole) = (0, true);
    walk(text, size, bold, |end, width| {
        whole = width <= limit;
        if whole {
            fits = end;
        }
        whole
    });
    if whole {
        return text.to_owned();
    }
    let mut kept = &text[..fits];
    while let Some(last) = kept.char_indices().next_back() {
        kept = &kept[..last.0];
        let short = kept.trim_end().to_owned() + "…";
        if width(&short, size, bold) <= limit {
            return short;
        }
    }
    "…".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_grow_with_text_size_and_weight() {
        let plain = width("adaptive", 12.0, false);
        assert!((40.0..70.0).contains(&plain), "{plain}");
        assert!(width("adaptive", 12.0, true) > plain);
        assert!((width("adaptive", 24.0, false) / plain - 2.0).abs() < 0.02);
    }

    #[test]
    fn rasterised_text_fills_its_width() {
        let (mut right, mut top, mut bottom) = (0, 0, 0);
        rasterise("Hg", 100.0, false, |x, y, coverage| {
            if coverage > 0.5 {
                right = right.max(x);
                top = top.min(y);
                bottom = bottom.max(y);
            }
        });
        let expected = width("Hg", 100.0, false);
        assert!(
            (f64::from(right) - expected).abs() < 12.0,
            "{right} {expected}"
        );
        assert!((-75..=-70).contains(&top), "{top}");
        assert!((15..26).contains(&bottom), "{bottom}");
    }

    #[test]
    fn wrapping_and_shortening_keep_the_limit() {
        let text = "how much of the difference the past still makes";
        for line in wrap(text, 12.0, false, 120.0) {
            assert!(width(&line, 12.0, false) <= 120.0, "{line}");
        }
        let short = shorten(text, 12.0, false, 120.0);
        assert!(short.ends_with('…') && width(&short, 12.0, false) <= 120.0);
        assert_eq!(shorten("GRU", 12.0, false, 120.0), "GRU");
        // However long a text is, the same is left of it.
        let long = "aé ".repeat(1_000_000);
        assert_eq!(
            shorten(&long, 12.0, false, 120.0),
            shorten(&long[..400], 12.0, false, 120.0)
        );
        assert_eq!(shorten(&"W".repeat(10_000), 12.0, false, 3.0), "…");
    }
}
