//! Images in the idx format of MNIST and Fashion-MNIST, plain or packed with gzip.
//!
//! | bytes | contents |
//! |---|---|
//! | 0, 1 | zero |
//! | 2 | type of an entry: 8 for unsigned bytes, the only one that is read |
//! | 3 | number of dimensions n: 3 for images, 1 for labels |
//! | 4 .. 4 + 4n | size of each dimension, 32 bits, big endian |
//! | the rest | the entries, the last dimension fastest |
//!
//! (LeCun, Cortes & Burges, *The MNIST database of handwritten digits*, 1998.) A folder holds
//! `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
//! `t10k-labels-idx1-ubyte`, each with or without `.gz`. The last images of the training file are the
//! validation split. An image becomes a recording in one of three ways ([`Form`]).

mod file;
mod form;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use super::{Converted, Tally, Watch};
use crate::error::DataError;
use crate::frames::{FrameMeta, Frames, try_write_frames};
use crate::output::Output;
use crate::recording::Recording;
use crate::synthetic::Split;
use crate::write::{Cut, WriteMeta, stated, try_write_events};
use file::Idx;
pub use form::Form;

/// How to convert images.
#[derive(Debug, Clone, PartialEq)]
pub struct IdxOptions {
    /// How an image becomes a recording.
    pub form: Form,
    /// Time of a step (a row or a pixel) in seconds.
    pub step_s: f64,
    /// How many images at the end of the training file are the validation split.
    pub valid: usize,
    /// Name of each class; numbers where there is none.
    pub class_names: Vec<String>,
}

impl Default for IdxOptions {
    fn default() -> Self {
        Self {
            form: Form::Rows,
            step_s: 0.001,
            valid: 5_000,
            class_names: Vec::new(),
        }
    }
}

/// Converts the images in the folder `input` to `train.h5`, `valid.h5` and `test.h5` in `output`.
pub fn convert(
    input: &Path,
    output: &Path,
    options: &IdxOptions,
    watch: Watch,
) -> Result<Converted, DataError> {
    options.check()?;
    let mut train = Images::open(input, "train")?;
    let mut test = Images::open(input, "t10k")?;
    if (train.rows, train.columns) != (test.rows, test.columns) {
        return Err(DataError::Unusable {
            path: test.pixels.path().to_owned(),
            detail: "its images are not of the size of those to train on".to_owned(),
            hint: "take all four files from one set",
        });
    }
    if options.valid >= train.labels.len() {
        return Err(DataError::BadOption {
            option: "the number of images to validate on",
            found: options.valid.to_string(),
            expected: format!(
                "below the {} images of the training file",
                train.labels.len()
            ),
        });
    }
    let classes = train.labels.iter().chain(&test.labels).copied().max();
    let classes = usize::from(classes.unwrap_or(0)) + 1;
    let mut names = options.class_names.clone();
    if !names.is_empty() && names.len() < classes {
        return Err(DataError::BadOption {
            option: "the number of class names",
            found: names.len().to_string(),
            expected: format!("at least {classes}, one a class"),
        });
    }
    names.extend((names.len()..classes).map(|class| class.to_string()));
    let total = train.labels.len() + test.labels.len();
    let mut writer = Writer {
        options,
        names,
        output: Output::in_folder(output)?,
        tally: Tally::new(watch, total),
        blank: 0,
    };
    let learnt = train.labels.len() - options.valid;
    let mut files = Vec::new();
    for split in Split::ALL {
        let path = output.join(split.file_name());
        let (images, count) = match split {
            Split::Train => (&mut train, learnt),
            Split::Valid => (&mut train, options.valid),
            Split::Test => {
                let count = test.labels.len();
                (&mut test, count)
            }
        };
        if count > 0 {
            let written = writer.write(images, count, &path)?;
            files.push((path, written));
        }
        if images.next == images.labels.len() {
            images.pixels.finish()?;
        }
    }
    writer.output.place()?;
    let mut notices = Vec::new();
    if writer.blank > 0 {
        let blank = writer.blank;
        notices.push(format!(
            "{blank} images produced no events and were left out"
        ));
    }
    Ok(Converted { files, notices })
}

impl IdxOptions {
    fn check(&self) -> Result<(), DataError> {
        if !(self.step_s > 0.0 && self.step_s <= 1.0) {
            return Err(DataError::BadOption {
                option: "the time of a step",
                found: format!("{} s", self.step_s),
                expected: "above 0 and up to 1 s".to_owned(),
            });
        }
        match self.form {
            Form::Events { thresholds } if !(1..=255).contains(&thresholds) => {
                Err(DataError::BadOption {
                    option: "the number of thresholds",
                    found: thresholds.to_string(),
                    expected: "from 1 to 255: there are 256 shades of grey".to_owned(),
                })
            }
            _ => Ok(()),
        }
    }
}

