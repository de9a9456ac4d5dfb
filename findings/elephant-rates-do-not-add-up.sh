#!/usr/bin/env bash
# elephant 1.2.1: the integral of instantaneous_rate is not the number of spikes, but for a Gaussian kernel.
#
# Guess: kernels are densities of area 1, so a rate's integral over a recording that is quiet at its ends is the number of
# its spikes, at any sampling period that resolves the kernel. The centred default only shifts the rate in time.
# Seen: a kernel is sampled at single points and not scaled to area 1, which shows where it has a jump. An exponential of
# 10 ms, causal (center_kernel=False), counts 980 spikes as 1,024 at a period of 1 ms, as 1,240 at 5 ms, and as 1,546 at
# 10 ms; centred it counts 935, 1,024 and 773. A rectangle is off by up to 13 %. A Gaussian is exact.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check elephant==1.2.1 neo==0.14.6 quantities==0.16.4 \
    numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" - <<'PY'
import logging

import elephant
import neo
import numpy as np
from elephant.kernels import ExponentialKernel, GaussianKernel, RectangularKernel
from elephant.statistics import instantaneous_rate
from quantities import ms

spikes = neo.SpikeTrain(np.arange(100, 9900, 10) * ms, t_stop=10_000 * ms)


def counted(kernel, centred):
    rates = [(p, instantaneous_rate(spikes, p * ms, kernel=kernel(10 * ms), center_kernel=centred)) for p in (1, 2, 5, 10)]
    return [round(float(rate.rescale("1/ms").magnitude.sum() * p)) for p, rate in rates]


logging.disable(logging.CRITICAL)
print("elephant", elephant.__version__, "-", len(spikes), "spikes; as the rate counts them, at periods of 1, 2, 5 and 10 ms")
found = {}
for kernel in (GaussianKernel, RectangularKernel, ExponentialKernel):
    for centred in (True, False):
        found[kernel, centred] = counted(kernel, centred)
        print(kernel.__name__, "centred:" if centred else "as it is:", found[kernel, centred])
assert found[GaussianKernel, True] == found[GaussianKernel, False] == [980] * 4
assert found[RectangularKernel, True] == [990, 962, 990, 849]
assert found[ExponentialKernel, True] == [935, 982, 1024, 773]
assert found[ExponentialKernel, False] == [1024, 1075, 1240, 1546]
PY
