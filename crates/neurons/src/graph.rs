//! A graph of linear maps, convolutions, delays, integrators and neurons: what files of the Neuromorphic Intermediate
//! Representation (NIR) describe, as one cell.
//!
//! With E the edges and L the edges that close a loop, the input of a node n at a step is
//!
//! ```text
//! (1) x_n(t) = Σ_{(m, n) in E} y_m(t) + Σ_{(m, n) in L} y_m(t-1)
//! (2) y_n(t) = f_n(x_n(t), state of n)
//! ```
//!
//! with the f of [`node::Node`], of `graph/neuron.rs` for integrators and neurons, of `graph/taps.rs` for convolutions and poolings. The
//! output of the graph is the input of its node `output`. At the start outputs y(0) are 0, and neurons as their `start`
//! has them.
//!
//! | rows  | contents |
//! |-------|---|
//! | drive | the output of each node, its input where it is a sum, the membranes u that spikes were made from |
//! | state | membranes and synapses, what is in delays, outputs that close loops |
//!
//! Linear maps of the input alone are computed for all steps at once, from events if it is events. All others are
//! computed from the values that are not 0.
//!
//! **Gradients** flow to weights, biases and scales; time constants, thresholds and the like are constants
//! ([`saturn_cell::Kind::Fixed`]). The slope of a spike is a surrogate's.
//!
//! **Source.** Pedersen et al. 2024, "Neuromorphic intermediate representation: a unified instruction set for
//! interoperable brain-inspired computing". A loop without a delay of its own is closed one step later, as all
//! simulators that read NIR do.

mod neuron;
pub mod node;
mod plan;
mod taps;

use std::collections::BTreeMap;
use std::ops::Range;

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Emit, Field, FieldKind, Input, Name, Output,
    Params, Real, Recorded, Size, Synapses, View, ViewMut, Widths, column, column_mut, kernel,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spike_reset::ResetGradient;
use crate::surrogate::Surrogate;
use neuron::{Dynamics, Firing};
use node::{Decay, Node};
use plan::{Placed, Plan, Source};

pub use taps::{Convolution, Pooling};

/// What a graph is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GraphConfig {
    /// Nodes by name; one is an `input`, and one an `output`. By default 32 leaky integrate-and-fire neurons behind
    /// a linear map of 32 inputs.
    pub nodes: BTreeMap<String, Node>,
    /// Pairs of names, from and to.
    pub edges: Vec<[String; 2]>,
    /// Edges that pass on the output of the step before, default none.
    pub loops: Vec<[String; 2]>,
    /// How decays follow from time constants, default `euler`.
    pub decay: Decay,
    /// The stand-in for the derivative of a spike, default `{fast_sigmoid: 10}`.
    pub surrogate: Surrogate,
    /// Whether the gradient passes through resets, default `detached`.
    pub reset_gradient: ResetGradient,
}

impl Default for GraphConfig {
    fn default() -> Self {
        let size = 32;
        let nodes = [
            ("input", Node::Input { size }),
            (
                "linear",
                Node::Linear {
                    inputs: size,
                    outputs: size,
                    bias: true,
                },
            ),
            ("lif", Node::Neurons(node::Neurons::lif(size))),
            ("output", Node::Output { size }),
        ];
        let edges = [["input", "linear"], ["linear", "lif"], ["lif", "output"]];
        Self {
            nodes: nodes.map(|(name, node)| (name.to_owned(), node)).into(),
            edges: edges.map(|edge| edge.map(str::to_owned)).into(),
            loops: Vec::new(),
            decay: Decay::default(),
            surrogate: Surrogate::default(),
            reset_gradient: ResetGradient::default(),
        }
    }
}

impl CellConfig for GraphConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.surrogate.check()?;
        self.plan().map(drop)
    }

    fn size(&self, _inputs: Count) -> Size {
        let parameters = self.nodes.values().map(Node::count).sum();
        let Ok(plan) = self.plan() else {
            return Size {
                parameters,
                ..Size::default()
            };
        };
        Size {
            parameters,
            drive: plan.drive.into(),
            state: plan.state.into(),
            output: plan.out.len().into(),
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Graph::new(self, inputs, dt_ms, rng)?))
    }

    fn spikes(&self) -> bool {
        false
    }

    fn input_width(&self) -> Option<usize> {
        (self.nodes.values()).find_map(|node| match node {
            Node::Input { size } => Some(*size),
            _ => None,
        })
    }
}

