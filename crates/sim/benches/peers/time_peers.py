#!/usr/bin/env python3
"""Time other libraries on tasks A, B and C of `saturn bench`, with Saturn between them.

A  a training step (forward, back-propagation through time, Adam): 64 lanes, T = 100, ms
B  streaming one lane, one step at a time, microseconds a step
C  inference on 64 lanes, T = 1,000, thousand lane-steps a second

Every library does the same work: 700 inputs as Bernoulli events, hidden 256, 20 classes, a readout and
cross-entropy at each step. What is not installed is left out and named. Each (task, cores) runs in a
process of its own, since thread pools are sized at the start.
"""

import argparse
import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import time

INPUTS, HIDDEN, CLASSES, LANES = 700, 256, 20, 64
STEPS = {"A": 100, "B": 2_000, "C": 1_000}
UNITS = {"A": "ms", "B": "us", "C": "klane-steps/s"}
LEARNING_RATE = 1e-3
# One membrane time constant of 20 ms at steps of 10 ms, as in `saturn bench`.
DECAY = math.exp(-0.5)
SLOPE = 10.0


def gain(density):
    """The standard deviation of input weights, times sqrt(inputs), as `saturn bench` has it."""
    comes_and_goes = density * (1 - density) / (1 - DECAY**2)
    stays = (density / (1 - DECAY)) ** 2
    return 0.83 / math.sqrt(comes_and_goes + stays)


# ---------------------------------------------------------------- PyTorch and what builds on it


def torch_events(density, steps, lanes, seed=1):
    """Dense events [T, B, I], and one label a lane."""
    import torch

    g = torch.Generator().manual_seed(seed)
    x = (torch.rand(steps, lanes, INPUTS, generator=g) < density).float()
    return x, torch.randint(0, CLASSES, (lanes,), generator=g)


def scale_weights(linear, density, width):
    import torch

    torch.nn.init.normal_(linear.weight, std=gain(density) / math.sqrt(width))
    torch.nn.init.zeros_(linear.bias)


def fast_sigmoid():
    """A step whose derivative is 1 / (1 + slope |u|)^2."""
    import torch

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, u):
            ctx.save_for_backward(u)
            return (u > 0).float()

        @staticmethod
        def backward(ctx, grad):
            (u,) = ctx.saved_tensors
            return grad / (1 + SLOPE * u.abs()) ** 2

    return Spike.apply


def torch_nets(density):
    """Nets of plain PyTorch: name -> (model, constructor). A net maps (x [T, B, I], state) to
    (logits [T, B, C], state, spikes or None)."""
    import torch
    from torch import nn

    spike = fast_sigmoid()

    class Built(nn.Module):
        """nn.RNN or nn.GRU with a readout."""

        def __init__(self, kind):
            super().__init__()
            self.cell = kind(INPUTS, HIDDEN)
            self.readout = nn.Linear(HIDDEN, CLASSES)

        def forward(self, x, state=None):
            y, state = self.cell(x, state)
            return self.readout(y), state, None

    class Lif(nn.Module):
        """Recurrent LIF units on a dense input: one product for all drives, then step by step."""

        def __init__(self):
            super().__init__()
            self.w = nn.Linear(INPUTS, HIDDEN)
            self.r = nn.Linear(HIDDEN, HIDDEN, bias=False)
            self.readout = nn.Linear(HIDDEN, CLASSES)
            scale_weights(self.w, density, INPUTS)
            nn.init.normal_(self.r.weight, std=0.3 / math.sqrt(HIDDEN))

        def drive(self, x):
            return self.w(x)

        def forward(self, x, state=None):
            drive = self.drive(x)
            if state is None:
                zero = drive.new_zeros(drive.shape[1:])
                state = (zero, zero)
            v, s = state
            spikes = []
            for d in drive.unbind(0):
                v = DECAY * v + d + self.r(s) - s.detach()
                s = spike(v - 1)
                spikes.append(s)
            spikes = torch.stack(spikes)
            return self.readout(spikes), (v, s), spikes

    class SparseLif(Lif):
        """The same on indices: the drive is a sum of embedded columns, its gradient a scatter."""

        def __init__(self):
            super().__init__()
            self.bag = nn.EmbeddingBag(INPUTS, HIDDEN, mode="sum")
            with torch.no_grad():
                self.bag.weight.copy_(self.w.weight.T)
            del self.w

        def drive(self, x):
            units, offsets, shape = x
            return self.bag(units, offsets).view(*shape, HIDDEN)

    return {
        "PyTorch nn.RNN": ("rnn", lambda: Built(nn.RNN)),
        "PyTorch nn.GRU": ("gru", lambda: Built(nn.GRU)),
        "PyTorch LIF, dense": ("lif_recurrent", Lif),
        "PyTorch LIF, sparse": ("lif_recurrent", SparseLif),
    }


