"""Makes windowed_attention.json: numbers of PyTorch's MultiheadAttention that Saturn's, from rest, reproduces.

    python windowed_attention.py > windowed_attention.json          (PyTorch 2.15.0, float64)

T steps, B lanes, I = D inputs, M heads, a window of L steps. Arrays are nested lists: x [T][B][I], y [T][B][D],
position_bias [L][M]. The mask adds the bias of a head and distance, and minus infinity outside of the window.
The gradients are those of sum(c * y).
"""

import json

import torch

T, B, D, M, L = 8, 2, 4, 2, 3

torch.set_default_dtype(torch.float64)
torch.manual_seed(15)
layer = torch.nn.MultiheadAttention(D, M)
torch.nn.init.normal_(layer.in_proj_bias, std=0.5)
torch.nn.init.normal_(layer.out_proj.bias, std=0.5)
position_bias = torch.randn(L, M, requires_grad=True)
x = torch.randn(T, B, D, requires_grad=True)
c = torch.randn(T, B, D)

ago = torch.arange(T)[:, None] - torch.arange(T)[None, :]
inside = (ago >= 0) & (ago < L)
bias = position_bias[ago.clamp(0, L - 1)].permute(2, 0, 1)
mask = bias.masked_fill(~inside, -torch.inf).repeat(B, 1, 1)
y, _ = layer(x, x, x, attn_mask=mask)
(c * y).sum().backward()

parameters = {**dict(layer.named_parameters()), "position_bias": position_bias}


def lists(**tensors):
    return {name: t.detach().tolist() for name, t in tensors.items()}


print(
    json.dumps(
        {
            **lists(x=x, c=c, y=y, d_x=x.grad),
            "parameters": lists(**parameters),
            "gradients": lists(**{name: p.grad for name, p in parameters.items()}),
        }
    )
)
