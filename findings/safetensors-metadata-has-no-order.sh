#!/usr/bin/env bash
# safetensors 0.8.0: the same tensors with the same metadata, saved twice, are different files.
#
# Guess: the header is JSON in a fixed order (tensors are sorted, metadata in the order given), so a file's hash says
# whether two nets are the same.
# Seen: metadata of more than one key is written in the order of a hash map with a random seed: eight calls in one
# process give several files that differ in their bytes and in nothing else. With one key, or none, they are equal.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import hashlib

import numpy as np
import safetensors
from safetensors.numpy import load, save

tensors = {"w": np.arange(4, dtype=np.float32)}


def kinds(keys):
    metadata = {f"key{k}": "value" for k in range(keys)}
    return len({hashlib.sha256(save(tensors, metadata=metadata)).hexdigest() for _ in range(16)})


print("safetensors", safetensors.__version__)
found = {keys: kinds(keys) for keys in (0, 1, 6)}
print("different files of 16, by the number of metadata keys:", found)
assert found[0] == 1 and found[1] == 1
assert found[6] > 1
PY