def sparse(x):
    """The active channels of each (step, lane), one list, and where each begins."""
    import torch

    steps, lanes, _ = x.shape
    places = x.reshape(steps * lanes, INPUTS).nonzero()
    counts = torch.bincount(places[:, 0], minlength=steps * lanes)
    offsets = torch.cat([counts.new_zeros(1), counts.cumsum(0)[:-1]])
    return places[:, 1].contiguous(), offsets, (steps, lanes)


def snntorch_nets(density):
    import snntorch as snn
    import torch
    from snntorch import surrogate
    from torch import nn

    grad = surrogate.fast_sigmoid(slope=SLOPE)

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Linear(INPUTS, HIDDEN)
            self.lif = snn.RLeaky(beta=DECAY, linear_features=HIDDEN, spike_grad=grad)
            self.readout = nn.Linear(HIDDEN, CLASSES)
            scale_weights(self.w, density, INPUTS)
            nn.init.normal_(self.lif.recurrent.weight, std=0.3 / math.sqrt(HIDDEN))
            nn.init.zeros_(self.lif.recurrent.bias)

        def forward(self, x, state=None):
            drive = self.w(x)
            if state is None:
                zero = drive.new_zeros(drive.shape[1:])
                state = (zero, zero)
            s, v = state
            spikes = []
            for d in drive.unbind(0):
                s, v = self.lif(d, s, v)
                spikes.append(s)
            spikes = torch.stack(spikes)
            return self.readout(spikes), (s, v), spikes

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.ModuleList([nn.Linear(INPUTS, HIDDEN), nn.Linear(HIDDEN, HIDDEN)])
            self.lif = nn.ModuleList([snn.Leaky(beta=DECAY, spike_grad=grad) for _ in range(2)])
            self.readout = nn.Linear(HIDDEN, CLASSES)
            scale_weights(self.w[0], density, INPUTS)
            scale_weights(self.w[1], 0.06, HIDDEN)

        def forward(self, x, state=None):
            drive = self.w[0](x)
            if state is None:
                zero = drive.new_zeros(drive.shape[1:])
                state = [zero, zero]
            state = list(state)
            fired, tops = [], []
            for d in drive.unbind(0):
                s, state[0] = self.lif[0](d, state[0])
                top, state[1] = self.lif[1](self.w[1](s), state[1])
                fired.append(s)
                tops.append(top)
            tops = torch.stack(tops)
            return self.readout(tops), state, torch.cat([torch.stack(fired), tops], -1)

    return {"snnTorch RLeaky": ("lif_recurrent", Recurrent), "snnTorch Leaky": ("lif_256_256", Twice)}


