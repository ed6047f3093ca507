"""What gunicorn says, as events of ours.

It talks about processes and signals; requests it never sees, because aiohttp reads them. Chatter about starts and ends
is for `debug`, since every worker logs its own.
"""

import sys
from typing import Any, Final

import structlog

from gateway.observe import events

_log = structlog.get_logger()


class ArbiterLog:
    """Has the methods that gunicorn calls on its logger, but none of the files and handlers."""

    access_log: Final = None

    def __init__(self, cfg: object) -> None:
        self.cfg = cfg

    def setup(self, cfg: object) -> None:
        """Take a configuration that was read again."""
        self.cfg = cfg

    def debug(self, *_args: object, **_kwargs: object) -> None:
        """Write nothing: gunicorn's debug lines are its whole configuration."""

    def info(self, message: str, *args: object, **_kwargs: object) -> None:
        """Tell it to those who want to know all."""
        _log.debug(events.ARBITER_TOLD, text=_text(message, args))

    def warning(self, message: str, *args: object, **_kwargs: object) -> None:
        """Tell it."""
        _log.warning(events.ARBITER_TOLD, text=_text(message, args))

    def error(self, message: str, *args: object, **_kwargs: object) -> None:
        """Tell it, with the kind of the error that is being handled."""
        error = sys.exc_info()[1]
        _log.error(events.ARBITER_TOLD, text=_text(message, args), error=type(error).__name__ if error else "")

    critical = exception = error

    def access(self, *_args: object, **_kwargs: object) -> None:
        """Write nothing: `request.finished` is the line of a request."""

    def reopen_files(self) -> None:
        """Do nothing: there are no files."""

    def close_on_exec(self) -> None:
        """Do nothing, for the same reason."""


def _text(message: Any, args: tuple[object, ...]) -> str:  # noqa: ANN401  gunicorn passes exceptions too
    return str(message) % args if args else str(message)
