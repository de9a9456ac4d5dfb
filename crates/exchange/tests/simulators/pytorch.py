"""Loads state dicts of `examples/exported_files.rs` into PyTorch's modules and compares the outputs with Saturn's.

python pytorch.py FOLDER: exits with 1 if one differs by more than 1e-6.
"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

bad = 0
files = sorted(Path(sys.argv[1]).glob("*.safetensors"))
assert files
for file in files:
    record = json.loads(file.with_suffix(".json").read_text())
    net = nn.ModuleList([eval(maker) for _, maker in record["modules"]]).double()
    net.load_state_dict(load_file(file))
    y = torch.tensor(record["input"], dtype=torch.float64)
    with torch.no_grad():
        for module in net:
            y = module(y)
            y = y[0] if isinstance(y, tuple) else y
    distance = (y - torch.tensor(record["output"], dtype=torch.float64)).abs().max().item()
    print(f"torch {torch.__version__} {file.stem}: {len(y)} steps, outputs within {distance:.1e}")
    bad += distance > 1e-6
sys.exit(bad > 0)
