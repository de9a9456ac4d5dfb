"""SpikingJelly: LIFNode step by step, with linear layers around it.

It takes the threshold off a potential in the step of the spike, not in the one after, and so would spike at
8 %: the threshold is raised until it is 6 to 7.
"""

import torch
from spikingjelly.activation_based import functional, neuron, surrogate
from torch import nn
from torch_timing import dense, entries, linear, recurrence
from work import CLASSES, DECAY, HIDDEN_RATE, INPUTS


def cell():
    return neuron.LIFNode(
        tau=1 / (1 - DECAY),
        decay_input=False,
        v_threshold=1.1,
        v_reset=None,
        detach_reset=True,
        surrogate_function=surrogate.Sigmoid(alpha=4.0),
        step_mode="s",
    )


class Recurrent(nn.Module):
    def __init__(self, hidden, density):
        super().__init__()
        self.density = density
        self.w, self.r, self.lif = linear(INPUTS, hidden, density), recurrence(hidden), cell()
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        drive = self.w(x)
        if state is None:
            functional.reset_net(self)
            state = drive.new_zeros(drive.shape[1:])
        s = state
        spikes = []
        for d in drive.unbind(0):
            s = self.lif(d + self.r(s))
            spikes.append(s)
        spikes = torch.stack(spikes)
        return self.readout(spikes), s, spikes


class Twice(nn.Module):
    def __init__(self, hidden, density):
        super().__init__()
        self.density = density
        self.w = nn.ModuleList([linear(INPUTS, hidden, density), linear(hidden, hidden, HIDDEN_RATE)])
        self.lif = nn.ModuleList([cell(), cell()])
        self.readout = nn.Linear(hidden, CLASSES)

    def forward(self, x, state=None):
        if state is None:
            functional.reset_net(self)
        fired, tops = [], []
        for d in self.w[0](x).unbind(0):
            fired.append(self.lif[0](d))
            tops.append(self.lif[1](self.w[1](fired[-1])))
        tops = torch.stack(tops)
        return self.readout(tops), "within", torch.cat([torch.stack(fired), tops], -1)


def found(task, density):
    h = task.hidden
    return entries(
        task,
        [
            ("SpikingJelly LIFNode + linear", "lif_recurrent", lambda: Recurrent(h, density), dense),
            ("SpikingJelly LIFNode", "lif_256_256", lambda: Twice(h, density), dense),
        ],
    )
