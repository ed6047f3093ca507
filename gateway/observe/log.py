"""Setting up the log: one JSON object per line, or colours for a person at a terminal.

Libraries log through the standard `logging`; only their warnings are let through, and without tracebacks, whose
text may quote a request.
"""

import logging
import os
import sys
import time
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

import msgspec
import structlog

from gateway.observe import events
from gateway.observe.round_end import RoundEnd

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


class RequestLine(msgspec.Struct):
    """The canonical line of a request; no field may have a name that is masked."""

    request_id: str
    method: str
    operation: str
    status: int
    ms: float
    client: str
    mode: str
    error: str


def write_request(event: str, line: RequestLine) -> None:
    """Write a request's line, past structlog where it was set up to write JSON: each request costs one."""
    if _straight is None:
        structlog.get_logger().info(event, **msgspec.structs.asdict(line))
    else:
        _straight.write(event, line)


class _Straight:
    """Writes requests' lines as structlog would, those of one round of the event loop in one piece.

    Whoever follows the log sees a request when it has been answered: answers leave at the end of a round as well.
    """

    def __init__(self, out: TextIO, *, with_pid: bool) -> None:
        self._out = out
        self._pid = f',"pid":{os.getpid()}' if with_pid else ""
        self._lines: list[str] = []
        self._round_end = RoundEnd(self._flush)
        self._second, self._since = 0, ""

    def write(self, event: str, line: RequestLine) -> None:
        """Write a line."""
        fields = msgspec.json.encode(line).decode()
        end = f'"event":"{event}","level":"info","timestamp":"{self._now()}"{self._pid}}}'
        self._lines.append(f"{fields[:-1]},{end}\n")
        self._round_end.ask()

    def _now(self) -> str:
        """Return the time as ISO 8601 writes it."""
        second, fraction = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._second = second
            self._since = datetime.fromtimestamp(second, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._since}.{fraction // 1000:06d}Z"

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        self._out.write("".join(lines))
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
