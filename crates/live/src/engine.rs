//! One step of a live network: read input, step, output, monitor health.
//!
//! The step is that of [`NetworkStream`], the same kernels as in training. Nothing is allocated between two
//! closings of a health window, and at a closing only if there is a message.
//!
//! In a long silence the state can reach a fixed point that a step without events leaves unchanged, to the
//! bit. Further such steps are not computed: detector and health continue, the network's products are
//! skipped.

use saturn_cell::{EventBatch, Input, Real, column, column_mut};
use saturn_loss::softmax::softmax;
use serde::{Deserialize, Serialize};

use super::decide::{Decider, Said};
use super::fallback::{Acting, Fallback};
use saturn_eval::health::{Change, Common, Figures, Watch};
use saturn_eval::reset::Action;
use saturn_eval::reset::effect::Effect;
use saturn_network::{Network, NetworkStream};

/// A net running live.
pub struct Engine<R: Real> {
    running: Running<R>,
    /// The fallback network.
    other: Option<Running<R>>,
    effect: Effect<R>,
    decider: Decider,
    figures: Figures,
    watch: Watch,
    /// Steps of a window of health.
    window: u64,
    patience: u32,
    fallback: Fallback,
    acting: Acting,
    /// The health figures of the last window.
    values: Vec<f64>,
    changes: Vec<Change>,
    said: Vec<Acted>,
}

/// A network, its state and its outputs.
struct Running<R: Real> {
    net: Network<R>,
    live: NetworkStream<R>,
    /// `[C]`, and outputs that are no classes.
    p: Vec<f32>,
    /// Whether the last step was without events and changed no bit of the state.
    still: bool,
    /// Steps that were computed.
    computed: u64,
}

/// Action of a fallback at the closing of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It went to work.
    Began,
    /// It reset the state.
    Reset,
    /// It is over.
    Ended,
}

/// The complete state of an engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EngineState {
    states: Vec<Vec<f64>>,
    other: Option<Vec<Vec<f64>>>,
    decider: Decider,
    figures: Figures,
    watch: Vec<saturn_eval::health::Kept>,
    acting: Acting,
    values: Vec<f64>,
}

/// What an engine is made of.
pub struct Parts<R: Real> {
    /// The net.
    pub net: Network<R>,
    /// The fallback network.
    pub other: Option<Network<R>>,
    /// The detector.
    pub decider: Decider,
    /// Statistics being accumulated.
    pub figures: Figures,
    /// Figures under watch.
    pub watch: Watch,
    /// Steps of a window of health.
    pub window: u64,
    /// Windows between two resets of a fallback.
    pub patience: u32,
    /// Action when health is out of range.
    pub fallback: Fallback,
}

impl<R: Real> Running<R> {
    fn new(net: Network<R>) -> Self {
        Self {
            live: NetworkStream::new(&net, 1),
            p: vec![0.0; net.outputs()],
            net,
            still: false,
            computed: 0,
        }
    }

    fn step(&mut self, events: &EventBatch) {
        let silent = events.view().column(0).0.is_empty();
        if silent && self.still {
            return;
        }
        self.computed += 1;
        let logits = self.live.step(&self.net, Input::Events(events.view()));
        softmax(column(&logits, 0), &mut self.p);
        self.still = silent && self.live.is_still();
    }

    /// Sets the states; whether they were of this net's shape.
    fn restore(&mut self, states: &[Vec<f64>]) -> bool {
        let fits = self.live.restore(states);
        self.still &= !fits;
        fits
    }
}

impl<R: Real> Engine<R> {
    /// In the initial state.
    pub fn new(parts: Parts<R>) -> Self {
        Self {
            effect: Effect::new(&parts.net),
            running: Running::new(parts.net),
            other: parts.other.map(Running::new),
            decider: parts.decider,
            values: Vec::with_capacity(parts.figures.names().len()),
            figures: parts.figures,
            watch: parts.watch,
            window: parts.window,
            patience: parts.patience,
            fallback: parts.fallback,
            acting: Acting::default(),
            changes: Vec::with_capacity(16),
            said: Vec::with_capacity(4),
        }
    }

