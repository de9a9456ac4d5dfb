"""Makes lif.json: numbers of snnTorch's Leaky and Norse's LIFBoxCell that Saturn's LIF and LI reproduce.

    python lif.py > lif.json          (snnTorch 1.0.0, Norse 1.1.0, PyTorch 2.15.0)

T steps, B lanes, I inputs, H neurons. Arrays are nested lists: x [T][B][I], weight [H][I], recurrent [H][H],
v and s [T][B][H]. The gradients are those of sum(c * s) + sum(e * v), where v is the membrane of the last step.
"""

import json

import norse.torch as norse
import snntorch
import torch
from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters
from snntorch import surrogate

T, B, I, H = 12, 2, 3, 4
DT_MS = 10.0
TAU_MS = [25.0, 40.0, 80.0, 150.0]

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)
x = torch.randn(T, B, I)
c = torch.randn(T, B, H)
e = torch.randn(B, H)
weight0 = 0.6 * torch.randn(H, I)
recurrent0 = 0.4 * torch.randn(H, H)
bias0 = 0.2 * torch.rand(H)


def lists(**tensors):
    return {name: t.detach().tolist() for name, t in tensors.items()}


def leaky(reset, gradient):
    """snnTorch: Leaky reads W x + b + W_r s; the reset is delayed by one step and detached."""
    weight = weight0.clone().requires_grad_()
    recurrent = recurrent0.clone().requires_grad_()
    bias = bias0.clone().requires_grad_()
    tau = torch.tensor(TAU_MS, requires_grad=True)
    cell = snntorch.Leaky(
        beta=torch.exp(-DT_MS / tau), reset_mechanism=reset, spike_grad=gradient
    )
    mem, spk = torch.zeros(B, H), torch.zeros(B, H)
    v, s = [], []
    for t in range(T):
        current = x[t] @ weight.T + bias + spk @ recurrent.T
        spk, mem = cell(current, mem)
        spk = spk.double()
        v.append(mem)
        s.append(spk)
    v, s = torch.stack(v), torch.stack(s)
    ((c * s).sum() + (e * v[-1]).sum()).backward()
    return lists(
        v=v,
        s=s,
        d_weight=weight.grad,
        d_bias=bias.grad,
        d_recurrent=recurrent.grad,
        d_tau=tau.grad,
    )


def lif_box():
    """Norse: Euler steps, the reset within the step and differentiated; no recurrence.

    The `super` gradient of Norse 1.1.0 is 1 / (1 + abs(u))^2 whatever its alpha, which older versions multiply u by.
    """
    dt, tau = 0.001, 0.02
    weight = weight0.clone().requires_grad_()
    parameters = LIFBoxParameters(
        tau_mem_inv=torch.tensor(1.0 / tau), v_th=torch.tensor(0.04)
    )
    cell = norse.LIFBoxCell(parameters, dt=dt)
    state = LIFBoxFeedForwardState(v=torch.zeros(B, H))
    v, s = [], []
    for t in range(T):
        spk, state = cell(x[t] @ weight.T, state)
        v.append(state.v)
        s.append(spk)
    v, s = torch.stack(v), torch.stack(s)
    (c * s).sum().backward()
    return lists(v=v, s=s, d_weight=weight.grad)


shared = lists(x=x, c=c, e=e, weight=weight0, recurrent=recurrent0, bias=bias0)
print(
    json.dumps(
        {
            "dt_ms": DT_MS,
            "tau_ms": TAU_MS,
            **shared,
            "subtract": leaky("subtract", surrogate.fast_sigmoid(slope=10)),
            "zero": leaky("zero", surrogate.atan(alpha=2.0)),
            "none": leaky("none", surrogate.fast_sigmoid(slope=10)),
            "norse": lif_box(),
        }
    )
)
