//! A dataset of lists of different lengths (HDF5's *variable-length* type): one list a sample.
//!
//! The dataset itself holds a reference a sample: a count (4 bytes), the address of a heap, and an
//! index in it (4 bytes). The references stay in memory, the lists stay in the file.

use hdf5_reader::{Dataset, Datatype, VarLenKind};

use crate::container::Container;
use crate::error::DataError;
use crate::number::NumberType;

/// An open dataset of lists.
pub(crate) struct Ragged {
    name: &'static str,
    dataset: Dataset,
    number: NumberType,
    references: Vec<u8>,
    reference_bytes: usize,
}

impl Ragged {
    /// Opens the dataset `name`, whose lists have an element type that `accept` takes.
    pub(crate) fn open(
        container: &Container,
        name: &'static str,
        accept: fn(&Datatype) -> Option<NumberType>,
        expected: &'static str,
        length: Option<usize>,
    ) -> Result<Self, DataError> {
        let (dataset, found) = container.list(name)?;
        if let Some(expected) = length.filter(|expected| *expected != found) {
            return Err(DataError::LengthsDiffer {
                path: container.path().to_owned(),
                dataset: name.to_owned(),
                found,
                expected,
            });
        }
        let number = match dataset.dtype() {
            Datatype::VarLen {
                base,
                kind: VarLenKind::Sequence,
                ..
            } => accept(base),
            _ => None,
        };
        let number = number.ok_or_else(|| container.wrong_type(name, &dataset, expected))?;
        let reference_bytes = dataset.vlen_reference_size();
        let references = container.bytes(name, &dataset, found, reference_bytes)?;
        let ragged = Self {
            name,
            dataset,
            number,
            references,
            reference_bytes,
        };

        // The lists are stored uncompressed and contiguously.
        let elements: u64 = (0..found).map(|index| ragged.count(index) as u64).sum();
        if elements.saturating_mul(number.bytes() as u64) > container.file_bytes() {
            return Err(DataError::TooLarge {
                path: container.path().to_owned(),
                dataset: name.to_owned(),
                elements,
                file_bytes: container.file_bytes(),
            });
        }
        Ok(ragged)
    }

    /// The same lists in `container`, which is the same file, opened again.
    pub(crate) fn of(&self, container: &Container) -> Result<Dataset, DataError> {
        Ok(container.list(self.name)?.0)
    }

    /// Reads through `dataset` from now on, which [`Self::of`] gave.
    pub(crate) fn read_through(&mut self, dataset: Dataset) {
        self.dataset = dataset;
    }

    /// How many lists there are.
    pub(crate) fn len(&self) -> usize {
        self.references.len() / self.reference_bytes
    }

    /// How many numbers list `index` has.
    pub(crate) fn count(&self, index: usize) -> usize {
        let reference = self.reference(index);
        u32::from_le_bytes([reference[0], reference[1], reference[2], reference[3]]) as usize
    }

    /// How the numbers are stored.
    pub(crate) fn number(&self) -> NumberType {
        self.number
    }

    /// The bytes of list `index`, to be widened by [`Self::number`].
    pub(crate) fn bytes(&self, container: &Container, index: usize) -> Result<Vec<u8>, DataError> {
        let raw = container.guard(self.name, Some(index), || {
            self.dataset
                .resolve_vlen_reference_bytes(self.reference(index), self.number.bytes())
        })?;
        if raw.len() == self.count(index) * self.number.bytes() {
            Ok(raw)
        } else {
            Err(container.damaged(self.name, Some(index), "its events are not in the file"))
        }
    }

    fn reference(&self, index: usize) -> &[u8] {
        &self.references[index * self.reference_bytes..][..self.reference_bytes]
    }
}
