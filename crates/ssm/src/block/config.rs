//! The configuration of `ssm_block`.

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{Built, CellConfig, ConfigError, Count, Real, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SsmBlock;
use crate::continuous::Continuous;
use crate::dynamics::Dynamics;
use crate::exponential::Lru;
use crate::{Discretization, Init, Norm, Ring};

/// What the dynamics of a block are learnt as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockDynamics {
    /// Continuous eigenvalues and steps, as in S4D and S5.
    #[default]
    Continuous,
    /// The factors of the linear recurrent unit, which start on a ring.
    Lru(Ring),
}

/// Norm, diagonal state-space model, GELU, GLU and residual.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools)] // four independent switches of one architecture
pub struct SsmBlockConfig {
    /// H, units; at least 1, default 96. As many as the input has rows.
    pub width: usize,
    /// P, complex states; at least 1; default 64. More states remember more at once.
    pub states: usize,
    /// What the dynamics are learnt as: `continuous` (default), as S4D's and S5's, or `lru`, with the keys
    /// `r_min`, `r_max` and `max_phase`. The six keys below, up to `conjugate`, are for the former alone.
    pub dynamics: BlockDynamics,
    /// How continuous dynamics become steps: `zoh` (default), `bilinear`, `dirac` or `async`.
    pub discretization: Discretization,
    /// The initial eigenvalues: `s4d_lin` (default), `s4d_inv`, `s4d_real` or `s5`.
    pub init: Init,
    /// How many different eigenvalues the states start from, at least 1; default 16. More reach higher
    /// frequencies, up to where bins fold them back; with `s4d_real`, faster decays.
    pub frequencies: usize,
    /// The shortest initial step Δ at bins of 10 ms, no unit; above 0; default 0.002. The longest memory
    /// is 1/(|Re λ| Δ) steps, 2/Δ but for `s4d_real`: less means longer.
    pub dt_min: f64,
    /// The longest initial step Δ at bins of 10 ms, no unit; above 0 and at least `dt_min`; default 0.4. The shortest
    /// memory is 2/Δ steps: more means shorter.
    pub dt_max: f64,
    /// Whether only one of each conjugate pair of eigenvalues is kept; default true. Without it, half of
    /// the states start as mirror images of the others.
    pub conjugate: bool,
    /// How the input is normalised: `layer` (default), `rms` or `none`.
    pub norm: Norm,
    /// Whether the output is gated (GLU); default true. Without it, it is a linear map.
    pub glu: bool,
    /// Whether the input is added to the output; default true.
    pub residual: bool,
    /// Whether gains start so that every state has variance 1 under white input; default true. Without
    /// it they start at 1, which leaves all states small and slow ones smallest.
    pub normalise: bool,
}

impl Default for SsmBlockConfig {
    fn default() -> Self {
        let all = Continuous::default();
        Self {
            width: 96,
            states: all.states,
            dynamics: BlockDynamics::Continuous,
            discretization: all.discretization,
            init: all.init,
            frequencies: all.frequencies,
            dt_min: all.dt_min,
            dt_max: all.dt_max,
            conjugate: all.conjugate,
            norm: Norm::Layer,
            glu: true,
            residual: true,
            normalise: all.normalise,
        }
    }
}

impl CellConfig for SsmBlockConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("width", self.width)?;
        self.check_that_all_is_read()?;
        self.dynamics().check()
    }

    fn size(&self, inputs: Count) -> Size {
        let h = Count::from(self.width);
        let size = self.dynamics().size(inputs, h);
        let outs = if self.glu { 2 * h } else { h };
        let (gain, bias) = (self.norm.has_gain(), self.norm.has_bias());
        let normed = h.only_if(gain) + h.only_if(bias);
        Size {
            parameters: size.parameters + h + outs * h + outs + normed,
            copies: size.copies + 2 * (2 * (h * size.state) + outs * h),
            drive: size.drive
                + h.only_if(self.residual)
                + (h + 1.into()).only_if(gain)
                + 3 * h
                + outs,
            ..size
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(SsmBlock::new(self, inputs, dt_ms, rng)?))
    }

    fn input_width(&self) -> Option<usize> {
        Some(self.width)
    }
}

impl SsmBlockConfig {
    pub(super) fn dynamics(&self) -> Dynamics {
        match self.dynamics {
            BlockDynamics::Continuous => Dynamics::Continuous(Continuous {
                states: self.states,
                discretization: self.discretization,
                init: self.init,
                frequencies: self.frequencies,
                dt_min: self.dt_min,
                dt_max: self.dt_max,
                conjugate: self.conjugate,
                normalise: self.normalise,
            }),
            BlockDynamics::Lru(ring) => Dynamics::Lru(Lru {
                states: self.states,
                normalise: self.normalise,
                ring,
            }),
        }
    }

    /// An error about the first key that is set but means nothing to the dynamics.
    #[allow(clippy::float_cmp)] // a key that is left out has the default's bits
    fn check_that_all_is_read(&self) -> Result<(), ConfigError> {
        let default = Self::default();
        let keys = [
            (
                "discretization",
                self.discretization != default.discretization,
            ),
            ("init", self.init != default.init),
            ("frequencies", self.frequencies != default.frequencies),
            ("dt_min", self.dt_min != default.dt_min),
            ("dt_max", self.dt_max != default.dt_max),
            ("conjugate", self.conjugate != default.conjugate),
        ];
        let set = keys.into_iter().find(|(_, set)| *set);
        match (self.dynamics, set) {
            (BlockDynamics::Lru(_), Some((key, _))) => Err(ConfigError::Unread {
                key,
                with: "`dynamics: lru`",
            }),
            _ => Ok(()),
        }
    }
}
