//! Equations (1) to (4) of [`crate::loss`]: the sums over the steps of a shard.

use saturn_cell::for_each_isa;
use saturn_cell::{Real, View, ViewMut, column, column_mut};

use crate::softmax::probabilities;
use crate::{Balance, LossKind, Normalise, Parts, StepTerms, Targets, Totals};

/// [`crate::Loss::totals`] of one kind of loss.
pub fn totals<R: Real>(kind: &impl LossKind, targets: &Targets<R>) -> Totals {
    let mut totals = Totals::default();
    for (m, w) in targets.mask.iter().zip(targets.weight) {
        let w = w.wide();
        let [a, b] = kind.shares(m.wide());
        totals.ce += w * a; // (1)
        totals.kl += w * b;
        totals.steps += w;
    }
    totals
}

/// [`crate::Loss::value_and_gradient`] of one kind of loss.
pub fn value_and_gradient<R: Real>(
    kind: &impl LossKind,
    logits: View<R>,
    targets: &Targets<R>,
    totals: &Totals,
    balance: Balance,
    d_logits: ViewMut<R>,
) -> Parts {
    let columns = logits.ncols();
    assert_eq!(
        logits.shape(),
        d_logits.shape(),
        "logits and their gradient"
    );
    assert_eq!(columns, targets.labels.len(), "logits and labels");
    assert_eq!(columns, targets.mask.len(), "logits and mask");
    assert_eq!(columns, targets.weight.len(), "logits and weight");

    let over = |sum: f64| if sum > 0.0 { 1.0 / sum } else { 0.0 };
    let scale = match kind.normalise() {
        Normalise::Parts => [over(totals.ce), over(totals.kl)],
        Normalise::PerStep => [over(totals.steps); 2],
    };
    let mut parts = all_columns(kind, scale, balance, logits, targets, d_logits);
    parts.total = balance.ce * parts.ce + balance.kl * parts.kl; // (4)
    parts
}

/// Most columns whose probabilities are taken together, and numbers of theirs, about.
const TOGETHER: (usize, usize) = (64, 1024);

for_each_isa! {
    /// The two terms, and the gradient, of all columns.
    fn all_columns<R: Real, K: LossKind>(
        kind: &K,
        scale: [f64; 2],
        balance: Balance,
        logits: View<R>,
        targets: &Targets<R>,
        d_logits: ViewMut<R>,
    ) -> Parts {
        let mut parts = Parts::default();
        let (classes, columns) = logits.shape();
        let (most, numbers) = TOGETHER;
        let block = (numbers / classes.max(1)).clamp(1, most);
        let mut scales = [[0.0; 2]; TOGETHER.0];
        let mut log_z = [R::zero(); TOGETHER.0];
        for start in (0..columns).step_by(block) {
            let n = block.min(columns - start);
            let mut any = false;
            for (j, own) in (start..).zip(&mut scales[..n]) {
                let (m, w) = (targets.mask[j].wide(), targets.weight[j].wide());
                let [a, b] = if w > 0.0 { kind.shares(m) } else { [0.0; 2] };
                *own = [scale[0] * w * a, scale[1] * w * b];
                any |= own.iter().any(|scale| *scale > 0.0);
            }
            if any {
                let (logits, mut p) = (logits.columns(start, n), d_logits.columns_mut(start, n));
                probabilities(&logits, &mut p, &mut log_z[..n]);
            }
            for (j, scale) in (start..).zip(scales[..n].iter().copied()) {
                let d = column_mut(&mut d_logits, j);
                if scale.iter().all(|scale| *scale <= 0.0) {
                    d.fill(R::zero());
                    continue;
                }
                let at = StepTerms {
                    logits: column(&logits, j),
                    log_z: log_z[j - start],
                    label: targets.labels[j],
                    scale,
                    weight: [balance.ce * scale[0], balance.kl * scale[1]],
                };
                let [first, second] = kind.column(&at, d);
                parts.ce += first; // (2)
                parts.kl += second; // (3)
            }
        }
        parts
    }
}
