#!/usr/bin/env bash
# expelliarmus 1.1.12: a second of an EVT3 file from elsewhere is read as two, and its own files are folded for others.
#
# Guess: an event's time is the last TIME_HIGH word's 12 bits and the last TIME_LOW word's 12 bits, one after the other. That
# is all there is to it below 16.8 s, so every reader gives the same times, and a file that reads back right is right.
# Seen: each time that the low bits fall, the reader adds 4,096 us of its own, and then the TIME_HIGH that was the reason
# for the fall as well. 10,000 events in one second end at 2 s. Its writer makes up for it: it writes one TIME_HIGH at the
# beginning and none after it, so its own files read back right, and in another reader the same second lasts 4 ms.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check expelliarmus==1.1.12 faery==0.7.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PY'
import faery
import numpy as np
from expelliarmus import Wizard

times = np.arange(0, 1_000_000, 100)
words, high = [], None
for t in times.tolist():
    if t >> 12 != high:
        high = t >> 12
        words.append(0x8000 | high)
    words += [0x6000 | t & 0xFFF, 0x0000 | 5, 0x2000 | 7]  # low bits, y = 5, x = 7
with open("plain.raw", "wb") as f:
    f.write(b"% evt 3.0\n% format EVT3;width=640;height=480\n% end\n" + np.array(words, "<u2").tobytes())

events = np.zeros(len(times), dtype=[("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "u1")])
events["t"], events["x"], events["y"] = times, 7, 5
Wizard(encoding="evt3").save("own.raw", events)


def ends(name):
    other = np.concatenate(list(faery.events_stream_from_file(name)))["t"]
    own = Wizard(encoding="evt3").read(name)["t"]
    return [(len(t), int(t[0]), int(t[-1])) for t in (own, other)]


print("expelliarmus 1.1.12, faery 0.7.1 - 10,000 events from 0 to 999,900 us: events, first and last time")
plain, own = ends("plain.raw"), ends("own.raw")
print("a file with a TIME_HIGH where it changes: expelliarmus", plain[0], "faery", plain[1])
print("the file that expelliarmus writes:        expelliarmus", own[0], "faery", own[1])
assert plain == [(10_000, 0, 999_900 + 4096 * (999_900 >> 12)), (10_000, 0, 999_900)]
assert own[0] == (10_000, 0, 999_900) and own[1][0] == 10_000 and own[1][2] < 4096
PY