def norse_nets(density):
    import norse.torch as norse
    import torch
    from torch import nn

    # A step of 1 ms of Norse's clock: the Euler decay 1 - dt / tau is our decay. Its drive is scaled by
    # dt / tau, which the weights undo.
    rate = (1 - DECAY) * 1000
    params = norse.LIFBoxParameters(tau_mem_inv=torch.tensor(rate), alpha=torch.tensor(SLOPE))

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Linear(INPUTS, HIDDEN)
            self.r = nn.Linear(HIDDEN, HIDDEN, bias=False)
            self.lif = norse.LIFBoxCell(params)
            self.readout = nn.Linear(HIDDEN, CLASSES)
            scale_weights(self.w, density, INPUTS)
            nn.init.normal_(self.r.weight, std=0.3 / math.sqrt(HIDDEN))
            with torch.no_grad():
                for w in (self.w.weight, self.r.weight):
                    w.div_(1 - DECAY)

        def forward(self, x, state=None):
            drive = self.w(x)
            v, s = state if state is not None else (None, drive.new_zeros(drive.shape[1:]))
            spikes = []
            for d in drive.unbind(0):
                s, v = self.lif(d + self.r(s), v)
                spikes.append(s)
            spikes = torch.stack(spikes)
            return self.readout(spikes), (v, s), spikes

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.ModuleList([nn.Linear(INPUTS, HIDDEN), nn.Linear(HIDDEN, HIDDEN)])
            self.lif = nn.ModuleList([norse.LIFBoxCell(params) for _ in range(2)])
            self.readout = nn.Linear(HIDDEN, CLASSES)
            scale_weights(self.w[0], density, INPUTS)
            scale_weights(self.w[1], 0.06, HIDDEN)
            with torch.no_grad():
                for w in self.w:
                    w.weight.div_(1 - DECAY)

        def forward(self, x, state=None):
            state = list(state) if state is not None else [None, None]
            fired, tops = [], []
            for d in self.w[0](x).unbind(0):
                s, state[0] = self.lif[0](d, state[0])
                top, state[1] = self.lif[1](self.w[1](s), state[1])
                fired.append(s)
                tops.append(top)
            tops = torch.stack(tops)
            return self.readout(tops), state, torch.cat([torch.stack(fired), tops], -1)

    return {"Norse LIFBoxCell + linear": ("lif_recurrent", Recurrent), "Norse LIFBoxCell": ("lif_256_256", Twice)}


def spikingjelly_nets(density):
    import torch
    from spikingjelly.activation_based import functional, neuron, surrogate
    from torch import nn

    def cell():
        return neuron.LIFNode(
            tau=1 / (1 - DECAY),
            decay_input=False,
            v_reset=None,
            detach_reset=True,
            surrogate_function=surrogate.Sigmoid(alpha=4.0),
            step_mode="s",
        )

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Linear(INPUTS, HIDDEN)
            self.r = nn.Linear(HIDDEN, HIDDEN, bias=False)
            self.lif = cell()
            self.readout = nn.Linear(HIDDEN, CLASSES)
            scale_weights(self.w, density, INPUTS)
            nn.init.normal_(self.r.weight, std=0.3 / math.sqrt(HIDDEN))

        def forward(self, x, state=None):
            drive = self.w(x)
            if state is None:
                functional.reset_net(self)
                state = drive.new_zeros(drive.shape[1:])
            s = state
            spikes = []
            for d in drive.unbind(0):
                s = self.lif(d + self.r(s))
                spikes.append(s)
            spikes = torch.stack(spikes)
            return self.readout(spikes), s, spikes

    return {"SpikingJelly LIFNode + linear": ("lif_recurrent", Recurrent)}


