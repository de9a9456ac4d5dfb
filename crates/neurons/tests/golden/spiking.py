"""Makes spiking.json: numbers of other libraries, or of autograd on published equations, that Saturn's spiking cells
reproduce.

    python spiking.py > spiking.json          (snnTorch 1.0.0, Norse 1.1.0, PyTorch 2.15.0)

A case has the name of its cell, the cell's keys, and T steps, B lanes, I inputs, H neurons as nested lists: x [T][B][I],
states [T][B][H], of which s are the spikes, and parameters, `weight` [H][I], `recurrent` [H][H] and `bias` [H], then
the dynamics [H] by their keys. The gradients are those of sum(c * s) and, for each adjoint, of sum(adjoint * state)
with the last state. The two tolerances are those of states and gradients.

Where no library has a cell it is written from its paper's equations, with the derivative 1 / (1 + 10 abs(u))^2 of a
spike. snnTorch's spikes, and so the gradients that pass through them, and Norse's parameters are in single precision.
"""

import json

import norse.torch as norse
import snntorch
import torch
from norse.torch.functional.lif import LIFFeedForwardState, LIFParameters
from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters
from snntorch import surrogate

B, I = 2, 3
DT_MS = 10.0
cases = []
torch.set_default_dtype(torch.float64)


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx, grad):
        (u,) = ctx.saved_tensors
        return grad / (1 + 10 * u.abs()) ** 2


def draw(seed, steps, hidden, adjoints, scales):
    """Input, adjoints and weights: a standard deviation each for weight and recurrent, a range for the bias."""
    torch.manual_seed(seed)
    drawn = {"x": torch.randn(steps, B, I), "c": torch.randn(steps, B, hidden)}
    drawn["adjoints"] = {name: torch.randn(B, hidden) for name in adjoints}
    drawn["weight"] = scales[0] * torch.randn(hidden, I)
    drawn["recurrent"] = scales[1] * torch.randn(hidden, hidden)
    drawn["bias"] = scales[2] * torch.rand(hidden)
    return drawn


def lists(tensors):
    return {name: t.detach().tolist() for name, t in tensors.items()}


def add(cell, config, drawn, dynamics, step, tolerances=(1e-12, 1e-12), dt_ms=DT_MS):
    """Runs `step(p, current, state)`, which gives the states to record, s among them, and the next state.

    Norse's layers have no recurrent weights and no bias, and its last states no adjoints.
    """
    names = ["weight", "recurrent", "bias"] if config.get("recurrent") else ["weight"]
    p = {name: drawn[name].clone().requires_grad_() for name in names}
    p |= {name: torch.tensor(values, requires_grad=True) for name, values in dynamics.items()}
    s, state, trace = torch.zeros(B, len(drawn["bias"])), None, []
    for x in drawn["x"]:
        current = x @ p["weight"].T
        if "bias" in p:
            current = current + p["bias"] + s @ p["recurrent"].T
        recorded, state = step(p, current, state)
        s = recorded["s"] = recorded["s"].double()
        trace.append(recorded)
    states = {name: torch.stack([step[name] for step in trace]) for name in trace[0]}
    adjoints = drawn["adjoints"] if "bias" in p else {}
    loss = (drawn["c"] * states["s"]).sum()
    (loss + sum((a * states[name][-1]).sum() for name, a in adjoints.items())).backward()
    cases.append(
        {
            "cell": cell,
            "config": {"hidden": len(drawn["bias"]), **config},
            "dt_ms": dt_ms,
            "tolerances": tolerances,
            **lists({"x": drawn["x"], "c": drawn["c"]}),
            "adjoints": lists(adjoints),
            "parameters": lists(p),
            "states": lists(states),
            "gradients": lists({name: t.grad for name, t in p.items()}),
        }
    )


def zeros(current, count):
    return [torch.zeros_like(current) for _ in range(count)]


def decay(tau_ms):
    return torch.exp(-DT_MS / tau_ms)


