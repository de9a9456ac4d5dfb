"""The cost of Python, in turns with Rust: ``python tools/speed.py RUST_PROGRAM``.

The program is ``cargo build --release -p saturn-python --example speed``. With PyTorch and snnTorch installed, a
training step inside PyTorch, too, in turns with snnTorch's of the equal network, on one core.
"""

import statistics
import subprocess
import sys
import time

import numpy as np

import saturn_snn as saturn

TURNS = 5


def median(values):
    return statistics.median(values)


def rust(program):
    text = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        key, value = line.split()
        found.setdefault(key, []).append(float(value))
    return {key: median(values[1:]) for key, values in found.items()}


def python():
    steps, lanes, channels = 1_000, 64, 256
    j, i = np.ogrid[: steps * lanes, :channels]
    x = ((i * 31 + j * 17) % 97 < 2).astype(np.float32).reshape(steps, lanes, channels)
    net = saturn.Network([saturn.LIF(256, recurrent=True)], channels=channels, classes=20)
    infer = []
    for _ in range(4):
        began = time.perf_counter()
        net(x)
        infer.append(1e3 * (time.perf_counter() - began))
    net = saturn.Network([saturn.LIF(64)], channels=channels, classes=20)
    stream = net.stream()
    push = stream.push
    ends = []
    for turn in range(4):
        first = turn * 200_000
        events = [((first + n) * 10_000, n % 256) for n in range(200_000)]
        began = time.perf_counter()
        for t, channel in events:
            push(t, channel)
        ends.append(1e9 * (time.perf_counter() - began) / len(events))
    return {"infer_ms": median(infer[1:]), "step_ns": median(ends[1:])}


def imports():
    def once(what):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {what}"], check=True)
        return time.perf_counter() - began

    pairs = [(once("numpy"), once("saturn_snn")) for _ in range(9)]
    return median([b - a for a, b in pairs])


def training():
    """Seconds of a training step: Saturn inside PyTorch, and snnTorch."""
    import snntorch
    import torch

    from saturn_snn.torch import Module

    torch.set_num_threads(1)
    saturn.set_threads(1)
    steps, lanes, channels, hidden, classes = 100, 16, 256, 256, 20
    x = (torch.rand(steps, lanes, channels) < 0.02).float()
    labels = torch.arange(lanes) % classes
    layer = saturn.LIF(hidden, recurrent=True, spike_reset="subtract", tau_mem_ms=50.0, learn_tau=False)
    ours = Module(saturn.Network([layer], channels=channels, classes=classes))

    class Theirs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.input = torch.nn.Linear(channels, hidden)
            self.lif = snntorch.RLeaky(
                beta=0.82, linear_features=hidden, spike_grad=snntorch.surrogate.fast_sigmoid(slope=10)
            )
            self.readout = torch.nn.Linear(hidden, classes)
            self.leak = snntorch.Leaky(beta=0.61, reset_mechanism="none")

        def forward(self, x):
            spikes, membrane = self.lif.init_rleaky()
            out = self.leak.init_leaky()
            scores = []
            for current in self.input(x):
                spikes, membrane = self.lif(current, spikes, membrane)
                _, out = self.leak(self.readout(spikes), out)
                scores.append(out)
            return torch.stack(scores)

    def step(net, optimizer):
        began = time.perf_counter()
        optimizer.zero_grad()
        y = net(x)
        loss = torch.nn.functional.cross_entropy(y.mean(dim=0), labels)
        loss.backward()
        optimizer.step()
        return time.perf_counter() - began

    theirs = Theirs()
    nets = [(net, torch.optim.Adam(net.parameters(), lr=1e-3)) for net in (ours, theirs)]
    times = [[step(*pair) for pair in nets] for _ in range(12)][2:]
    return [median(column) for column in zip(*times, strict=True)]


def main():
    turns = [(rust(sys.argv[1]), python()) for _ in range(TURNS)]
    calls = [b["infer_ms"] / a["infer_ms"] for a, b in turns]
    pushes = [b["step_ns"] - a["step_ns"] for a, b in turns]
    a, b = turns[len(turns) // 2]
    print(f"net(x), 64 x 1,000 x 256: Rust {a['infer_ms']:.1f} ms, Python {b['infer_ms']:.1f} ms;", end=" ")
    print(f"ratio {median(calls):.3f} ({min(calls):.3f} to {max(calls):.3f}, {TURNS} turns)")
    print(f"push, a step each: Rust {a['step_ns']:.0f} ns, Python {b['step_ns']:.0f} ns;", end=" ")
    print(f"{median(pushes):.0f} ns more ({min(pushes):.0f} to {max(pushes):.0f})")
    print(f"import: {1e3 * imports():.0f} ms more than numpy")
    try:
        ours, theirs = training()
    except ImportError as e:
        print(f"training step: skipped, {e}")
        return
    print(f"training step, 100 x 16 x 256-256-20, one core: {1e3 * ours:.1f} ms, snnTorch {1e3 * theirs:.1f} ms;", end=" ")
    print(f"{theirs / ours:.1f} times as fast")


main()
