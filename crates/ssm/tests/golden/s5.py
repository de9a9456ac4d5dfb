"""Golden numbers for S5 by the keys of `ssm` and `ssm_block`: python s5.py > s5.json (PyTorch 2.15.0, double precision).

S5 as published (Smith, Warrington & Linderman 2023, §3 and appendix B): J blocks of HiPPO-LegS-N, diagonalised;
real random B and C in the basis of the eigenvectors; the half of the eigenvalues with Im < 0; a step for each
state; zero-order hold; y = 2 Re(C x) + D u. `ssm` is that, and `ssm_block` its layer: norm, S5, GELU, full GLU
(both halves of it linear maps of GELU's output), residual.

What is differentiated are S5's own parameters: gradients for Saturn's log_re follow by Re λ = -exp(log_re), and
C is folded, (2 Re C, -2 Im C). A gain of 1 is put in, since Saturn learns one; `ssm` has a whole matrix for D.

Matrices are lists of rows; columns are t * lanes + lane.
"""

import json

import torch
from torch.nn import functional as F

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)

size, blocks, width, steps, lanes = 4, 2, 3, 6, 2
dt_min, dt_max = 0.001, 0.1

n = torch.arange(size, dtype=torch.get_default_dtype())
root = (2 * n + 1).sqrt()
hippo = -(torch.tril(root[:, None] * root[None, :], -1) + torch.diag(n + 1))
normal = hippo + torch.outer((n + 0.5).sqrt(), (n + 0.5).sqrt())
im, basis = torch.linalg.eigh(normal * -1j)
half = size // 2
p = blocks * half
im, basis = im[:half].repeat(blocks), torch.block_diag(*[basis[:, :half]] * blocks)
re = torch.diagonal(normal).mean().repeat(p)
b = basis.conj().T @ (torch.randn(blocks * size, width) / width**0.5).to(basis.dtype)
c = (torch.randn(width, blocks * size) / (blocks * size) ** 0.5).to(basis.dtype) @ basis
log_step = torch.rand(p) * (torch.tensor(dt_max / dt_min).log()) + torch.tensor(dt_min).log()

x, dy = torch.randn(width, steps * lanes), torch.randn(width, steps * lanes)
leaves = {
    "re": re,
    "im": im,
    "log_step": log_step,
    "gain": torch.ones(p),
    "b_re": b.real,
    "b_im": b.imag,
    "c_re": c.real,
    "c_im": c.imag,
    "d": torch.randn(width),
    "x": x,
    "norm.weight": torch.randn(width),
    "norm.bias": torch.randn(width),
    "out.weight": torch.randn(2 * width, width),
    "out.bias": torch.randn(2 * width),
}
column = lambda v: v.reshape(-1, 1)


def fresh():
    return {name: v.detach().clone().requires_grad_() for name, v in leaves.items()}


def s5(v, u):
    lam = torch.complex(v["re"], v["im"])
    turn = (lam * v["log_step"].exp()).exp()
    b_bar = (v["gain"] * (turn - 1) / lam)[:, None] * torch.complex(v["b_re"], v["b_im"])
    state, states = torch.zeros(p, lanes, dtype=lam.dtype), []
    for t in range(steps):
        state = turn[:, None] * state + b_bar @ u[:, t * lanes : (t + 1) * lanes].to(lam.dtype)
        states.append(state)
    return 2 * (torch.complex(v["c_re"], v["c_im"]) @ torch.cat(states, 1)).real


def shared(v, grad):
    of = lambda name: v[name].grad if grad else v[name].detach()
    return {
        "B": torch.cat([of("b_re"), of("b_im")]).tolist(),
        # C = (2 Re C', -2 Im C'): its gradient is that of C', halved.
        "C": (torch.cat([of("c_re"), -of("c_im")], 1) * (0.5 if grad else 2)).tolist(),
        "log_re": column(of("re") * v["re"].detach() if grad else (-of("re")).log()).tolist(),
        "im": column(of("im")).tolist(),
        "log_step": column(of("log_step")).tolist(),
        "log_gain": column(of("gain") if grad else of("gain").log()).tolist(),
    }


def cell():
    v = fresh()
    d = torch.diag(v["d"].detach()).requires_grad_()
    y = s5(v, v["x"]) + d @ v["x"]
    (y * dy).sum().backward()
    return result(v, y, {"D": d.detach().tolist()}, {"D": d.grad.tolist()})


def layer():
    v = fresh()
    u = F.layer_norm(v["x"].T, (width,), v["norm.weight"], v["norm.bias"]).T
    g = F.gelu(s5(v, u) + v["d"][:, None] * u, approximate="tanh")
    out = v["out.weight"] @ g + v["out.bias"][:, None]
    y = v["x"] + out[:width] * torch.sigmoid(out[width:])
    (y * dy).sum().backward()
    names = {"D": "d", "norm.weight": "norm.weight", "norm.bias": "norm.bias", "out.bias": "out.bias"}
    params = {name: column(v[own].detach()).tolist() for name, own in names.items()}
    grads = {name: column(v[own].grad).tolist() for name, own in names.items()}
    params["out.weight"] = v["out.weight"].tolist()
    grads["out.weight"] = v["out.weight"].grad.tolist()
    return result(v, y, params, grads)


def result(v, y, params, grads):
    return {
        "params": shared(v, False) | params,
        "x": x.tolist(),
        "y": y.tolist(),
        "dy": dy.tolist(),
        "dx": v["x"].grad.tolist(),
        "grads": shared(v, True) | grads,
    }


print(json.dumps({"ssm": cell(), "ssm_block": layer()}, indent=None, separators=(",", ":")))
