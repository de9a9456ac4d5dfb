"""Spyx 1.x, on JAX: RLIF, LIF, and an LRU by associative scan."""

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jax_timing import Net, timed
from spyx import axn, nn, ssm
from work import CLASSES, DECAY, HIDDEN_RATE, INPUTS, SLOPE, Entry, input_std, recurrent_std


def linear(rngs, inputs, outputs, std=None):
    init = {} if std is None else {"kernel_init": nnx.initializers.normal(std)}
    return nnx.Linear(inputs, outputs, rngs=rngs, **init)


class Spiking(nnx.Module):
    """One layer of recurrent units, or two without recurrence."""

    def __init__(self, hidden, density, recurrent):
        rngs, surrogate = nnx.Rngs(1), axn.superspike(SLOPE)
        self.w = linear(rngs, INPUTS, hidden, input_std(density, INPUTS))
        if recurrent:
            cell = nn.RLIF((hidden,), beta=DECAY, activation=surrogate, rngs=rngs)
            weights = jax.random.normal(jax.random.key(2), (hidden, hidden))
            cell.recurrent_w = nnx.Param(recurrent_std(hidden) * weights)
            cells = [cell]
        else:
            lif = [nn.LIF((hidden,), beta=DECAY, activation=surrogate, rngs=rngs) for _ in range(2)]
            cells = [lif[0], linear(rngs, hidden, hidden, input_std(HIDDEN_RATE, hidden)), lif[1]]
        self.core = nn.Sequential(*cells)
        self.readout = linear(rngs, hidden, CLASSES)

    def state(self, lanes):
        return self.core.initial_state(lanes)

    def step(self, x, state):
        spikes, state = self.core(self.w(x), state)
        return self.readout(spikes), state

    def whole(self, x):
        # One product for all drives, then step by step.
        spikes, _ = nn.run(self.core, self.w(x), self.core.initial_state(x.shape[1]))
        return self.readout(spikes), spikes


class StateSpace(nnx.Module):
    """Encoder, norm, diagonal recurrence, GELU, GLU, residual, readout."""

    def __init__(self, hidden):
        rngs = nnx.Rngs(1)
        self.w = linear(rngs, INPUTS, hidden)
        self.norm = nnx.LayerNorm(hidden, rngs=rngs)
        self.lru = ssm.LRU(hidden, hidden, r_min=0.8, r_max=0.999, rngs=rngs)
        self.out = linear(rngs, hidden, 2 * hidden)
        self.readout = linear(rngs, hidden, CLASSES)

    def whole(self, x):
        x = self.w(x)
        a, c = jnp.split(self.out(jax.nn.gelu(self.lru(self.norm(x)))), 2, -1)
        return self.readout(x + a * jax.nn.sigmoid(c)), None


def net_of(module):
    graph, params = nnx.split(module)
    whole = lambda params, x: nnx.merge(graph, params).whole(x)
    if not hasattr(module, "step"):
        return Net(params, whole)
    step = lambda params, x, state: nnx.merge(graph, params).step(x, state)
    return Net(params, whole, step, module.state)


def found(task, density):
    h = task.hidden
    builds = {
        "lif_recurrent": lambda: Spiking(h, density, True),
        "lif_256_256": lambda: Spiking(h, density, False),
    }
    if not task.streams:  # Its scan has no single steps.
        builds["ssm"] = lambda: StateSpace(h)
    return [
        Entry("Spyx", model, lambda build=build: timed(task, density, net_of(build())))
        for model, build in builds.items()
        if model in task.models
    ]