MEMBRANE = {"recurrent": True, "tau_mem_ms": [25.0, 150.0]}
ADAPTIVE = MEMBRANE | {"tau_adapt_ms": [100.0, 400.0]}
TAU_MEM_MS = [25.0, 60.0, 150.0]
TAUS = {"tau_mem_ms": TAU_MEM_MS, "tau_adapt_ms": [100.0, 200.0, 400.0]}
# Norse's Euler decays 1 - dt/tau with dt = 1 ms are taken as exp(-dt/tau).
EULER = {20.0: -1.0 / torch.log(torch.tensor(1 - 1 / 20.0)).item()}
EULER[5.0] = -1.0 / torch.log(torch.tensor(1 - 1 / 5.0)).item()
NORSE = {
    "tau_mem_ms": EULER[20.0],
    "learn_tau": False,
    "threshold": 0.04,
    "spike_reset": "zero",
    "reset_gradient": "full",
    "input_scale": "decay",
    "surrogate": {"fast_sigmoid": 1.0},
    "bias": False,
}

# snnTorch's Leaky: the reset is delayed by one step and detached.
drawn = draw(7, 12, 4, ["v"], [0.6, 0.4, 0.2])
for reset, gradient, keys in [
    ("subtract", surrogate.fast_sigmoid(slope=10), {"fast_sigmoid": 10.0}),
    ("zero", surrogate.atan(alpha=2.0), {"atan": 2.0}),
    ("none", surrogate.fast_sigmoid(slope=10), {"fast_sigmoid": 10.0}),
]:

    def leaky(p, current, mem):
        cell = snntorch.Leaky(
            beta=decay(p["tau_mem_ms"]), reset_mechanism=reset, spike_grad=gradient
        )
        s, v = cell(current, torch.zeros_like(current) if mem is None else mem)
        return {"v": v, "s": s}, v

    config = MEMBRANE | {"spike_reset": reset, "surrogate": keys}
    add("lif", config, drawn, {"tau_mem_ms": [25.0, 40.0, 80.0, 150.0]}, leaky, (1e-12, 1e-6))

# Norse's LIFBoxCell: Euler steps; the reset is within the step and differentiated, so v is 0 where there is a spike. The
# `super` gradient of Norse 1.1.0 is 1 / (1 + abs(u))^2 at any alpha, which older versions multiply u by.
box = norse.LIFBoxCell(
    LIFBoxParameters(tau_mem_inv=torch.tensor(1.0 / 0.02), v_th=torch.tensor(0.04)), dt=0.001
)


def lif_box(p, current, state):
    s, state = box(current, state or LIFBoxFeedForwardState(v=torch.zeros_like(current)))
    return {"v_reset": state.v, "s": s}, state


add("lif", NORSE, drawn, {}, lif_box, (1e-6, 1e-6), dt_ms=1.0)

# Yin, Corradi & Bohte 2021: a spike adds 1 - rho to the adaptation. Bellec et al. 2020: it adds 1.
drawn = draw(11, 10, 3, ["v", "b"], [0.9, 0.4, 0.3])
for normalise, beta in [(True, 1.8), (False, 0.2)]:

    def alif(p, current, state):
        v, b, s = state or zeros(current, 3)
        a, rho = decay(p["tau_mem_ms"]), decay(p["tau_adapt_ms"])
        b = rho * b + ((1 - rho) if normalise else 1.0) * s
        v = a * v + current - s.detach()
        s = Spike.apply(v - 1.0 - beta * b)
        return {"v": v, "b": b, "s": s}, (v, b, s)

    add("alif", ADAPTIVE | {"normalise": normalise, "beta": beta}, drawn, TAUS, alif)

# snnTorch's Synaptic: the membrane reads the new current; the reset is delayed by one step and detached.
drawn = draw(13, 10, 3, ["v", "i"], [0.6, 0.4, 0.2])
for reset in ["subtract", "none"]:

    def synaptic(p, current, state):
        cell = snntorch.Synaptic(
            alpha=decay(p["tau_syn_ms"]),
            beta=decay(p["tau_mem_ms"]),
            reset_mechanism=reset,
            spike_grad=surrogate.fast_sigmoid(slope=10),
        )
        s, i, v = cell(current, *(state or zeros(current, 2)))
        return {"i": i, "v": v, "s": s}, (i, v)

    config = MEMBRANE | {"tau_syn_ms": [10.0, 40.0], "spike_reset": reset}
    taus = {"tau_mem_ms": TAU_MEM_MS, "tau_syn_ms": [10.0, 20.0, 40.0]}
    add("cuba_lif", config, drawn, taus, synaptic, (1e-12, 1e-6))

