#!/usr/bin/env bash
# tonic 1.7.0: ToFrame(n_time_bins=N) leaves events out, up to half of them.
#
# Guess: N bins divide the recording, so each event is in one of them (at worst the last event, at the closed end, is not).
# Seen: a bin's width is the whole-number quotient of duration and N, and N bins of it begin at the first event. What
# follows is left out without a word: 200 events in 199 us, 100 bins: each bin is 1 us wide, and half of the events are
# gone. A burst at the end of a recording is lost whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check tonic==1.7.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tonic
from tonic.transforms import ToFrame

kind = [("t", int), ("x", int), ("y", int), ("p", int)]


def kept(times, bins):
    e = np.zeros(len(times), dtype=kind)
    e["t"] = times
    return int(ToFrame(sensor_size=(1, 1, 2), n_time_bins=bins)(e).sum())


print("tonic", tonic.__version__)
half = kept(np.arange(200), 100)
tenth = kept(np.arange(110), 10)
burst = kept(np.r_[np.arange(100), np.full(100, 1007)], 10)
print("200 events in 199 us, 100 bins: kept", half)
print("110 events in 109 us, 10 bins: kept", tenth)
print("100 events, and 100 more at the end, 10 bins: kept", burst)
assert (half, tenth, burst) == (100, 100, 100)
PY
