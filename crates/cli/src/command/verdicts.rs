//! Verdicts on the parts of a network, as text.

use std::fmt::Write as _;

use saturn_exchange::{Fidelity, Verdict};

/// A table, one line a part.
pub fn listed(verdicts: &[Verdict]) -> String {
    let width = |of: fn(&Verdict) -> &str| {
        let widths = verdicts.iter().map(|v| of(v).chars().count());
        widths.max().unwrap_or(0)
    };
    let (part, kind) = (width(|v| &v.part), width(|v| &v.kind));
    let mut text = String::new();
    for verdict in verdicts {
        let (name, of) = (&verdict.part, &verdict.kind);
        let _ = writeln!(text, "{name:part$}  {of:kind$}  {}", verdict.fidelity);
    }
    text
}

/// How many are exact.
pub fn exact(verdicts: &[Verdict]) -> usize {
    let exact = verdicts.iter().filter(|v| v.fidelity == Fidelity::Exact);
    exact.count()
}