def torch_entry(task, build, density, name):
    """The timed call of one net, what one call is worth in the task's unit, and its spike rate."""
    import torch
    import torch.nn.functional as F

    torch.manual_seed(1)
    steps, lanes = STEPS[task], 1 if task == "B" else LANES
    net = build()
    x, labels = torch_events(density, steps, lanes)
    pack = sparse if name.endswith("sparse") else (lambda y: y)
    with torch.no_grad():
        spikes = net(pack(x[:100]))[2]
        rate = None if spikes is None else spikes.mean().item()
    if task == "A":
        packed = pack(x)
        targets = labels.repeat(steps)
        adam = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
        start = [p.detach().clone() for p in net.parameters()]

        def prepare():
            with torch.no_grad():
                for p, q in zip(net.parameters(), start):
                    p.copy_(q)

        def work():
            adam.zero_grad()
            logits = net(packed)[0]
            F.cross_entropy(logits.reshape(-1, CLASSES), targets).backward()
            adam.step()

    elif task == "B":
        # Each step's input is made beforehand: what is timed is the net.
        inputs = [pack(x[t : t + 1]) for t in range(steps)]
        prepare = None

        @torch.inference_mode()
        def work():
            state = None
            for step in inputs:
                _, state, _ = net(step, state)

    else:
        packed = pack(x)
        prepare = None

        @torch.inference_mode()
        def work():
            net(packed)

    return work, prepare, rate


# ---------------------------------------------------------------- Spyx (JAX)


def spyx_model(kind, density):
    """A net of Spyx 1.x: (step, whole, state). `step(x [B, I], state)` is one step; `whole(x [T, B, I])`
    gives the logits and the spikes of all steps."""
    import jax
    import jax.numpy as jnp
    from flax import nnx
    from spyx import axn, nn, ssm

    rngs = nnx.Rngs(1)
    surrogate = axn.superspike(SLOPE)

    def linear(inputs, outputs, std=None):
        init = {} if std is None else {"kernel_init": nnx.initializers.normal(std)}
        return nnx.Linear(inputs, outputs, rngs=rngs, **init)

    def lif():
        return nn.LIF((HIDDEN,), beta=DECAY, activation=surrogate, rngs=rngs)

    class Spiking(nnx.Module):
        def __init__(self):
            self.w = linear(INPUTS, HIDDEN, gain(density) / math.sqrt(INPUTS))
            if kind == "lif_recurrent":
                cell = nn.RLIF((HIDDEN,), beta=DECAY, activation=surrogate, rngs=rngs)
                scale = 0.3 / math.sqrt(HIDDEN)
                cell.recurrent_w = nnx.Param(scale * jax.random.normal(jax.random.key(2), (HIDDEN, HIDDEN)))
                cells = [cell]
            else:
                cells = [lif(), linear(HIDDEN, HIDDEN, gain(0.06) / math.sqrt(HIDDEN)), lif()]
            self.core = nn.Sequential(*cells)
            self.readout = linear(HIDDEN, CLASSES)

        def state(self, lanes):
            return self.core.initial_state(lanes)

        def step(self, x, state):
            spikes, state = self.core(self.w(x), state)
            return self.readout(spikes), state

        def whole(self, x):
            # One product for all drives, then step by step.
            spikes, _ = nn.run(self.core, self.w(x), self.core.initial_state(x.shape[1]))
            return self.readout(spikes), spikes

    class StateSpace(nnx.Module):
        """Encoder, norm, diagonal recurrence by an associative scan, GELU, GLU, residual, readout."""

        def __init__(self):
            self.w = linear(INPUTS, HIDDEN)
            self.norm = nnx.LayerNorm(HIDDEN, rngs=rngs)
            self.lru = ssm.LRU(HIDDEN, HIDDEN, r_min=0.8, r_max=0.999, rngs=rngs)
            self.out = linear(HIDDEN, 2 * HIDDEN)
            self.readout = linear(HIDDEN, CLASSES)

        def whole(self, x):
            x = self.w(x)
            a, c = jnp.split(self.out(jax.nn.gelu(self.lru(self.norm(x)))), 2, -1)
            return self.readout(x + a * jax.nn.sigmoid(c)), None

    return StateSpace() if kind == "ssm" else Spiking()


