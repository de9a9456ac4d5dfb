"""Makes resonate_and_fire.json: numbers of resonate-and-fire neurons that Saturn's reproduce.

    python resonate_and_fire.py > resonate_and_fire.json          (PyTorch 2.15.0)

Case balanced: written from the equations of Higuchi et al. 2024, with input as it comes instead of multiplied by the
step. Case exponential: the same with the exact step. Case izhikevich: the neuron of Izhikevich 2001, a quarter turn on,
whose membrane is set to the threshold by a spike; the exact step. Gradients are autograd's, through resets too; the derivative
of a spike is 1 / (1 + 10 abs(u))^2.

T steps, B lanes, I inputs, H neurons. Arrays are nested lists: x [T][B][I], weight [H][I], recurrent [H][H], v, w (real and
imaginary part) and s [T][B][H]; q (where there is one) is that which a step used. The gradients are those of
sum(c * s) + sum(f * w) with the last w.
"""

import json

import torch

T, B, I, H = 12, 2, 3, 3
DT = 0.01
PERIOD_MS = [250.0, 600.0, 1500.0]
TAU_MEM_MS = [100.0, 200.0, 700.0]

torch.set_default_dtype(torch.float64)
torch.manual_seed(23)
x = torch.randn(T, B, I)
c = torch.randn(T, B, H)
f = torch.randn(B, H)
weight0 = torch.randn(H, I)
recurrent0 = torch.randn(H, H)
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


def run(kind):
    weight, bias, recurrent = (t.clone().requires_grad_() for t in (weight0, bias0, recurrent0))
    period, tau = (torch.tensor(t, requires_grad=True) for t in (PERIOD_MS, TAU_MEM_MS))
    omega, damping = 2 * torch.pi / (1e-3 * period), 1 / (1e-3 * tau)
    u, v, q, s = (torch.zeros(B, H) for _ in range(4))
    trace = []
    for t in range(T):
        current = x[t] @ weight.T + bias + s @ recurrent.T
        if kind == "izhikevich":
            u, v = u * (1 - s) + s, v * (1 - s)
        else:
            q = 0.9 * q + s
        if kind == "balanced":
            boundary = (-1 + torch.sqrt(1 - (DT * omega) ** 2)) / DT
            b = boundary - damping - q
            u, v = (
                u + DT * (b * u - omega * v) + current,
                v + DT * (omega * u + b * v),
            )
        else:
            z = torch.complex(u, v) * torch.exp(DT * torch.complex(-damping - q, omega.expand(B, H)))
            u, v = z.real + current, z.imag
        s = Spike.apply(u - 1.0 - q)
        trace.append((u, v, q, s))
    u_all, v_all, q_all, s_all = (torch.stack(part) for part in zip(*trace))
    ((c * s_all).sum() + (f * v).sum()).backward()
    numbers = lists(
        v=u_all,
        w=v_all,
        s=s_all,
        d_weight=weight.grad,
        d_bias=bias.grad,
        d_recurrent=recurrent.grad,
        d_period=period.grad,
        d_tau_mem=tau.grad,
    )
    return numbers if kind == "izhikevich" else numbers | lists(q=q_all)


shared = lists(x=x, c=c, f=f, weight=weight0, recurrent=recurrent0, bias=bias0)
cases = {kind: run(kind) for kind in ("balanced", "exponential", "izhikevich")}
print(json.dumps({"period_ms": PERIOD_MS, "tau_mem_ms": TAU_MEM_MS, **shared, **cases}))
