"""Golden numbers for the cell `selective_ssm`: python selective_ssm.py > selective_ssm.json (PyTorch 2.15.0,
double precision).

The selective scan from its equations (Gu & Dao 2023, equations 1 to 4 and algorithm 2, with the gate of their
block), state by state in PyTorch, with the gradients that autograd gives. Case zoh: as in the paper. Case euler: the input's
step is delta alone, as in the published code, and there is no gate. Case complex: complex states, B and C.

Matrices are lists of rows; columns are t * lanes + lane. A has a row a unit and a column a state.
"""

import json
import math

import torch
import torch.nn.functional as F

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)

inputs, width, states, steps, lanes = 3, 3, 2, 8, 2


def run(zoh, gate, complex_states):
    parts = 2 if complex_states else 1
    rows = (3 if gate else 2) * width + 2 * parts * states
    leaves = {
        "in_proj.weight": torch.randn(rows, inputs) / math.sqrt(inputs),
        "in_proj.bias": torch.randn(rows, 1),
        "D": torch.randn(width, 1),
        "A_log": 0.5 * torch.randn(width, states),
    }
    if complex_states:
        leaves["A_im"] = 2 * torch.randn(width, states)
    x, dy = torch.randn(inputs, steps * lanes), torch.randn(width, steps * lanes)
    for leaf in [*leaves.values(), x]:
        leaf.requires_grad_()

    sizes = [width] * (3 if gate else 2) + [parts * states] * 2
    projected = leaves["in_proj.weight"] @ x + leaves["in_proj.bias"]
    u, delta, *z, b, c = torch.split(projected, sizes)
    delta = F.softplus(delta)
    a = -torch.exp(leaves["A_log"])
    if complex_states:
        a = torch.complex(a, leaves["A_im"])
        b = torch.complex(b[:states], b[states:])
        c = torch.complex(c[:states], c[states:])
    h, ys = torch.zeros(width, states, lanes, dtype=a.dtype), []
    for t in range(steps):
        now = slice(t * lanes, (t + 1) * lanes)
        factor = torch.exp(delta[:, None, now] * a[:, :, None])
        taken = (factor - 1) / a[:, :, None] if zoh else delta[:, None, now]
        h = factor * h + taken * b[None, :, now] * u[:, None, now]
        y = (c[None, :, now] * h).sum(1)
        ys.append((2 * y.real if complex_states else y) + leaves["D"] * u[:, now])
    y = torch.cat(ys, 1)
    if gate:
        y = y * F.silu(z[0])
    y.backward(dy)
    lists = {name: leaf.detach().tolist() for name, leaf in leaves.items()}
    grads = {name: leaf.grad.tolist() for name, leaf in leaves.items()}
    return {
        "params": lists,
        "x": x.detach().tolist(),
        "dy": dy.tolist(),
        "y": y.detach().tolist(),
        "dx": x.grad.tolist(),
        "grads": grads,
    }


print(
    json.dumps(
        {
            "zoh": run(zoh=True, gate=True, complex_states=False),
            "euler": run(zoh=False, gate=False, complex_states=False),
            "complex": run(zoh=True, gate=True, complex_states=True),
        }
    )
)
