"""Norse: LIFBoxCell, with linear layers around it.

A step is 1 ms of Norse's clock: its Euler decay 1 - dt / tau is our decay. It scales its drive by dt / tau,
which the weights undo.
"""

import norse.torch as norse
import torch
from torch import nn
from torch_timing import dense, entries, linear, recurrence
from work import CLASSES, DECAY, HIDDEN_RATE, INPUTS, SLOPE


def cell():
    rate = torch.tensor((1 - DECAY) * 1000)
    return norse.LIFBoxCell(norse.LIFBoxParameters(tau_mem_inv=rate, alpha=torch.tensor(SLOPE)))


@torch.no_grad()
def unscale(*layers):
    for layer in layers:
        layer.weight.div_(1 - DECAY)


class Recurrent(nn.Module):
    def __init__(self, hidden, density):
        super().__init__()
        self.density = density
        self.w, self.r = linear(INPUTS, hidden, density), recurrence(hidden)
        unscale(self.w, self.r)
        self.lif = cell()
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        drive = self.w(x)
        v, s = state or (None, drive.new_zeros(drive.shape[1:]))
        spikes = []
        for d in drive.unbind(0):
            s, v = self.lif(d + self.r(s), v)
            spikes.append(s)
        spikes = torch.stack(spikes)
        return self.readout(spikes), (v, s), spikes


class Twice(nn.Module):
    def __init__(self, hidden, density):
        super().__init__()
        self.density = density
        self.w = nn.ModuleList([linear(INPUTS, hidden, density), linear(hidden, hidden, HIDDEN_RATE)])
        unscale(*self.w)
        self.lif = nn.ModuleList([cell(), cell()])
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        v, v_top = state or (None, None)
        fired, tops = [], []
        for d in self.w[0](x).unbind(0):
            s, v = self.lif[0](d, v)
            top, v_top = self.lif[1](self.w[1](s), v_top)
            fired.append(s)
            tops.append(top)
        tops = torch.stack(tops)
        return self.readout(tops), (v, v_top), torch.cat([torch.stack(fired), tops], -1)


def found(task, density):
    h = task.hidden
    return entries(
        task,
        [
            ("Norse LIFBoxCell + linear", "lif_recurrent", lambda: Recurrent(h, density), dense),
            ("Norse LIFBoxCell", "lif_256_256", lambda: Twice(h, density), dense),
        ],
    )
