//! The losses that a scenario can name: a line each.

use crate::adaptive::AdaptiveConfig;
use crate::cross_entropy::CrossEntropyConfig;
use crate::entropy::EntropyConfig;
use crate::nothing_class::NothingConfig;

/// Declares `LossConfig`: a line a loss, with its key in a scenario and its configuration.
#[doc(hidden)]
#[macro_export]
macro_rules! losses {
    ($($(#[doc = $doc:literal])+ $key:literal: $name:ident($config:ty),)+) => {
        /// A loss, as named in a scenario. The name alone means all defaults.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum LossConfig {
            $($(#[doc = $doc])+ #[serde(rename = $key)] $name($config),)+
        }

        $(impl From<$config> for LossConfig {
            fn from(config: $config) -> Self {
                Self::$name(config)
            }
        })+

        impl LossConfig {
            /// The key that it is written under.
            pub fn key(&self) -> &'static str {
                match self { $(Self::$name(_) => $key,)+ }
            }

            /// Source of m.
            pub fn mask(&self) -> &$crate::MaskConfig {
                match self { $(Self::$name(kind) => $crate::LossKind::mask(kind),)+ }
            }

            /// Error added to m, to measure the cost of a wrong mask.
            pub fn mask_error(&self) -> Option<$crate::MaskFault> {
                match self { $(Self::$name(kind) => $crate::LossKind::mask_error(kind),)+ }
            }

            /// Outputs of the network in addition to the C classes.
            pub fn extra_outputs(&self) -> usize {
                match self { $(Self::$name(kind) => $crate::LossKind::extra_outputs(kind),)+ }
            }

            /// λ.
            pub fn weight(&self) -> $crate::Weight {
                match self { $(Self::$name(kind) => $crate::LossKind::weight(kind),)+ }
            }

            /// Denominators of the two sums.
            pub fn normalise(&self) -> $crate::Normalise {
                match self { $(Self::$name(kind) => $crate::LossKind::normalise(kind),)+ }
            }

            /// Whether every number of its own is in its range.
            ///
            /// # Errors
            /// If one is not; the error names it.
            pub fn check(&self) -> Result<(), $crate::LossError> {
                match self { $(Self::$name(kind) => $crate::LossKind::check(kind),)+ }
            }

            pub(crate) fn totals<R: $crate::Real>(&self, targets: &$crate::Targets<R>) -> $crate::Totals {
                match self { $(Self::$name(kind) => $crate::sums::totals(kind, targets),)+ }
            }

            pub(crate) fn value_and_gradient<R: $crate::Real>(
                &self,
                logits: $crate::View<R>,
                targets: &$crate::Targets<R>,
                totals: &$crate::Totals,
                balance: $crate::Balance,
                d_logits: $crate::ViewMut<R>,
            ) -> $crate::Parts {
                match self {
                    $(Self::$name(kind) => {
                        $crate::sums::value_and_gradient(kind, logits, targets, totals, balance, d_logits)
                    })+
                }
            }
        }
    };
}

losses! {
    /// Cross-entropy on informative steps; gaps cost nothing.
    "cross_entropy": CrossEntropy(CrossEntropyConfig),
    /// Cross-entropy on informative steps and divergence from uniform in gaps.
    "adaptive": Adaptive(AdaptiveConfig),
    /// Cross-entropy on all steps, with an additional class "nothing" as the label of gaps.
    "nothing": Nothing(NothingConfig),
    /// Cross-entropy on informative steps and a cost for certainty on all steps.
    "entropy": Entropy(EntropyConfig),
}

impl Default for LossConfig {
    fn default() -> Self {
        Self::CrossEntropy(CrossEntropyConfig::default())
    }
}
