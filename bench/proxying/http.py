"""Requests as bytes, and answers read from a socket: nothing of a library's that could be mistaken for the proxy's."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Final

TIMEOUT: Final = 30.0  # seconds
_END_OF_HEAD: Final = b"\r\n\r\n"


def request(path: str, headers: Mapping[str, str], *, method: str = "GET") -> bytes:
    """Write the head of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + _END_OF_HEAD


def connect(port: int) -> socket.socket:
    """Open a connection to this machine."""
    sock = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Answer:
    """An answer that arrives in pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None
        self.status = 0

    def is_complete(self, data: bytes) -> bool:
        """Take a piece; say whether the answer has come to its end."""
        self._buffer += data
        if not self.status:
            end = self._buffer.find(_END_OF_HEAD)
            if end < 0:
                return False
            head = bytes(self._buffer[:end]).lower()
            self.status = int(head.split(b" ", 2)[1])
            if b"transfer-encoding: chunked" not in head:
                self._length = end + 4 + int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if self._length is None:
            return self._buffer.endswith(b"0\r\n\r\n")
        return len(self._buffer) >= self._length


@contextmanager
def fetched(port: int, path: str, headers: Mapping[str, str]) -> Iterator[HTTPResponse]:
    """Ask for something; the body is not read yet."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers=dict(headers))
        yield connection.getresponse()
    finally:
        connection.close()


def fetch(port: int, path: str, headers: Mapping[str, str]) -> tuple[int, HTTPResponse, bytes]:
    """Ask for something and read it to its end."""
    with fetched(port, path, headers) as response:
        return response.status, response, response.read()
