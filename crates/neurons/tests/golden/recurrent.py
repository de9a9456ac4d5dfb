"""Makes recurrent.json: numbers of PyTorch's layers, or of autograd on a cell's equations, that Saturn's cells reproduce.

    python recurrent.py > recurrent.json          (PyTorch 2.15.0, float64)

A case has the name of its cell, the cell's keys, and T steps, B lanes, I inputs, H units as nested lists: x [T][B][I],
y [T][B][H], states [B][S] where there are any. Two biases that act as their sum are given as their sum, with the
gradient of one of them. The gradients are those of sum(c * y) + sum(e * state), where state is the last one.
"""

import json
import math

import torch
from torch import nn

T, B, I, H = 8, 2, 3, 4
END = 4.0  # log rates above which rates go on along their tangent
cases = []

torch.set_default_dtype(torch.float64)
torch.manual_seed(12)


def lists(tensors):
    return {name: t.detach().tolist() for name, t in tensors.items()}


def add(cell, config, parameters, forward, rows=H, inputs=I, x=None):
    """Runs `forward(x, state0, parameters)`, which gives y and the last state of so many rows."""
    x = torch.randn(T, B, inputs) if x is None else x
    state0, c = 0.5 * torch.randn(B, rows), torch.randn(T, B, H)
    e = torch.randn(B, rows)
    for t in (x, state0, *parameters.values()):
        t.requires_grad_()
    y, state = forward(x, state0, parameters)
    ((c * y).sum() + (e * state).sum()).backward()
    values = {name: p.detach() for name, p in parameters.items()}
    gradients = {name: p.grad for name, p in parameters.items()}
    if cell in ("rnn", "lstm"):
        assert torch.allclose(gradients.pop("bias_hh_l0"), gradients["bias_ih_l0"], rtol=1e-14)
        values["bias_ih_l0"] = values["bias_ih_l0"] + values.pop("bias_hh_l0")
    numbers = {"x": x, "c": c, "y": y, "d_x": x.grad}
    if rows:
        numbers |= {"state0": state0, "e": e, "state": state, "d_state0": state0.grad}
    made = {"parameters": lists(values), "gradients": lists(gradients)}
    cases.append({"cell": cell, "config": config, **lists(numbers), **made})


def layer(cell, config, module, forward, **sizes):
    parameters = dict(module.named_parameters())
    add(cell, config, parameters, lambda x, state0, _: forward(module, x, state0), **sizes)


def step_by_step(step):
    def forward(x, h, p):
        y = []
        for x_t in x:
            h = step(x_t, h, p)
            y.append(h)
        return torch.stack(y), h

    return forward


def lstm(module, x, state0):
    h0, c0 = (part[None].contiguous() for part in state0.split(H, dim=1))
    y, (h, memory) = module(x, (h0, c0))
    return y, torch.cat([h[0], memory[0]], dim=1)


def one_state(module, x, state0):
    y, last = module(x, state0[None])
    return y, last[0]


def input_gated(x, h, p):
    (w_g, w_n), (b_g, b_n) = p["weight_ih_l0"].split(H), p["bias_ih_l0"].split(H)
    g = torch.sigmoid(x @ w_g.T + b_g)
    n = torch.tanh(x @ w_n.T + b_n + h @ p["weight_hh_l0"].T)
    return (1 - g) * h + g * n


def surprisal(detach):
    """With `detach`, activity and input are taken as constants within the surprisal."""

    def step(x, h, p):
        heard, felt = (x.detach(), h.detach()) if detach else (x, h)
        z = felt @ p["head_weight"] + p["head_bias"]
        rate = torch.where(z <= END, z.clamp(max=END).exp(), math.exp(END) * (1 + z - END))
        s = (rate - heard * z).mean(dim=1, keepdim=True)
        own = h @ p["weight_hh_l0"].T + s * p["surprisal_weight"]
        return torch.tanh(x @ p["weight_ih_l0"].T + own + p["bias_ih_l0"])

    return step_by_step(step)


def attention(heads, window):
    """Causal attention over the last `window` steps: a mask adds the bias of a head and distance."""
    module = nn.MultiheadAttention(H, heads)
    nn.init.normal_(module.in_proj_bias, std=0.5)
    nn.init.normal_(module.out_proj.bias, std=0.5)

    def forward(x, state0, p):
        ago = torch.arange(T)[:, None] - torch.arange(T)[None, :]
        inside = (ago >= 0) & (ago < window)
        bias = p["position_bias"][ago.clamp(0, window - 1)].permute(2, 0, 1)
        mask = bias.masked_fill(~inside, -torch.inf).repeat(B, 1, 1)
        return module(x, x, x, attn_mask=mask)[0], state0

    parameters = dict(module.named_parameters()) | {"position_bias": torch.randn(window, heads)}
    config = {"width": H, "heads": heads, "window": window}
    add("windowed_attention", config, parameters, forward, rows=0, inputs=H)


def weights(rows):
    return {
        "weight_ih_l0": 0.5 * torch.randn(rows, I),
        "weight_hh_l0": 0.5 * torch.randn(H, H),
        "bias_ih_l0": 0.5 * torch.randn(rows),
    }


layer("linear", {"out": H}, nn.Linear(I, H), lambda m, x, state0: (m(x), state0), rows=0)
layer("rnn", {"hidden": H}, nn.RNN(I, H), one_state)
layer("gru", {"hidden": H}, nn.GRU(I, H), one_state)
layer("lstm", {"hidden": H}, nn.LSTM(I, H), lstm, rows=2 * H)
add("input_gated_rnn", {"hidden": H}, weights(2 * H), step_by_step(input_gated))
for detach in (False, True):
    head = {
        "surprisal_weight": 0.05 * torch.randn(H),
        "head_weight": 0.5 * torch.randn(H, I),
        # One channel's rate is beyond the end of its exponential part.
        "head_bias": torch.tensor([-1.0, 0.3, 4.8]),
    }
    config = {"hidden": H, "detach_surprisal": detach}
    counts = torch.poisson(torch.full((T, B, I), 0.7))
    add("surprisal_rnn", config, weights(H) | head, surprisal(detach), x=counts)
attention(heads=2, window=3)
print(json.dumps(cases))