impl GraphConfig {
    fn plan(&self) -> Result<Plan, ConfigError> {
        Plan::of(self).map_err(|what| ConfigError::Graph { what })
    }
}

/// A graph as one cell. Its parameters are those of the nodes, in the order of their names: `NODE.weight [O, I]` and so on.
#[derive(Clone, Debug)]
pub struct Graph<R: Real> {
    config: GraphConfig,
    plan: Plan,
    params: Params<R>,
    /// Of the nodes in the plan's order; of those that are neurons.
    dynamics: Vec<Option<Dynamics<R>>>,
    firing: Firing<R>,
    /// Length of a step, seconds.
    dt: f64,
}

impl<R: Real> Graph<R> {
    /// The graph on `inputs` inputs for steps of `dt_ms`, with initial weights from `rng`.
    pub fn new(
        config: &GraphConfig,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.surrogate.check()?;
        let plan = config.plan()?;
        if inputs != plan.input.len() {
            return Err(ConfigError::Mismatch {
                key: "nodes",
                value: plan.input.len(),
                allowed: format!("of as many inputs as the layer has, {inputs}"),
            });
        }
        let draw = |params, (name, node): (&String, &Node)| node.draw(name, params, rng);
        let params = config.nodes.iter().fold(Params::new(), draw);
        let firing = Firing {
            surrogate: config.surrogate,
            through_reset: config.reset_gradient.factor(),
            relaxed: false,
        };
        let mut graph = Self {
            config: config.clone(),
            plan,
            params,
            dynamics: Vec::new(),
            firing,
            dt: dt_ms / 1000.0,
        };
        graph.refresh();
        Ok(graph)
    }

    /// The same graph with the surrogate's antiderivative in place of spikes, so that central differences can check its
    /// gradient.
    #[must_use]
    pub fn relaxed(mut self) -> Self {
        self.firing.relaxed = true;
        self
    }

    /// The configuration that the graph was built from.
    pub fn config(&self) -> &GraphConfig {
        &self.config
    }

    fn refresh(&mut self) {
        let (params, dt, decay) = (&self.params, self.dt, self.config.decay);
        let dynamics = |p: &Placed| match &p.node {
            Node::Neurons(neurons) => Some(Dynamics::new(neurons, params, p.first, dt, decay)),
            _ => None,
        };
        self.dynamics = self.plan.nodes.iter().map(dynamics).collect();
    }

    /// (1) for the node `p`: where its input is in `drive`, after the sum is made.
    #[inline(always)]
    fn gather_input(p: &Placed, drive: &mut [R], prev: &[R]) {
        let Source::Sum { rows, edges, loops } = &p.source else {
            return;
        };
        let n = rows.len();
        drive[rows.clone()].fill(R::zero());
        for &from in edges {
            add_within(drive, from, rows.start, n);
        }
        for &from in loops {
            kernel::axpy(R::one(), &prev[from..from + n], &mut drive[rows.clone()]);
        }
    }

    /// (1)ᵀ: hands the adjoint of the sum to what it is made of.
    #[inline(always)]
    fn spread(p: &Placed, d_drive: &mut [R], adj: &mut [R]) {
        let Source::Sum { rows, edges, loops } = &p.source else {
            return;
        };
        let n = rows.len();
        for &to in edges {
            add_within(d_drive, rows.start, to, n);
        }
        for &to in loops {
            kernel::axpy(R::one(), &d_drive[rows.clone()], &mut adj[to..to + n]);
        }
    }

