"""Saturn networks in NeuroBench: ``from saturn_snn.neurobench import Model, SynapticOperations``.

NeuroBench 2.3.0 counts by hooks on PyTorch's layers, and so sees nothing inside a Saturn network: its
``SynapticOperations`` and ``ActivationSparsity`` would be 0 and its ``ConnectionSparsity`` None. Its ``ParameterCount`` and
``Footprint`` (bytes of parameters) are right, and its accuracy metrics, too. Use the metrics of this module for the others.

Both count the same for dense feed-forward layers. Where they differ:

- ``torch.nn.GRU``, ``LSTM`` and ``RNN``: NeuroBench counts 0 operations for what is one call for a whole sequence; Saturn
  counts every step, by the input and by the state before.
- AC or MAC: NeuroBench decides by the numbers of each call, so that one event with count 2 makes the operations of a whole
  batch MACs. In Saturn operations by spikes are ACs, and those by the network's input if it has whole numbers alone
  (events); operations by other states are MACs.
- One-to-one recurrence of snnTorch (``all_to_all=False``) is no layer of PyTorch's, and NeuroBench does not count it.
- An operation is, for both, a weight that is not zero by an input that is not zero. Neither counts biases or leaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from neurobench.metrics.abstract import StaticMetric
from neurobench.metrics.abstract.workload_metric import AccumulatedMetric
from neurobench.models import NeuroBenchModel

from . import _saturn
from .network import Array, Network
from .torch import Module

#: The part of a cell's state that is its output; the others have no state.
_OUTPUTS = ("s", "h", "v")
_WEIGHTS = ("weight", "weight_ih_l0")
_RECURRENT = ("recurrent", "weight_hh_l0")
_COUNTED = ("lif", "alif", "adlif", "cuba_lif", "resonate_and_fire", "li", "linear", "rnn", "gru", "lstm")


@dataclass
class Layer:
    """What a layer has received and put out in a batch, each ``[T, B, N]``."""

    weight: Array
    recurrent: Array | None
    inputs: Array
    outputs: Array
    inputs_are_events: bool
    outputs_are_spikes: bool


class Model(NeuroBenchModel):
    """A Saturn network as a model of NeuroBench.

    Parameters
    ----------
    network : Network
        Of the layers LIF, ALIF, AdLIF, CubaLIF, ResonateAndFire, LI, Linear, RNN, GRU and LSTM. Others, and networks
        that were imported from NIR or snnTorch, are an `InputError`.

    Examples
    --------
    >>> benchmark = Benchmark(Model(net), loader, [], [lambda y: y.sum(dim=1).argmax(dim=-1)],
    ...                       [[Footprint], [ClassificationAccuracy, SynapticOperations]])
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.module = Module(network)
        self.module.eval()
        self.layers: list[Layer] = []

    def __net__(self) -> Module:
        return self.module

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        """Scores ``[B, T, O]`` of sequences ``[B, T, I]``, each from the initial state."""
        net = self.module.network
        x = np.ascontiguousarray(batch.detach().numpy().transpose(1, 0, 2), dtype=net.dtype)
        y, self.layers = _run(net, x)
        return torch.from_numpy(np.ascontiguousarray(y.transpose(1, 0, 2)))


def _run(net: Network, x: Array) -> tuple[Array, list[Layer]]:
    """Scores, and what passes between layers: step by step, by the states."""
    tensors, fields = net.state_dict(), net.fields()
    state = net.initial_state(x.shape[1])
    steps: list[tuple[Array, list[Array]]] = []
    for row in x:
        y, state = net(row[None], state)
        steps.append((y[0], state))
    scores = np.stack([y for y, _ in steps])
    layers, inputs = [], x
    events = not np.any(x % 1)
    for i, cell in enumerate(fields):
        weight = next((tensors[f"{i}.{name}"] for name in _WEIGHTS if f"{i}.{name}" in tensors), None)
        recurrent = next((tensors[f"{i}.{name}"] for name in _RECURRENT if f"{i}.{name}" in tensors), None)
        others = [name for name in tensors if name.startswith(f"{i}.") and tensors[name].ndim == 2]
        if weight is None or len(others) != 1 + (recurrent is not None):
            raise _saturn.InputError(f"layer {i}: operations are counted of {', '.join(_COUNTED)} alone")
        name = next((name for name in _OUTPUTS if name in cell), None)
        if i + 1 == len(fields):
            outputs = scores
        elif name is None:
            outputs = inputs @ weight.T + tensors.get(f"{i}.bias", 0)
        else:
            outputs = np.stack([states[i][:, cell[name]] for _, states in steps])
        layers.append(Layer(weight, recurrent, inputs, outputs, events, name == "s"))
        inputs, events = outputs, name == "s"
    return scores, layers


def _operations(layer: Layer) -> Iterator[tuple[bool, int, int]]:
    """Of each matrix: whether its operations are ACs, the effective ones, all."""

    def count(weight: Array, x: Array) -> tuple[int, int]:
        used = (x != 0).reshape(-1, x.shape[-1]).sum(axis=0)
        return int((weight != 0).sum(axis=0) @ used), weight.size * x.shape[0] * x.shape[1]

    yield layer.inputs_are_events, *count(layer.weight, layer.inputs)
    if layer.recurrent is not None:
        before = np.concatenate([np.zeros_like(layer.outputs[:1]), layer.outputs[:-1]])
        yield layer.outputs_are_spikes, *count(layer.recurrent, before)


class SynapticOperations(AccumulatedMetric):
    """Effective MACs, effective ACs and dense operations of a sample, with the keys of NeuroBench's metric."""

    def __init__(self) -> None:
        super().__init__(requires_hooks=False)
        self.reset()

    def reset(self) -> None:
        """Forget the batches so far."""
        self.macs = self.acs = self.dense = self.samples = 0

    def __call__(self, model: Model, preds: torch.Tensor, data: Any) -> dict[str, float]:
        for layer in model.layers:
            for is_ac, effective, dense in _operations(layer):
                self.dense += dense
                if is_ac:
                    self.acs += effective
                else:
                    self.macs += effective
        self.samples += data[0].shape[0]
        return self.compute()

    def compute(self) -> dict[str, float]:
        """The means over samples."""
        n = max(self.samples, 1)
        return {"Effective_MACs": self.macs / n, "Effective_ACs": self.acs / n, "Dense": self.dense / n}


class ActivationSparsity(AccumulatedMetric):
    """Share of outputs of hidden layers that are zero."""

    def __init__(self) -> None:
        super().__init__(requires_hooks=False)
        self.reset()

    def reset(self) -> None:
        """Forget the batches so far."""
        self.zeros = self.all = 0

    def __call__(self, model: Model, preds: torch.Tensor, data: Any) -> float:
        for layer in model.layers[:-1]:
            self.zeros += int((layer.outputs == 0).sum())
            self.all += layer.outputs.size
        return self.compute()

    def compute(self) -> float:
        """The share over all batches."""
        return self.zeros / max(self.all, 1)


class ConnectionSparsity(StaticMetric):
    """Share of weights that are zero, biases excluded."""

    def __call__(self, model: Model) -> float:
        weights = [value for value in model.module.network.state_dict().values() if value.ndim == 2]
        return sum(int((w == 0).sum()) for w in weights) / sum(w.size for w in weights)


class Footprint(StaticMetric):
    """Bytes of the parameters, as NeuroBench counts them, and of one lane's state, which an endless stream needs, too."""

    def __call__(self, model: Model) -> int:
        net = model.module.network
        arrays = [*net.state_dict().values(), *net.initial_state(1)]
        return sum(array.nbytes for array in arrays)
