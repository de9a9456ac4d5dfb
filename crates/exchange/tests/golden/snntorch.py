"""snnTorch 1.0.0 before its export; see common.py."""
import sys

sys.path.append(sys.path.pop(0))  # or this file would be imported as snntorch

import torch
import snntorch as snn
from snntorch.export_nir import export_to_nir

from common import Record, drive, w1, w2, w_rec

record = Record("snntorch", "torch", "nirtorch")


def linear(w):
    layer = torch.nn.Linear(w.shape[1], w.shape[0], bias=False)
    layer.weight.data = torch.from_numpy(w)
    return layer


def run(case, hidden, reset, gain=0.75, **options):
    def leaky(n):
        return snn.Leaky(beta=torch.full((n,), 0.9), threshold=torch.ones(n), init_hidden=True,
                         reset_mechanism=reset, **options)

    def synaptic(n):
        return snn.Synaptic(alpha=torch.full((n,), 0.6), beta=torch.full((n,), 0.9), threshold=torch.ones(n),
                            init_hidden=True, reset_mechanism=reset, **options)

    def rleaky(n):
        layer = snn.RLeaky(beta=torch.full((n,), 0.9), threshold=torch.ones(n), init_hidden=True, linear_features=n,
                           reset_mechanism=reset, **options)
        layer.recurrent = linear(w_rec())
        return layer

    make = {"leaky": leaky, "synaptic": synaptic, "rleaky": rleaky}[hidden]
    net = torch.nn.Sequential(linear(w1(gain)), make(8), linear(w2(gain)), leaky(3))
    with torch.no_grad():
        x = torch.from_numpy(drive())
        spikes = torch.stack([net(x[t]) for t in range(len(x))])
        graph = export_to_nir(net, x[0])
    record.add(case, graph, spikes, 1e-4, reset)


run("subtract", "leaky", "subtract")
run("zero", "leaky", "zero")
run("none", "leaky", "none")
run("subtract_prompt", "leaky", "subtract", reset_delay=False)
run("zero_prompt", "leaky", "zero", reset_delay=False)
run("synaptic", "synaptic", "subtract")
run("synaptic_zero", "synaptic", "zero")
run("recurrent", "rleaky", "subtract", 1.5)
record.write()
