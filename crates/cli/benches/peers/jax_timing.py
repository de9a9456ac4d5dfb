"""How a net on JAX is timed.

A net is (`params`, `whole`, `step`, `state`): `whole(params, x [T, B, I])` gives logits [T, B, C] and spikes
or None; `step(params, x [B, I], state)` gives logits and the next state, `state(lanes)` the first one; both
None where there are no single steps.
"""

from dataclasses import dataclass
from typing import Any, Callable, Optional

import jax
import jax.numpy as jnp
import numpy as np
import optax
from work import CLASSES, INPUTS, LEARNING_RATE, Timed


@dataclass
class Net:
    params: Any
    whole: Callable
    step: Optional[Callable] = None
    state: Optional[Callable] = None


def timed(task, density, net):
    rng = np.random.default_rng(1)
    x = jnp.asarray(rng.random((task.steps, task.lanes, INPUTS)) < density, dtype=jnp.float32)
    labels = jnp.asarray(rng.integers(0, CLASSES, task.lanes))
    whole, params = jax.jit(net.whole), net.params
    logits, spikes = whole(params, x[:100])
    assert logits.shape == (min(100, task.steps), task.lanes, CLASSES), logits.shape
    assert jnp.isfinite(logits).all(), "logits"
    rate = None if spikes is None else float(spikes.mean())
    if task.streams:
        step, start = jax.jit(net.step), net.state(task.lanes)
        inputs = [x[t] for t in range(task.steps)]

        def call():
            state = start
            for one in inputs:
                logits, state = step(params, one, state)
            jax.block_until_ready(logits)

        return Timed(call, None, rate)
    if not task.trains:
        return Timed(lambda: jax.block_until_ready(whole(params, x)[0]), None, rate)
    adam = optax.adam(LEARNING_RATE)

    def loss(params):
        logits, _ = net.whole(params, x)
        targets = jnp.broadcast_to(labels, logits.shape[:2])
        return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()

    @jax.jit
    def train(params, state):
        updates, state = adam.update(jax.grad(loss)(params), state)
        return optax.apply_updates(params, updates), state

    state = adam.init(params)
    return Timed(lambda: jax.block_until_ready(train(params, state)), None, rate)
