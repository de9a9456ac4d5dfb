//! The arguments of `saturn data convert`, one subcommand a format.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use saturn_data::TimeUnit;
use saturn_data::convert::{Division, event_csv, idx, n_mnist, speech, wfdb};

use super::examples;
use super::numbers::channels;
use crate::command;
use saturn_store::Progress;

/// What to convert from.
#[derive(Subcommand)]
pub(super) enum From {
    /// Events as rows of text: sample,time_s,unit,label[,speaker], or t,x,y,p with --columns
    #[command(after_help = examples::CONVERT_CSV)]
    Csv(Csv),
    /// Images of MNIST or Fashion-MNIST, idx or idx.gz
    #[command(after_help = examples::CONVERT_IDX)]
    Idx(Idx),
    /// N-MNIST: recordings of an event camera, .bin or .bs2
    #[command(after_help = examples::CONVERT_N_MNIST)]
    NMnist(NMnist),
    /// Electrocardiograms in the WFDB format, as in the MIT-BIH Arrhythmia Database
    #[command(after_help = examples::CONVERT_WFDB)]
    Wfdb(Wfdb),
    /// Spoken words, WAV, as in the Free Spoken Digits or Speech Commands
    #[command(after_help = examples::CONVERT_WAV)]
    Wav(Wav),
}

#[derive(Args)]
pub(super) struct Csv {
    /// The rows: CSV whose first line names the columns, or a folder of such files
    input: PathBuf,
    /// The event file to write, HDF5
    out: PathBuf,
    /// Number of channels [default: those of --size, or the largest unit plus one]
    #[arg(long, value_name = "N", value_parser = channels)]
    channels: Option<usize>,
    /// Names of the columns if the first line has none: sample, t, unit (or x, y, p), label, speaker; `-` skips a
    /// column
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAMES",
        allow_hyphen_values = true
    )]
    columns: Option<Vec<String>>,
    /// Separator: comma, semicolon, tab, bar or space [default: that of the first line]
    #[arg(long, value_name = "NAME", value_parser = separator)]
    separator: Option<u8>,
    /// Unit of a column `t`: s, ms or us [default: s, if samples then have a plausible length]
    #[arg(long, value_name = "UNIT", value_parser = super::times::unit)]
    times: Option<TimeUnit>,
    /// Width and height of the sensor in pixels, for columns x and y
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
}

/// The separator of a name.
fn separator(text: &str) -> Result<u8, String> {
    match text {
        "comma" | "," => Ok(b','),
        "semicolon" | ";" => Ok(b';'),
        "tab" | "\\t" | "\t" => Ok(b'\t'),
        "bar" | "|" => Ok(b'|'),
        "space" | " " => Ok(b' '),
        _ => Err("expected comma, semicolon, tab, bar or space".to_owned()),
    }
}

/// Two sides.
fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', 'X']);
    let sides = sides.and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
    sides.ok_or_else(|| "expected a width and a height, such as 34x34".to_owned())
}

/// How an image becomes a recording.
#[derive(Clone, Copy, ValueEnum)]
enum ImageForm {
    /// Frames, one step per row
    Rows,
    /// Frames, one step per pixel
    Pixels,
    /// Events at the crossings of grey thresholds
    Events,
}

#[derive(Args)]
pub(super) struct Idx {
    /// The folder with the four idx files
    input: PathBuf,
    /// The folder for train.h5, valid.h5 and test.h5
    out: PathBuf,
    /// Form of an image
    #[arg(long = "as", value_name = "FORM", default_value = "rows")]
    form: ImageForm,
    /// Number of grey thresholds for --as events; two channels each
    #[arg(long, value_name = "N", default_value_t = 40)]
    thresholds: usize,
    /// Length of a step, ms
    #[arg(long, value_name = "MS", default_value_t = 1.0)]
    step_ms: f64,
    /// Number of images at the end of the training file that go to validation
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    valid: usize,
    /// Names of the classes [default: their numbers]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    names: Vec<String>,
}

