#!/usr/bin/env bash
# neo 0.14.6: a recording that is cut into adjacent pieces has more spikes than before, and as many samples.
#
# Guess: Segment.time_slice(a, b) is half open, as a slice is in Python and NumPy: pieces from 0 to 100 ms, from 100 to
# 200 ms, ... hold each spike, event and sample once.
# Seen: samples of a signal are cut half open, spikes and events with both ends. A spike on the border of two pieces is in
# both of them. Spike times are often on a grid (sorted at a millisecond, or simulated), where that is no rare thing: of
# 100 spikes 10 ms apart, ten pieces hold 109, and rates, counts and intervals over pieces are too high.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check neo==0.14.6 quantities==0.16.4 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import neo
import numpy as np
from quantities import kHz, ms, mV

segment = neo.Segment()
segment.spiketrains.append(neo.SpikeTrain(np.arange(0, 1000, 10) * ms, t_stop=1000 * ms))
segment.events.append(neo.Event(np.arange(0, 1000, 10) * ms))
segment.analogsignals.append(neo.AnalogSignal(np.arange(1000) * mV, sampling_rate=1 * kHz))


def counts(pieces):
    return [sum(len(getattr(p, kind)[0]) for p in pieces) for kind in ("spiketrains", "events", "analogsignals")]


whole = counts([segment])
pieces = counts([segment.time_slice(k * 100 * ms, (k + 1) * 100 * ms) for k in range(10)])
print("neo", neo.__version__, "- spikes, events, samples")
print("one second:", whole)
print("its ten pieces of 100 ms:", pieces)
assert whole == [100, 100, 1000]
assert pieces == [109, 109, 1000]
PY
