"""Saturn networks inside PyTorch: ``from saturn_snn.torch import Module``."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .network import Network, State


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, module: Module, x: torch.Tensor, state: State | None, *parameters: torch.Tensor) -> Any:
        net = module.network
        y, last, ctx.tape = net.record(x.detach().numpy(), state)
        ctx.module, ctx.wants_dx = module, ctx.needs_input_grad[1]
        module.last_state = last
        return torch.from_numpy(y)

    @staticmethod
    def backward(ctx: Any, *dy: torch.Tensor) -> Any:
        module: Module = ctx.module
        gradients, dx = module.network.backward(ctx.tape, dy[0].contiguous().numpy(), ctx.wants_dx)
        of_input = None if dx is None else torch.from_numpy(dx)
        return None, of_input, None, *(torch.from_numpy(gradients[name]) for name in module.names)


class Module(torch.nn.Module):
    """A Saturn network as a module: its parameters are PyTorch's, its passes Saturn's.

    Parameters
    ----------
    network : Network
        The network. It follows the module's parameters at every forward pass.

    Attributes
    ----------
    last_state : list of numpy.ndarray
        The states after the last forward pass; give them to the next one to continue a stream. Gradients do not pass
        through them.

    Examples
    --------
    >>> module = Module(net)
    >>> optimizer = torch.optim.Adam(module.parameters())
    >>> y = module(x)  # [T, B, I] to [T, B, O], on the CPU
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.last_state: State | None = None
        tensors = network.state_dict()
        self.names = list(tensors)
        self._own = [torch.nn.Parameter(torch.from_numpy(np.array(value))) for value in tensors.values()]
        for name, parameter in zip(self.names, self._own, strict=True):
            self.register_parameter(name.replace(".", "_"), parameter)
        self._seen = [-1] * len(self._own)

    def _follow(self) -> None:
        """Copy parameters that changed since the last pass."""
        own = [getattr(self, name.replace(".", "_")) for name in self.names]
        versions = [parameter._version for parameter in own]
        identities = [id(parameter) for parameter in own]
        if versions != self._seen or identities != [id(parameter) for parameter in self._own]:
            values = {name: p.detach().numpy() for name, p in zip(self.names, own, strict=True)}
            self.network.load_state_dict(values)
            self._seen, self._own = versions, own

    def forward(self, x: torch.Tensor, state: State | None = None) -> torch.Tensor:
        """Scores ``[T, B, O]`` of the sequences ``x [T, B, I]``."""
        if x.device.type != "cpu":
            raise ValueError(f"x is on {x.device}; Saturn computes on the CPU: use x.cpu()")
        self._follow()
        result: torch.Tensor = _Run.apply(self, x, state, *self._own)  # type: ignore[no-untyped-call]
        return result
