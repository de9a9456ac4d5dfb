"""Makes alif.json: numbers of adaptive LIF neurons that Saturn's ALIF reproduces.

    python alif.py > alif.json          (PyTorch 2.15.0)

No reference library has this neuron without synaptic currents, so it is written here from the equations of Bellec
et al. 2020 (`bellec`: a spike adds 1 to the adaptation) and Yin, Corradi & Bohte 2021 (`yin`: it adds 1 - rho), with
a spike that subtracts the threshold of a rested neuron. Gradients are autograd's, the reset detached, the derivative
of a spike 1 / (1 + 10 abs(u))^2.

T steps, B lanes, I inputs, H neurons. Arrays are nested lists: x [T][B][I], weight [H][I], recurrent [H][H],
v, b and s [T][B][H]. The gradients are those of sum(c * s) + sum(e * v) + sum(f * b) with the last v and b.
"""

import json

import torch

T, B, I, H = 10, 2, 3, 3
DT_MS = 10.0
TAU_MEM_MS = [25.0, 60.0, 150.0]
TAU_ADAPT_MS = [100.0, 200.0, 400.0]

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
x = torch.randn(T, B, I)
c = torch.randn(T, B, H)
e = torch.randn(B, H)
f = torch.randn(B, H)
weight0 = 0.9 * torch.randn(H, I)
recurrent0 = 0.4 * torch.randn(H, H)
bias0 = 0.3 * torch.rand(H)


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx, grad):
        (u,) = ctx.saved_tensors
        return grad / (1 + 10 * u.abs()) ** 2


def lists(**tensors):
    return {name: t.detach().tolist() for name, t in tensors.items()}


def alif(normalise, beta):
    leaves = [t.clone().requires_grad_() for t in (weight0, bias0, recurrent0)]
    taus = [torch.tensor(t, requires_grad=True) for t in (TAU_MEM_MS, TAU_ADAPT_MS)]
    weight, bias, recurrent = leaves
    a, rho = (torch.exp(-DT_MS / tau) for tau in taus)
    v, b, s = (torch.zeros(B, H) for _ in range(3))
    trace = []
    for t in range(T):
        current = x[t] @ weight.T + bias + s @ recurrent.T
        b = rho * b + ((1 - rho) if normalise else 1.0) * s
        v = a * v + current - s.detach()
        s = Spike.apply(v - 1.0 - beta * b)
        trace.append((v, b, s))
    v_all, b_all, s_all = (torch.stack(part) for part in zip(*trace))
    ((c * s_all).sum() + (e * v).sum() + (f * b).sum()).backward()
    return lists(
        v=v_all,
        b=b_all,
        s=s_all,
        d_weight=weight.grad,
        d_bias=bias.grad,
        d_recurrent=recurrent.grad,
        d_tau_mem=taus[0].grad,
        d_tau_adapt=taus[1].grad,
    )


shared = lists(x=x, c=c, e=e, f=f, weight=weight0, recurrent=recurrent0, bias=bias0)
cases = {"yin": alif(True, 1.8), "bellec": alif(False, 0.2)}
taus = {"tau_mem_ms": TAU_MEM_MS, "tau_adapt_ms": TAU_ADAPT_MS}
print(json.dumps({"dt_ms": DT_MS, **taus, **shared, **cases}))
