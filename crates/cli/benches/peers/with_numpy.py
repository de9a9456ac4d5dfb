"""numpy, step by step: an event adds a row of weights, everything else is one product with a vector."""

import numpy as np
from work import CLASSES, DECAY, INPUTS, Entry, Timed, input_std, recurrent_std


def weights(rng, outputs, inputs, std=None):
    std = 1 / np.sqrt(inputs) if std is None else std
    return rng.normal(0, std, (outputs, inputs)).astype(np.float32)


def logistic(x):
    return 1 / (1 + np.exp(-x))


class Lif:
    def __init__(self, rng, hidden, density):
        # One row an input or a spike: what an event adds is contiguous.
        self.w = weights(rng, INPUTS, hidden, input_std(density, INPUTS))
        self.r = weights(rng, hidden, hidden, recurrent_std(hidden))
        self.readout = weights(rng, hidden, CLASSES)
        self.v, self.fired = np.zeros(hidden, np.float32), np.empty(0, np.intp)
        self.sent = 0

    def step(self, units):
        v = self.v
        v *= DECAY
        v += self.w[units].sum(0)
        if len(self.fired):
            v += self.r[self.fired].sum(0)
            v[self.fired] -= 1
        self.fired = np.flatnonzero(v > 1)
        self.sent += len(self.fired)
        return self.readout[self.fired].sum(0)


class Rnn:
    def __init__(self, rng, hidden, _):
        self.w, self.u = weights(rng, INPUTS, hidden), weights(rng, hidden, hidden)
        self.b, self.h = np.zeros(hidden, np.float32), np.zeros(hidden, np.float32)
        self.readout = weights(rng, CLASSES, hidden)

    def step(self, units):
        self.h = np.tanh(self.w[units].sum(0) + self.u @ self.h + self.b)
        return self.readout @ self.h


class Gru:
    def __init__(self, rng, hidden, _):
        self.w, self.u = weights(rng, INPUTS, 3 * hidden), weights(rng, 3 * hidden, hidden)
        self.b, self.c = np.zeros(3 * hidden, np.float32), np.zeros(3 * hidden, np.float32)
        self.h, self.readout = np.zeros(hidden, np.float32), weights(rng, CLASSES, hidden)

    def step(self, units):
        k = len(self.h)
        x, own = self.w[units].sum(0) + self.b, self.u @ self.h + self.c
        gates = logistic(x[: 2 * k] + own[: 2 * k])
        n = np.tanh(x[2 * k :] + gates[:k] * own[2 * k :])
        self.h = n + gates[k:] * (self.h - n)
        return self.readout @ self.h


class Ssm:
    def __init__(self, rng, hidden, _):
        k = hidden
        self.encoder, self.into, self.out = weights(rng, INPUTS, k), weights(rng, 2 * k, k), weights(rng, k, 2 * k)
        self.glu, self.readout = weights(rng, 2 * k, k), weights(rng, CLASSES, k)
        self.l = (rng.uniform(0.8, 0.99, k) * np.exp(1j * rng.uniform(0, 1, k))).astype(np.complex64)
        self.x, self.skip = np.zeros(k, np.complex64), np.ones(k, np.float32)

    def step(self, units):
        x = self.encoder[units].sum(0)
        centred = x - x.mean()
        u = centred / np.sqrt((centred @ centred) / len(x) + np.float32(1e-5))
        self.x = self.l * self.x + (self.into @ u).view(np.complex64)
        y = self.out @ self.x.view(np.float32) + self.skip * u
        y = 0.5 * y * (1 + np.tanh(0.7978846 * (y + 0.044715 * y * y * y)))  # GELU
        a, c = np.split(self.glu @ y, 2)
        return self.readout @ (x + a * logistic(c))


NETS = {"lif_recurrent": Lif, "rnn": Rnn, "gru": Gru, "ssm": Ssm}


def timed(task, density, kind):
    rng = np.random.default_rng(1)
    net = kind(rng, task.hidden, density)
    inputs = [np.flatnonzero(rng.random(INPUTS) < density) for _ in range(task.steps)]

    def call():
        for units in inputs:
            logits = net.step(units)
        return logits

    logits = call()
    assert logits.shape == (CLASSES,) and np.isfinite(logits).all(), "logits"
    rate = net.sent / (task.steps * task.hidden) if isinstance(net, Lif) else None
    return Timed(call, None, rate)


def found(task, density):
    if not task.streams:
        return []
    return [
        Entry("numpy, by events", model, lambda kind=kind: timed(task, density, kind))
        for model, kind in NETS.items()
    ]
