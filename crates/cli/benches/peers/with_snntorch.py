"""snnTorch: RLeaky and Leaky."""

import snntorch as snn
import torch
from snntorch import surrogate
from torch import nn
from torch_timing import dense, entries, linear
from work import CLASSES, DECAY, HIDDEN_RATE, INPUTS, SLOPE, recurrent_std


class Recurrent(nn.Module):
    def __init__(self, hidden, density, grad):
        super().__init__()
        self.density = density
        self.w = linear(INPUTS, hidden, density)
        self.lif = snn.RLeaky(beta=DECAY, linear_features=hidden, spike_grad=grad)
        nn.init.normal_(self.lif.recurrent.weight, std=recurrent_std(hidden))
        nn.init.zeros_(self.lif.recurrent.bias)
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        drive = self.w(x)
        zero = drive.new_zeros(drive.shape[1:])
        s, v = state or (zero, zero)
        spikes = []
        for d in drive.unbind(0):
            s, v = self.lif(d, s, v)
            spikes.append(s)
        spikes = torch.stack(spikes)
        return self.readout(spikes), (s, v), spikes


class Twice(nn.Module):
    def __init__(self, hidden, density, grad):
        super().__init__()
        self.density = density
        self.w = nn.ModuleList([linear(INPUTS, hidden, density), linear(hidden, hidden, HIDDEN_RATE)])
        self.lif = nn.ModuleList([snn.Leaky(beta=DECAY, spike_grad=grad) for _ in range(2)])
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        drive = self.w[0](x)
        zero = drive.new_zeros(drive.shape[1:])
        v, v_top = state or (zero, zero)
        fired, tops = [], []
        for d in drive.unbind(0):
            s, v = self.lif[0](d, v)
            top, v_top = self.lif[1](self.w[1](s), v_top)
            fired.append(s)
            tops.append(top)
        tops = torch.stack(tops)
        return self.readout(tops), (v, v_top), torch.cat([torch.stack(fired), tops], -1)


def found(task, density):
    h, grad = task.hidden, surrogate.fast_sigmoid(slope=SLOPE)
    return entries(
        task,
        [
            ("snnTorch RLeaky", "lif_recurrent", lambda: Recurrent(h, density, grad), dense),
            ("snnTorch Leaky", "lif_256_256", lambda: Twice(h, density, grad), dense),
        ],
    )
