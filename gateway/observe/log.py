"""Setting up the log: one JSON object per line, or colours for a person at a terminal.

Libraries log through the standard `logging`; only their warnings are let through, and without tracebacks, whose
text may quote a request.
"""

import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

import msgspec
import structlog

from gateway.observe import events

# A second lock behind the first one (events carry no secret): a field with such a name is never written out.
_MASKED: Final = frozenset(
    {
        "access_token",
        "authorization",
        "body",
        "client_secret",
        "code_value",
        "cookie",
        "element_token",
        "et",
        "key",
        "refresh_token",
        "secret",
        "state",
        "token",
    }
)

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def set_up_log(
    *,
    level: str = "info",
    form: Literal["json", "console"] = "json",
    stream: TextIO | None = None,
    with_pid: bool = False,
) -> None:
    """Send structlog and the standard `logging` to one stream.

    Args:
        level: a key of LEVELS.
        form: `json` for machines, `console` for people.
        stream: where to; standard output when None.
        with_pid: each line names the process that wrote it, for several that share a stream.
    """
    out = stream or sys.stdout
    render: Any = (
        structlog.processors.JSONRenderer(serializer=_json)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask,
            *([_add_pid] if with_pid else []),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    global _straight  # noqa: PLW0603  like structlog's own set-up, there is one
    fast = form == "json" and LEVELS[level] <= logging.INFO
    _straight = _Straight(out, with_pid=with_pid) if fast else None
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(logging.WARNING)


def write_line(event: str, **fields: Any) -> None:  # noqa: ANN401  what a line may hold
    """Write a line of level info, past structlog where it was set up to write JSON: each request costs one.

    No field may have a name that is masked.
    """
    if _straight is None:
        structlog.get_logger().info(event, **fields)
    else:
        _straight.write(event, fields)


class _Straight:
    """Writes lines as structlog would."""

    def __init__(self, out: TextIO, *, with_pid: bool) -> None:
        self._out = out
        self._more = {"pid": os.getpid()} if with_pid else {}

    def write(self, event: str, fields: dict[str, Any]) -> None:
        """Write a line at once: whoever follows the log sees a request when it has been answered."""
        now = datetime.now(tz=UTC).replace(tzinfo=None).isoformat()
        line = msgspec.json.encode({**fields, "event": event, "level": "info", "timestamp": f"{now}Z", **self._more})
        self._out.write(line.decode() + "\n")
        self._out.flush()


_straight: _Straight | None = None


def _json(event: structlog.typing.EventDict, **_more: object) -> str:
    """Write an event; three times as fast as the standard library, for the line that each call costs."""
    return msgspec.json.encode(event, enc_hook=repr).decode()


def _mask(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in _MASKED & event.keys():
        event[name] = "[masked]"
    return event


def _add_pid(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["pid"] = os.getpid()
    return event


class _Forward(logging.Handler):
    """Hand a library's warning to structlog: its logger and kind of error, not its text, which may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        structlog.get_logger().warning(
            events.GATEWAY_WARNED,
            about=record.name,
            template=str(record.msg)[:200] if not record.exc_info else "",
            error=kind,
        )
