"""How a net of PyTorch, or of a library on top of it, is timed.

A net maps (x [T, B, I], state) to (logits [T, B, C], state, spikes [T, B, ..] or None).
"""

import torch
import torch.nn.functional as F
from torch import nn
from work import CLASSES, INPUTS, LEARNING_RATE, SLOPE, Entry, Timed, input_std, recurrent_std


def events(task, density, seed=1):
    """Dense events [T, B, I], and one label a lane."""
    g = torch.Generator().manual_seed(seed)
    x = (torch.rand(task.steps, task.lanes, INPUTS, generator=g) < density).float()
    return x, torch.randint(0, CLASSES, (task.lanes,), generator=g)


def linear(inputs, outputs, density):
    """A linear layer whose weights make the spiking units behind it spike in some 6 % of the steps."""
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=input_std(density, inputs))
    nn.init.zeros_(layer.bias)
    return layer


def recurrence(hidden):
    layer = nn.Linear(hidden, hidden, bias=False)
    nn.init.normal_(layer.weight, std=recurrent_std(hidden))
    return layer


class Spike(torch.autograd.Function):
    """A step whose derivative is 1 / (1 + slope |u|)^2."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).float()

    @staticmethod
    def backward(ctx, grad):
        (u,) = ctx.saved_tensors
        return grad / (1 + SLOPE * u.abs()) ** 2


def entries(task, nets):
    """Entries of `nets`: (library, model, builds the net, makes its input of x [T, B, I])."""
    return [
        Entry(library, model, lambda build=build, pack=pack: timed(task, build, pack))
        for library, model, build, pack in nets
        if model in task.models
    ]


def dense(x):
    return x


def timed(task, build, pack):
    torch.manual_seed(1)
    net = build()
    x, labels = events(task, net.density)
    with torch.no_grad():
        logits, _, spikes = net(pack(x[:100]))
        assert logits.shape == (min(100, task.steps), task.lanes, CLASSES), logits.shape
        assert logits.isfinite().all(), "logits"
        rate = None if spikes is None else spikes.mean().item()
    if task.trains:
        return training(task, net, pack(x), labels, rate)
    # A step's input is made beforehand: what is timed is the net.
    inputs = [pack(x[t : t + 1]) for t in range(task.steps)] if task.streams else [pack(x)]

    @torch.inference_mode()
    def call():
        state = None
        for one in inputs:
            _, state, _ = net(one, state)

    return Timed(call, None, rate)


def training(task, net, x, labels, rate):
    targets = labels.repeat(task.steps)
    adam = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    start = [p.detach().clone() for p in net.parameters()]

    @torch.no_grad()
    def prepare():
        for p, q in zip(net.parameters(), start):
            p.copy_(q)

    def call():
        adam.zero_grad()
        logits = net(x)[0]
        F.cross_entropy(logits.reshape(-1, CLASSES), targets).backward()
        adam.step()

    call()
    missing = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert not missing, f"no gradient of {missing}"
    return Timed(call, prepare, rate)