    /// (2) for the node at `i` of the plan.
    #[inline(always)]
    fn compute(&self, i: usize, drive: &mut [R], prev: &[R], next: &mut [R]) {
        let p = &self.plan.nodes[i];
        if let (true, Node::Delay { steps }) = (p.node.waits(), &p.node) {
            delayed(steps, &prev[p.state.clone()], &mut drive[p.y.clone()]);
            return;
        }
        Self::gather_input(p, drive, prev);
        let x = p.source.rows();
        let (before, own) = drive.split_at_mut(p.y.start);
        let (y, u) = own[..p.y.len() + p.u.len()].split_at_mut(p.y.len());
        let x = &before[x];
        match &p.node {
            Node::Input { .. } => {}
            Node::Output { .. } | Node::Identity { .. } => y.copy_from_slice(x),
            Node::Linear { bias, .. } => {
                self.offset(p, *bias, y, |y, b| y.copy_from_slice(b));
                kernel::gather_active(y, &self.params[p.first].as_view(), x);
            }
            Node::Scale { .. } => {
                let scale = self.params[p.first].as_slice();
                (y.iter_mut().zip(x).zip(scale)).for_each(|((y, &x), &s)| *y = s * x);
            }
            Node::Convolution(c) => {
                let pixels = y.len() / c.channels;
                self.offset(p, c.bias, y, |y, b| {
                    y.chunks_mut(pixels).zip(b).for_each(|(y, &b)| y.fill(b));
                });
                c.add(self.params[p.first].as_slice(), x, y);
            }
            Node::Pooling(pooling) => {
                y.fill(R::zero());
                pooling.add(x, y);
            }
            Node::Delay { steps } => {
                y.copy_from_slice(x);
                delayed(steps, &prev[p.state.clone()], y);
            }
            Node::Threshold { spike, .. } => {
                let theta = self.params[p.first].as_slice();
                let spikes = y.iter_mut().zip(x).zip(theta);
                spikes.for_each(|((y, &x), &theta)| *y = self.firing.spike(*spike, x, theta));
            }
            Node::Neurons(_) => {
                if let Some(dynamics) = &self.dynamics[i] {
                    let states = (&prev[p.state.clone()], &mut next[p.state.clone()]);
                    dynamics.step(&self.firing, x, states, y, u);
                }
            }
        }
    }

    /// Sets `y` by the node's bias, where it has one, and to 0 where not.
    #[inline(always)]
    fn offset(&self, p: &Placed, bias: bool, y: &mut [R], set: impl Fn(&mut [R], &[R])) {
        if bias {
            set(y, self.params[p.first + 1].as_slice());
        } else {
            y.fill(R::zero());
        }
    }

    /// (2)ᵀ for the node at `i` of the plan: from the adjoint of its output to that of its input, its state and its
    /// weights.
    #[inline(always)]
    fn compute_backward(
        &self,
        i: usize,
        (drive, prev): (&[R], &[R]),
        adj: &mut [R],
        d_drive: &mut [R],
        grad: &mut Params<R>,
    ) {
        let p = &self.plan.nodes[i];
        if let (true, Node::Delay { steps }) = (p.node.waits(), &p.node) {
            delayed_backward(steps, &d_drive[p.y.clone()], &mut adj[p.state.clone()]);
            return;
        }
        let rows = p.source.rows();
        let x = &drive[rows.clone()];
        let (before, own) = d_drive.split_at_mut(p.y.start);
        let (dx, dy) = (&mut before[rows], &own[..p.y.len()]);
        match &p.node {
            Node::Input { .. } => {}
            Node::Output { .. } | Node::Identity { .. } => kernel::axpy(R::one(), dy, dx),
            Node::Linear { bias, .. } => {
                let w = self.params[p.first].as_view();
                let mut dw = grad[p.first].as_view_mut();
                for (k, (&x, dx)) in x.iter().zip(dx).enumerate() {
                    if x != R::zero() {
                        kernel::axpy(x, dy, column_mut(&mut dw, k));
                    }
                    *dx += dot(column(&w, k), dy);
                }
                if *bias {
                    kernel::axpy(R::one(), dy, grad[p.first + 1].as_mut_slice());
                }
            }
            Node::Scale { .. } => {
                let scale = self.params[p.first].as_slice();
                let d_scale = grad[p.first].as_mut_slice();
                for (k, dx) in dx.iter_mut().enumerate() {
                    d_scale[k] += x[k] * dy[k];
                    *dx += scale[k] * dy[k];
                }
            }
            Node::Convolution(c) => {
                let w = self.params[p.first].as_slice();
                c.add_backward(w, x, dy, grad[p.first].as_mut_slice(), dx);
                if c.bias {
                    let pixels = dy.len() / c.channels;
                    let d_bias = grad[p.first + 1].as_mut_slice();
                    for (d_bias, dy) in d_bias.iter_mut().zip(dy.chunks(pixels)) {
                        *d_bias += dy.iter().fold(R::zero(), |sum, &dy| sum + dy);
                    }
                }
            }
            Node::Pooling(pooling) => pooling.add_backward(dy, dx),
            Node::Delay { steps } => {
                let passing = dx.iter_mut().zip(dy).zip(steps);
                passing
                    .filter(|(_, wait)| **wait == 0)
                    .for_each(|((dx, &dy), _)| *dx += dy);
                delayed_backward(steps, dy, &mut adj[p.state.clone()]);
            }
            Node::Threshold { .. } => {
                let theta = self.params[p.first].as_slice();
                for (k, dx) in dx.iter_mut().enumerate() {
                    *dx += self.firing.surrogate.slope(x[k] - theta[k]) * dy[k];
                }
            }
            Node::Neurons(_) => {
                if let Some(dynamics) = &self.dynamics[i] {
                    let own = p.state.clone();
                    let made = (&drive[p.y.clone()], &drive[p.u.clone()], &prev[own]);
                    dynamics.step_backward(&self.firing, made, &mut adj[p.state.clone()], dy, dx);
                }
            }
        }
        Self::spread(p, d_drive, adj);
    }