/// How recordings are split.
#[derive(Args)]
struct Shares {
    /// Approximate share of the recordings for validation
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    valid_share: f64,
    /// Approximate share of the recordings for the test split
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    test_share: f64,
}

/// How groups of recordings are split.
#[derive(Args)]
struct Groups {
    #[command(flatten)]
    shares: Shares,
    /// Speakers or records for validation [default: drawn at random]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    valid: Vec<String>,
    /// Speakers or records for the test split [default: drawn at random]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    test: Vec<String>,
}

impl Shares {
    fn division(self) -> Division {
        Division {
            valid_share: self.valid_share,
            test_share: self.test_share,
            ..Division::default()
        }
    }
}

impl Groups {
    fn division(self) -> Division {
        Division {
            valid: self.valid,
            test: self.test,
            ..self.shares.division()
        }
    }
}

#[derive(Args)]
pub(super) struct NMnist {
    /// The folder with the recordings, in one folder per class or named in lists
    input: PathBuf,
    /// The folder for train.h5, valid.h5 and test.h5
    out: PathBuf,
    /// Width and height of the sensor in pixels
    #[arg(long, value_name = "WxH", default_value = "34x34", value_parser = size)]
    size: (u32, u32),
    #[command(flatten)]
    shares: Shares,
}

/// What a beat becomes.
#[derive(Clone, Copy, ValueEnum)]
enum BeatForm {
    /// Events at changes of a lead
    Events,
    /// Frames of the leads in millivolts, gaps masked
    Frames,
}

#[derive(Args)]
pub(super) struct Wfdb {
    /// The folder with the records: NAME.hea, NAME.dat, NAME.atr (or another annotator's file)
    input: PathBuf,
    /// The folder for train.h5, valid.h5 and test.h5
    out: PathBuf,
    /// Form of a beat
    #[arg(long = "as", value_name = "FORM", default_value = "events")]
    form: BeatForm,
    /// Change of a lead that makes an event, millivolts
    #[arg(long, value_name = "MV", default_value_t = 0.1)]
    delta_mv: f64,
    /// Keep the events between the beats
    #[arg(long)]
    whole: bool,
    /// How long before a beat its label begins, ms
    #[arg(long, value_name = "MS", default_value_t = 250.0)]
    before_ms: f64,
    /// How long after a beat its label ends, ms
    #[arg(long, value_name = "MS", default_value_t = 450.0)]
    after_ms: f64,
    /// Leads to convert, by name or by number from 0 [default: all in volts]
    #[arg(long, value_delimiter = ',', value_name = "LEADS")]
    leads: Vec<String>,
    /// Ending of the annotation files
    #[arg(long, value_name = "NAME", default_value = "atr")]
    annotator: String,
    /// Skip records that cannot be converted, and list them
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    groups: Groups,
}

/// What decides the split of a word.
#[derive(Clone, Copy, ValueEnum)]
enum WordSplit {
    /// By speaker: no speaker is in two splits
    Speaker,
    /// By the number in its name: 0 to 4 test, 5 to 9 validation, as in the Free Spoken Digits
    Number,
}

/// What a word becomes.
#[derive(Clone, Copy, ValueEnum)]
enum WordForm {
    /// Events of a cochlea model
    Cochlea,
    /// Log-mel frames
    Mel,
}

#[derive(Args)]
pub(super) struct Wav {
    /// The folder with the words
    input: PathBuf,
    /// The folder for train.h5, valid.h5, test.h5 and, with background noise, gap.h5
    out: PathBuf,
    /// Form of a word
    #[arg(long = "as", value_name = "FORM", default_value = "cochlea")]
    form: WordForm,
    /// Number of channels [default: 700 of the cochlea, 40 of frames]
    #[arg(long, value_name = "N", value_parser = channels)]
    channels: Option<usize>,
    /// Lowest frequency, Hz
    #[arg(long, value_name = "HZ", default_value_t = 60.0)]
    low_hz: f64,
    /// Highest frequency, Hz [default: 8000, or the highest that the sampling rate allows]
    #[arg(long, value_name = "HZ")]
    high_hz: Option<f64>,
    /// Time between frames, ms
    #[arg(long, value_name = "MS", default_value_t = 10.0)]
    hop_ms: f64,
    /// Level of the background noise relative to the words, dB
    #[arg(long, value_name = "DB", default_value_t = -20.0, allow_hyphen_values = true)]
    noise_db: f64,
    /// How words are split
    #[arg(long, value_name = "BY", default_value = "speaker")]
    by: WordSplit,
    #[command(flatten)]
    groups: Groups,
}

