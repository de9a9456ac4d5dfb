"""Rockpool 3.1.0 before its export; see common.py."""
import sys

sys.path.append(sys.path.pop(0))  # or this file would be imported as rockpool

import torch
from rockpool.nn.combinators import Sequential
from rockpool.nn.modules.torch import LIFNeuronTorch, LIFTorch, LinearTorch
from rockpool.nn.modules.torch.nir import to_nir

from common import Record, drive, w1, w2, w_rec

record = Record("rockpool", "torch", "nirtorch")


def linear(w):
    return LinearTorch(w.T.shape, weight=torch.from_numpy(w.T.copy()), has_bias=False)


def lif(n, **options):
    return LIFTorch(n, tau_mem=torch.full((n,), 0.008), tau_syn=torch.full((n, 1), 0.002), threshold=torch.ones(n),
                    dt=1e-3, **options)


def membrane(n):
    return LIFNeuronTorch(n, tau_mem=torch.full((n,), 0.008), threshold=torch.ones(n), dt=1e-3)


def run(case, hidden, last, gain):
    net = Sequential(linear(w1(gain)), hidden, linear(w2(gain)), last)
    with torch.no_grad():
        x = torch.from_numpy(drive())[None]
        spikes = net(x)[0][0]
        graph = to_nir(net, x)
    for key, node in graph.nodes.items():
        if key in ("input", "output"):  # the exporter leaves the axes of batch and time in them
            node.input_type = {k: v[-1:] for k, v in node.input_type.items()}
            node.output_type = {k: v[-1:] for k, v in node.output_type.items()}
    record.add(case, graph, spikes, 1e-3)


run("synapse", lif(8), lif(3), 1.5)
run("membrane", membrane(8), membrane(3), 1.0)
run("bias", lif(8, bias=torch.full((8,), 0.125)), lif(3), 1.5)
run("recurrent", lif(8, has_rec=True, w_rec=torch.from_numpy(w_rec().T.copy())), lif(3), 1.5)
record.write()
