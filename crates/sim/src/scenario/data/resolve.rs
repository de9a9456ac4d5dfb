//! From the keys of `data` to checked settings.

use std::path::{Path, PathBuf};

use saturn_data::{DataError, Grid};

use super::{Data, DataKeys, DataSource, Files};
use crate::scenario::diagnostics::Diagnostics;
use crate::scenario::path::find;
use saturn_stream::{DT_MS, MOST_STEPS};

impl DataKeys {
    /// Checks the settings of a scenario in `folder`.
    pub(in crate::scenario) fn resolve(
        &self,
        folder: &Path,
        diagnostics: &mut Diagnostics,
    ) -> Data {
        diagnostics.out_of_range("data", DT_MS.check("dt_ms", self.dt_ms));
        diagnostics.within(
            "data.channels",
            self.channels.unwrap_or(1) as u64,
            1,
            16_777_216,
        );
        diagnostics.within("data.classes", self.classes.unwrap_or(2) as u64, 2, 65_536);
        let (source, channels) = match (&self.events, &self.frames) {
            (Some(files), _) => {
                let [train, valid, test] = self.files("events", files, folder, diagnostics);
                let source = DataSource::Events { train, valid, test };
                (source, self.channels.unwrap_or(700))
            }
            (None, Some(files)) => {
                let [train, valid, test] = self.files("frames", files, folder, diagnostics);
                if self.channels.is_none() {
                    diagnostics.problem(
                        "data.frames",
                        "needs `data.channels` as well, the number of values of a step: 28 for images \
                         of 28 x 28 by rows, 40 for log-mel frames",
                    );
                }
                let source = DataSource::Frames { train, valid, test };
                (source, self.channels.unwrap_or(1))
            }
            (None, None) => self.made(folder, diagnostics),
        };
        if let DataSource::Synthetic { set, .. } = &source {
            let longest_ms = set.word_ms[1];
            let least = longest_ms / MOST_STEPS;
            diagnostics.number(
                "data.dt_ms",
                self.dt_ms,
                |dt| dt.is_nan() || dt <= 0.0 || dt >= least,
                &format!("{least} or more, since words last up to {longest_ms} ms and have at most {MOST_STEPS:.0} steps"),
            );
        }
        self.check_sources(diagnostics);
        let gap_recordings = self
            .gap_recordings
            .as_ref()
            .map(|path| find("data.gap_recordings", path, folder, diagnostics));
        Data {
            source,
            channels,
            dt_ms: self.dt_ms,
            classes: self.classes,
            on_bad_sample: self.on_bad_sample,
            records: self.records,
            gap_recordings,
            normalise: (self.frames.is_some()).then(|| self.normalise.unwrap_or_default()),
            limit: self.limit.unwrap_or_default(),
            times: self.times,
            grid_hz: self.grid_hz,
        }
    }

    /// Checks which kinds of data can be combined.
    fn check_sources(&self, diagnostics: &mut Diagnostics) {
        if self.events.is_some() && self.frames.is_some() {
            diagnostics.problem(
                "data.frames",
                "cannot be combined with `events`: a scenario has one or the other",
            );
        }
        if self.normalise.is_some() && self.frames.is_none() {
            diagnostics.problem("data.normalise", "is for `frames`: events are counts");
        }
        let files = self.events.is_some() || self.frames.is_some();
        if self.gap_recordings.is_some() && !files {
            diagnostics.problem(
                "data.gap_recordings",
                "is for `events` and `frames`: a synthetic set has no recordings like it",
            );
        }
        if let Some(records) = &self.records {
            records.check(files, self.frames.is_some(), diagnostics);
            if self.gap_recordings.is_some() {
                diagnostics.problem(
                    "data.gap_recordings",
                    "cannot be combined with `records`: these are used unchanged, including gaps",
                );
            }
        }
        if self.times.is_some() && self.events.is_none() {
            diagnostics.problem(
                "data.times",
                "is for `events`: frames and synthetic sets have a known unit",
            );
        }
        if let Some(hz) = self.grid_hz {
            diagnostics.number(
                "data.grid_hz",
                hz,
                |hz| Grid::new(hz).is_some(),
                "0.001 to 1e9",
            );
            if self.events.is_none() {
                diagnostics.problem("data.grid_hz", "is for `events`: frames are steps already");
            }
        }
        if let Some(limit) = &self.limit {
            limit.check(self.records.is_some(), diagnostics);
        }
    }

    fn files(
        &self,
        kind: &str,
        files: &Files,
        folder: &Path,
        diagnostics: &mut Diagnostics,
    ) -> [PathBuf; 3] {
        if self.synthetic.is_some() {
            diagnostics.problem(
                "data.synthetic",
                format!("cannot be combined with `{kind}`: a scenario has one or the other"),
            );
        }
        if self.folder.is_some() {
            diagnostics.problem(
                "data.folder",
                format!("is for `synthetic` sets: paths of `{kind}` are given in full"),
            );
        }
        let mut find = |name: &str, path: &str| {
            find(&format!("data.{kind}.{name}"), path, folder, diagnostics)
        };
        [
            find("train", &files.train),
            find("valid", &files.valid),
            find("test", &files.test),
        ]
    }

    fn made(&self, folder: &Path, diagnostics: &mut Diagnostics) -> (DataSource, usize) {
        let set = self.synthetic.clone().unwrap_or_default();
        if let Err(e) = set.check() {
            let key = match &e {
                DataError::BadSpec { field, .. } => field.replace('[', ".").replace(']', ""),
                _ => String::new(),
            };
            diagnostics.problem(&format!("data.synthetic.{key}"), e.to_string());
        }
        for (key, given, has) in [
            ("channels", self.channels, set.channels),
            ("classes", self.classes, set.classes),
        ] {
            if given.is_some_and(|given| given != has) {
                let message = format!(
                    "the synthetic set has {has}: leave this out, or change `data.synthetic.{key}`"
                );
                diagnostics.problem(&format!("data.{key}"), message);
            }
        }
        let channels = set.channels;
        let folder = match &self.folder {
            Some(path) => find("data.folder", path, folder, diagnostics),
            None => PathBuf::from(format!("data/synthetic-{}", set.fingerprint())),
        };
        (DataSource::Synthetic { set, folder }, channels)
    }
}
