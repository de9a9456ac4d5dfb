"""Golden numbers for the crate `saturn-ssm`: python reference.py > reference.json (PyTorch, double precision).

`dense`: a real state-space system, discretised whole by the exponential of its block matrix (zero-order hold)
or by dense solves (bilinear), and run step by step. Its eigenvalues and the matrices in their basis are the
cell's parameters; one of each conjugate pair is kept.

`block`: the block from PyTorch's own parts (layer_norm, gelu, glu, complex numbers), with the gradients that
autograd gives. Parameters are Saturn's: C is folded, [2 Re C', -2 Im C'].

Matrices are lists of rows; columns are t * lanes + lane.
"""

import json

import torch
from torch.nn import functional as F

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)


def dense():
    pairs, inputs, outputs, steps, delta = 3, 2, 2, 12, 0.1
    n = 2 * pairs
    skew = torch.randn(n, n) * 3
    a = (skew - skew.T) / 2 - torch.diag(torch.rand(n) + 0.3)
    b, c, d = torch.randn(n, inputs), torch.randn(outputs, n), torch.randn(outputs, inputs)
    u = torch.randn(inputs, steps)

    eye = torch.eye(n)
    block = torch.zeros(n + inputs, n + inputs)
    block[:n, :n], block[:n, n:] = a * delta, b * delta
    whole = torch.linalg.matrix_exp(block)
    rules = {
        "zoh": (whole[:n, :n], whole[:n, n:]),
        "bilinear": (
            torch.linalg.solve(eye - a * delta / 2, eye + a * delta / 2),
            torch.linalg.solve(eye - a * delta / 2, b * delta),
        ),
    }
    y = {}
    for name, (a_bar, b_bar) in rules.items():
        x, ys = torch.zeros(n), []
        for t in range(steps):
            x = a_bar @ x + b_bar @ u[:, t]
            ys.append(c @ x + d @ u[:, t])
        y[name] = torch.stack(ys, 1).tolist()

    eigen, basis = torch.linalg.eig(a)
    keep = eigen.imag > 1e-9
    assert keep.sum() == pairs, "all eigenvalues come in pairs"
    b_eigen = torch.linalg.solve(basis, b.to(basis.dtype))[keep]
    c_eigen = (c.to(basis.dtype) @ basis)[:, keep]
    column = lambda v: v.reshape(-1, 1).tolist()
    return {
        "params": {
            "log_re": column(torch.log(-eigen.real[keep])),
            "im": column(eigen.imag[keep]),
            "log_step": column(torch.full((pairs,), delta).log()),
            "log_gain": column(torch.zeros(pairs)),
            "B": torch.cat([b_eigen.real, b_eigen.imag]).tolist(),
            "C": torch.cat([2 * c_eigen.real, -2 * c_eigen.imag], 1).tolist(),
            "D": d.tolist(),
        },
        "x": u.tolist(),
        "y": y,
    }


def block():
    h, p, steps, lanes = 3, 2, 6, 2
    params = {
        "log_re": torch.randn(p, 1) * 0.3 - 0.7,
        "im": torch.randn(p, 1) * 4,
        "log_step": torch.randn(p, 1) * 0.5 - 1.5,
        "log_gain": torch.randn(p, 1) * 0.5,
        "B": torch.randn(2 * p, h),
        "C": torch.randn(h, 2 * p),
        "D": torch.randn(h, 1),
        "out.weight": torch.randn(2 * h, h),
        "out.bias": torch.randn(2 * h, 1),
        "norm.weight": torch.randn(h, 1),
        "norm.bias": torch.randn(h, 1),
    }
    x, dy = torch.randn(h, steps * lanes), torch.randn(h, steps * lanes)
    for v in [*params.values(), x]:
        v.requires_grad_()

    lam = torch.complex(-params["log_re"].exp(), params["im"])
    step = params["log_step"].exp()
    turn = (lam * step).exp()
    b = torch.complex(params["B"][:p], params["B"][p:]) * (turn - 1) / lam * params["log_gain"].exp()
    c = torch.complex(params["C"][:, :p], -params["C"][:, p:]) / 2
    u = F.layer_norm(x.T, (h,), params["norm.weight"][:, 0], params["norm.bias"][:, 0]).T
    state, states = torch.zeros(p, lanes, dtype=lam.dtype), []
    for t in range(steps):
        state = turn * state + b @ u[:, t * lanes : (t + 1) * lanes].to(lam.dtype)
        states.append(state)
    s = 2 * (c @ torch.cat(states, 1)).real + params["D"] * u
    g = F.gelu(s, approximate="tanh")
    y = x + F.glu(params["out.weight"] @ g + params["out.bias"], dim=0)
    (y * dy).sum().backward()
    return {
        "params": {k: v.tolist() for k, v in params.items()},
        "x": x.tolist(),
        "y": y.tolist(),
        "dy": dy.tolist(),
        "dx": x.grad.tolist(),
        "grads": {k: v.grad.tolist() for k, v in params.items()},
    }


print(json.dumps({"dense": dense(), "block": block()}, indent=None, separators=(",", ":")))
