"""Golden numbers for the cell `lru`: python lru.py > lru.json (PyTorch 2.15.0, double precision).

The linear recurrent unit from its equations (Orvieto et al. 2023, equations 2 and 7 and the listing in the
appendix), in PyTorch's complex numbers, with the gradients that autograd gives. Its parameters are drawn and
differentiated as in the paper; B and C, and their gradients, are then laid out as Saturn's: B_re above B_im, and
C_re left of -C_im. D is a matrix, since there are more outputs than inputs.

Matrices are lists of rows; columns are t * lanes + lane.
"""

import json

import torch

torch.manual_seed(2)
torch.set_default_dtype(torch.float64)

states, inputs, outputs, steps, lanes = 3, 2, 3, 8, 2
r_min, r_max, max_phase = 0.5, 0.95, 3.0

u1, u2 = torch.rand(states), torch.rand(states)
nu_log = torch.log(-0.5 * torch.log(u1 * (r_max**2 - r_min**2) + r_min**2))
theta_log = torch.log(max_phase * u2)
modulus = torch.exp(-torch.exp(nu_log))
gamma_log = torch.log(torch.sqrt(1 - modulus**2))
b_re, b_im = torch.randn(2, states, inputs) / (2 * inputs) ** 0.5
c_re, c_im = torch.randn(2, outputs, states) / states**0.5
d = torch.randn(outputs, inputs)
x, dy = torch.randn(inputs, steps * lanes), torch.randn(outputs, steps * lanes)
leaves = [nu_log, theta_log, gamma_log, b_re, b_im, c_re, c_im, d, x] = [
    v.clone().requires_grad_() for v in [nu_log, theta_log, gamma_log, b_re, b_im, c_re, c_im, d, x]
]

factor = torch.exp(torch.complex(-nu_log.exp(), theta_log.exp()))
b = torch.complex(b_re, b_im) * gamma_log.exp()[:, None]
c = torch.complex(c_re, c_im)
state, ys = torch.zeros(states, lanes, dtype=factor.dtype), []
for t in range(steps):
    u = x[:, t * lanes : (t + 1) * lanes]
    state = factor[:, None] * state + b @ u.to(factor.dtype)
    ys.append((c @ state).real + d @ u)
y = torch.cat(ys, 1)
(y * dy).sum().backward()


def laid_out(value):
    return {
        "B": torch.cat([value(b_re), value(b_im)]).tolist(),
        "C": torch.cat([value(c_re), -value(c_im)], 1).tolist(),
        "D": value(d).tolist(),
        "nu_log": value(nu_log).reshape(-1, 1).tolist(),
        "theta_log": value(theta_log).reshape(-1, 1).tolist(),
        "gamma_log": value(gamma_log).reshape(-1, 1).tolist(),
    }


golden = {
    "params": laid_out(lambda v: v.detach()),
    "x": x.tolist(),
    "y": y.tolist(),
    "dy": dy.tolist(),
    "dx": x.grad.tolist(),
    "grads": laid_out(lambda v: v.grad),
}
print(json.dumps(golden, indent=None, separators=(",", ":")))