    /// One step on the one column of `events`.
    pub fn step(&mut self, events: &EventBatch) -> Said {
        self.changes.clear();
        self.said.clear();
        if let (true, &Fallback::Decay(gamma)) = (self.acting.on, &self.fallback) {
            self.act(Action::Scale(gamma));
        }
        self.running.step(events);
        if let Some(other) = &mut self.other {
            other.step(events);
        }
        let running = &self.running;
        let classes = running.net.classes();
        self.figures
            .observe(events, &running.live, &running.p[..classes]);
        if self.figures.steps() == self.window {
            self.figures.take(&mut self.values);
            self.watch.judge(&self.values, &mut self.changes);
            self.fall_back();
        }
        let p = match &self.other {
            Some(other) if self.acting.on => &other.p,
            _ => &self.running.p,
        };
        self.decider.observe(p)
    }

    /// At the closing of a window.
    fn fall_back(&mut self) {
        if self.fallback == Fallback::None {
            return;
        }
        let alarm = self.watch.alarm();
        let broken = self.values.iter().any(|value| !value.is_finite())
            || Common::NotFinite.of(&self.values) > Some(0.0);
        let began = alarm && !self.acting.on;
        if began {
            self.acting = Acting {
                on: true,
                waited: 0,
            };
            self.said.push(Acted::Began);
        } else if alarm {
            self.acting.waited += 1;
        } else if self.acting.on {
            self.acting = Acting::default();
            self.said.push(Acted::Ended);
        }
        let again = self.acting.waited >= self.patience && self.fallback == Fallback::Reset;
        let rests = began && matches!(self.fallback, Fallback::Reset | Fallback::Model(_));
        if self.acting.on && (rests || again || broken) {
            self.act(Action::Reset);
            self.acting.waited = 0;
            self.said.push(Acted::Reset);
        }
    }

    fn act(&mut self, action: Action) {
        self.running.still = false;
        for i in 0..self.running.net.cells().len() {
            let mut state = self.running.live.layer_mut(i).state_mut();
            self.effect.act_on(i, column_mut(&mut state, 0), action);
        }
    }

    /// The class probabilities after the last step, of the active network.
    pub fn probabilities(&self) -> &[f32] {
        let running = match &self.other {
            Some(other) if self.acting.on => other,
            _ => &self.running,
        };
        &running.p[..running.net.classes()]
    }

    /// The outputs of the first layer after the last step.
    pub fn first_layer(&self) -> saturn_cell::View<'_, R> {
        self.running.live.layer(0).output()
    }

    /// Whether the first layer spikes.
    pub fn first_layer_spikes(&self) -> bool {
        self.running.net.cells()[0].spikes()
    }

    /// Steps that were computed; the others were in a silence without any change.
    pub fn computed(&self) -> u64 {
        self.running.computed
    }

    /// Changes in the health window that the last step closed, if any.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Action of the fallback in the last step.
    pub fn acted(&self) -> &[Acted] {
        &self.said
    }

    /// Whether the fallback is at work.
    pub fn falls_back(&self) -> bool {
        self.acting.on
    }

    /// The watch over health.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Names of the figures of health.
    pub fn names(&self) -> &[String] {
        self.figures.names()
    }

    /// The values in the last window; empty before the first.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The complete state.
    pub fn state(&self) -> EngineState {
        EngineState {
            states: self.running.live.states(),
            other: self.other.as_ref().map(|other| other.live.states()),
            decider: self.decider.clone(),
            figures: self.figures.clone(),
            watch: self.watch.kept().to_vec(),
            acting: self.acting,
            values: self.values.clone(),
        }
    }

    /// Restores a saved state; an error says what does not fit.
    pub fn restore(&mut self, state: EngineState) -> Result<(), &'static str> {
        if !self.running.restore(&state.states) {
            return Err("its states are of another shape");
        }
        let other = match (&mut self.other, &state.other) {
            (None, None) => true,
            (Some(other), Some(states)) => other.restore(states),
            _ => false,
        };
        if !other {
            return Err("it is of a live run with another fallback network");
        }
        if !state.decider.fits(&self.decider) {
            return Err("its detector has other settings");
        }
        if !state.figures.fits(&self.figures) || state.figures.steps() >= self.window {
            return Err("its health windows differ");
        }
        let values = state.values.len();
        if !(values == 0 || values == self.figures.names().len())
            || !self.watch.restore(state.watch)
        {
            return Err("it watches other health figures");
        }
        self.decider = state.decider;
        self.figures = state.figures;
        self.values = state.values;
        self.acting = state.acting;
        Ok(())
    }
}
