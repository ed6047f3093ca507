"""Ctrl-C and SIGTERM for work that can be finished cleanly: the first asks for it, the second ends the process."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping(stop: asyncio.Event, announce: Callable[[], None]) -> Iterator[None]:
    """Set an event at the first signal while the block runs.

    Args:
        stop: the event.
        announce: tells the operator that it was heard.
    """
    loop = asyncio.get_running_loop()

    def heard() -> None:
        for name in SIGNALS:
            loop.remove_signal_handler(name)
            signal.signal(name, signal.SIG_DFL)
        announce()
        stop.set()

    for name in SIGNALS:
        loop.add_signal_handler(name, heard)
    try:
        yield
    finally:
        for name in SIGNALS:
            loop.remove_signal_handler(name)
