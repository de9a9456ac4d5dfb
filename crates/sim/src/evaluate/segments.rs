//! `segments.POLICY.csv`: a line for every segment, from which accuracies and slopes can be recomputed.
//!
//! Lanes are evaluated in parallel, so each has a part of its own, to which full buffers are appended; at the end the
//! parts are joined in the order of the lanes. The file is the same at any number of threads, and all buffers together
//! take 16 MiB at most.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::folder::failed;
use saturn_eval::evaluate::{SegmentAnswer, SegmentSink};
use saturn_store::folder::FolderError;
use saturn_store::operation::Operation;

/// Bytes of all buffers, and the most of one.
const BUFFERS: usize = 16 << 20;
const MOST: usize = 64 << 10;

/// The columns.
pub const HEAD: &str =
    "lane,position,recording,class,summed,last,detector,summed_right,last_right,detector_right\n";

/// The log of one evaluation.
pub struct SegmentsFile {
    path: PathBuf,
    parts: PathBuf,
    /// Bytes of a buffer.
    full: usize,
    lanes: Vec<Mutex<Vec<u8>>>,
}

impl SegmentsFile {
    /// The log of `lanes` lanes that will be `path`.
    pub fn create(path: &Path, lanes: usize) -> Result<Self, FolderError> {
        let parts = path.with_extension("parts");
        // Those of an interrupted evaluation.
        if parts.exists() {
            fs::remove_dir_all(&parts).map_err(failed(&parts, Operation::Remove))?;
        }
        fs::create_dir_all(&parts).map_err(failed(&parts, Operation::CreateFolder))?;
        Ok(Self {
            path: path.to_owned(),
            parts,
            full: (BUFFERS / lanes.max(1)).min(MOST),
            lanes: (0..lanes).map(|_| Mutex::default()).collect(),
        })
    }

    fn part(&self, lane: usize) -> PathBuf {
        self.parts.join(lane.to_string())
    }

    /// Appends the buffer of `lane` to its part.
    fn flush(&self, lane: usize, buffer: &mut Vec<u8>) -> Result<(), FolderError> {
        let path = self.part(lane);
        let append = || -> io::Result<()> {
            let mut part = OpenOptions::new().create(true).append(true).open(&path)?;
            part.write_all(buffer)
        };
        append().map_err(failed(&path, Operation::Write))?;
        buffer.clear();
        Ok(())
    }

    /// Joins the parts of all lanes.
    pub fn finish(self) -> Result<(), FolderError> {
        let whole = self.parts.join("whole");
        let write = Operation::Write;
        let mut out = File::create(&whole).map_err(failed(&whole, write))?;
        out.write_all(HEAD.as_bytes())
            .map_err(failed(&whole, write))?;
        for (lane, buffer) in self.lanes.iter().enumerate() {
            let buffer = buffer.lock().unwrap_or_else(PoisonError::into_inner);
            let part = self.part(lane);
            if part.exists() {
                let mut part = File::open(&part).map_err(failed(&part, Operation::Read))?;
                io::copy(&mut part, &mut out).map_err(failed(&whole, write))?;
            }
            out.write_all(&buffer).map_err(failed(&whole, write))?;
        }
        out.sync_all().map_err(failed(&whole, write))?;
        fs::rename(&whole, &self.path).map_err(failed(&self.path, write))?;
        fs::remove_dir_all(&self.parts).map_err(failed(&self.parts, Operation::Remove))
    }
}

impl SegmentSink for SegmentsFile {
    fn segment(&self, lane: usize, answer: &SegmentAnswer) -> Result<(), FolderError> {
        let mut buffer = self.lanes[lane]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let SegmentAnswer {
            step,
            recording,
            label,
            summed,
            last,
            detector,
        } = *answer;
        let detected = detector.map_or_else(String::new, |class| class.to_string());
        let right = [Some(summed), Some(last), detector].map(|c| u8::from(c == Some(label)));
        let [a, b, c] = right;
        writeln!(
            buffer,
            "{lane},{step},{recording},{label},{summed},{last},{detected},{a},{b},{c}"
        )
        .map_err(failed(&self.path, Operation::Write))?;
        if buffer.len() >= self.full {
            self.flush(lane, &mut buffer)?;
        }
        Ok(())
    }
}
