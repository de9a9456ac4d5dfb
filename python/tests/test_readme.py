"""The examples of the package's page run."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "README.md"


def test_the_examples_of_the_page_run():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    names = {}
    exec(blocks[0], names)
    assert names["net"].channels == 16
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    exec(blocks[1], names)
    assert names["repair"].after.summed > 0.5