    /// What is kept for later steps once all outputs are there: the input of delays, the outputs that close loops.
    #[inline(always)]
    fn store(&self, drive: &mut [R], prev: &[R], next: &mut [R]) {
        for &i in &self.plan.delays {
            let p = &self.plan.nodes[i];
            if p.node.waits() {
                Self::gather_input(p, drive, prev);
            }
            let n = p.y.len();
            let (next, prev) = (&mut next[p.state.clone()], &prev[p.state.clone()]);
            if let Some(older) = next.len().checked_sub(n) {
                next[..n].copy_from_slice(&drive[p.source.rows()]);
                next[n..].copy_from_slice(&prev[..older]);
            }
        }
        for (y, kept) in &self.plan.kept {
            next[kept.clone()].copy_from_slice(&drive[y.clone()]);
        }
    }

    /// The reverse of [`Self::store`].
    #[inline(always)]
    fn store_backward(&self, adj: &mut [R], d_drive: &mut [R]) {
        for (y, kept) in &self.plan.kept {
            kernel::axpy(R::one(), &adj[kept.clone()], &mut d_drive[y.clone()]);
            adj[kept.clone()].fill(R::zero());
        }
        for &i in &self.plan.delays {
            let p = &self.plan.nodes[i];
            let n = p.y.len();
            let own = &mut adj[p.state.clone()];
            if let Some(older) = own.len().checked_sub(n) {
                kernel::axpy(R::one(), &own[..n], &mut d_drive[p.source.rows()]);
                own.copy_within(n.., 0);
                own[older..].fill(R::zero());
            }
            if p.node.waits() {
                Self::spread(p, d_drive, adj);
            }
        }
    }
}

/// `rows[to..to + n] += rows[from..from + n]`, of ranges that do not overlap.
#[inline(always)]
fn add_within<R: Real>(rows: &mut [R], from: usize, to: usize, n: usize) {
    let (low, high) = (from.min(to), from.max(to));
    let (head, tail) = rows.split_at_mut(high);
    let (a, b) = (&mut head[low..low + n], &mut tail[..n]);
    if from < to {
        kernel::axpy(R::one(), a, b);
    } else {
        kernel::axpy(R::one(), b, a);
    }
}

/// Sets those of `y [n]` that wait to what is in the delay, `kept [K n]`, the most recent input first.
fn delayed<R: Real>(steps: &[usize], kept: &[R], y: &mut [R]) {
    let waiting = steps.iter().enumerate().filter(|(_, wait)| **wait > 0);
    waiting.for_each(|(k, wait)| y[k] = kept[(wait - 1) * steps.len() + k]);
}

/// The reverse of [`delayed`].
fn delayed_backward<R: Real>(steps: &[usize], dy: &[R], adj: &mut [R]) {
    let waiting = steps.iter().enumerate().filter(|(_, wait)| **wait > 0);
    waiting.for_each(|(k, wait)| adj[(wait - 1) * steps.len() + k] += dy[k]);
}

#[inline(always)]
fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    a.iter().zip(b).fold(R::zero(), |sum, (&a, &b)| sum + a * b)
}

impl<R: Real> Cell<R> for Graph<R> {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn widths(&self) -> Widths {
        Widths {
            input: self.plan.input.len(),
            drive: self.plan.drive,
            state: self.plan.state,
            output: self.plan.out.len(),
        }
    }

    fn fields(&self) -> Vec<Field> {
        self.plan.fields()
    }

    fn drive_fields(&self) -> Vec<Field> {
        let spiking = self.plan.nodes.iter().filter(|p| p.node.spikes());
        let field = |p: &Placed| Field {
            name: format!("{}.s", p.name).into(),
            rows: p.y.clone(),
            kind: FieldKind::Spikes,
        };
        spiking.map(field).collect()
    }

