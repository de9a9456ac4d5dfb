"""Makes pytorch.json: numbers of PyTorch's Linear, RNN and GRU that Saturn's cells reproduce.

    python pytorch.py > pytorch.json          (PyTorch 2.15.0, float64)

T steps, B lanes, I inputs, H units. Arrays are nested lists: x [T][B][I], y [T][B][H], h0 [B][H]. The
gradients are those of sum(c * y) + sum(e * h), where h is the state after the last step (Linear has none).
"""

import json

import torch

T, B, I, H = 5, 2, 3, 4

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
x0 = torch.randn(T, B, I)
h0 = 0.5 * torch.randn(1, B, H)
c = torch.randn(T, B, H)
e = torch.randn(B, H)


def run(layer):
    recurrent = not isinstance(layer, torch.nn.Linear)
    x, h = x0.clone().requires_grad_(), h0.clone().requires_grad_()
    scalar = 0.0
    if recurrent:
        y, last = layer(x, h)
        scalar = (e * last[0]).sum()
    else:
        y = layer(x)
    (scalar + (c * y).sum()).backward()
    numbers = {
        "parameters": {k: v.tolist() for k, v in layer.named_parameters()},
        "y": y.tolist(),
        "gradients": {k: v.grad.tolist() for k, v in layer.named_parameters()},
        "d_x": x.grad.tolist(),
    }
    if recurrent:
        numbers["d_h0"] = h.grad[0].tolist()
    return numbers


print(
    json.dumps(
        {
            "x": x0.tolist(),
            "h0": h0[0].tolist(),
            "c": c.tolist(),
            "e": e.tolist(),
            "linear": run(torch.nn.Linear(I, H)),
            "rnn": run(torch.nn.RNN(I, H)),
            "gru": run(torch.nn.GRU(I, H)),
        }
    )
)
