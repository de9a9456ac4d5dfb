"""Spiking networks and state-space models on endless streams: train, evaluate, repair, stream.

``import saturn_snn as saturn`` is the usual name. Arrays are NumPy's; T is steps, B lanes (parallel sequences), I
channels, C classes.
"""

from ._saturn import Events, InputError, SaturnError, __version__, set_threads, threads
from .data import Dataset
from .evaluation import Analysis, Evaluation, analyse, evaluate
from .exchange import from_nir, load
from .layers import (
    ALIF,
    GRU,
    LI,
    LIF,
    LRU,
    LSTM,
    RNN,
    SSM,
    AdLIF,
    CubaLIF,
    InputGatedRNN,
    Layer,
    Linear,
    ResonateAndFire,
    SelectiveSSM,
    SpikingSSM,
    SSMBlock,
    SurprisalRNN,
    WindowedAttention,
)
from .network import Network, Stream
from .scenario import Result, compare, run
from .training import History, Repair, retrofit, train

__all__ = [
    "ALIF",
    "AdLIF",
    "Analysis",
    "CubaLIF",
    "Dataset",
    "Evaluation",
    "Events",
    "GRU",
    "History",
    "InputError",
    "InputGatedRNN",
    "LI",
    "LIF",
    "LRU",
    "LSTM",
    "Layer",
    "Linear",
    "Network",
    "RNN",
    "Repair",
    "ResonateAndFire",
    "Result",
    "SSM",
    "SSMBlock",
    "SaturnError",
    "SelectiveSSM",
    "SpikingSSM",
    "Stream",
    "SurprisalRNN",
    "WindowedAttention",
    "__version__",
    "analyse",
    "compare",
    "evaluate",
    "from_nir",
    "load",
    "retrofit",
    "run",
    "set_threads",
    "threads",
    "train",
]
