"""Makes input_gated_rnn.json: the cell from its equations, with the gradients of PyTorch's autograd.

    python input_gated_rnn.py > input_gated_rnn.json          (PyTorch 2.15.0, float64)

T steps, B lanes, I inputs, H units. Arrays are nested lists: x [T][B][I], y [T][B][H], states [B][H]. The
gradients are those of sum(c * y) + sum(e * h), where h is the state after the last step.
"""

import json

import torch

T, B, I, H = 8, 2, 3, 4

torch.set_default_dtype(torch.float64)
torch.manual_seed(13)
x = torch.randn(T, B, I, requires_grad=True)
state0 = (0.5 * torch.randn(B, H)).requires_grad_()
c = torch.randn(T, B, H)
e = torch.randn(B, H)
parameters = {
    "weight_ih_l0": 0.5 * torch.randn(2 * H, I),
    "weight_hh_l0": 0.5 * torch.randn(H, H),
    "bias_ih_l0": 0.5 * torch.randn(2 * H),
}
for p in parameters.values():
    p.requires_grad_()

(w_g, w_n) = parameters["weight_ih_l0"].split(H)
(b_g, b_n) = parameters["bias_ih_l0"].split(H)
u = parameters["weight_hh_l0"]
h, y = state0, []
for t in range(T):
    g = torch.sigmoid(x[t] @ w_g.T + b_g)
    n = torch.tanh(x[t] @ w_n.T + b_n + h @ u.T)
    h = (1 - g) * h + g * n
    y.append(h)
y = torch.stack(y)
((c * y).sum() + (e * h).sum()).backward()


def lists(**tensors):
    return {name: t.detach().tolist() for name, t in tensors.items()}


print(
    json.dumps(
        {
            **lists(x=x, state0=state0, c=c, e=e, y=y, state=h),
            "parameters": lists(**parameters),
            "gradients": lists(**{name: p.grad for name, p in parameters.items()}),
            **lists(d_x=x.grad, d_state0=state0.grad),
        }
    )
)