def spyx_entry(task, kind, density):
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax
    from flax import nnx

    steps, lanes = STEPS[task], 1 if task == "B" else LANES
    rng = np.random.default_rng(1)
    x = jnp.asarray(rng.random((steps, lanes, INPUTS)) < density, dtype=jnp.float32)
    labels = jnp.asarray(rng.integers(0, CLASSES, lanes))
    graph, params = nnx.split(spyx_model(kind, density))

    @jax.jit
    def whole(params, x):
        return nnx.merge(graph, params).whole(x)

    spikes = whole(params, x[:100])[1]
    rate = None if spikes is None else float(spikes.mean())
    if task == "B":
        step = jax.jit(lambda params, x, state: nnx.merge(graph, params).step(x, state))
        start = nnx.merge(graph, params).state(lanes)
        inputs = [x[t] for t in range(steps)]

        def work():
            state = start
            for one in inputs:
                logits, state = step(params, one, state)
            jax.block_until_ready(logits)

        return work, None, rate
    if task == "C":
        return lambda: jax.block_until_ready(whole(params, x)[0]), None, rate
    adam = optax.adam(LEARNING_RATE)

    def loss(params):
        logits, _ = nnx.merge(graph, params).whole(x)
        targets = jnp.broadcast_to(labels, logits.shape[:2])
        return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()

    @jax.jit
    def train(params, state):
        updates, state = adam.update(jax.grad(loss)(params), state)
        return optax.apply_updates(params, updates), state

    state = adam.init(params)
    return lambda: jax.block_until_ready(train(params, state)), None, rate


# ---------------------------------------------------------------- timing


def entries(task, density):
    """(library, model, make) of everything that is installed, and the names of what is not."""
    found, missing = [], []
    families = [
        ("torch", ["torch"], torch_nets),
        ("snntorch", ["snntorch"], snntorch_nets),
        ("norse", ["norse"], norse_nets),
        ("spikingjelly", ["spikingjelly"], spikingjelly_nets),
    ]
    for name, modules, nets in families:
        if any(importlib.util.find_spec(m) is None for m in modules):
            missing.append(name)
            continue
        try:
            built = nets(density)
        except Exception as error:  # Installed, but not whole, or of another version than was tried.
            missing.append(f"{name} ({type(error).__name__}: {error})")
            continue
        for library, (model, build) in built.items():
            found.append((library, model, lambda b=build, n=library: torch_entry(task, b, density, n)))
    if any(importlib.util.find_spec(m) is None for m in ["spyx", "jax", "flax", "optax"]):
        missing.append("spyx")
    else:
        # A scan over a whole sequence has no single steps to time.
        for model in ["lif_recurrent", "lif_256_256"] + ([] if task == "B" else ["ssm"]):
            found.append(("Spyx", model, lambda m=model: spyx_entry(task, m, density)))
    return found, missing


def in_unit(task, seconds):
    if task == "A":
        return 1e3 * seconds
    if task == "B":
        return 1e6 * seconds / STEPS["B"]
    return 1e-3 * STEPS["C"] * LANES / seconds


