"""Saturn networks inside PyTorch: ``from saturn_snn.torch import Module``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from . import _saturn
from .network import Network, State

States = Sequence[Any]


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, module: Module, x: torch.Tensor, state: State | None, *parameters: torch.Tensor) -> Any:
        y, module.last_state, ctx.tape = module._network.record(x.detach().numpy(), state)
        ctx.network, ctx.names, ctx.wants_dx = module._network, module.names, ctx.needs_input_grad[1]
        # The tape refers to x: PyTorch checks at the reverse pass that it was not changed in place.
        ctx.save_for_backward(x)
        return torch.from_numpy(y)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, *dy: torch.Tensor) -> Any:
        _ = ctx.saved_tensors
        gradients, dx = ctx.network.backward(ctx.tape, dy[0].contiguous().numpy(), ctx.wants_dx)
        of_input = None if dx is None else torch.from_numpy(dx)
        return None, of_input, None, *(torch.from_numpy(gradients[name]) for name in ctx.names)


class Module(torch.nn.Module):
    """A Saturn network as a module: its parameters are PyTorch's, its passes Saturn's.

    Its ``state_dict`` has the names of the network's. The parameters are copied to the network at every forward pass and
    when `network` is read, if they differ. Train them here or with `saturn_snn.train`, not both: after a change of the
    network itself, make a new module.

    Parameters
    ----------
    network : Network
        The network, which is then the module's. Its precision is that of inputs and parameters; for float64 make it
        with ``precision="float64"``.

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
        self._network = network
        self.last_state: State | None = None
        tensors = network.state_dict()
        self.names = list(tensors)
        for name, value in tensors.items():
            *parts, last = name.split(".")
            at: torch.nn.Module = self
            for part in parts:
                if part not in at._modules:
                    at.add_module(part, torch.nn.Module())
                at = at.get_submodule(part)
            at.register_parameter(last, torch.nn.Parameter(torch.from_numpy(value)))
        self._copied = [self.get_parameter(name).detach().clone() for name in self.names]
        self._changes = network._changes

    @property
    def network(self) -> Network:
        """The network, with the module's parameters of now."""
        self._follow()
        return self._network

    def _follow(self) -> list[torch.nn.Parameter]:
        """Copy the parameters to the network, if they differ from those that it has."""
        own = [self.get_parameter(name) for name in self.names]
        if self._network._changes != self._changes:
            raise _saturn.InputError(
                "the network was trained or loaded outside of the module, whose parameters are older; make a new Module"
            )
        for name, parameter in zip(self.names, own, strict=True):
            _check(f"parameter {name}", parameter, self._network, "call .cpu() of the module")
        # Versions do not show changes by `.data`; to compare costs less than a copy.
        if not all(torch.equal(p, copied) for p, copied in zip(own, self._copied, strict=True)):
            self._network.load_state_dict({name: p.detach().numpy() for name, p in zip(self.names, own, strict=True)})
            self._copied = [parameter.detach().clone() for parameter in own]
            self._changes = self._network._changes
        return own

    def forward(self, x: torch.Tensor, state: States | None = None) -> torch.Tensor:
        """Scores ``[T, B, O]`` of the sequences ``x [T, B, I]``, from ``state`` on."""
        if x.ndim != 3:
            raise _saturn.InputError(f"x has {x.ndim} axes; expected [T, B, I]")
        _check("x", x, self._network, "use x.cpu()")
        own = self._follow()
        arrays = None if state is None else [s.detach().numpy() if torch.is_tensor(s) else s for s in state]
        if torch.is_grad_enabled() and (x.requires_grad or any(p.requires_grad for p in own)):
            result: torch.Tensor = _Run.apply(self, x, arrays, *own)  # type: ignore[no-untyped-call]
            return result
        y, self.last_state = self._network(x.detach().numpy(), arrays)
        return torch.from_numpy(y)

    def extra_repr(self) -> str:
        """The network, for ``print``."""
        return repr(self._network)


def _check(name: str, tensor: torch.Tensor, network: Network, remedy: str) -> None:
    if tensor.device.type != "cpu":
        raise _saturn.InputError(f"{name} is on {tensor.device}; Saturn computes on the CPU: {remedy}")
    if str(tensor.dtype) != f"torch.{network.precision}":
        number = str(tensor.dtype).removeprefix("torch.")
        text = f"{name} is of {number}, and the network computes in {network.precision}"
        if name == "x":
            text += f"; use x.to(torch.{network.precision})"
        if number == "float64":
            text += ', or make the network with precision="float64"'
        raise _saturn.InputError(text)
