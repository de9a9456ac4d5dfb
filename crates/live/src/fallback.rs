//! Action while health is out of its ranges.
//!
//! | choice | at the alarm | while it lasts | when it ends |
//! |---|---|---|---|
//! | `none` | | | |
//! | `reset` | the state is reset | and again every `patience` windows | |
//! | `decay=G` | | before every step state = initial + G (state - initial) | |
//! | `model=PATH` | the state is reset, the other network outputs | the other network outputs | this one outputs again |
//!
//! A state with infinite or NaN values is reset by every choice except `none`: decay cannot repair it. The
//! other network always receives the input, so that its state is ready when it is needed.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The action.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fallback {
    /// None.
    #[default]
    None,
    /// The state is reset.
    Reset,
    /// The state is drawn to rest by this factor a step.
    Decay(f64),
    /// Another network outputs.
    Model(PathBuf),
}

impl FromStr for Fallback {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        match (name, value) {
            ("none", "") => Ok(Self::None),
            ("reset", "") => Ok(Self::Reset),
            ("decay", gamma) => match gamma.parse() {
                Ok(gamma) if (0.0..1.0).contains(&gamma) => Ok(Self::Decay(gamma)),
                _ => Err("expected a factor from 0 to 1 after `decay=`, such as decay=0.95".into()),
            },
            ("model", path) if !path.is_empty() => Ok(Self::Model(path.into())),
            _ => Err(format!(
                "expected none, reset, decay=FACTOR or model=MODEL, found `{text}`"
            )),
        }
    }
}

impl Fallback {
    /// In words, for the log.
    pub fn words(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Reset => "reset".to_owned(),
            Self::Decay(gamma) => format!("decay={gamma}"),
            Self::Model(path) => format!("model={}", path.display()),
        }
    }
}

/// How far a fallback is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acting {
    /// Whether it is at work.
    pub on: bool,
    /// Windows since it reset the state.
    pub waited: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read() {
        assert_eq!("none".parse(), Ok(Fallback::None));
        assert_eq!("reset".parse(), Ok(Fallback::Reset));
        assert_eq!("decay=0.9".parse(), Ok(Fallback::Decay(0.9)));
        assert_eq!("model=a/b".parse(), Ok(Fallback::Model("a/b".into())));
        for wrong in ["", "decay", "decay=1", "decay=NaN", "reset=1", "model="] {
            assert!(wrong.parse::<Fallback>().is_err(), "{wrong}");
        }
    }
}
