"""SpikingJelly 2.0.0 before its export; see common.py."""
import sys

sys.path.append(sys.path.pop(0))  # or this file would be imported as spikingjelly

import numpy as np
import torch
from spikingjelly.activation_based import functional, layer, neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir

from common import Record, drive, w1, w2

record = Record("spikingjelly", "torch", "nirtorch")


def linear(w):
    made = layer.Linear(w.shape[1], w.shape[0], bias=False)
    made.weight.data = torch.from_numpy(w)
    return made


def run(case, make, gain, coarse=False):
    def w(weights):
        return (np.round(weights() * 4) / 4 if coarse else weights()) * np.float32(gain)

    net = torch.nn.Sequential(linear(w(w1)), make(), linear(w(w2)), make())
    with torch.no_grad():
        x = torch.from_numpy(drive())[:, None]
        functional.reset_net(net)
        spikes = torch.stack([net(x[t]) for t in range(len(x))])
        functional.reset_net(net)
        graph = export_to_nir(net, x[0], dt=1e-3)
    record.add(case, graph, spikes, 1e-3)


run("decay_input", lambda: neuron.LIFNode(tau=8.0, decay_input=True), 6.0)
run("whole_input", lambda: neuron.LIFNode(tau=8.0, decay_input=False), 0.75)
run("at_threshold", lambda: neuron.LIFNode(tau=2.0, decay_input=True, v_threshold=0.5), 2.0, coarse=True)
run("v_reset", lambda: neuron.LIFNode(tau=8.0, decay_input=False, v_reset=0.25), 0.75)
run("cuba", lambda: neuron.CUBALIFNode(c_decay=0.5, v_decay=0.875), 0.5)
run("integrate", lambda: neuron.IFNode(), 0.5)
record.write()
