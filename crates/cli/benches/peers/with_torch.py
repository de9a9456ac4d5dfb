"""Plain PyTorch: its own cells, and nets written on it as well as we know how."""

import math

import torch
from torch import nn
from torch_timing import Spike, dense, entries, linear, recurrence
from work import CLASSES, DECAY, HIDDEN_RATE, INPUTS, SLOPE, input_std


class BuiltIn(nn.Module):
    """nn.RNN or nn.GRU with a readout."""

    def __init__(self, kind, hidden, density):
        super().__init__()
        self.density = density
        self.cell = kind(INPUTS, hidden)
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        y, state = self.cell(x, state)
        return self.readout(y), state, None


class Lif(nn.Module):
    """Recurrent LIF units on a dense input: one product for all drives, then step by step."""

    def __init__(self, hidden, density):
        super().__init__()
        self.density = density
        self.w = linear(INPUTS, hidden, density)
        self.r = recurrence(hidden)
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        drive = self.w(x)
        zero = drive.new_zeros(drive.shape[1:])
        v, s = state or (zero, zero)
        spikes = []
        for d in drive.unbind(0):
            v = DECAY * v + d + self.r(s) - s.detach()
            s = Spike.apply(v - 1)
            spikes.append(s)
        spikes = torch.stack(spikes)
        return self.readout(spikes), (v, s), spikes


class LifLoop(torch.autograd.Function):
    """A layer's whole sequence with its reverse pass by hand: no graph, buffers written in place, the
    gradient of the recurrent weights as one product over all steps."""

    @staticmethod
    def forward(ctx, drive, r, v0, s0):
        v, s = torch.empty_like(drive), torch.empty_like(drive)
        v_last, s_last = v0, s0
        for t in range(len(drive)):
            torch.sub(drive[t], s_last, out=v[t])
            v[t].add_(v_last, alpha=DECAY)
            if r is not None:
                v[t].addmm_(s_last, r)
            torch.gt(v[t], 1, out=s[t])
            v_last, s_last = v[t], s[t]
        ctx.save_for_backward(v, s, r, s0)
        return s, v_last

    @staticmethod
    def backward(ctx, ds, _):
        v, s, r, s0 = ctx.saved_tensors
        psi = v.sub(1).abs_().mul_(SLOPE).add_(1).square_().reciprocal_()
        delta = psi * ds
        for t in range(len(v) - 2, -1, -1):
            delta[t].add_(delta[t + 1], alpha=DECAY)
            if r is not None:
                delta[t].addcmul_(delta[t + 1] @ r.T, psi[t])
        if r is None:
            return delta, None, None, None
        before = torch.cat([s0[None], s[:-1]])
        return delta, before.flatten(0, 1).T @ delta.flatten(0, 1), None, None


class SparseLif(nn.Module):
    """One or two layers of LIF units: the first drive is a sum of embedded columns, its gradient a scatter;
    then `LifLoop`."""

    def __init__(self, hidden, density, layers):
        super().__init__()
        self.density = density
        self.bag = nn.EmbeddingBag(INPUTS, hidden, mode="sum")
        nn.init.normal_(self.bag.weight, std=input_std(density, INPUTS))
        self.bias = nn.Parameter(torch.zeros(hidden))
        self.r = nn.Parameter(recurrence(hidden).weight.detach().T.contiguous()) if layers == 1 else None
        self.w = linear(hidden, hidden, HIDDEN_RATE) if layers == 2 else None
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        units, offsets, shape = x
        drive = (self.bag(units, offsets) + self.bias).view(*shape, -1)
        zero = drive.new_zeros(drive.shape[1:])
        state = state or [(zero, zero)] * 2
        s, v = LifLoop.apply(drive, self.r, *state[0])
        after, every = [(v, s[-1])], s
        if self.w is not None:
            s, v = LifLoop.apply(self.w(s), None, *state[1])
            after.append((v, s[-1]))
            every = torch.cat([every, s], -1)
        return self.readout(s), after, every


def sparse(x):
    """The active channels of each (step, lane), one list, and where each begins."""
    steps, lanes, _ = x.shape
    places = x.reshape(steps * lanes, INPUTS).nonzero()
    counts = torch.bincount(places[:, 0], minlength=steps * lanes)
    offsets = torch.cat([counts.new_zeros(1), counts.cumsum(0)[:-1]])
    return places[:, 1].contiguous(), offsets, (steps, lanes)


class Scan(torch.autograd.Function):
    """x_t = L x_{t-1} + u_t over complex [T, B, P], and its reverse, in place."""

    @staticmethod
    def forward(ctx, u, l, x0):
        x = u.clone()
        last = x0
        for t in range(len(x)):
            last = x[t].addcmul_(last, l)
        ctx.save_for_backward(x, l, x0)
        return x

    @staticmethod
    def backward(ctx, dx):
        x, l, x0 = ctx.saved_tensors
        du, back = dx.clone(), l.conj()
        for t in range(len(x) - 2, -1, -1):
            du[t].addcmul_(du[t + 1], back)
        before = torch.cat([x0[None], x[:-1]])
        return du, (du * before.conj()).sum((0, 1)), None


class Ssm(nn.Module):
    """Encoder, norm, as many complex diagonal states as units, GELU, GLU, residual, readout."""

    def __init__(self, hidden, density):
        super().__init__()
        self.density = density
        self.w = nn.Linear(INPUTS, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.log_rate = nn.Parameter(torch.empty(hidden).uniform_(math.log(0.01), math.log(0.2)))
        self.angle = nn.Parameter(torch.rand(hidden))
        self.into = nn.Linear(hidden, 2 * hidden, bias=False)
        self.out = nn.Linear(2 * hidden, hidden, bias=False)
        self.skip = nn.Parameter(torch.ones(hidden))
        self.glu = nn.Linear(hidden, 2 * hidden)
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        x = self.w(x)
        u = self.norm(x)
        l = torch.polar(torch.exp(-torch.exp(self.log_rate)), self.angle)
        bu = torch.view_as_complex(self.into(u).unflatten(-1, (-1, 2)))
        state = bu.new_zeros(bu.shape[1:]) if state is None else state
        h = Scan.apply(bu, l, state)
        y = self.out(torch.view_as_real(h).flatten(-2)) + self.skip * u
        y = x + nn.functional.glu(self.glu(nn.functional.gelu(y)))
        return self.readout(y), h[-1], None


def found(task, density):
    h = task.hidden
    return entries(
        task,
        [
            ("PyTorch nn.RNN", "rnn", lambda: BuiltIn(nn.RNN, h, density), dense),
            ("PyTorch nn.GRU", "gru", lambda: BuiltIn(nn.GRU, h, density), dense),
            ("PyTorch, by autograd", "lif_recurrent", lambda: Lif(h, density), dense),
            ("PyTorch, sparse, by hand", "lif_recurrent", lambda: SparseLif(h, density, 1), sparse),
            ("PyTorch, sparse, by hand", "lif_256_256", lambda: SparseLif(h, density, 2), sparse),
            ("PyTorch, scan by hand", "ssm", lambda: Ssm(h, density), dense),
        ],
    )
