"""Spyx 1.0.0 before its export; see common.py."""
import sys

sys.path.append(sys.path.pop(0))  # or this file would be imported as spyx

import jax.numpy as jnp
import numpy as np
from flax import nnx
from spyx import nir as exchange
from spyx import nn

from common import Record, drive, w1, w2, w_rec

record = Record("spyx", "jax", "flax")
rngs = nnx.Rngs(0)


def linear(w):
    layer = nnx.Linear(w.shape[1], w.shape[0], use_bias=False, rngs=rngs)
    layer.kernel[...] = jnp.array(w.T)
    return layer


def rlif(n):
    layer = nn.RLIF((n,), beta=0.875, rngs=rngs)
    layer.recurrent_w[...] = jnp.array(w_rec().T)
    return layer


def run(case, hidden, last, gain):
    net = nn.Sequential(linear(w1(gain)), hidden, linear(w2(gain)), last)
    spikes, _ = nn.run(net, jnp.array(drive())[:, None])
    graph = exchange.to_nir(net, {"input": np.array([4])}, {"output": np.array([3])}, dt=1e-3)
    record.add(case, graph, np.asarray(spikes)[:, 0], 1e-3)


def lif(n):
    return nn.LIF((n,), beta=0.875, rngs=rngs)


run("lif", lif(8), lif(3), 0.75)
run("cuba", nn.CuBaLIF((8,), alpha=0.5, beta=0.875, rngs=rngs), lif(3), 0.5)
run("integrate", nn.IF((8,)), lif(3), 0.75)
run("recurrent", rlif(8), lif(3), 1.5)
record.write()
