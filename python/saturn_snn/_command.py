"""Commands of the ``saturn`` program within this process."""

from __future__ import annotations

import os
from collections.abc import Sequence

from . import _saturn
from ._progress import Progress

# The threads of commands are those of the process that imported the module.
_PROCESS = os.getpid()


def command(arguments: Sequence[str | bytes | os.PathLike[str]], progress: bool = False) -> str:
    """Run one command and return what it prints."""
    if os.getpid() != _PROCESS:
        raise _saturn.SaturnError(
            "scenarios do not run in a process that was forked from one that imported saturn_snn: its threads are not "
            'copied\nhint: use multiprocessing.get_context("spawn")'
        )
    with Progress(progress) as shown:
        return _saturn.command([os.fsdecode(argument) for argument in arguments], shown)
