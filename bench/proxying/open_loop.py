"""Calls at a fixed rate, whether or not the last one is answered.

A call's time begins when it was due, not when it could be sent: a proxy that stalls makes every call late that was due
meanwhile, where a closed loop would have waited with it and counted one slow call (coordinated omission).

One thread sends by the clock, another one reads: the timers of an event loop are no finer than a millisecond.
"""

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.proxying.failures import Failed
from bench.proxying.http import TIMEOUT, Answer, connect, request

_OK: Final = 200
_PIECE: Final = 65_536


@dataclass(slots=True)
class _Call:
    due: float
    answer: Answer


class _Reader(threading.Thread):
    """Reads answers from any number of connections."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.poll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self.calls: dict[int, _Call] = {}
        self.idle: deque[socket.socket] = deque()
        self.times: list[float] = []
        self.failed = ""
        self.is_over = False

    def run(self) -> None:
        """Read until it is over."""
        while not self.is_over and not self.failed:
            for number, _ in self.poll.poll(0.1):
                self._read(self.sockets[number])

    def _read(self, sock: socket.socket) -> None:
        data = sock.recv(_PIECE)
        now = time.perf_counter()
        call = self.calls[sock.fileno()]
        if not data:
            self.failed = "a connection was closed"
        elif call.answer.is_complete(data):
            self.times.append(now - call.due)
            if call.answer.status != _OK:
                self.failed = f"answered {call.answer.status}"
            self.idle.append(sock)

    def add(self, sock: socket.socket) -> None:
        """Watch a connection."""
        self.sockets[sock.fileno()] = sock
        self.poll.register(sock, select.EPOLLIN)


def call_at(rate: int, seconds: float, port: int, path: str, headers: Mapping[str, str]) -> list[float]:
    """Call so many times a second.

    Args:
        rate: calls a second.
        seconds: how long.
        port: whom.
        path: what.
        headers: of each call.

    Returns:
        The milliseconds of each call, from when it was due until its answer was complete.

    Raises:
        Failed: some were not answered.
    """
    reader, head, calls = _Reader(), request(path, headers), int(rate * seconds)
    reader.start()
    try:
        began = time.perf_counter() + 0.05
        for number in range(calls):
            if reader.failed:
                break
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            try:
                sock = reader.idle.popleft()
            except IndexError:
                sock = connect(port)
                reader.add(sock)
            reader.calls[sock.fileno()] = _Call(due, Answer())
            sock.sendall(head)
        until = time.perf_counter() + TIMEOUT
        while len(reader.times) < calls and not reader.failed and time.perf_counter() < until:
            time.sleep(0.01)
    finally:
        reader.is_over = True
        reader.join()
        for sock in reader.sockets.values():
            sock.close()
        reader.poll.close()
    if reader.failed or len(reader.times) < calls:
        raise Failed(reader.failed or f"{calls - len(reader.times)} of {calls} calls")
    return [one * 1e3 for one in reader.times]