# Norse's LIFCell: Euler steps; the reset is within the step and differentiated; i is recorded after its decay of 0.8.
current_based = norse.LIFCell(
    LIFParameters(
        tau_syn_inv=torch.tensor(1.0 / 0.005),
        tau_mem_inv=torch.tensor(1.0 / 0.02),
        v_th=torch.tensor(0.04),
    ),
    dt=0.001,
)


def lif_cell(p, current, state):
    v, i = zeros(current, 2)
    s, state = current_based(current, state or LIFFeedForwardState(v=v, i=i))
    return {"i": state.i / 0.8, "v_reset": state.v, "s": s}, state


add("cuba_lif", NORSE | {"tau_syn_ms": EULER[5.0]}, drawn, {}, lif_cell, (1e-6, 1e-6), dt_ms=1.0)

# Baronig et al. 2024: the reset is within the step and detached, and the adaptation reads the membrane after it. v is
# recorded before it.
drawn = draw(17, 12, 3, ["w"], [3.0, 2.0, 1.0])


def adlif(p, current, state):
    u, w, s = state or zeros(current, 3)
    alpha, beta = decay(p["tau_mem_ms"]), decay(p["tau_adapt_ms"])
    v = alpha * u + (1 - alpha) * (current - w)
    s = Spike.apply(v - 1.0)
    u = v * (1 - s.detach())
    w = beta * w + (1 - beta) * (p["a"] * u + p["b"] * s)
    return {"v": v, "w": w, "s": s}, (u, w, s)


config = ADAPTIVE | {"a_max": 10.0, "b_max": 20.0}
add("adlif", config, drawn, TAUS | {"a": [0.5, 4.0, 8.0], "b": [6.0, 0.5, 12.0]}, adlif)

# Higuchi et al. 2024 (balanced), with input as it comes instead of multiplied by the step, and with the exact step.
# Izhikevich 2001, a quarter turn on, whose membrane is set to the threshold by a spike; the exact step. Gradients pass
# through resets; q is that which a step used.
drawn = draw(23, 12, 3, ["w"], [1.0, 1.0, 1.0])
DT = 1e-3 * DT_MS
for reset, rule in [
    ("balanced", "euler"),
    ("balanced", "exponential"),
    ("izhikevich", "exponential"),
]:

    def resonator(p, current, state):
        v, w, q, s = state or zeros(current, 4)
        omega = 2 * torch.pi / (1e-3 * p["period_ms"])
        damping = 1 / (1e-3 * p["tau_mem_ms"])
        if reset == "izhikevich":
            v, w = v * (1 - s) + s, w * (1 - s)
        else:
            q = 0.9 * q + s
        if rule == "euler":
            b = (-1 + torch.sqrt(1 - (DT * omega) ** 2)) / DT - damping - q
            v, w = v + DT * (b * v - omega * w) + current, w + DT * (omega * v + b * w)
        else:
            turn = torch.exp(DT * torch.complex(-damping - q, omega.expand(q.shape)))
            z = torch.complex(v, w) * turn
            v, w = z.real + current, z.imag
        s = Spike.apply(v - 1.0 - q)
        recorded = {"v": v, "w": w, "s": s}
        return recorded | ({"q": q} if reset == "balanced" else {}), (v, w, q, s)

    config = {"recurrent": True, "period_ms": [210.0, 2000.0], "tau_mem_ms": [90.0, 800.0]}
    config |= {"step": rule, "spike_reset": reset}
    dynamics = {"period_ms": [250.0, 600.0, 1500.0], "tau_mem_ms": [100.0, 200.0, 700.0]}
    add("resonate_and_fire", config, drawn, dynamics, resonator)
print(json.dumps(cases))
