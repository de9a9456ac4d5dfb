"""Commands of the ``saturn`` program within this process."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from . import _saturn
from ._progress import Progress

# The threads of commands are those of the process that imported the module.
_PROCESS = os.getpid()


# An option in a message of the program, in backticks or bare, with a value or without: `--dt-ms 10`, --approximate.
_OPTION = re.compile(
    r"`(?:saturn [a-z]+ )?--(?P<quoted>[a-z][a-z0-9-]*)(?:[ =](?P<value>[^`]+))?`"
    r"|(?<![\w`-])--(?P<bare>[a-z][a-z0-9-]*)\b"
)
# What the options are called here.
_NAMES = {"for": "reader", "to": "format"}


def in_python(text: str) -> str:
    """A message of the program with the names that its options have in Python: `--dt-ms 10` is ``dt_ms=10``."""

    def named(found: re.Match[str]) -> str:
        option = found["quoted"] or found["bare"]
        name = _NAMES.get(option, option.replace("-", "_"))
        value = found["value"]
        if found["bare"]:
            return name
        if value is None:
            return f"`{name}`"
        return f"`{name}={value}`" if re.fullmatch(r"[0-9.]+|[A-Z]+", value) else f'`{name}="{value}"`'

    if "\n\nUsage: " in text and re.match("(unexpected|invalid|the) ", text):
        # Of what was wrong with an argument, the first paragraph; how the command is used on a terminal is of no use here.
        text = text.split("\n\n")[0]
    return _OPTION.sub(named, text)


def command(arguments: Sequence[str | bytes | os.PathLike[str]], progress: bool = False) -> str:
    """Run one command and return what it prints; its errors have the names of Python."""
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
            raise (e if text == str(e) else type(e)(text)) from None
