//! The basis of a line of a verdict.
//!
//! A bound from the weights excludes values beyond it, and proves nothing else: a unit whose largest possible
//! drive would saturate it may never be saturated. So a count that comes from a bound is an [`Exclusion`],
//! and turns into lines only as *cannot* (`proven`) and *not excluded*. Observations on streams are
//! `measured`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The basis of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// It follows from the weights, for the inputs that the line names.
    #[serde(rename = "proven")]
    Proven,
    /// No bound excludes it; it need not happen.
    #[serde(rename = "not excluded")]
    NotExcluded,
    /// It was seen on the streams that were run.
    #[serde(rename = "measured")]
    Measured,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Proven => "proven",
            Self::NotExcluded => "not excluded",
            Self::Measured => "measured",
        })
    }
}

/// Units of which a bound excludes a property, and those of which it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(usize, usize)", into = "(usize, usize)")]
pub struct Exclusion {
    /// Units that the bound leaves open.
    pub not_excluded: usize,
    /// All units.
    pub all: usize,
}

impl From<(usize, usize)> for Exclusion {
    fn from((not_excluded, all): (usize, usize)) -> Self {
        Self { not_excluded, all }
    }
}

impl From<Exclusion> for (usize, usize) {
    fn from(of: Exclusion) -> Self {
        (of.not_excluded, of.all)
    }
}

impl Exclusion {
    /// The conclusions: some units cannot do `what`; for the others it is not excluded.
    pub fn says(self, what: &str) -> Vec<(Basis, String)> {
        let Self { not_excluded, all } = self;
        let cannot = match all.saturating_sub(not_excluded) {
            0 => None,
            n if n == all => Some(format!("no unit can {what}")),
            n => Some(format!("{n} of {all} units cannot {what}")),
        };
        let open = (not_excluded > 0).then(|| {
            format!("the bound does not exclude that {not_excluded} of {all} units {what}; it need not happen")
        });
        let proven = cannot.map(|text| (Basis::Proven, text));
        proven
            .into_iter()
            .chain(open.map(|text| (Basis::NotExcluded, text)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_proves_what_cannot_happen_and_nothing_else() {
        let of = |not_excluded, all| Exclusion { not_excluded, all }.says("be pinned");
        assert_eq!(
            of(0, 3),
            [(Basis::Proven, "no unit can be pinned".to_owned())]
        );
        let mixed = of(1, 3);
        assert_eq!(
            mixed[0],
            (Basis::Proven, "2 of 3 units cannot be pinned".to_owned())
        );
        assert_eq!(mixed[1].0, Basis::NotExcluded);
        assert!(
            of(3, 3)
                .iter()
                .all(|(basis, _)| *basis == Basis::NotExcluded)
        );
    }

    #[test]
    fn older_analyses_still_read() {
        assert_eq!(
            serde_json::from_str::<Basis>("\"proven\"").unwrap(),
            Basis::Proven
        );
        assert_eq!(
            serde_json::from_str::<Exclusion>("[1, 3]").unwrap(),
            (1, 3).into()
        );
        assert_eq!(
            serde_json::to_string(&Exclusion::from((1, 3))).unwrap(),
            "[1,3]"
        );
    }
}
