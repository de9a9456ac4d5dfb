//! The entries of the matrix: model x arm x seed.

use super::place::Place;
use crate::scenario::{Arm, Model, Scenario};

/// One place of the matrix, with its model and arm.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its number in the whole matrix, from 1 on.
    pub number: usize,
    /// Its names.
    pub place: Place<'a>,
    /// The net.
    pub model: &'a Model,
    /// The training regime.
    pub arm: &'a Arm,
}

/// All places for `seeds`, seed by seed.
pub fn entries<'a>(s: &'a Scenario, seeds: &[u64]) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for &seed in seeds {
        for (model_name, model) in s.models.iter() {
            for (arm_name, arm) in s.arms.iter() {
                let place = Place {
                    model: model_name,
                    arm: arm_name,
                    seed,
                };
                let number = entries.len() + 1;
                entries.push(Entry {
                    number,
                    place,
                    model,
                    arm,
                });
            }
        }
    }
    entries
}
