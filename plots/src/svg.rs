//! The canvas as SVG, through plotters.
//!
//! plotters works in whole units, so the drawing is made at [`UNITS`] units a px and the view box maps them
//! back. Three things are then corrected in the text: size and line joins in the head, baselines (plotters
//! shifts text by a share of the x-height), and images, which plotters would encode by a larger library.

use std::fmt::Write as _;
use std::path::Path;

use ::png::EncodingError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters::prelude::{
    Color as _, DrawingBackend, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor,
    SVGBackend, ShapeStyle, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::canvas::{Anchor, Canvas, Mark, Text};
use crate::error::PlotError;
use crate::font;
use crate::png;
use crate::style::Colour;

/// Units of the SVG a px.
const UNITS: f64 = 10.0;
/// plotters divides a size by this before it writes it.
const PLOTTERS_EM: f64 = 1.24;

fn units((x, y): (f64, f64)) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn shape(colour: Colour, opacity: f64, width: f64) -> ShapeStyle {
    ShapeStyle {
        color: RGBColor(colour.0, colour.1, colour.2).mix(opacity),
        filled: true,
        stroke_width: (width * UNITS).round().max(1.0) as u32,
    }
}

fn text_style(text: &Text) -> TextStyle<'static> {
    let weight = if text.bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    let size = text.size * UNITS * PLOTTERS_EM;
    let mut desc = FontDesc::new(FontFamily::Name(font::FAMILY), size, weight);
    if text.upwards {
        desc = desc.transform(FontTransform::Rotate270);
    }
    let across = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    TextStyle {
        font: desc,
        color: RGBColor(text.colour.0, text.colour.1, text.colour.2).to_backend_color(),
        pos: Pos::new(across, VPos::Bottom),
    }
}

/// The text of the SVG file; `path` is named in errors.
pub(crate) fn render(canvas: &Canvas, path: &Path) -> Result<String, PlotError> {
    let mut out = String::new();
    let size = (
        (canvas.width * UNITS) as u32,
        (canvas.height * UNITS) as u32,
    );
    let failed = |reason: String| PlotError::Encode {
        path: path.to_owned(),
        reason,
    };
    {
        let mut svg = SVGBackend::with_string(&mut out, size);
        let paper = shape(crate::style::WHITE, 1.0, 0.0);
        svg.draw_rect((0, 0), (size.0 as i32, size.1 as i32), &paper, true)
            .map_err(|e| failed(e.to_string()))?;
        for mark in &canvas.marks {
            draw(&mut svg, mark).map_err(failed)?;
        }
        svg.present().map_err(|e| failed(e.to_string()))?;
    }
    correct(&out, canvas, size).map_err(|e| failed(e.to_string()))
}

fn draw(svg: &mut SVGBackend<'_>, mark: &Mark) -> Result<(), String> {
    let drawn = match mark {
        Mark::Line {
            points,
            colour,
            width,
        } => svg.draw_path(
            points.iter().copied().map(units),
            &shape(*colour, 1.0, *width),
        ),
        Mark::Area {
            points,
            colour,
            opacity,
        } => svg.fill_polygon(
            points.iter().copied().map(units),
            &shape(*colour, *opacity, 0.0),
        ),
        Mark::Disc {
            x,
            y,
            radius,
            colour,
        } => svg.draw_circle(
            units((*x, *y)),
            (radius * UNITS).round() as u32,
            &shape(*colour, 1.0, 0.0),
            true,
        ),
        Mark::Text { x, y, text } => svg.draw_text(&text.words, &text_style(text), units((*x, *y))),
        // The place of an image: `correct` puts it there.
        Mark::Image { x, y, .. } => {
            let at = units((*x, *y));
            svg.draw_rect(at, at, &shape(crate::style::WHITE, 0.5, 0.0), true)
        }
    };
    drawn.map_err(|e| e.to_string())
}

/// Rounds the size of the type to whole units: plotters divides and leaves a long fraction.
fn round_size(line: &str) -> String {
    let key = "font-size=\"";
    let Some((before, rest)) = line.split_once(key) else {
        return line.to_owned();
    };
    match rest.split_once('"') {
        Some((size, after)) => {
            let size = size.parse::<f64>().unwrap_or(10.0 * UNITS).round();
            format!("{before}{key}{size}\"{after}")
        }
        None => line.to_owned(),
    }
}

