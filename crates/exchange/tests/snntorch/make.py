"""State dicts for tests/snntorch.rs: snntorch 1.0.0, torch 2.15.0, safetensors 0.8.0, numpy 2.4.6, Python 3.11.

Runs nets 4 -> 8 -> 3 of snnTorch for 200 steps and writes NAME.safetensors, the state dict of each, and spikes.json: versions,
the input, and for each net the steps in which each unit of the last layer spikes.

    python make.py
"""
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import snntorch as snn
import torch
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent
STEPS = 200


def weights(seed, shape, low, high):
    """Multiples of 1/256, which every float holds."""
    values = np.random.RandomState(seed).uniform(low, high, shape)
    return torch.from_numpy((np.round(values * 256) / 256).astype(np.float32))


def linear(seed, inputs, outputs, low=-0.25, high=0.9, bias=True):
    layer = nn.Linear(inputs, outputs, bias=bias)
    layer.weight.data = weights(seed, (outputs, inputs), low, high)
    if bias:
        layer.bias.data = weights(seed + 100, outputs, -0.1, 0.1)
    return layer


def drive():
    """Spikes of 1, [200, 4], with silence in steps 80 to 99."""
    x = (np.random.RandomState(4).uniform(size=(STEPS, 4)) < 0.4).astype(np.float32)
    x[80:100] = 0
    return torch.from_numpy(x)


def times(s):
    return [[t for t in range(STEPS) if s[t, j] != 0] for j in range(s.shape[1])]


class Net(nn.Module):
    def __init__(self, first, second, bias=True):
        super().__init__()
        self.fc1 = linear(1, 4, 8, bias=bias)
        self.lif1 = first
        self.fc2 = linear(7, 8, 3, bias=bias)
        self.lif2 = second

    def forward(self, x):
        return self.lif2(self.fc2(self.lif1(self.fc1(x))))


record = {"versions": {p: version(p) for p in ("snntorch", "torch", "safetensors", "numpy")}, "input": times(drive()),
          "nets": {}}


def write(name, net):
    with torch.no_grad():
        out = torch.stack([net(x) for x in drive()])
    # The copies: RLeaky has `V` twice, in one memory, which safetensors refuses.
    save_file({k: v.clone() for k, v in net.state_dict().items()}, HERE / f"{name}.safetensors")
    record["nets"][name] = times(out)
    print(name, [len(t) for t in record["nets"][name]])
    assert all(record["nets"][name]), "a silent unit"


def leaky(beta=0.9, **options):
    return snn.Leaky(beta=beta, init_hidden=True, **options)


def dense(cell, n, seed, **options):
    layer = cell(linear_features=n, init_hidden=True, **options)
    layer.recurrent = linear(seed, n, n, -0.3, 0.3)
    return layer


each = torch.linspace(0.5, 0.95, 8)
each[3], each[5] = 1.25, -0.5  # outside [0, 1], as training may leave them: snnTorch clamps them
write("subtract", Net(leaky(), leaky(0.8)))
write("zero", Net(leaky(reset_mechanism="zero"), leaky(reset_mechanism="zero"), bias=False))
write("none", Net(leaky(0.5, reset_mechanism="none"), leaky(0.5, threshold=1.5, reset_mechanism="none")))
write("mixed", Net(leaky(reset_mechanism="zero"), leaky(0.7, threshold=0.75, reset_mechanism="subtract")))
write("each", Net(leaky(each, threshold=torch.linspace(0.6, 1.2, 8), learn_beta=True),
                  leaky(torch.tensor([0.5, 0.7, 0.9]), threshold=1)))
write("graded", Net(leaky(graded_spikes_factor=torch.linspace(0.5, 1.5, 8)), leaky(graded_spikes_factor=2.0)))
write("all_to_all", Net(dense(snn.RLeaky, 8, 3, beta=0.9), dense(snn.RLeaky, 3, 5, beta=torch.tensor([0.5, 0.7, 0.9]))))
write("all_to_all_none", Net(dense(snn.RLeaky, 8, 3, beta=0.5, reset_mechanism="none"), leaky()))
write("one_to_one", Net(snn.RLeaky(beta=0.9, all_to_all=False, V=weights(6, 8, -0.5, 0.5), init_hidden=True),
                        snn.RLeaky(beta=0.9, all_to_all=False, V=-0.25, init_hidden=True)))
write("synaptic", Net(snn.Synaptic(alpha=0.6, beta=0.9, threshold=4.0, init_hidden=True), leaky()))
write("synaptic_none", Net(snn.Synaptic(alpha=torch.linspace(0, 1, 8) * 0.75, beta=0.5, threshold=2.0, init_hidden=True,
                                        reset_mechanism="none"), leaky()))
write("recurrent_synaptic", Net(dense(snn.RSynaptic, 8, 3, alpha=0.5, beta=0.8, threshold=2.0), leaky()))
write("recurrent_synaptic_none", Net(dense(snn.RSynaptic, 8, 3, alpha=0.5, beta=0.5, threshold=2.0, reset_mechanism="none"),
                                     leaky()))
write("sequential", nn.Sequential(linear(1, 4, 8), leaky(), nn.Dropout(0.0), linear(7, 8, 3), leaky()))
(HERE / "spikes.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