    fn synapses(&self) -> Synapses {
        let weights = |p: &Placed| self.params.tensors()[p.first].value.len();
        let linear = self
            .plan
            .nodes
            .iter()
            .filter(|p| matches!(p.node, Node::Linear { .. }));
        let (front, others): (Vec<&Placed>, Vec<&Placed>) = linear.partition(|p| p.front);
        Synapses {
            per_input: front.into_iter().map(|p| p.y.len()).sum(),
            always: others.into_iter().map(weights).sum(),
            per_spike: 0,
        }
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        let nodes = self.plan.nodes.iter().zip(&self.dynamics);
        let neurons = nodes.filter_map(|(p, dynamics)| Some((p, dynamics.as_ref()?)));
        neurons
            .flat_map(|(p, dynamics)| dynamics.constants(&p.name))
            .collect()
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.refresh();
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn rest(&self, state: &mut [R]) {
        state.fill(R::zero());
        for (p, dynamics) in self.plan.nodes.iter().zip(&self.dynamics) {
            if let Some(dynamics) = dynamics {
                dynamics.rest(&mut state[p.state.clone()]);
            }
        }
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        kernel::fill_zero(&mut drive);
        if self.plan.reads_input {
            let rows = self.plan.input.clone();
            let mut to = drive.rows_mut(rows.start, rows.len());
            match x {
                Input::Dense(x) => kernel::copy(&mut to, &x),
                Input::Events(events) => {
                    for lane in 0..events.columns() {
                        let to = column_mut(&mut to, lane);
                        let (units, counts) = events.column(lane);
                        for (&unit, &count) in units.iter().zip(counts) {
                            to[unit as usize] += R::of(f64::from(count));
                        }
                    }
                }
            }
        }
        for p in self.plan.nodes.iter().filter(|p| p.front) {
            let mut y = drive.rows_mut(p.y.start, p.y.len());
            if matches!(p.node, Node::Linear { bias: true, .. }) {
                kernel::set_bias(&mut y, self.params[p.first + 1].as_slice());
            }
            x.apply(self.params[p.first].as_view(), y);
        }
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
        for lane in 0..prev.ncols() {
            let (drive, prev) = (column_mut(&mut drive, lane), column(&prev, lane));
            let next = column_mut(&mut next, lane);
            self.plan
                .order
                .iter()
                .for_each(|&i| self.compute(i, drive, prev, next));
            self.store(drive, prev, next);
        }
    }

    fn output(&self) -> Output<'_, R> {
        Output::Emitted(self)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        mut adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let out = &self.plan.out;
        for lane in 0..adj.ncols() {
            let recorded = (column(&at.drive, lane), column(&at.prev, lane));
            let (adj, d_drive) = (column_mut(&mut adj, lane), column_mut(&mut d_drive, lane));
            d_drive[..out.start].fill(R::zero());
            d_drive[out.end..].fill(R::zero());
            self.store_backward(adj, d_drive);
            for &i in self.plan.order.iter().rev() {
                self.compute_backward(i, recorded, adj, d_drive, grad);
            }
        }
    }

    fn project_backward(
        &self,
        x: Input<R>,
        _at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        mut dx: Option<ViewMut<R>>,
    ) {
        if let Some(dx) = &mut dx {
            kernel::fill_zero(dx);
            if self.plan.reads_input {
                let rows = self.plan.input.clone();
                kernel::copy(dx, &d_drive.rows(rows.start, rows.len()));
            }
        }
        for p in self.plan.nodes.iter().filter(|p| p.front) {
            let d_y = d_drive.rows(p.y.start, p.y.len());
            x.apply_backward(d_y, grad[p.first].as_view_mut());
            if matches!(p.node, Node::Linear { bias: true, .. }) {
                kernel::add_bias_backward(&d_y, grad[p.first + 1].as_mut_slice());
            }
            if let Some(dx) = &mut dx {
                kernel::add_transpose_product(
                    dx.as_view_mut(),
                    self.params[p.first].as_view(),
                    d_y,
                );
            }
        }
    }
}

impl<R: Real> Emit<R> for Graph<R> {
    fn emit(&self, drive: ViewMut<R>, _states: View<R>, mut y: ViewMut<R>) {
        let out = &self.plan.out;
        kernel::copy(&mut y, &drive.rows(out.start, out.len()).as_view());
    }

    fn emit_backward(
        &self,
        _at: Recorded<R>,
        dy: View<R>,
        mut d_states: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        _grad: &mut Params<R>,
    ) {
        let out: &Range<usize> = &self.plan.out;
        kernel::fill_zero(&mut d_states);
        kernel::copy(&mut d_drive.rows_mut(out.start, out.len()), &dy);
    }
}

#[cfg(test)]
mod tests;