impl Idx {
    fn options(&self) -> idx::IdxOptions {
        idx::IdxOptions {
            form: match self.form {
                ImageForm::Rows => idx::Form::Rows,
                ImageForm::Pixels => idx::Form::Pixels,
                ImageForm::Events => idx::Form::Events {
                    thresholds: self.thresholds,
                },
            },
            step_s: 1e-3 * self.step_ms,
            valid: self.valid,
            class_names: self.names.clone(),
        }
    }
}

impl Wfdb {
    fn options(self) -> wfdb::WfdbOptions {
        wfdb::WfdbOptions {
            form: match self.form {
                BeatForm::Frames => wfdb::Form::Frames,
                BeatForm::Events => wfdb::Form::Events {
                    delta_mv: self.delta_mv,
                    whole: self.whole,
                },
            },
            before_s: 1e-3 * self.before_ms,
            after_s: 1e-3 * self.after_ms,
            leads: self.leads,
            annotator: self.annotator,
            skip_bad: self.skip_bad,
            division: self.groups.division(),
        }
    }
}

impl Wav {
    fn options(self) -> speech::SpeechOptions {
        let form = match self.form {
            WordForm::Cochlea => {
                let ear = speech::EarOptions::default();
                speech::Form::Cochlea(speech::EarOptions {
                    channels: self.channels.unwrap_or(ear.channels),
                    low_hz: self.low_hz,
                    high_hz: self.high_hz,
                    ..ear
                })
            }
            WordForm::Mel => {
                let mel = speech::MelOptions::default();
                speech::Form::Mel(speech::MelOptions {
                    channels: self.channels.unwrap_or(mel.channels),
                    low_hz: self.low_hz,
                    high_hz: self.high_hz,
                    hop_ms: self.hop_ms,
                    ..mel
                })
            }
        };
        speech::SpeechOptions {
            form,
            division: self.groups.division(),
            by: match self.by {
                WordSplit::Speaker => speech::SplitBy::Speaker,
                WordSplit::Number => speech::SplitBy::Number,
            },
            noise_db: self.noise_db,
        }
    }
}

impl From {
    /// Converts.
    pub(super) fn run(self, progress: &Progress) -> Result<()> {
        if let Self::Csv(Csv { input, out, .. }) = &self {
            saturn_store::refuse_same_file("OUT", input, out)?;
        }
        command::convert(progress, |watch| match self {
            Self::Csv(args) => {
                let options = event_csv::CsvOptions {
                    channels: args.channels,
                    columns: args.columns,
                    separator: args.separator,
                    times: args.times,
                    size: args.size,
                };
                event_csv::convert(&args.input, &args.out, &options, watch)
            }
            Self::Idx(args) => idx::convert(&args.input, &args.out, &args.options(), watch),
            Self::NMnist(args) => {
                let (width, height) = args.size;
                let picture = n_mnist::Picture { width, height };
                let division = args.shares.division();
                n_mnist::convert(&args.input, &args.out, picture, &division, watch)
            }
            Self::Wfdb(args) => {
                let (input, out) = (args.input.clone(), args.out.clone());
                wfdb::convert(&input, &out, &args.options(), watch)
            }
            Self::Wav(args) => {
                let (input, out) = (args.input.clone(), args.out.clone());
                speech::convert(&input, &out, &args.options(), watch)
            }
        })
    }
}
