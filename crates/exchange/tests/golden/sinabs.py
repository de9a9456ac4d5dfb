"""Sinabs 3.1.3 before its export; see common.py."""
import sys

sys.path.append(sys.path.pop(0))  # or this file would be imported as sinabs

import torch
import sinabs.activation as sa
import sinabs.layers as sl
from sinabs.nir import to_nir

from common import Record, drive, w1, w2

record = Record("sinabs", "torch", "nirtorch")


def linear(w):
    layer = torch.nn.Linear(w.shape[1], w.shape[0], bias=False)
    layer.weight.data = torch.from_numpy(w)
    return layer


def lif(n, **options):
    return sl.LIF(tau_mem=torch.full((n,), 10.0), spike_threshold=torch.ones(n), **options)


def run(case, reset, make, gain):
    net = torch.nn.Sequential(linear(w1(gain)), make(8), linear(w2(gain)), make(3))
    with torch.no_grad():
        x = torch.from_numpy(drive())[None]
        spikes = net(x)[0]
        graph = to_nir(net, x)
    for key, node in graph.nodes.items():
        if key in ("input", "output"):  # the exporter leaves the axis of time in them
            node.input_type = {k: v[-1:] for k, v in node.input_type.items()}
            node.output_type = {k: v[-1:] for k, v in node.output_type.items()}
    record.add(case, graph, spikes, 1e-3, reset)


run("plain", None, lambda n: lif(n, norm_input=False), 1.0)
run("zero", "zero", lambda n: lif(n, norm_input=False, reset_fn=sa.MembraneReset()), 1.0)
run("single", None, lambda n: lif(n, norm_input=False, spike_fn=sa.SingleSpike), 1.0)
run("normalised", None, lambda n: lif(n), 8.0)
run("synapse", None, lambda n: lif(n, norm_input=False, tau_syn=torch.full((n,), 3.0)), 1.0)
run("integrate", None, lambda n: sl.IAF(spike_threshold=torch.tensor(1.0)), 0.5)
record.write()
