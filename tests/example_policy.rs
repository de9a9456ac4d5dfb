//! The worked example of `CONTRIBUTING.md`: a policy as it would be in `crates/eval/src/reset/onset.rs`, and
//! its two tests.

use std::fmt;

use saturn_eval::reset::{Action, Policy, PolicyConfig, PolicyError, Seen, recalled, remembered};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When an event is an onset.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Onset {
    /// Silent steps before it; at least 1, default 10. More: fewer resets.
    pub after: u64,
}

impl Default for Onset {
    fn default() -> Self {
        Self { after: 10 }
    }
}

impl fmt::Display for Onset {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "onset_after_{}_steps", self.after)
    }
}

impl PolicyConfig for Onset {
    fn check(&self) -> Result<(), PolicyError> {
        PolicyError::unless_at_least_one("after", self.after)
    }

    fn build(&self, _seed: u64, _lane: u64) -> Box<dyn Policy> {
        Box::new(Waiting {
            after: self.after,
            silent: 0,
        })
    }
}

struct Waiting {
    after: u64,
    /// Silent steps up to now.
    silent: u64,
}

impl Policy for Waiting {
    fn decide(&mut self, seen: &Seen) -> Action {
        if seen.input == 0.0 {
            self.silent += 1;
            return Action::Leave;
        }
        let waited = std::mem::take(&mut self.silent);
        if waited >= self.after {
            Action::Reset
        } else {
            Action::Leave
        }
    }

    fn save(&self) -> Vec<u8> {
        remembered(&self.silent)
    }

    fn restore(&mut self, saved: &[u8]) -> bool {
        recalled(saved).is_some_and(|silent| {
            self.silent = silent;
            true
        })
    }
}

mod tests {
    use saturn_data::{OnBadSample, ReadOptions, Recording, WriteMeta, write_events};
    use saturn_eval::detector::DetectorConfig;
    use saturn_eval::evaluate::{Extras, Plan, evaluate};
    use saturn_eval::position::Spacing;
    use saturn_network::build;
    use saturn_network::{Network, NetworkConfig};
    use saturn_store::Progress;
    use saturn_stream::{Fill, Gap};
    use saturn_stream::{Noise, Source, Split};

    use super::*;

    /// The requirements of a line of `policies!` on its type.
    #[test]
    fn it_can_be_registered() {
        fn registrable<T>(_: &T)
        where
            T: PolicyConfig + Copy + fmt::Debug + PartialEq + JsonSchema,
            T: Serialize + for<'de> Deserialize<'de>,
        {
        }
        let onset = Onset::default();
        registrable(&onset);
        assert_eq!(onset.to_string(), "onset_after_10_steps");
        assert!(onset.check().is_ok() && Onset { after: 0 }.check().is_err());
    }

    #[test]
    fn it_resets_at_the_first_event_after_a_silence() {
        let mut policy = Onset { after: 3 }.build(1, 0);
        let input = [
            0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 5.0,
        ];
        let resets: Vec<usize> = (input.iter().enumerate())
            .filter(|&(t, &input)| {
                let seen = Seen {
                    step: t as u64,
                    copy: 0,
                    begins: false,
                    input,
                    output: &[],
                    norm: 0.0,
                };
                policy.decide(&seen) == Action::Reset
            })
            .map(|(t, _)| t)
            .collect();
        assert_eq!(resets, [3, 12]);
    }

    /// Samples that begin with an event, between silences of five steps: the onsets are the boundaries.
    #[test]
    fn between_silences_it_is_the_oracle() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.h5");
        let recordings = (0..6).map(|i| Recording {
            times_s: (0..8).map(|k| 0.01 * f64::from(k) + 0.001).collect(),
            units: vec![i as u32; 8],
            label: i % 2,
            speaker: None,
            index: i,
        });
        let meta = WriteMeta {
            channels: 6,
            class_names: vec!["even".into(), "odd".into()],
            ..WriteMeta::default()
        };
        write_events(&path, recordings, &meta).unwrap();
        let options = ReadOptions {
            channels: 6,
            classes: None,
            on_bad_sample: OnBadSample::Error,
        };
        let split = Split::open(&path, &options, 10.0).unwrap();
        let noise = Noise::new(&[0.0; 6]);
        let gap = Gap {
            steps: [5, 5],
            fill: vec![Fill::Silence],
        };
        let layers = serde_saphyr::from_str("[{gru: {hidden: 8}}]").unwrap();
        let net: Network<f32> = build("m", &NetworkConfig::new(layers), 6, 2, 10.0, 1).unwrap();
        let found = |state_reset: &dyn PolicyConfig| {
            let plan = Plan {
                source: Source {
                    split: &split,
                    noise: &noise,
                    gap: Some(&gap),
                },
                state_reset,
                channels: 6,
                purpose: "evaluation",
                seed: 1,
                steps: 1040,
                lanes: 2,
                shard_lanes: 2,
                windows: 1,
                spacing: Spacing::Even,
                dt_ms: 10.0,
                detector: DetectorConfig::default(),
                extras: Extras::default(),
                instruments: &[],
            };
            let found = evaluate(&net, &plan, 0.5, &Progress::quiet()).unwrap();
            (found.by_recording, found.detection, found.resets)
        };
        let onset = found(&Onset { after: 5 });
        assert_eq!(onset, found(&saturn_eval::reset::Oracle {}));
        assert_eq!(onset.2, 2 * 520 / 13);
    }
}
