//! Writing a synthetic set to a folder: `train.h5`, `valid.h5` and `test.h5`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::spec::Synthetic;
use super::{Split, SyntheticSet};
use crate::error::DataError;
use crate::labels::read_meta;
use crate::output::Output;
use crate::watch::{SetProgress, Tally, Watch};
use crate::write::{StoredTimes, WriteMeta, try_write_events};

const FINGERPRINT: &str = "fingerprint";

impl Synthetic {
    /// Metadata of its files: the name of the set, and the type of the stored times. Sets with float32 times
    /// are regenerated in their folder, whose name stays.
    fn mark(&self) -> String {
        format!("{}, float64 times", self.fingerprint())
    }

    /// How many samples `split` has.
    pub fn samples(&self, split: Split) -> usize {
        match split {
            Split::Train => self.train,
            Split::Valid => self.valid,
            Split::Test => self.test,
        }
    }

    /// The files of a set in `folder`: train, valid, test.
    pub fn paths(folder: impl AsRef<Path>) -> [PathBuf; 3] {
        Split::ALL.map(|split| folder.as_ref().join(split.file_name()))
    }

    /// Whether `folder` holds exactly this set, made by this version.
    pub fn is_in(&self, folder: impl AsRef<Path>) -> bool {
        let fingerprint = self.mark();
        Self::paths(folder).iter().all(|path| {
            read_meta(path, FINGERPRINT)
                .ok()
                .flatten()
                .is_some_and(|stored| stored == fingerprint)
        })
    }

    /// Generates the set in `folder`, replacing its three files, and returns their paths. `progress` is
    /// called after each sample.
    pub fn write(
        &self,
        folder: impl AsRef<Path>,
        mut progress: impl FnMut(SetProgress),
    ) -> Result<[PathBuf; 3], DataError> {
        self.write_watched(folder, &mut |so_far| {
            progress(so_far);
            ControlFlow::Continue(())
        })
    }

    /// The same; `watch` is called after each sample and may stop the work: then no file is left.
    pub fn write_watched(
        &self,
        folder: impl AsRef<Path>,
        watch: Watch,
    ) -> Result<[PathBuf; 3], DataError> {
        let set = SyntheticSet::new(self)?;
        let folder = folder.as_ref();
        let mut output = Output::in_folder(folder)?;
        let meta = WriteMeta {
            channels: self.channels,
            times: StoredTimes::F64,
            class_names: set.class_names(),
            meta_info: vec![
                // Part of the files' checksums, on which finished results depend: it stays.
                (
                    "name".into(),
                    "synthetic words, as spoken digits are heard".into(),
                ),
                (FINGERPRINT.into(), self.mark()),
                ("specification".into(), format!("{self:?}")),
            ],
        };
        let total = Split::ALL.iter().map(|split| self.samples(*split)).sum();
        let mut tally = Tally::new(watch, total);
        let paths = Self::paths(folder);
        for (split, path) in Split::ALL.into_iter().zip(&paths) {
            let samples = (0..self.samples(split)).map(|index| {
                let sample = set.sample(split, index);
                tally.count(path).map(|()| sample.into())
            });
            try_write_events(&mut output, path, samples, &meta)?;
        }
        output.place()?;
        Ok(paths)
    }

    /// The files of this set in `folder`, generated first if they do not exist; `watch` as for
    /// [`Self::write_watched`].
    pub fn write_once(
        &self,
        folder: impl AsRef<Path>,
        watch: Watch,
    ) -> Result<[PathBuf; 3], DataError> {
        self.check()?;
        if self.is_in(&folder) {
            return Ok(Self::paths(folder));
        }
        refuse_others_files(&Self::paths(&folder))?;
        self.write_watched(folder, watch)
    }
}

/// An error if any of `paths` is a file not made by a synthetic set: a user's recordings, say.
fn refuse_others_files(paths: &[PathBuf]) -> Result<(), DataError> {
    for path in paths {
        let own = || matches!(read_meta(path, FINGERPRINT), Ok(Some(_)));
        if path.exists() && !own() {
            return Err(DataError::Unusable {
                path: path.clone(),
                detail: "is not part of a synthetic set, which would overwrite it".to_owned(),
                hint: "choose another folder for the set with `data.folder` or --out",
            });
        }
    }
    Ok(())
}
