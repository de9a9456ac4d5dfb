//! The canvas as PNG, through plotters.
//!
//! The drawing is made [`FINE`] times too large, band by band, and averaged down: that gives smooth edges,
//! and needs memory for a band instead of the figure. Polygons are plotters'. Lines are drawn here as chains
//! of capsules, since plotters rounds the outline of a wide line to whole pixels and leaves holes at sharp
//! turns. Text is drawn here too, since plotters drops the space around glyphs. The file has a palette, which
//! makes it four times smaller: see `palette.rs`.

use std::io::Write;
use std::path::Path;

use plotters::prelude::{BitMapBackend, Color as _, DrawingBackend, RGBColor};
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};

use crate::canvas::{Canvas, Mark, Text};
use crate::error::PlotError;
use crate::font;
use crate::palette::{Palette, palette};
use crate::style::Colour;

/// Pixels of the file a px of the canvas, along each axis.
const PIXELS: usize = 2;
/// Subpixels a pixel, along each axis.
const FINE: usize = 3;
/// Rows of pixels drawn at a time.
const BAND: usize = 96;

/// Writes the PNG into `partial`; `path` is the name for errors.
pub(crate) fn write(canvas: &Canvas, partial: &Path, path: &Path) -> Result<(), PlotError> {
    let width = canvas.width as usize * PIXELS;
    let height = canvas.height as usize * PIXELS;
    let failed = |reason: String| PlotError::Encode {
        path: path.to_owned(),
        reason,
    };
    let rgb = pixels(canvas).map_err(failed)?;
    let bytes = with_palette(width, height, &rgb).map_err(|e| failed(e.to_string()))?;
    std::fs::write(partial, bytes).map_err(|source| PlotError::write(path, source))
}

/// The PNG of `rgb` with a palette, one byte a pixel.
fn with_palette(width: usize, height: usize, rgb: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let Palette { colours, places } = palette(rgb);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(colours.concat());
    encoder.set_compression(Compression::High);
    // Indices are not amounts: differences of neighbours do not compress better.
    encoder.set_filter(Filter::NoFilter);
    finish(encoder, &places)?;
    Ok(bytes)
}

/// The PNG of `rgb`, three bytes a pixel, row by row, without loss.
pub(crate) fn encoded(width: usize, height: usize, rgb: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_filter(Filter::Paeth);
    finish(encoder, rgb)?;
    Ok(bytes)
}

fn finish(encoder: Encoder<impl Write>, data: &[u8]) -> Result<(), EncodingError> {
    let mut writer = encoder.write_header()?;
    writer.write_image_data(data)?;
    writer.finish()
}

/// All pixels, row by row, three bytes each.
fn pixels(canvas: &Canvas) -> Result<Vec<u8>, String> {
    let width = canvas.width as usize * PIXELS;
    let height = canvas.height as usize * PIXELS;
    let mut out = vec![0; width * height * 3];
    for top in (0..height).step_by(BAND) {
        let rows = BAND.min(height - top);
        let mut band = Band {
            rgb: vec![255; width * FINE * rows * FINE * 3],
            width: (width * FINE) as i32,
            height: (rows * FINE) as i32,
            top: (top * FINE) as f64,
        };
        for mark in &canvas.marks {
            band.draw(mark)?;
        }
        average(
            &band.rgb,
            width,
            &mut out[top * width * 3..(top + rows) * width * 3],
        );
    }
    Ok(out)
}

/// Averages blocks of FINE x FINE subpixels into the pixels `out`.
fn average(fine: &[u8], width: usize, out: &mut [u8]) {
    let stride = width * FINE * 3;
    let count = (FINE * FINE) as u16;
    let mut sums = vec![0; stride];
    for (lines, row) in fine
        .chunks_exact(FINE * stride)
        .zip(out.chunks_exact_mut(width * 3))
    {
        // Down first: whole lines are added at once.
        sums.fill(0);
        for line in lines.chunks_exact(stride) {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum += u16::from(*value);
            }
        }
        for (pixel, sums) in row.chunks_exact_mut(3).zip(sums.chunks_exact(FINE * 3)) {
            for (channel, value) in pixel.iter_mut().enumerate() {
                let all = (0..FINE).map(|sub| sums[3 * sub + channel]);
                *value = ((count / 2 + all.sum::<u16>()) / count) as u8;
            }
        }
    }
}

