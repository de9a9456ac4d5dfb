//! Events as lines of text.
//!
//! ```text
//! # time_us unit count
//! 1000 17
//! 1250,3,2
//! 20000
//! ```
//!
//! A line is a time in whole microseconds (one with a decimal point is rejected, as it may be in seconds), a
//! unit from 0, and an optional count (default 1). A time alone is a mark: the time has advanced to it
//! without an event. Separators are spaces, tabs, commas or semicolons. A line that begins with `#` is a
//! comment; empty lines are ignored. Lines end with LF or CR LF, and have at most [`LONGEST`] bytes.

use super::{Fault, Item, LATEST_US, MOST, Place, Sink, after};

/// The longest line in bytes, without its end.
pub const LONGEST: usize = 128;

/// The line that is being read.
#[derive(Debug)]
pub struct Lines {
    line: [u8; LONGEST],
    length: usize,
    /// Bytes of a line that is too long and is skipped.
    passed: Option<usize>,
    /// Lines before it.
    pub(super) done: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            line: [0; LONGEST],
            length: 0,
            passed: None,
            done: 0,
        }
    }
}

impl Lines {
    /// Takes the next bytes.
    pub fn feed(&mut self, mut bytes: &[u8], channels: usize, sink: &mut impl Sink) {
        while let Some(end) = bytes.iter().position(|&b| b == b'\n') {
            self.add(&bytes[..end], sink);
            self.end(channels, sink);
            bytes = &bytes[end + 1..];
        }
        self.add(bytes, sink);
    }

    /// Bytes of the unfinished line. Those of a skipped line are counted, not stored.
    pub fn waiting(&self) -> usize {
        self.passed.unwrap_or(self.length)
    }

    /// The last line, if it has no newline.
    pub fn finish(&mut self, channels: usize, sink: &mut impl Sink) {
        self.end(channels, sink);
        self.done = 0;
    }

    fn add(&mut self, part: &[u8], sink: &mut impl Sink) {
        if let Some(passed) = &mut self.passed {
            *passed += part.len();
            return;
        }
        let room = LONGEST - self.length;
        if part.len() > room {
            self.line[self.length..].copy_from_slice(&part[..room]);
            sink.fault(Fault::Length, Place::Line(after(self.done)), &self.line);
            self.passed = Some(self.length + part.len());
            self.length = 0;
            return;
        }
        self.line[self.length..self.length + part.len()].copy_from_slice(part);
        self.length += part.len();
    }

    fn end(&mut self, channels: usize, sink: &mut impl Sink) {
        if self.passed.take().is_none() {
            let line = &self.line[..self.length];
            match parse(line, channels) {
                Ok(Some(item)) => sink.item(item),
                Ok(None) => {}
                Err(fault) => sink.fault(fault, Place::Line(after(self.done)), line),
            }
        }
        self.done += 1;
        self.length = 0;
    }
}

/// One line; `None` if it is empty or a comment.
pub fn parse(line: &[u8], channels: usize) -> Result<Option<Item>, Fault> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).map_err(|_| Fault::Syntax)?;
    if text.trim_start().starts_with('#') {
        return Ok(None);
    }
    let mut words = text
        .split([' ', '\t', ',', ';'])
        .filter(|word| !word.is_empty());
    let Some(time) = words.next() else {
        return Ok(None);
    };
    let time_us = time_us(time)?;
    let Some(unit) = words.next() else {
        return Ok(Some(Item::Mark { time_us }));
    };
    let unit = whole(unit, Fault::Unit)?;
    let count = words.next().map_or(Ok(1), |w| whole(w, Fault::Count))?;
    if words.next().is_some() {
        return Err(Fault::Syntax);
    }
    event(time_us, unit, count, channels).map(Some)
}

/// An event, if its numbers are in their ranges.
pub fn event(time_us: u64, unit: u64, count: u64, channels: usize) -> Result<Item, Fault> {
    if time_us >= LATEST_US {
        return Err(Fault::Time);
    }
    if unit >= channels as u64 {
        return Err(Fault::Unit);
    }
    if !(1..=u64::from(MOST)).contains(&count) {
        return Err(Fault::Count);
    }
    Ok(Item::Event {
        time_us,
        unit: unit as u32,
        count: count as u32,
    })
}

fn time_us(word: &str) -> Result<u64, Fault> {
    let time_us = match word.parse::<u64>() {
        Ok(whole) => whole,
        Err(_) => match word.parse::<f64>() {
            Ok(t) if !(0.0..LATEST_US as f64).contains(&t) => return Err(Fault::Time),
            Ok(t) if word.contains('.') || t.fract() != 0.0 => return Err(Fault::Decimal),
            Ok(t) => t as u64,
            Err(_) => return Err(Fault::Syntax),
        },
    };
    if time_us < LATEST_US {
        Ok(time_us)
    } else {
        Err(Fault::Time)
    }
}

/// A whole number; one that is a number of another kind is out of its `range`.
fn whole(word: &str, range: Fault) -> Result<u64, Fault> {
    word.parse::<u64>().map_err(|_| match word.parse::<f64>() {
        Ok(_) => range,
        Err(_) => Fault::Syntax,
    })
}
