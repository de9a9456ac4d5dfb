#!/usr/bin/env bash
# tonic 1.7.0: where polarities are booleans, ToVoxelGrid counts OFF events as ON, and UniformNoise adds ON events alone.
#
# Guess: p may be a boolean or an integer, both are 0 and 1: Tonic's own DVSGesture, DSEC and NERDD have booleans. A grid of
# as many ON as OFF events sums to about 0, and half of the noise is ON.
# Seen: ToVoxelGrid writes -1 in place of 0. In a column of booleans that is True, so every event counts +1. UniformNoise
# draws polarities from 0 to 2 as real numbers, and each that is not exactly 0 is True. No error and no warning; with
# integers both are as guessed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check tonic==1.7.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tonic
from tonic.datasets import DVSGesture
from tonic.transforms import ToVoxelGrid, UniformNoise

size, n = (128, 128, 2), 1000


def look(kind):
    e = np.zeros(n, dtype=kind)
    e["t"], e["x"], e["p"] = np.arange(n) * 10, np.arange(n) % 128, np.arange(n) % 2
    grid = ToVoxelGrid(size, n_time_bins=4)(e.copy())
    np.random.seed(0)
    noisy = UniformNoise(size, 10_000)(e)["p"].astype(int)
    return float(grid.sum()), (noisy.sum() - n // 2) / 10_000


numbers = look([("x", int), ("y", int), ("p", int), ("t", int)])
booleans = look(DVSGesture.dtype)
print("tonic", tonic.__version__, "- 500 ON and 500 OFF events: sum of the voxel grid, share of ON in the noise")
print("p is an integer:", numbers)
print("p is a boolean, as in DVSGesture:", booleans)
assert abs(numbers[0]) < 1 and abs(numbers[1] - 0.5) < 0.02
assert booleans[0] > 800 and booleans[1] == 1.0
PY