/// A horizontal strip of the figure at full fineness.
struct Band {
    rgb: Vec<u8>,
    width: i32,
    height: i32,
    /// Subpixels above the strip.
    top: f64,
}

impl Band {
    /// From px of the canvas to subpixels of the band.
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let scale = (PIXELS * FINE) as f64;
        (x * scale, y * scale - self.top)
    }

    fn whole(&self, at: (f64, f64)) -> (i32, i32) {
        let (x, y) = self.place(at);
        (x.round() as i32, y.round() as i32)
    }

    /// Whether rows from `low` to `high` px, and `margin` around them, touch the band.
    fn meets(&self, low: f64, high: f64, margin: f64) -> bool {
        self.place((0.0, high + margin)).1 >= 0.0
            && self.place((0.0, low - margin)).1 <= f64::from(self.height)
    }

    fn backend(&mut self) -> BitMapBackend<'_> {
        let size = (self.width as u32, self.height as u32);
        BitMapBackend::with_buffer(&mut self.rgb, size)
    }

    fn draw(&mut self, mark: &Mark) -> Result<(), String> {
        match mark {
            Mark::Line {
                points,
                colour,
                width,
            } => {
                for pair in points.windows(2) {
                    let (low, high) = (pair[0].1.min(pair[1].1), pair[0].1.max(pair[1].1));
                    if self.meets(low, high, *width) {
                        let radius = 0.5 * width * (PIXELS * FINE) as f64;
                        self.capsule(self.place(pair[0]), self.place(pair[1]), radius, *colour);
                    }
                }
                Ok(())
            }
            Mark::Area {
                points,
                colour,
                opacity,
            } => {
                let low = points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
                let high = points.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
                if !self.meets(low, high, 1.0) {
                    return Ok(());
                }
                let corners: Vec<_> = points.iter().map(|p| self.whole(*p)).collect();
                let fill = RGBColor(colour.0, colour.1, colour.2).mix(*opacity);
                self.backend()
                    .fill_polygon(corners, &fill)
                    .map_err(|e| e.to_string())
            }
            Mark::Disc {
                x,
                y,
                radius,
                colour,
            } => {
                if self.meets(y - radius, y + radius, 1.0) {
                    let centre = self.place((*x, *y));
                    self.capsule(centre, centre, radius * (PIXELS * FINE) as f64, *colour);
                }
                Ok(())
            }
            Mark::Text { x, y, text } => {
                self.text(*x, *y, text);
                Ok(())
            }
            Mark::Image {
                x,
                y,
                width,
                height,
                columns,
                rows,
                rgb,
            } => {
                let (from, to) = (self.whole((*x, *y)), self.whole((x + width, y + height)));
                self.image(from, to, (*columns, *rows), rgb);
                Ok(())
            }
        }
    }

    /// All points no further than `radius` from the segment, in pieces so that the box around each
    /// stays small.
    fn capsule(&mut self, from: (f64, f64), to: (f64, f64), radius: f64, colour: Colour) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let pieces = if dx.abs() < 1.0 || dy.abs() < 1.0 {
            1
        } else {
            (dx.hypot(dy) / 24.0).ceil().max(1.0) as usize
        };
        let at = |k: usize| {
            let share = k as f64 / pieces as f64;
            (from.0 + share * dx, from.1 + share * dy)
        };
        for k in 0..pieces {
            self.piece(at(k), at(k + 1), radius, colour);
        }
    }

    fn piece(&mut self, from: (f64, f64), to: (f64, f64), radius: f64, colour: Colour) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length2 = (dx * dx + dy * dy).max(1e-12);
        let left = ((from.0.min(to.0) - radius).floor() as i32).max(0);
        let right = ((from.0.max(to.0) + radius).ceil() as i32).min(self.width);
        let upper = ((from.1.min(to.1) - radius).floor() as i32).max(0);
        let lower = ((from.1.max(to.1) + radius).ceil() as i32).min(self.height);
        for y in upper..lower {
            for x in left..right {
                let (px, py) = (f64::from(x) + 0.5 - from.0, f64::from(y) + 0.5 - from.1);
                let along = ((px * dx + py * dy) / length2).clamp(0.0, 1.0);
                let (ex, ey) = (px - along * dx, py - along * dy);
                if ex * ex + ey * ey <= radius * radius {
                    self.put(x, y, colour, 1.0);
                }
            }
        }
    }

    fn text(&mut self, x: f64, y: f64, text: &Text) {
        let reach = if text.upwards {
            text.width()
        } else {
            1.5 * text.size
        };
        if !self.meets(y, y, reach) {
            return;
        }
        let scale = (PIXELS * FINE) as f64;
        let (x0, y0) = self.whole((x, y));
        let start = (text.start() * scale).round() as i32;
        font::rasterise(
            &text.words,
            text.size * scale,
            text.bold,
            |u, v, coverage| {
                let (u, v) = if text.upwards {
                    (v, -(u + start))
                } else {
                    (u + start, v)
                };
                self.put(x0 + u, y0 + v, text.colour, coverage);
            },
        );
    }

    fn image(
        &mut self,
        from: (i32, i32),
        to: (i32, i32),
        (columns, rows): (usize, usize),
        rgb: &[u8],
    ) {
        let (w, h) = (
            (to.0 - from.0).max(1) as usize,
            (to.1 - from.1).max(1) as usize,
        );
        for y in from.1.max(0)..to.1.min(self.height) {
            let row = (y - from.1) as usize * rows / h;
            for x in from.0.max(0)..to.0.min(self.width) {
                let column = (x - from.0) as usize * columns / w;
                let cell = 3 * (row * columns + column);
                let colour = Colour(rgb[cell], rgb[cell + 1], rgb[cell + 2]);
                self.put(x, y, colour, 1.0);
            }
        }
    }

    fn put(&mut self, x: i32, y: i32, colour: Colour, coverage: f32) {
        if x < 0 || y < 0 || x >= self.width || y >= self.height {
            return;
        }
        let at = 3 * (y as usize * self.width as usize + x as usize);
        let new = [colour.0, colour.1, colour.2];
        if coverage >= 1.0 {
            self.rgb[at..at + 3].copy_from_slice(&new);
        } else {
            for (old, new) in self.rgb[at..at + 3].iter_mut().zip(new) {
                let (o, n) = (f32::from(*old), f32::from(new));
                *old = (o + coverage.max(0.0) * (n - o)).round() as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::INK;

    #[test]
    fn bands_join_without_a_seam() {
        let mut canvas = Canvas::new(20.0, 120.0);
        canvas.rule((10.0, 5.0), (10.0, 115.0), INK, 4.0);
        canvas.rect(2.0, 5.0, 4.0, 110.0, INK, 1.0);
        let rgb = pixels(&canvas).expect("drawn");
        let width = 20 * PIXELS;
        for row in 12..228 {
            for x in [4.0, 10.0] {
                let at = 3 * (row * width + (x * PIXELS as f64) as usize);
                assert_eq!(rgb[at], INK.0, "row {row}, x {x}");
            }
        }
        assert_eq!(rgb[0], 255);
    }

    #[test]
    fn marks_outside_the_canvas_do_no_harm() {
        let mut canvas = Canvas::new(20.0, 20.0);
        canvas.rule((-50.0, -5.0), (90.0, 300.0), INK, 4.0);
        canvas.rect(-20.0, -20.0, 400.0, 400.0, INK, 0.3);
        canvas.disc(-3.0, 25.0, 9.0, INK);
        canvas.text(-10.0, 30.0, Text::new("outside", 30.0, INK));
        canvas.image((-5.0, -5.0, 10.0, 10.0), (1, 1), vec![9, 9, 9]);
        assert_eq!(pixels(&canvas).expect("drawn").len(), 40 * 40 * 3);
    }
}
