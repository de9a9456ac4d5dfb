//! What an export needs to give a network back to the modules that it came from.

use std::collections::BTreeMap;

use saturn_train::weights::{StateDictModule, WeightsFile};

use super::Module;

impl Module {
    /// Its name, its class, and the shapes of its tensors by their names in the file.
    pub(super) fn recorded(&self, file: &WeightsFile) -> StateDictModule {
        let mut tensors = BTreeMap::new();
        for tensor in self.shapes.keys() {
            let Some(full) = self.tensor(file, tensor) else {
                continue;
            };
            let within = match full.strip_prefix(&self.name) {
                Some(rest) if !self.name.is_empty() => rest.trim_start_matches('.'),
                _ => &full,
            };
            tensors.insert(within.to_owned(), file.tensors()[&full].shape.clone());
        }
        StateDictModule {
            name: self.name.clone(),
            kind: self.kind.name().to_owned(),
            tensors,
        }
    }
}
