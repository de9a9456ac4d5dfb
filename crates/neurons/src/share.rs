//! Numbers of a layer between 0 and a maximum, learnt through numbers without bounds.
//!
//! ```text
//! (1) a = max sigmoid(rho)
//! (2) da/drho = a (1 - sigmoid(rho))
//! ```

use nalgebra::DMatrix;
use saturn_cell::elementary::sigmoid;
use saturn_cell::{ConfigError, Kind, Params, Real, init, rng::ChaCha8Rng};

/// H numbers between 0 and a maximum.
#[derive(Clone, Debug)]
pub(crate) struct Share<R: Real> {
    max: f64,
    /// Position of rho `[H, 1]` among the parameters, if it is learnt.
    at: Option<usize>,
    shares: Vec<f64>,
    value: Vec<R>,
    slope: Vec<R>,
}

impl<R: Real> Share<R> {
    /// Uniform numbers, at least a hundredth of the range away from its ends.
    pub fn draw(max: f64, hidden: usize, rng: &mut ChaCha8Rng) -> Self {
        let places: DMatrix<f64> = init::uniform(hidden, 1, 0.49, rng);
        let mut share = Self {
            max,
            at: None,
            shares: places.iter().map(|place| 0.5 + place).collect(),
            value: vec![R::zero(); hidden],
            slope: vec![R::zero(); hidden],
        };
        share.derive();
        share
    }

    /// Adds rho to `params` as `name`: from now on it is learnt.
    pub fn learn(&mut self, name: &'static str, params: &mut Params<R>) {
        self.at = Some(params.tensors().len());
        *params = std::mem::take(params).with(name, Kind::Dynamics, self.logits());
    }

    /// Follows a change of the parameters.
    pub fn refresh(&mut self, params: &Params<R>) {
        if let Some(at) = self.at {
            for (share, rho) in self.shares.iter_mut().zip(&params[at]) {
                *share = sigmoid(rho.wide()); // (1)
            }
            self.derive();
        }
    }

    /// Sets the numbers `[H]`; `key` is what an error calls them.
    pub fn set(
        &mut self,
        values: &[f64],
        key: &'static str,
        params: &mut Params<R>,
    ) -> Result<(), ConfigError> {
        for &value in values {
            let inside = 0.0 < value && value < self.max;
            ConfigError::unless(inside, key, value, "above 0 and below its maximum")?;
        }
        for (share, value) in self.shares.iter_mut().zip(values) {
            *share = value / self.max;
        }
        self.derive();
        if let Some(at) = self.at {
            params[at] = self.logits();
        }
        Ok(())
    }

    /// Position of rho among the parameters, if it is learnt.
    pub fn position(&self) -> Option<usize> {
        self.at
    }

    /// The numbers `[H]`.
    pub fn value(&self) -> &[R] {
        &self.value
    }

    /// (2) `[H]`.
    pub fn slope(&self) -> &[R] {
        &self.slope
    }

    /// rho `[H, 1]`.
    fn logits(&self) -> DMatrix<R> {
        let logit = |share: &f64| R::of((share / (1.0 - share)).ln());
        DMatrix::from_iterator(self.shares.len(), 1, self.shares.iter().map(logit))
    }

    fn derive(&mut self) {
        for (i, share) in self.shares.iter().enumerate() {
            self.value[i] = R::of(self.max * share); // (1)
            self.slope[i] = R::of(self.max * share * (1.0 - share)); // (2)
        }
    }
}
