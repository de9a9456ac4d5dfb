#!/usr/bin/env bash
# snnTorch 1.0.0: a network that it exports to NIR and imports again resets to zero, whatever its reset was.
#
# Guess: export_to_nir, then import_from_nir in the same version give the same network, or an error. The default reset of
# snn.Leaky is by subtraction, so that is what a file without a reset would be read as.
# Seen: every imported neuron has reset_mechanism="zero". From 0.9 as beta, with the default reset, 211 spikes become 154;
# with reset_mechanism="zero" they stay the same; with "none", too, the neuron that comes back resets to zero.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check torch==2.15.0 snntorch==1.0.0 nir==1.0.8 nirtorch==2.6
"$folder/venv/bin/python" - <<'PY' 2>/dev/null
from importlib.metadata import version

import snntorch as snn
import torch
from snntorch import utils
from snntorch.export_nir import export_to_nir
from snntorch.import_nir import import_from_nir


def spikes(net, x, carries_state):
    """Spikes of all steps; an imported network returns its state, the original keeps it."""
    state, each = None, []
    for row in x:
        y = net(row, state) if carries_state and state is not None else net(row)
        y, state = y if isinstance(y, tuple) else (y, None)
        each.append(y)
    return torch.stack(each)


found = {}
for reset in ("subtract", "zero", "none"):
    torch.manual_seed(1)
    leaky = snn.Leaky(beta=torch.full((6,), 0.9), threshold=torch.full((6,), 1.0), reset_mechanism=reset, init_hidden=True)
    net = torch.nn.Sequential(torch.nn.Linear(8, 6), leaky)
    with torch.no_grad():
        net[0].weight.mul_(3)
        x = (torch.rand(200, 1, 8) < 0.4).float()
        utils.reset(net)
        before = int(spikes(net, x, False).sum())
        back = import_from_nir(export_to_nir(net, torch.rand(8)))
        after = int(spikes(back, x, True).sum())
    kinds = {m.reset_mechanism for m in back.modules() if isinstance(m, snn.Leaky)}
    found[reset] = (before, after, kinds)

print("snnTorch", version("snntorch"), "- nirtorch", version("nirtorch"))
for reset, (before, after, kinds) in found.items():
    print(f"{reset}: {before} spikes before, {after} after; reset that came back: {', '.join(kinds)}")
assert all(kinds == {"zero"} for _, _, kinds in found.values()), found
assert found["subtract"][0] > found["subtract"][1] and found["none"][0] > found["none"][1], found
assert found["zero"][0] == found["zero"][1], found
PY