def shortest(work, prepare, seconds):
    """The shortest call in some seconds, after one that warms up."""
    if prepare:
        prepare()
    work()
    best, end = math.inf, time.perf_counter() + seconds
    while best == math.inf or time.perf_counter() < end:
        if prepare:
            prepare()
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def saturn_figures(saturn, task, cores, density, seconds):
    """model -> (value, spike rate), of the program."""
    if saturn is None:
        return {}
    command = [saturn, "bench", "--json", "--task", task, "--cores", str(cores)]
    command += ["--density", str(density), "--seconds", str(seconds)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    figures = [json.loads(line) for line in lines]
    return {f["model"]: (f["minimum"], f["hidden_rate"]) for f in figures}


def one(task, cores, args):
    """All of one task on some cores: rounds of every library and Saturn; rows of (library, model, ..)."""
    try:
        import torch

        torch.set_num_threads(cores)
    except ImportError:
        pass
    found, missing = entries(task, args.density)
    best, rates, made, failed = {}, {}, {}, []
    better = max if task == "C" else min

    def note(key, value, rate):
        best[key] = better(best.get(key, value), value)
        rates[key] = rate

    for _ in range(args.rounds):
        figures = saturn_figures(args.saturn, task, cores, args.density, args.seconds)
        for model, (value, rate) in figures.items():
            note(("Saturn", model), value, rate)
        for library, model, make in found:
            key = (library, model)
            if key in failed:
                continue
            try:
                if key not in made:
                    made[key] = make()
                work, prepare, rate = made[key]
                note(key, in_unit(task, shortest(work, prepare, args.seconds)), rate)
            except Exception as error:  # A library of another version than was tried is no reason to stop.
                print(f"{library}, {model}: left out, {type(error).__name__}: {error}", file=sys.stderr)
                failed.append(key)
    rows = [
        {"task": task, "cores": cores, "unit": UNITS[task], "library": k[0], "model": k[1], "best": v, "hidden_rate": rates[k]}
        for k, v in best.items()
    ]
    return {"rows": rows, "missing": missing}


def table(rows):
    """One Markdown table: a row a (task, model, library), a column a number of cores."""
    cores = sorted({r["cores"] for r in rows})
    lines = ["| task | model | library | " + " | ".join(f"{c} core{'s' * (c > 1)}" for c in cores) + " | unit | spiking |"]
    lines.append("|---|---|---|" + "---|" * (len(cores) + 2))
    seen = dict.fromkeys((r["task"], r["model"], r["library"]) for r in rows)
    models = ["lif_recurrent", "lif_256_256", "rnn", "gru", "ssm"]
    for task, model, library in sorted(seen, key=lambda k: (k[0], models.index(k[1]))):
        mine = {r["cores"]: r for r in rows if (r["task"], r["model"], r["library"]) == (task, model, library)}
        any_row = next(iter(mine.values()))
        rate = any_row["hidden_rate"]
        cells = [f"{mine[c]['best']:.3g}" if c in mine else "-" for c in cores]
        cells += [any_row["unit"], "-" if rate is None else f"{100 * rate:.1f} %"]
        lines.append(f"| {task} | {model} | {library} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saturn", default=shutil.which("saturn"), help="the program; without it, peers alone are timed")
    parser.add_argument("--tasks", default="A,B,C")
    parser.add_argument("--cores", default="1,2")
    parser.add_argument("--density", type=float, default=0.015)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="also write all rows here")
    parser.add_argument("--one", metavar="TASK:CORES", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        task, cores = args.one.split(":")
        print(json.dumps(one(task, int(cores), args)))
        return
    if args.saturn is None:
        print("no `saturn` on the path and no --saturn: peers alone are timed", file=sys.stderr)
    rows, missing = [], set()
    for task in args.tasks.split(","):
        for cores in args.cores.split(","):
            if task == "B" and cores != "1":
                continue  # One lane is one core's work.
            print(f"task {task} on {cores} core(s)", file=sys.stderr)
            environment = dict(os.environ, OMP_NUM_THREADS=cores, MKL_NUM_THREADS=cores)
            if hasattr(os, "sched_getaffinity") and shutil.which("taskset"):
                # JAX takes its threads from the cores that it sees.
                allowed = sorted(os.sched_getaffinity(0))[: int(cores)]
                prefix = ["taskset", "-c", ",".join(map(str, allowed))]
            else:
                prefix = []
            command = prefix + [sys.executable, os.path.abspath(__file__), "--one", f"{task}:{cores}"]
            command += ["--density", str(args.density), "--seconds", str(args.seconds), "--rounds", str(args.rounds)]
            if args.saturn:
                command += ["--saturn", args.saturn]
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            part = json.loads(done.stdout.splitlines()[-1])
            rows += part["rows"]
            missing |= set(part["missing"])
    print(table(rows))
    for name in sorted(missing):
        print(f"not installed or not usable, left out: {name}")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
