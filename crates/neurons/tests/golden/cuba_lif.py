"""Makes cuba_lif.json: numbers of snnTorch's Synaptic and Norse's LIFCell that Saturn's current-based LIF reproduces.

    python cuba_lif.py > cuba_lif.json          (snnTorch 1.0.0, Norse 1.1.0, PyTorch 2.15.0)

T steps, B lanes, I inputs, H neurons. Arrays are nested lists: x [T][B][I], weight [H][I], recurrent [H][H],
i, v and s [T][B][H]. The gradients are those of sum(c * s) + sum(e * v) + sum(f * i) with the last v and i; of
sum(c * s) for Norse.
"""

import json

import norse.torch as norse
import snntorch
import torch
from norse.torch.functional.lif import LIFFeedForwardState, LIFParameters
from snntorch import surrogate

T, B, I, H = 10, 2, 3, 3
DT_MS = 10.0
TAU_MEM_MS = [25.0, 60.0, 150.0]
TAU_SYN_MS = [10.0, 20.0, 40.0]

torch.set_default_dtype(torch.float64)
torch.manual_seed(13)
x = torch.randn(T, B, I)
c = torch.randn(T, B, H)
e = torch.randn(B, H)
f = torch.randn(B, H)
weight0 = 0.6 * torch.randn(H, I)
recurrent0 = 0.4 * torch.randn(H, H)
bias0 = 0.2 * torch.rand(H)


def lists(**tensors):
    return {name: t.detach().tolist() for name, t in tensors.items()}


def synaptic(reset):
    """snnTorch: the membrane hears the new current; the reset is delayed by one step and detached."""
    weight, bias, recurrent = (
        t.clone().requires_grad_() for t in (weight0, bias0, recurrent0)
    )
    taus = [torch.tensor(t, requires_grad=True) for t in (TAU_MEM_MS, TAU_SYN_MS)]
    a, alpha = (torch.exp(-DT_MS / tau) for tau in taus)
    gradient = surrogate.fast_sigmoid(slope=10)
    cell = snntorch.Synaptic(
        alpha=alpha, beta=a, reset_mechanism=reset, spike_grad=gradient
    )
    syn, mem, spk = (torch.zeros(B, H) for _ in range(3))
    trace = []
    for t in range(T):
        current = x[t] @ weight.T + bias + spk @ recurrent.T
        spk, syn, mem = cell(current, syn, mem)
        spk = spk.double()
        trace.append((syn, mem, spk))
    i, v, s = (torch.stack(part) for part in zip(*trace))
    ((c * s).sum() + (e * v[-1]).sum() + (f * i[-1]).sum()).backward()
    return lists(
        i=i,
        v=v,
        s=s,
        d_weight=weight.grad,
        d_bias=bias.grad,
        d_recurrent=recurrent.grad,
        d_tau_mem=taus[0].grad,
        d_tau_syn=taus[1].grad,
    )


def lif_cell():
    """Norse: Euler steps; the reset is within the step and differentiated; i is recorded after it has decayed."""
    dt, tau_mem, tau_syn = 0.001, 0.02, 0.005
    weight = weight0.clone().requires_grad_()
    parameters = LIFParameters(
        tau_syn_inv=torch.tensor(1.0 / tau_syn),
        tau_mem_inv=torch.tensor(1.0 / tau_mem),
        v_th=torch.tensor(0.04),
    )
    cell = norse.LIFCell(parameters, dt=dt)
    state = LIFFeedForwardState(v=torch.zeros(B, H), i=torch.zeros(B, H))
    trace = []
    for t in range(T):
        spk, state = cell(x[t] @ weight.T, state)
        trace.append((state.i, state.v, spk))
    i, v, s = (torch.stack(part) for part in zip(*trace))
    (c * s).sum().backward()
    return lists(i=i, v=v, s=s, d_weight=weight.grad)


shared = lists(x=x, c=c, e=e, f=f, weight=weight0, recurrent=recurrent0, bias=bias0)
cases = {
    "subtract": synaptic("subtract"),
    "none": synaptic("none"),
    "norse": lif_cell(),
}
taus = {"tau_mem_ms": TAU_MEM_MS, "tau_syn_ms": TAU_SYN_MS}
print(json.dumps({"dt_ms": DT_MS, **taus, **shared, **cases}))
