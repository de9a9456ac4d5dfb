//! Which column of a row holds what, and which channel an event of a camera has.

use crate::steps::TimeUnit;

pub(super) const HINT: &str = "the first line must name the columns: sample, time_s (or time_ms, time_us), \
    unit (or x, y, p), label, and optionally speaker; otherwise give `--columns t,x,y,p`, with `-` for a \
    column to ignore";

/// Largest side of a camera's picture in pixels.
const MAX_SIDE: u32 = 1 << 12;

/// Contents of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Sample,
    Time,
    Unit,
    X,
    Y,
    Polarity,
    Label,
    Speaker,
}

const ROLES: usize = 8;

/// Position of each column in a row.
#[derive(Debug)]
pub(super) struct Columns {
    /// `None` where a file is one sample.
    pub(super) sample: Option<usize>,
    pub(super) time: usize,
    /// The unit of time, if the name states it.
    pub(super) unit: Option<TimeUnit>,
    pub(super) channel: Channel,
    pub(super) label: Option<usize>,
    pub(super) speaker: Option<usize>,
    /// Columns of a row.
    pub(super) count: usize,
}

/// Source of an event's channel.
#[derive(Debug)]
pub(super) enum Channel {
    /// A column of channels.
    Unit(usize),
    /// A pixel and, where there is a third column, its polarity.
    Pixel {
        x: usize,
        y: usize,
        polarity: Option<usize>,
        size: (u32, u32),
    },
}

impl Columns {
    /// From the names of the columns; otherwise what is wrong with them.
    pub(super) fn of<'a>(
        names: impl Iterator<Item = &'a str>,
        size: Option<(u32, u32)>,
    ) -> Result<Self, String> {
        let mut found = [None; ROLES];
        let mut unit = None;
        let mut count = 0;
        for (place, name) in names.map(str::trim).enumerate() {
            count += 1;
            let role = match name {
                "" | "-" | "index" => continue,
                "sample" => Role::Sample,
                "time_s" | "time_ms" | "time_us" | "t" | "time" | "timestamp" => Role::Time,
                "unit" => Role::Unit,
                "x" => Role::X,
                "y" => Role::Y,
                "p" | "polarity" => Role::Polarity,
                "label" => Role::Label,
                "speaker" => Role::Speaker,
                other => return Err(format!("there is a column `{other}`")),
            };
            match name {
                "time_s" => unit = Some(TimeUnit::Seconds),
                "time_ms" => unit = Some(TimeUnit::Milliseconds),
                "time_us" => unit = Some(TimeUnit::Microseconds),
                _ => {}
            }
            if found[role as usize].replace(place).is_some() {
                return Err(format!("there are two columns `{name}`"));
            }
        }
        let place = |role: Role| found[role as usize];
        let need = |role: Role, name: &str| {
            place(role).ok_or_else(|| format!("there is no column `{name}`"))
        };
        let sample = place(Role::Sample);
        let label = match sample {
            Some(_) => Some(need(Role::Label, "label")?),
            None => place(Role::Label),
        };
        Ok(Self {
            sample,
            time: need(Role::Time, "time_s")?,
            unit,
            channel: match (place(Role::Unit), place(Role::X), place(Role::Y)) {
                (Some(unit), None, None) => Channel::Unit(unit),
                (None, Some(x), Some(y)) => Channel::Pixel {
                    x,
                    y,
                    polarity: place(Role::Polarity),
                    size: checked(size)?,
                },
                (None, None, None) => return Err("there is no column `unit`".to_owned()),
                _ => return Err("a channel is `unit`, or `x` and `y`".to_owned()),
            },
            label,
            speaker: place(Role::Speaker),
            count,
        })
    }

    /// How many channels a camera has; `None` where rows give channels.
    pub(super) fn channels(&self) -> Option<usize> {
        match self.channel {
            Channel::Unit(_) => None,
            Channel::Pixel {
                polarity,
                size: (width, height),
                ..
            } => Some((1 + usize::from(polarity.is_some())) * (width * height) as usize),
        }
    }
}

fn checked(size: Option<(u32, u32)>) -> Result<(u32, u32), String> {
    match size {
        Some((width, height))
            if (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height) =>
        {
            Ok((width, height))
        }
        Some((width, height)) => Err(format!(
            "the size is {width} x {height} pixels, and a side may have 1 to 4,096"
        )),
        None => {
            Err("the columns `x` and `y` need the size of the image, `--size 34x34`".to_owned())
        }
    }
}
