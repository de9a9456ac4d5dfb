//! Whether the arms of a model have the same number of parameters: a comparison of training regimes must not
//! compare sizes.

use super::numbers::{count, fixed};
use crate::run::summary::Summary;

/// How far apart the sizes of a model's nets may be, as a share of the smallest.
pub const TOLERANCE: f64 = 0.02;

/// A sentence for each model whose networks differ in size by more than 2 %.
pub fn unmatched(summary: &Summary) -> Vec<String> {
    let mut models: Vec<&str> = Vec::new();
    for cell in &summary.cells {
        if !models.contains(&cell.model.as_str()) {
            models.push(&cell.model);
        }
    }
    let sentence = |model: &str| {
        let nets = || summary.cells.iter().filter(|cell| cell.model == model);
        let least = nets().min_by_key(|cell| cell.training.parameters)?;
        let most = nets().max_by_key(|cell| cell.training.parameters)?;
        let (few, many) = (least.training.parameters, most.training.parameters);
        let apart = many as f64 / few.max(1) as f64 - 1.0;
        (apart > TOLERANCE).then(|| {
            format!(
                "the nets of `{model}` are not matched in size: {} parameters in `{}`, {} in `{}`, {} % \
                 more",
                count(few as u64),
                least.arm,
                count(many as u64),
                most.arm,
                fixed(100.0 * apart, 1)
            )
        })
    };
    models.into_iter().filter_map(sentence).collect()
}
