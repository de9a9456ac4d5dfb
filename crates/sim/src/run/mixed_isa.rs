//! Trials on instruction sets that round differently are not compared: a difference between them includes that of the
//! sets.
//!
//! A trial records the set that trained it and the set that evaluated it. Sets with the same bits are one, as AVX2 and
//! AVX-512 (see [`saturn_cell::kernel::Isa`]). A trial of an earlier version records none, and goes with any.

use saturn_cell::kernel::Isa;
use thiserror::Error;

use super::place::Place;
use super::summary::CellSummary;

/// Trials of one comparison were computed on sets that round differently.
#[derive(Debug, Error)]
#[error(
    "trials of this comparison were computed on instruction sets that round differently: {found}\nhint: compute all of them \
     with one --isa; or compare them as they are with --allow-mixed-isa"
)]
pub struct MixedIsa {
    found: String,
}

/// Trials on sets with the same bits.
struct Group<'a> {
    names: Vec<&'a str>,
    /// A trial; `None` of this process.
    first: Option<Place<'a>>,
    others: usize,
}

/// An error if `trials`, and those that this process computes on `now`, if it does, are a mixture.
pub fn refuse_mixed<'a>(
    trials: impl IntoIterator<Item = &'a CellSummary>,
    now: Option<Isa>,
) -> Result<(), MixedIsa> {
    let of_now = now.map(|isa| Group {
        names: vec![isa.name()],
        first: None,
        others: 0,
    });
    let mut groups: Vec<Group> = of_now.into_iter().collect();
    for trial in trials {
        let mut last = None;
        for name in [&trial.training.isa, &trial.isa].into_iter().flatten() {
            let alike = |group: &Group| group.names.iter().any(|known| have_same_bits(known, name));
            let at = groups.iter().position(alike).unwrap_or_else(|| {
                let (model, arm, seed) = (&*trial.model, &*trial.arm, trial.seed);
                groups.push(Group {
                    names: Vec::new(),
                    first: Some(Place { model, arm, seed }),
                    others: 0,
                });
                groups.len() - 1
            });
            let group = &mut groups[at];
            // A trial that was trained and evaluated on the same bits counts once.
            if group.names.is_empty() {
                last = Some(at);
            } else if last != Some(at) {
                group.others += 1;
                last = Some(at);
            }
            if !group.names.contains(&name.as_str()) {
                group.names.push(name);
            }
        }
    }
    if groups.len() < 2 {
        return Ok(());
    }
    let found = groups.iter().map(|group| {
        let names = group.names.join(" and ");
        let Some(first) = group.first else {
            return format!("{names} (this process)");
        };
        match group.others {
            0 => format!("{names} ({first})"),
            n => format!("{names} ({first} and {n} more)"),
        }
    });
    let found: Vec<String> = found.collect();
    Err(MixedIsa {
        found: found.join(", "),
    })
}

/// Whether the sets of these names give the same bits. One that this version does not know is like itself alone.
fn have_same_bits(a: &str, b: &str) -> bool {
    match (a.parse::<Isa>(), b.parse::<Isa>()) {
        (Ok(a), Ok(b)) => a.has_bits_of(b),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::summary::TrainRecord;
    use saturn_eval::experiments::Experiments;

    fn trial(model: &str, trained: Option<&str>, evaluated: Option<&str>) -> CellSummary {
        CellSummary {
            model: model.to_owned(),
            arm: "classic".to_owned(),
            seed: 1,
            training: TrainRecord {
                parameters: 1,
                weight_steps: None,
                weights_sha256: None,
                from_sha256: None,
                isa: trained.map(str::to_owned),
                seconds: 1.0,
                kept_epoch: 1,
                history: Vec::new(),
                mask: None,
            },
            evaluations: Vec::new(),
            contraction: Vec::new(),
            stored: Vec::new(),
            isa: evaluated.map(str::to_owned),
            experiments: Experiments::default(),
        }
    }

    #[test]
    fn trials_with_the_same_bits_are_compared() {
        let both = |isa| trial("lif", Some(isa), Some(isa));
        assert!(refuse_mixed(&[], None).is_ok());
        assert!(refuse_mixed(&[both("avx2"), both("avx512")], None).is_ok());
        assert!(refuse_mixed(&[both("neon"), trial("gru", None, None)], None).is_ok());
        assert!(refuse_mixed(&[trial("lif", Some("avx2"), Some("avx512"))], None).is_ok());
    }

    #[test]
    fn what_is_computed_now_is_one_of_them() {
        let known = [trial("lif", Some("neon"), Some("neon"))];
        assert!(refuse_mixed(&known, Some(Isa::Neon)).is_ok());
        let error = refuse_mixed(&known, Some(Isa::Avx2))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("avx2 (this process), neon (lif.classic.1)"),
            "{error}"
        );
    }

    #[test]
    fn a_mixture_is_named() {
        let both = |model, isa| trial(model, Some(isa), Some(isa));
        let trials = [
            both("lif", "avx512"),
            both("gru", "plain"),
            both("rnn", "avx2"),
            both("ssm", "plain"),
        ];
        let error = refuse_mixed(&trials, None).unwrap_err().to_string();
        assert!(
            error.contains(
                "round differently: avx512 and avx2 (lif.classic.1 and 1 more), plain (gru.classic.1 and 1 more)\nhint"
            ),
            "{error}"
        );
        // Trained on one set, and evaluated on another.
        let error = refuse_mixed(&[trial("lif", Some("neon"), Some("avx2"))], None).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("neon (lif.classic.1), avx2 (lif.classic.1)"),
            "{error}"
        );
        // A set of a later version.
        assert!(refuse_mixed(&[both("lif", "avx1024"), both("gru", "avx2")], None).is_err());
    }
}
