"""Putting the log back as it was: its set-up is global."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from gateway.observe import log


@contextmanager
def kept_log() -> Iterator[None]:
    """Restore structlog, the root logger and the short cut past both afterwards."""
    root = logging.getLogger()
    handlers, level, straight = root.handlers[:], root.level, log._straight
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers[:], root.level, log._straight = handlers, level, straight
