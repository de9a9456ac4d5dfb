"""Golden numbers for the cell `spiking_ssm`: python spiking_ssm.py > spiking_ssm.json (PyTorch 2.15.0, double
precision).

A diagonal state-space model with zero-order hold, in PyTorch's complex numbers, whose outputs are divided by learnt
thresholds and go through leaky integrate-and-fire neurons that subtract their threshold within the step (Shen et al. 2024),
with the gradients that autograd gives. The derivative of a spike is 1 / (1 + 10 abs(u))^2; resets are detached. B and C, and
their gradients, are laid out as Saturn's: B_re above B_im, and C_re left of -C_im, with the factor 2 in them.

Matrices are lists of rows; columns are t * lanes + lane.
"""

import json

import torch

torch.manual_seed(9)
torch.set_default_dtype(torch.float64)

states, inputs, outputs, steps, lanes = 3, 3, 4, 12, 2
DT_MS = 10.0
TAU_MEM_MS = [15.0, 20.0, 30.0, 45.0]


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx, grad):
        (u,) = ctx.saved_tensors
        return grad / (1 + 10 * u.abs()) ** 2


leaves = {
    "B": torch.randn(2 * states, inputs),
    "C": torch.randn(outputs, 2 * states),
    "D": torch.randn(outputs, inputs),
    "log_threshold": 0.3 * torch.randn(outputs, 1),
    "log_re": 0.3 * torch.randn(states, 1),
    "im": 2 * torch.randn(states, 1),
    "log_step": -1 + 0.5 * torch.randn(states, 1),
    "log_gain": 0.5 * torch.randn(states, 1),
}
tau = torch.tensor(TAU_MEM_MS).reshape(outputs, 1)
x, dy = torch.randn(inputs, steps * lanes), torch.randn(outputs, steps * lanes)
for leaf in [*leaves.values(), tau, x]:
    leaf.requires_grad_()

poles = torch.complex(-leaves["log_re"].exp(), leaves["im"])
factor = torch.exp(poles * leaves["log_step"].exp())
taken = (factor - 1) / poles * leaves["log_gain"].exp()
b = torch.complex(leaves["B"][:states], leaves["B"][states:])
alpha = torch.exp(-DT_MS / tau)
state = torch.zeros(states, lanes, dtype=factor.dtype)
left = torch.zeros(outputs, lanes)
membranes, spikes = [], []
for t in range(steps):
    u = x[:, t * lanes : (t + 1) * lanes]
    state = factor * state + taken * (b @ u.to(b.dtype))
    read = leaves["C"][:, :states] @ state.real + leaves["C"][:, states:] @ state.imag + leaves["D"] @ u
    membrane = alpha * left + read / leaves["log_threshold"].exp()
    spike = Spike.apply(membrane - 1)
    left = membrane - spike.detach()
    membranes.append(membrane)
    spikes.append(spike)
y = torch.cat(spikes, 1)
y.backward(dy)
print(
    json.dumps(
        {
            "tau_mem_ms": TAU_MEM_MS,
            "params": {name: leaf.detach().tolist() for name, leaf in leaves.items()},
            "x": x.detach().tolist(),
            "dy": dy.tolist(),
            "y": y.detach().tolist(),
            "m": torch.cat(membranes, 1).detach().tolist(),
            "dx": x.grad.tolist(),
            "d_tau_mem": tau.grad.tolist(),
            "grads": {name: leaf.grad.tolist() for name, leaf in leaves.items()},
        }
    )
)
