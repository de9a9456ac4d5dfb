"""The work that every library is timed on: that of `saturn bench`, tasks A to D.

700 inputs as Bernoulli events, 20 classes, a readout and (in training) cross-entropy at each step.
"""

import math
import time
from dataclasses import dataclass
from typing import Callable, Optional

INPUTS, CLASSES = 700, 20
LEARNING_RATE = 1e-3
# One membrane time constant of 20 ms at steps of 10 ms.
DECAY = math.exp(-0.5)
# k of the surrogate derivative 1 / (1 + k |u|)^2, or what is nearest to it in a library.
SLOPE = 10.0
# Recurrent weights are normal with this over sqrt(hidden) as their standard deviation.
RECURRENT = 0.3
# The density that a second layer of spiking units reads.
HIDDEN_RATE = 0.06


@dataclass(frozen=True)
class Task:
    """Sizes of one task."""

    name: str
    hidden: int
    lanes: int
    steps: int
    unit: str
    models: tuple

    @property
    def trains(self):
        return self.name in "AD"

    @property
    def streams(self):
        return self.name == "B"

    def in_unit(self, seconds):
        """What a call of so many seconds is in the task's unit."""
        if self.trains:
            return 1e3 * seconds
        if self.streams:
            return 1e6 * seconds / self.steps
        return 1e-3 * self.steps * self.lanes / seconds

    def better(self, a, b):
        return max(a, b) if self.name == "C" else min(a, b)


ALL = ("lif_recurrent", "lif_256_256", "rnn", "gru", "ssm")
TASKS = {
    "A": Task("A", 256, 64, 100, "ms", ALL),
    "B": Task("B", 256, 1, 2_000, "us", ALL),
    "C": Task("C", 256, 64, 1_000, "klane-steps/s", ALL),
    "D": Task("D", 1_024, 32, 100, "ms", ("lif_recurrent", "ssm")),
}


@dataclass
class Timed:
    """A call to be timed, what puts the weights back before it, and spikes a hidden unit and step."""

    call: Callable
    prepare: Optional[Callable] = None
    rate: Optional[float] = None


@dataclass
class Entry:
    """One net of one library; `make` builds it."""

    library: str
    model: str
    make: Callable[[], Timed]


def input_std(density, width):
    """The standard deviation of input weights that makes some 6 % of the units spike.

    Through a membrane of decay a, Bernoulli events of density p and weights of variance g^2 / width give a
    potential of variance g^2 (p (1 - p) / (1 - a^2) + p^2 / (1 - a)^2).
    """
    comes_and_goes = density * (1 - density) / (1 - DECAY**2)
    stays = (density / (1 - DECAY)) ** 2
    return 0.83 / math.sqrt((comes_and_goes + stays) * width)


def recurrent_std(hidden):
    return RECURRENT / math.sqrt(hidden)


def shortest(timed, seconds):
    """The shortest call in some seconds, after one that warms up."""
    prepare = timed.prepare or (lambda: None)
    prepare()
    timed.call()
    best, end = math.inf, time.perf_counter() + seconds
    while best == math.inf or time.perf_counter() < end:
        prepare()
        began = time.perf_counter()
        timed.call()
        best = min(best, time.perf_counter() - began)
    return best
