"""Makes surprisal_rnn.json: the cell from its equations, with the gradients of PyTorch's autograd.

    python surprisal_rnn.py > surprisal_rnn.json          (PyTorch 2.15.0, float64)

T steps, B lanes, I inputs, H units. Arrays are nested lists: x [T][B][I], y [T][B][H], states [B][H]. The
gradients are those of sum(c * y) + sum(e * h), where h is the state after the last step. `full` has the whole
gradient; in `detached` activity and input are taken as constants within the surprisal. One channel's rate is
beyond the end of its exponential part.
"""

import json
import math

import torch

T, B, I, H = 8, 2, 3, 4
END = 4.0

torch.set_default_dtype(torch.float64)
torch.manual_seed(14)
x0 = torch.poisson(torch.full((T, B, I), 0.7))
h0 = 0.5 * torch.randn(B, H)
c = torch.randn(T, B, H)
e = torch.randn(B, H)
values = {
    "weight_ih_l0": 0.5 * torch.randn(H, I),
    "weight_hh_l0": 0.5 * torch.randn(H, H),
    "bias_ih_l0": 0.5 * torch.randn(H),
    "surprisal_weight": 0.05 * torch.randn(H),
    "head_weight": 0.5 * torch.randn(H, I),
    "head_bias": torch.tensor([-1.0, 0.3, 4.8]),
}


def lists(**tensors):
    return {name: t.detach().tolist() for name, t in tensors.items()}


def run(detach):
    x, state0 = x0.clone().requires_grad_(), h0.clone().requires_grad_()
    p = {name: v.clone().requires_grad_() for name, v in values.items()}
    h, y = state0, []
    for t in range(T):
        heard, felt = (x[t].detach(), h.detach()) if detach else (x[t], h)
        z = felt @ p["head_weight"] + p["head_bias"]
        rate = torch.where(
            z <= END, z.clamp(max=END).exp(), math.exp(END) * (1 + z - END)
        )
        s = (rate - heard * z).mean(dim=1, keepdim=True)
        h = torch.tanh(
            x[t] @ p["weight_ih_l0"].T
            + h @ p["weight_hh_l0"].T
            + s * p["surprisal_weight"]
            + p["bias_ih_l0"]
        )
        y.append(h)
    y = torch.stack(y)
    ((c * y).sum() + (e * h).sum()).backward()
    return {
        **lists(x=x, state0=state0, c=c, e=e, y=y, state=h),
        "parameters": lists(**p),
        "gradients": lists(**{name: v.grad for name, v in p.items()}),
        **lists(d_x=x.grad, d_state0=state0.grad),
    }


print(json.dumps({"full": run(False), "detached": run(True)}))
