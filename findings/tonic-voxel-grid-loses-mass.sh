#!/usr/bin/env bash
# tonic 1.7.0: the bins of ToVoxelGrid do not add up to the events.
#
# Guess: an event is shared between its two nearest bins by a triangular kernel (Zhu et al. 2019), with time scaled to
# 0 .. B-1, so the grid's sum is the sum of the polarities.
# Seen: time is scaled to 0 .. B, and the share of the bin B, which does not exist, is dropped: 1/(2B) of evenly spread
# events is lost, all of it from the last bin's width, and the last event counts nothing. With B = 1 half of a recording
# is missing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check tonic==1.7.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tonic
from tonic.transforms import ToVoxelGrid

n = 1001
e = np.zeros(n, dtype=[("t", int), ("x", int), ("y", int), ("p", int)])
e["t"] = np.arange(n)
e["p"] = 1


def tonic_sum(bins):
    return float(ToVoxelGrid(sensor_size=(1, 1, 2), n_time_bins=bins)(e).sum())


def zhu_sum(bins):
    t = (bins - 1) * (e["t"] - e["t"][0]) / (e["t"][-1] - e["t"][0])
    return float(sum(np.maximum(0, 1 - np.abs(b - t)).sum() for b in range(bins)))


print("tonic", tonic.__version__, "-", n, "events of polarity 1")
for bins in (1, 2, 4, 10):
    found, expected = tonic_sum(bins), zhu_sum(bins)
    print(f"B = {bins}: sum {found:.1f}, by Zhu et al. {expected:.1f}")
    assert abs(expected - n) < 1e-6
    assert abs(found / n - (1 - 1 / (2 * bins))) < 2e-3
PY