/// Images with their labels, read one after the other.
struct Images {
    pixels: Idx,
    labels: Vec<u8>,
    rows: usize,
    columns: usize,
    next: usize,
}

impl Images {
    fn open(folder: &Path, which: &str) -> Result<Self, DataError> {
        let labels = find(folder, &format!("{which}-labels-idx1-ubyte"))?;
        let mut labels = Idx::open(&labels, 1)?;
        let pixels = Idx::open(&find(folder, &format!("{which}-images-idx3-ubyte"))?, 3)?;
        let sizes = pixels.sizes();
        let (rows, columns) = (sizes[1] as usize, sizes[2] as usize);
        if sizes[0] != labels.sizes()[0] {
            return Err(DataError::Malformed {
                path: pixels.path().to_owned(),
                offset: 4,
                detail: format!(
                    "it claims {} images, and there are {} labels",
                    sizes[0],
                    labels.sizes()[0]
                ),
                hint: "take images and labels from one set",
            });
        }
        let mut classes = vec![0; sizes[0] as usize];
        labels.read(&mut classes)?;
        labels.finish()?;
        Ok(Self {
            pixels,
            labels: classes,
            rows,
            columns,
            next: 0,
        })
    }

    /// The next image, `[rows, columns]`, its class and its number.
    fn image(&mut self) -> Result<(Vec<u8>, usize, usize), DataError> {
        let mut image = vec![0; self.rows * self.columns];
        self.pixels.read(&mut image)?;
        let index = self.next;
        self.next += 1;
        Ok((image, usize::from(self.labels[index]), index))
    }
}

struct Writer<'a> {
    options: &'a IdxOptions,
    names: Vec<String>,
    output: Output,
    tally: Tally<'a>,
    /// Images without an event.
    blank: usize,
}

impl Writer<'_> {
    /// Writes the next `count` images to `path`.
    fn write(
        &mut self,
        images: &mut Images,
        count: usize,
        path: &Path,
    ) -> Result<usize, DataError> {
        let Self {
            options,
            names,
            output,
            tally,
            blank,
        } = self;
        let form = options.form;
        let (rows, columns) = (images.rows, images.columns);
        let meta_info = vec![
            ("source".to_owned(), "idx images".to_owned()),
            ("form".to_owned(), form.to_string()),
            ("image".to_owned(), format!("{rows} x {columns}")),
        ];
        let mut next = || {
            let image = images.image()?;
            tally.count(path)?;
            Ok(image)
        };
        if let Form::Events { thresholds } = form {
            let meta = WriteMeta {
                channels: 2 * thresholds,
                class_names: names.clone(),
                meta_info: [meta_info, vec![stated(2 * thresholds)]].concat(),
                ..WriteMeta::default()
            };
            let cuts = (0..count).filter_map(|_| match next() {
                Ok((image, label, index)) => {
                    let (times_s, units) = form::crossings(&image, thresholds, options.step_s);
                    if units.is_empty() {
                        *blank += 1;
                        return None;
                    }
                    Some(Ok(Cut::from(Recording {
                        times_s,
                        units,
                        label,
                        speaker: None,
                        index,
                    })))
                }
                Err(error) => Some(Err(error)),
            });
            return try_write_events(output, path, cuts, &meta);
        }
        let channels = if form == Form::Rows { columns } else { 1 };
        let meta = FrameMeta {
            channels,
            dt_s: options.step_s,
            class_names: names.clone(),
            meta_info,
        };
        let samples = (0..count).map(|_| {
            let (image, label, index) = next()?;
            Ok(Frames {
                values: image.iter().map(|grey| f32::from(*grey) / 255.0).collect(),
                mask: vec![true; image.len() / channels],
                label,
                speaker: None,
                index,
            })
        });
        try_write_frames(output, path, samples, &meta)
    }
}

/// The file `name` or `name.gz` in `folder`.
fn find(folder: &Path, name: &str) -> Result<PathBuf, DataError> {
    let cannot_open = |source| DataError::Open {
        path: folder.to_owned(),
        source,
    };
    if !fs::metadata(folder).map_err(cannot_open)?.is_dir() {
        return Err(cannot_open(std::io::Error::other("it is not a folder")));
    }
    let places = [folder.join(name), folder.join(format!("{name}.gz"))];
    let found = places.into_iter().find(|path| path.exists());
    found.ok_or_else(|| DataError::Unusable {
        path: folder.to_owned(),
        detail: format!("it contains neither {name} nor {name}.gz"),
        hint: "name the folder that holds the four files of the set",
    })
}
