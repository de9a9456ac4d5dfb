"""Norse 1.1.0 before its export; see common.py."""
import sys

sys.path.append(sys.path.pop(0))  # or this file would be imported as norse

import torch
import norse.torch as norse
from norse.torch.functional.iaf import IAFParameters
from norse.torch.functional.lif import LIFParameters
from norse.torch.functional.lif_box import LIFBoxParameters
from norse.torch.functional.reset import reset_subtract
from norse.torch.utils.export_nir import to_nir

from common import Record, drive, w1, w2

record = Record("norse", "torch", "nirtorch")


def linear(w):
    layer = torch.nn.Linear(w.shape[1], w.shape[0], bias=False)
    layer.weight.data = torch.from_numpy(w)
    return layer


def box(n, v_leak=0.0, **options):
    p = LIFBoxParameters(tau_mem_inv=torch.full((n,), 100.0), v_leak=torch.full((n,), v_leak), v_th=torch.ones(n),
                         v_reset=torch.zeros(n), **options)
    return norse.LIFBoxCell(p)


def cuba(n):
    p = LIFParameters(tau_syn_inv=torch.full((n,), 200.0), tau_mem_inv=torch.full((n,), 100.0), v_leak=torch.zeros(n),
                      v_th=torch.ones(n), v_reset=torch.zeros(n))
    return norse.LIFCell(p)


def iaf(n):
    return norse.IAFCell(IAFParameters(v_th=torch.ones(n), v_reset=torch.zeros(n)))


def run(case, reset, hidden, gain, last=lambda: box(3)):
    net = norse.SequentialState(linear(w1(gain)), hidden, linear(w2(8.0)), last())
    state, spikes = None, []
    with torch.no_grad():
        x = torch.from_numpy(drive())
        for t in range(len(x)):
            s, state = net(x[t], state)
            spikes.append(s)
        graph = to_nir(net, x[0])
    record.add(case, graph, torch.stack(spikes), 1e-3, reset)


run("zero", "zero", box(8), 8.0)
run("leak", "zero", box(8, 0.25), 8.0)
run("subtract", "subtract", box(8, reset_method=reset_subtract), 8.0, lambda: box(3, reset_method=reset_subtract))
run("cuba", "zero", cuba(8), 4.0)
run("iaf", "zero", iaf(8), 0.5)
record.write()
