"""Progress of long work: a tqdm bar where tqdm is installed, notices by ``logging``, warnings by ``warnings``."""

from __future__ import annotations

import logging
import sys
import warnings
from types import TracebackType
from typing import Any

LOG = logging.getLogger("saturn_snn")


class Progress:
    """Receives the progress of one call.

    Parameters
    ----------
    shown : bool
        Whether to show a bar, if tqdm is installed.
    """

    def __init__(self, shown: bool) -> None:
        self.bar: Any = None
        if shown:
            # A bar in a file is thousands of lines; a notebook has no terminal and shows it.
            if not sys.stderr.isatty() and "ipykernel" not in sys.modules:
                return
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return
            self.bar = tqdm(total=None, leave=False, unit_scale=True, delay=0.5)

    def __call__(self, done: int, total: int, doing: str, notices: list[tuple[bool, str]]) -> None:
        for is_alert, text in notices:
            if is_alert:
                warnings.warn(text.removeprefix("warning: "), stacklevel=4)
            else:
                LOG.info(text)
        if self.bar is not None:
            self.bar.total = total or None
            self.bar.n = done
            self.bar.set_description(doing, refresh=False)
            self.bar.refresh()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.close()
