//! The space that is searched: keys of a scenario with their ranges, and candidates in it.

use rand::RngExt;
use saturn_cell::rng::generator;
use serde_json::Value;

use saturn_sim::scenario::{Range, Scenario};

/// One value for each key, as `--set` takes it; none for the scenario's own settings.
pub type Assignment = Vec<(String, String)>;

/// A learning rate is looked for within this factor of the scenario's, a weight within its square.
const FACTOR: f64 = 3.0;
/// Keys of a layer that are widths.
const WIDTHS: [&str; 2] = ["hidden", "width"];
/// Keys of a mask that are looked for.
const MASKS: [&str; 2] = ["window", "threshold_scale"];

/// Keys with their ranges.
pub struct Space(Vec<(String, Range)>);

impl Space {
    /// The space that the scenario gives, or one around its settings of `nets`, each a model and an arm.
    pub fn of(s: &Scenario, nets: &[(&str, &str)]) -> Self {
        if let Some(search) = &s.tune.search {
            let ranges = search.iter().map(|(key, r)| (key.to_owned(), r.clone()));
            return Self(ranges.collect());
        }
        // Keys are text, finite numbers, lists and mappings.
        let keys = serde_json::to_value(s.keys()).unwrap_or_default();
        let mut space = Vec::new();
        for (model, arm) in nets {
            if let (Some(m), Some(a)) = (s.models.get(model), s.arms.get(arm)) {
                let lr = s.train_for(m, a).lr;
                // What an arm sets goes before what a model sets.
                let owner = if a.train.lr.is_some() {
                    format!("arms.{arm}")
                } else {
                    format!("models.{model}")
                };
                let key = format!("{owner}.train.lr");
                add(&mut space, key, Range::Log([lr / FACTOR, lr * FACTOR]));
            }
            let layers = &keys["models"][*model]["layers"];
            for (i, layer) in layers.as_array().into_iter().flatten().enumerate() {
                for (kind, settings) in layer.as_object().into_iter().flatten() {
                    for width in WIDTHS {
                        if let Some(n) = settings[width].as_u64() {
                            let key = format!("models.{model}.layers.{i}.{kind}.{width}");
                            add(&mut space, key, around(n));
                        }
                    }
                }
            }
        }
        for (_, arm) in nets {
            let at = format!("arms.{arm}.loss.adaptive");
            let adaptive = &keys["arms"][*arm]["loss"]["adaptive"];
            if let Some(weight) = adaptive["kl_weight"].as_f64().filter(|w| *w > 0.0) {
                let wide = FACTOR * FACTOR;
                let range = Range::Log([weight / wide, weight * wide]);
                add(&mut space, format!("{at}.kl_weight"), range);
            }
            for (kind, mask) in adaptive["mask"].as_object().into_iter().flatten() {
                for key in MASKS {
                    let path = format!("{at}.mask.{kind}.{key}");
                    match &mask[key] {
                        Value::Number(n) if n.is_u64() => {
                            add(&mut space, path, around(n.as_u64().unwrap_or(1)));
                        }
                        Value::Number(n) => {
                            let x = n.as_f64().unwrap_or(1.0);
                            if x > 0.0 {
                                add(&mut space, path, Range::Log([x / FACTOR, x * FACTOR]));
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        Self(space)
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    /// `n` candidates, the same for the same seed: the scenario's own settings, then drawn ones.
    pub fn candidates(&self, n: usize, seed: u64) -> Vec<Assignment> {
        (0..n)
            .map(|i| match i {
                0 => Vec::new(),
                _ => self.draw(seed, i as u64),
            })
            .collect()
    }

    fn draw(&self, seed: u64, index: u64) -> Assignment {
        let mut rng = generator(seed, "tune", index);
        let ranges = self.0.iter();
        ranges
            .map(|(key, range)| {
                let value = match range {
                    Range::Log([low, high]) => {
                        short(low * (high / low).powf(rng.random_range(0.0..1.0)))
                    }
                    Range::Linear([low, high]) => {
                        short(low + (high - low) * rng.random_range(0.0..1.0))
                    }
                    Range::Choice(of) => of[rng.random_range(0..of.len())].to_string(),
                };
                (key.clone(), value)
            })
            .collect()
    }
}

/// Half, the same, and double.
fn around(n: u64) -> Range {
    let mut choices = vec![(n / 2).max(1) as f64, n as f64, 2.0 * n as f64];
    choices.dedup();
    Range::Choice(choices)
}

/// Adds a key unless it is there.
fn add(space: &mut Vec<(String, Range)>, key: String, range: Range) {
    if !space.iter().any(|(known, _)| *known == key) {
        space.push((key, range));
    }
}

/// Three digits are enough for a setting.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// Rounds of successive halving for `n` candidates of which one in `halving` goes on: how many there are
/// in each, and the share of the epochs that each of them trains for.
pub fn rounds(n: usize, halving: usize) -> Vec<(usize, f64)> {
    let mut sizes = vec![n];
    while let Some(&last) = sizes.last()
        && last >= halving
    {
        sizes.push(last / halving);
    }
    let all = sizes.len() as i32;
    let share = |k: usize| (halving as f64).powi(k as i32 + 1 - all);
    let of = sizes.iter().enumerate();
    of.map(|(k, &size)| (size, share(k))).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn scenario(more: &str) -> Scenario {
        let text = format!(
            "name: t\nmodels:\n  lif: {{layers: [{{lif: {{hidden: 64}}}}, {{lif: {{hidden: 32}}}}]}}\n  \
             gru: {{layers: [{{gru: {{hidden: 16}}}}], train: {{lr: 0.01}}}}\narms:\n  \
             adaptive: {{loss: {{adaptive: {{kl_weight: 2.0, mask: {{contrast: {{window: 8}}}}}}}}}}\n{more}"
        );
        Scenario::parse(&text, "t.yaml", Path::new(""), &[""; 0]).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn the_space_is_around_the_scenario() {
        let s = scenario("");
        let space = Space::of(&s, &[("lif", "adaptive"), ("gru", "adaptive")]);
        let keys: Vec<&str> = space.keys().collect();
        let expected = [
            "models.lif.train.lr",
            "models.lif.layers.0.lif.hidden",
            "models.lif.layers.1.lif.hidden",
            "models.gru.train.lr",
            "models.gru.layers.0.gru.hidden",
            "arms.adaptive.loss.adaptive.kl_weight",
            "arms.adaptive.loss.adaptive.mask.contrast.window",
            "arms.adaptive.loss.adaptive.mask.contrast.threshold_scale",
        ];
        assert_eq!(keys, expected);
        let candidates = space.candidates(40, 7);
        assert!(candidates[0].is_empty());
        assert_eq!(candidates, space.candidates(40, 7));
        assert_ne!(candidates[1], candidates[2]);
        for candidate in &candidates[1..] {
            // Every one is a sound scenario.
            let sets: Vec<String> = candidate.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let yaml = saturn_sim::scenario::to_yaml(&s);
            let tried = Scenario::parse(&yaml, "t.yaml", Path::new(""), &sets);
            let tried = tried.unwrap_or_else(|e| panic!("{e}"));
            let lr = tried
                .train_for(
                    tried.models.get("gru").unwrap(),
                    tried.arms.get("adaptive").unwrap(),
                )
                .lr;
            assert!((0.01 / 3.01..0.0301).contains(&lr), "{lr}");
        }
    }

    #[test]
    fn a_scenario_may_give_its_own_space() {
        let s = scenario(
            "tune: {search: {train.warmup: {linear: [0, 0.5]}, train.lanes: {choice: [4, 8]}}}",
        );
        let space = Space::of(&s, &[("lif", "adaptive")]);
        for candidate in &space.candidates(20, 1)[1..] {
            let warmup: f64 = candidate[0].1.parse().unwrap();
            assert!((0.0..=0.5).contains(&warmup));
            assert!(["4", "8"].contains(&candidate[1].1.as_str()));
        }
    }

    #[test]
    fn each_round_has_fewer_and_longer_ones() {
        let of = rounds(18, 3);
        assert_eq!(of.iter().map(|r| r.0).collect::<Vec<_>>(), [18, 6, 2]);
        for (found, expected) in of.iter().map(|r| r.1).zip([1.0 / 9.0, 1.0 / 3.0, 1.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(rounds(2, 2).len(), 2);
        assert_eq!(rounds(2, 3), [(2, 1.0)]);
    }
}
