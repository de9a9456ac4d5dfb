//! Common to all figures: drawing into two files, and a caption.

use std::fs;
use std::path::{Path, PathBuf};

use crate::canvas::Canvas;
use crate::error::PlotError;
use crate::{png, svg};

/// The two files of a figure that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Vector graphics; text stays text.
    pub svg: PathBuf,
    /// The same drawing at two pixels a px.
    pub png: PathBuf,
}

/// A figure.
pub trait Figure {
    /// The drawing.
    fn canvas(&self) -> Result<Canvas, PlotError>;

    /// One sentence on how to read the figure.
    fn caption(&self) -> String;

    /// The drawing as the text of an SVG file, to embed in a page.
    fn to_svg(&self) -> Result<String, PlotError> {
        svg::render(&self.canvas()?, Path::new("figure.svg"))
    }

    /// Writes `stem.svg` and `stem.png`. Each is written under a temporary name and then renamed, so that no
    /// reader sees half a figure.
    fn draw(&self, path_stem: &Path) -> Result<Files, PlotError> {
        self.drawing(path_stem)?.write()
    }

    /// The same to be written later, or on another thread: most of the time goes into the pixels.
    fn drawing(&self, path_stem: &Path) -> Result<Drawing, PlotError> {
        Ok(Drawing {
            canvas: self.canvas()?,
            files: Files {
                svg: with_ending(path_stem, "svg")?,
                png: with_ending(path_stem, "png")?,
            },
        })
    }
}

/// A figure that is drawn but not yet written.
#[derive(Debug)]
pub struct Drawing {
    canvas: Canvas,
    files: Files,
}

impl Drawing {
    /// Writes its files.
    pub fn write(self) -> Result<Files, PlotError> {
        let Self { canvas, files } = self;
        let text = svg::render(&canvas, &files.svg)?;
        write_beside(&files.svg, |partial| {
            fs::write(partial, &text).map_err(|source| PlotError::write(&files.svg, source))
        })?;
        write_beside(&files.png, |partial| {
            png::write(&canvas, partial, &files.png)
        })?;
        Ok(files)
    }
}

/// Adds an ending to a stem; a dot in the stem is part of its name.
fn with_ending(stem: &Path, ending: &str) -> Result<PathBuf, PlotError> {
    let name = stem.file_name().ok_or_else(|| PlotError::NoName {
        path: stem.to_owned(),
    })?;
    let mut name = name.to_owned();
    name.push(".");
    name.push(ending);
    Ok(stem.with_file_name(name))
}

/// Lets `write` fill a temporary file, then renames it to `path`. A failed write leaves no file.
fn write_beside(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), PlotError>,
) -> Result<(), PlotError> {
    saturn_files::replace(path, write, |source| PlotError::write(path, source))
}
