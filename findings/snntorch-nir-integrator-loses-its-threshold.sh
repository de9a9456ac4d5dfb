#!/usr/bin/env bash
# snnTorch 1.0.0, NIR: an integrate-and-fire neuron (beta = 1) is written with infinite numbers and comes back mute.
#
# Guess: beta = 1, which never leaks, is written as NIR's IF or refused; NIR has no other neuron without a leak.
# Seen: it is written as LIF with tau and r infinite. import_from_nir accepts that graph, scales by inf / inf, and the threshold
# is NaN, so the network never spikes again. NumPy warns of the division; nothing is raised.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check torch==2.15.0 snntorch==1.0.0 nir==1.0.8 nirtorch==2.6
"$folder/venv/bin/python" - <<'PY' 2>/dev/null
from importlib.metadata import version

import snntorch as snn
import torch
from snntorch.export_nir import export_to_nir
from snntorch.import_nir import import_from_nir

torch.manual_seed(1)
leaky = snn.Leaky(beta=torch.ones(4), threshold=torch.ones(4), init_hidden=True)
net = torch.nn.Sequential(torch.nn.Linear(3, 4), leaky)
with torch.no_grad():
    net[0].weight.abs_()
    x = torch.ones(100, 1, 3)
    before = sum(int(net(row).sum()) for row in x)
    graph = export_to_nir(net, torch.rand(3))
    back = import_from_nir(graph)
    after, state = 0, None
    for row in x:
        y, state = back(row, state) if state is not None else back(row)
        after += int(y.sum())
(neuron,) = (node for node in graph.nodes.values() if hasattr(node, "v_threshold"))
(came,) = (m for m in back.modules() if isinstance(m, snn.Leaky))

print("snnTorch", version("snntorch"), "- nirtorch", version("nirtorch"))
print(f"in the file: {type(neuron).__name__}, tau {neuron.tau[0]}, r {neuron.r[0]}, threshold {neuron.v_threshold[0]}")
print(f"came back: beta {came.beta[0]}, threshold {came.threshold}; spikes before {before}, after {after}")
assert type(neuron).__name__ == "LIF" and neuron.tau[0] == neuron.r[0] == float("inf")
assert torch.isnan(came.threshold) and before > 0 and after == 0
PY