/// Style and points of a plain line: consecutive lines of one style become one path, since dashes are many
/// and each would repeat its style.
fn line_of(line: &str) -> Option<(String, &str)> {
    let rest = line.strip_prefix("<polyline ")?;
    let (style, rest) = rest.split_once(" points=\"")?;
    let points = rest.strip_suffix("\"/>")?.trim_end();
    let whole = style.replacen(" opacity=\"1\"", "", 1);
    // Where a line is seen through, two that cross are not one.
    (whole.len() < style.len() && !points.is_empty()).then_some((whole, points))
}

/// Ends a path, if one is open.
fn close(out: &mut String, open: &mut Option<String>) {
    if open.take().is_some() {
        out.push_str("\"/>\n");
    }
}

/// Corrects what plotters has no options for.
fn correct(
    raw: &str,
    canvas: &Canvas,
    (width, height): (u32, u32),
) -> Result<String, EncodingError> {
    let head = format!("<svg width=\"{width}\" height=\"{height}\" viewBox");
    let better = format!(
        "<svg width=\"{}\" height=\"{}\" stroke-linejoin=\"round\" stroke-linecap=\"round\" viewBox",
        canvas.width, canvas.height
    );
    let images = canvas
        .marks
        .iter()
        .filter(|mark| matches!(mark, Mark::Image { .. }));
    // The first rectangle is the paper.
    let mut rectangles = [None].into_iter().chain(images.map(Some));
    let mut out = String::with_capacity(raw.len());
    let mut open: Option<String> = None;
    for line in raw.replacen(&head, &better, 1).lines() {
        if let Some((style, points)) = line_of(line) {
            if open.as_ref() != Some(&style) {
                close(&mut out, &mut open);
                let _ = write!(out, "<path {style} d=\"");
                open = Some(style);
            }
            out.push('M');
            out.push_str(points);
            continue;
        }
        close(&mut out, &mut open);
        let line = &line
            .replacen(" opacity=\"1\"", "", 1)
            .replace(" \"/>", "\"/>");
        if line.starts_with("<text ") {
            out.push_str(&round_size(&line.replacen(" dy=\"-0.5ex\"", "", 1)));
        } else if line.starts_with("<rect ")
            && let Some(Some(mark)) = rectangles.next()
        {
            out.push_str(&image(mark)?);
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    Ok(out)
}

/// The element of an image, its pixels in it; empty for other marks.
fn image(mark: &Mark) -> Result<String, EncodingError> {
    let Mark::Image {
        x,
        y,
        width,
        height,
        columns,
        rows,
        rgb,
    } = mark
    else {
        return Ok(String::new());
    };
    let ((x, y), (w, h)) = (units((*x, *y)), units((*width, *height)));
    let data = STANDARD.encode(png::encoded(*columns, *rows, rgb)?);
    Ok(format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::INK;

    #[test]
    fn dashes_of_one_line_are_one_path() {
        let mut canvas = Canvas::new(400.0, 100.0);
        canvas.dashes(&[(0.0, 10.0), (300.0, 10.0)], INK, 1.0, (3.0, 3.0));
        canvas.rule((0.0, 20.0), (300.0, 20.0), INK, 2.0);
        let svg = render(&canvas, Path::new("x.svg")).expect("drawn");
        assert_eq!(svg.matches("<path ").count(), 2, "{svg}");
        assert!(
            svg.matches('M').count() >= 50 && !svg.contains("polyline"),
            "{svg}"
        );
        assert!(svg.len() < 2_000, "{} bytes", svg.len());
    }

    #[test]
    fn text_keeps_its_baseline_and_images_their_extent() {
        let mut canvas = Canvas::new(200.0, 100.0);
        canvas.text(20.0, 30.0, Text::new("a < b & \"c\"", 12.0, INK));
        canvas.image(
            (10.0, 20.0, 120.0, 60.0),
            (2, 1),
            vec![0, 0, 0, 255, 255, 255],
        );
        let svg = render(&canvas, Path::new("x.svg")).expect("drawn");
        assert!(
            svg.starts_with("<svg width=\"200\" height=\"100\""),
            "{svg}"
        );
        assert!(svg.contains("viewBox=\"0 0 2000 1000\""));
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;"));
        assert!(!svg.contains("dy="));
        assert!(
            svg.contains("y=\"300\"") && svg.contains("font-size=\"120\""),
            "{svg}"
        );
        assert!(svg.contains("width=\"1200\" height=\"600\" preserveAspectRatio"));
        assert!(svg.contains("data:image/png;base64,iVBOR"), "{svg}");
    }
}
