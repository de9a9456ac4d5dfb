#!/usr/bin/env bash
# nir 1.0.8: behind a convolution whose kernel is not square, the right graph is refused and a wrong one is accepted.
#
# Guess: the shape behind Conv2d is PyTorch's, row by row and column by column: 8 x 8 with a kernel of 3 x 1 gives 6 x 8,
# and the check of types when a NIRGraph is made accepts a layer of that shape, and no other.
# Seen: the first size of the kernel counts for both dimensions. After 3 x 1 only 6 x 6 is accepted, and 6 x 8, which
# torch.nn.Conv2d gives, is a type mismatch; after 1 x 3 it is 8 x 8 in place of 8 x 6. Square kernels are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nir==1.0.8 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import nir
import numpy as np
from scipy.signal import correlate2d


def accepted(kernel, width):
    """Whether a graph with this convolution of [1, 8, 8], then neurons of this width, can be made."""
    conv = nir.Conv2d(input_shape=None, weight=np.ones((1, 1, *kernel), np.float32), stride=(1, 1), padding=(0, 0),
                      dilation=(1, 1), groups=1, bias=np.zeros(1, np.float32))
    ones = np.ones((1, *width))
    neurons = nir.IF(r=ones, v_threshold=ones)
    nodes = {"input": nir.Input({"input": np.array([1, 8, 8])}), "conv": conv, "neurons": neurons,
             "output": nir.Output({"output": np.array([1, *width])})}
    try:
        nir.NIRGraph(nodes, [("input", "conv"), ("conv", "neurons"), ("neurons", "output")])
    except ValueError as error:
        assert "type mismatch" in str(error), error
        return False
    return True


print("nir", version("nir"))
found = {}
for kernel in ((3, 3), (3, 1), (1, 3)):
    right = correlate2d(np.ones((8, 8)), np.ones(kernel), mode="valid").shape
    taken = [w for w in ((6, 6), (6, 8), (8, 6), (8, 8)) if accepted(kernel, w)]
    found[kernel] = (right, taken)
    print("kernel", kernel, "- the shape is", right, "- accepted:", taken)
assert found == {(3, 3): ((6, 6), [(6, 6)]), (3, 1): ((6, 8), [(6, 6)]), (1, 3): ((8, 6), [(8, 8)])}
PY
