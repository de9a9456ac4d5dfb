//! A network step by step, on one endless input.

use std::ops::Deref;
use std::sync::Arc;

use saturn_cell::{EventBatch, Input, Real, View, column};
use saturn_loss::softmax::softmax;
use saturn_network::NetworkStream;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::network::Network;

/// A network step by step: one input, one state, no reset unless it is asked for.
///
/// After the start nothing is allocated. A step has the same bits as in a sequence up to rounding of the last digit.
pub struct Stream<'a, R: Real> {
    network: Borrowed<'a, R>,
    live: NetworkStream<R>,
    events: EventBatch,
    probabilities: Vec<f32>,
    steps: u64,
}

/// A network that a stream borrows or shares.
enum Borrowed<'a, R: Real> {
    Lent(&'a Network<R>),
    Shared(Arc<Network<R>>),
}

impl<R: Real> Deref for Borrowed<'_, R> {
    type Target = Network<R>;

    fn deref(&self) -> &Network<R> {
        match self {
            Self::Lent(network) => network,
            Self::Shared(network) => network,
        }
    }
}

/// The state of a stream: what it takes to resume it, bit for bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamState {
    /// Steps done.
    pub steps: u64,
    /// The state of each cell.
    pub cells: Vec<Vec<f64>>,
}

impl<'a, R: Real> Stream<'a, R> {
    fn new(network: Borrowed<'a, R>) -> Self {
        let net = network.inner();
        Self {
            live: NetworkStream::new(net, 1),
            events: EventBatch::with_room(network.channels(), 1),
            probabilities: vec![0.0; net.outputs()],
            network,
            steps: 0,
        }
    }

    /// One step on events: (channel, count) pairs, channels ascending and below I. Returns the probabilities of the
    /// classes, `[C]`.
    ///
    /// # Errors
    /// If a channel is out of range or out of order; the state is then unchanged.
    pub fn step(&mut self, events: impl IntoIterator<Item = (u32, f32)>) -> Result<&[f32], Error> {
        self.events.clear(self.network.channels());
        let mut next = 0;
        for (channel, count) in events {
            if channel < next || channel as usize >= self.network.channels() {
                return Err(Error::Fit {
                    what: format!(
                        "channel {channel} is out of order or out of range: there are {} channels",
                        self.network.channels()
                    ),
                    hint: "give the channels of a step in ascending order, each once",
                });
            }
            self.events.push(channel, count);
            next = channel + 1;
        }
        self.events.end_column();
        let logits = self
            .live
            .step(self.network.inner(), Input::Events(self.events.view()));
        softmax(column(&logits, 0), &mut self.probabilities);
        self.steps += 1;
        Ok(&self.probabilities[..self.network.class_names().len()])
    }

    /// One step on a value for each channel, `[I]`. Returns the probabilities of the classes, `[C]`.
    ///
    /// # Errors
    /// If there are not I values; the state is then unchanged.
    pub fn step_dense(&mut self, values: &[R]) -> Result<&[f32], Error> {
        let channels = self.network.channels();
        if values.len() != channels {
            return Err(Error::Fit {
                what: format!("{} values for {channels} channels", values.len()),
                hint: "give one value a channel",
            });
        }
        let input = Input::Dense(View::from_slice(values, channels, 1));
        let logits = self.live.step(self.network.inner(), input);
        softmax(column(&logits, 0), &mut self.probabilities);
        self.steps += 1;
        Ok(&self.probabilities[..self.network.class_names().len()])
    }

    /// The network.
    pub fn network(&self) -> &Network<R> {
        &self.network
    }

    /// Whether the last step changed no bit of any state.
    pub fn is_still(&self) -> bool {
        self.live.is_still()
    }

    /// Steps done since the start.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Puts the network into its initial state.
    pub fn reset(&mut self) {
        self.live.reset(self.network.inner(), 0);
    }

    /// The state, to be saved.
    pub fn state(&self) -> StreamState {
        StreamState {
            steps: self.steps,
            cells: self.live.states(),
        }
    }

    /// Resumes from `state`.
    ///
    /// # Errors
    /// If it is the state of another network; the stream is then unchanged.
    pub fn restore(&mut self, state: &StreamState) -> Result<(), Error> {
        if !self.live.restore(&state.cells) {
            return Err(Error::Fit {
                what: "the state is that of another network".to_owned(),
                hint: "restore it into the network that it was saved from",
            });
        }
        self.steps = state.steps;
        Ok(())
    }
}

impl<R: Real> Network<R> {
    /// The network step by step, from its initial state.
    pub fn stream(&self) -> Stream<'_, R> {
        Stream::new(Borrowed::Lent(self))
    }

    /// The same, which shares the network in place of borrowing it.
    pub fn shared_stream(self: &Arc<Self>) -> Stream<'static, R> {
        Stream::new(Borrowed::Shared(Arc::clone(self)))
    }
}
