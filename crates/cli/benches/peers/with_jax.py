"""Plain JAX: the diagonal SSM by `lax.scan` over time, real and imaginary parts apart."""

import jax
import jax.numpy as jnp
from jax_timing import Net, timed
from work import CLASSES, INPUTS, Entry


def params(hidden):
    keys = iter(jax.random.split(jax.random.key(1), 8))

    def weight(inputs, outputs):
        return jax.random.normal(next(keys), (inputs, outputs)) / jnp.sqrt(inputs)

    return {
        "encoder": weight(INPUTS, hidden),
        "scale": jnp.ones(hidden),
        "shift": jnp.zeros(hidden),
        "log_rate": jax.random.uniform(next(keys), (hidden,), minval=-4.6, maxval=-1.6),
        "angle": jax.random.uniform(next(keys), (hidden,)),
        "into": weight(hidden, 2 * hidden),
        "out": weight(2 * hidden, hidden),
        "skip": jnp.ones(hidden),
        "glu": weight(hidden, 2 * hidden),
        "readout": weight(hidden, CLASSES),
    }


def rotate(p, state, u):
    """x_t = L x_{t-1} + u_t."""
    size = jnp.exp(-jnp.exp(p["log_rate"]))
    re, im = size * jnp.cos(p["angle"]), size * jnp.sin(p["angle"])
    (x_re, x_im), (u_re, u_im) = state, u
    return re * x_re - im * x_im + u_re, re * x_im + im * x_re + u_im


def before(p, x):
    """The encoder's output, the norm's, and the inputs of the states."""
    x = x @ p["encoder"]
    centred = x - x.mean(-1, keepdims=True)
    u = p["scale"] * centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5) + p["shift"]
    return x, u, jnp.split(u @ p["into"], 2, -1)


def after(p, x, u, states):
    y = jnp.concatenate(states, -1) @ p["out"] + p["skip"] * u
    a, c = jnp.split(jax.nn.gelu(y) @ p["glu"], 2, -1)
    return (x + a * jax.nn.sigmoid(c)) @ p["readout"]


def whole(p, x):
    x, u, drive = before(p, x)
    zero = jnp.zeros_like(drive[0][0])

    def step(state, drive):
        state = rotate(p, state, drive)
        return state, state

    _, states = jax.lax.scan(step, (zero, zero), tuple(drive))
    return after(p, x, u, states), None


def step(p, x, state):
    x, u, drive = before(p, x)
    state = rotate(p, state, drive)
    return after(p, x, u, state), state


def found(task, density):
    if "ssm" not in task.models:
        return []

    def make():
        zero = lambda lanes: (jnp.zeros((lanes, task.hidden)),) * 2
        return timed(task, density, Net(params(task.hidden), whole, step, zero))

    return [Entry("JAX, scan", "ssm", make)]
