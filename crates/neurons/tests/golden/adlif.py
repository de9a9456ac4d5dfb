"""Makes adlif.json: numbers of adaptive LIF neurons in symplectic Euler steps that Saturn's adLIF reproduces.

    python adlif.py > adlif.json          (PyTorch 2.15.0)

Written from the equations of Baronig et al. 2024 as they stand there: the reset is within the step and detached, and
the adaptation hears the membrane after it. Gradients are autograd's, the derivative of a spike 1 / (1 + 10 abs(u))^2.

T steps, B lanes, I inputs, H neurons. Arrays are nested lists: x [T][B][I], weight [H][I], recurrent [H][H],
v (before the reset), w and s [T][B][H]; a and b [H] are adaptation parameters with all their factors. The gradients
are those of sum(c * s) + sum(f * w) with the last w.
"""

import json

import torch

T, B, I, H = 12, 2, 3, 3
DT_MS = 10.0
TAU_MEM_MS = [25.0, 60.0, 150.0]
TAU_ADAPT_MS = [100.0, 200.0, 400.0]
A = [0.5, 4.0, 8.0]
B_SPIKE = [6.0, 0.5, 12.0]

torch.set_default_dtype(torch.float64)
torch.manual_seed(17)
x = torch.randn(T, B, I)
c = torch.randn(T, B, H)
f = torch.randn(B, H)
weight0 = 3.0 * torch.randn(H, I)
recurrent0 = 2.0 * torch.randn(H, H)
bias0 = torch.rand(H)


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


weight, bias, recurrent = (t.clone().requires_grad_() for t in (weight0, bias0, recurrent0))
tau_mem, tau_adapt, a, b = (
    torch.tensor(t, requires_grad=True) for t in (TAU_MEM_MS, TAU_ADAPT_MS, A, B_SPIKE)
)
alpha, beta = torch.exp(-DT_MS / tau_mem), torch.exp(-DT_MS / tau_adapt)
u, w, s = (torch.zeros(B, H) for _ in range(3))
trace = []
for t in range(T):
    current = x[t] @ weight.T + bias + s @ recurrent.T
    hat = alpha * u + (1 - alpha) * (current - w)
    s = Spike.apply(hat - 1.0)
    u = hat * (1 - s.detach())
    w = beta * w + (1 - beta) * (a * u + b * s)
    trace.append((hat, w, s))
v_all, w_all, s_all = (torch.stack(part) for part in zip(*trace))
((c * s_all).sum() + (f * w).sum()).backward()

numbers = lists(
    x=x,
    c=c,
    f=f,
    weight=weight0,
    recurrent=recurrent0,
    bias=bias0,
    v=v_all,
    w=w_all,
    s=s_all,
    d_weight=weight.grad,
    d_bias=bias.grad,
    d_recurrent=recurrent.grad,
    d_tau_mem=tau_mem.grad,
    d_tau_adapt=tau_adapt.grad,
    d_a=a.grad,
    d_b=b.grad,
)
dynamics = {
    "tau_mem_ms": TAU_MEM_MS,
    "tau_adapt_ms": TAU_ADAPT_MS,
    "a": A,
    "b": B_SPIKE,
}
print(json.dumps({"dt_ms": DT_MS, **dynamics, **numbers}))
