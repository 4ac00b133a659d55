"""Tells whoever waits that kernels are being compiled, which happens once after installation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

WAIT_SECONDS = 1.0


class _Listener(event.Listener):
    """Counts compilations; calls ``tell`` once, when they have taken a while."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self.tell, self.began, self.told, self.compiled = tell, 0.0, False, 0

    def on_start(self, _event: Any) -> None:
        now = time.monotonic()
        self.began = self.began or now
        self.compiled += 1
        if not self.told and now - self.began > WAIT_SECONDS:
            self.told = True
            self.tell()

    def on_end(self, _event: Any) -> None:
        """Nothing: one kernel is compiled within another."""


@contextmanager
def compiling(tell: Callable[[], None]) -> Iterator[_Listener]:
    """Call ``tell`` once if kernels are compiled in this block for more than a second."""
    listener = _Listener(tell)
    event.register("numba:compile", listener)
    try:
        yield listener
    finally:
        event.unregister("numba:compile", listener)
