"""Commands of the ``saturn`` program within this process."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import _saturn
from ._progress import Progress

# The threads of commands are those of the process that imported the module.
_PROCESS = os.getpid()


# Options in a message of the program, in backticks or bare: `--dt-ms 10`, `--to safetensors --for pytorch`, --approximate.
_QUOTED = re.compile(r"`(?:saturn [a-z]+ )?(--[a-z][^`]*)`")
_BARE = re.compile(r"(?<![\w`-])--([a-z][a-z0-9-]*)\b")
# What options are called here.
_NAMES = {"for": "reader", "to": "format"}
# Those without a value.
_FLAGS = ("approximate", "overwrite")


def _setting(option: str) -> str:
    """``dt_ms=10`` for ``dt-ms 10``."""
    name, _, value = re.sub(r"[ =]", " ", option.strip(), count=1).partition(" ")
    name = _NAMES.get(name, name.replace("-", "_"))
    if not value:
        return f"{name}=True" if name in _FLAGS else name
    return f"{name}={value}" if re.fullmatch(r"[0-9.]+|[A-Z]+", value) else f'{name}="{value}"'


def in_python(text: str) -> str:
    """A message of the program with the names that its options have in Python: `--dt-ms 10` is ``dt_ms=10``."""

    def quoted(found: re.Match[str]) -> str:
        return "`" + ", ".join(_setting(option) for option in re.split(r"(?:^|\s)--", found[1]) if option) + "`"

    for end in ("\n\nUsage: ", "\n\nFor more information"):
        if end in text and re.match("(unexpected|invalid|the) ", text):
            # Of what was wrong with an argument, the first paragraph; how the command is used on a terminal is of no use here.
            text = text.split("\n\n")[0]
    return _BARE.sub(lambda found: _setting(found[1]), _QUOTED.sub(quoted, text))


def command(
    arguments: Sequence[str | bytes | os.PathLike[str]],
    progress: bool = False,
    called: Mapping[Path, str] | None = None,
) -> str:
    """Run one command and return what it prints; its errors have the names of Python.

    Files of its own that the user does not know are ``called`` something else in errors.
    """
    if os.getpid() != _PROCESS:
        raise _saturn.SaturnError(
            "scenarios do not run in a process that was forked from one that imported saturn_snn: its threads are not "
            'copied\nhint: use multiprocessing.get_context("spawn")'
        )
    with Progress(progress) as shown:
        try:
            return _saturn.command([os.fsdecode(argument) for argument in arguments], shown)
        except (_saturn.InputError, _saturn.SaturnError) as e:
            text = in_python(str(e))
            for path, name in (called or {}).items():
                text = text.replace(os.fsdecode(path), name)
            raise (e if text == str(e) else type(e)(text)) from None
