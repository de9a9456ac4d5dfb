//! The ranges of a trained net's health, left in its run's folder: a net can be streamed where its data are not.

use anyhow::{Context, Result};
use saturn_cell::Real;
use saturn_data::checksum::sha256;

use super::Matrix;
use crate::run::entry::Entry;
use saturn_eval::health::{Ranges, WINDOW, observe};
use saturn_network::Network;
use saturn_store::folder::FolderError;
use saturn_stream::Form;

impl Matrix<'_> {
    /// Learns the healthy ranges of `net`, unless they are known; nothing for a network of dense frames,
    /// which live runs do not support.
    pub(super) fn health<R: Real>(&self, entry: &Entry, net: &Network<R>) -> Result<()> {
        let (dataset, place) = (self.dataset, entry.place);
        if dataset.valid.form() != Form::Events {
            return Ok(());
        }
        let file = place.file("health", "json");
        let weights_file = self
            .folder
            .path()
            .join(place.file("weights", "safetensors"));
        let weights =
            sha256(&weights_file).with_context(|| format!("reading {}", weights_file.display()))?;
        let known = match self.folder.read_json::<Ranges>(&file) {
            Err(FolderError::Damaged { .. }) => None,
            known => known?,
        };
        if known.is_some_and(|known| known.weights == weights) {
            return Ok(());
        }
        self.progress
            .doing(&format!("learning the healthy ranges of {place}"));
        let on = dataset.ground(self.scenario, place.seed);
        let ranges = observe(net, on, WINDOW, &weights)?;
        Ok(self.folder.write_json(&file, &ranges)?)
    }
}
