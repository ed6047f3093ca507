"""Binding addresses in the arbiter, before any worker is there, so that a taken one is one sentence."""

import socket
from contextlib import ExitStack
from typing import Final

from gateway.config import Listener

BACKLOG: Final = 128  # connections that wait for a worker; aiohttp's own number


def bind(listener: Listener) -> list[socket.socket]:
    """Bind all addresses of a listener's host; nobody is let in before a worker listens there.

    Raises:
        OSError: one of them cannot be bound, or the host is not known; none is bound then.
    """
    found = socket.getaddrinfo(listener.host or None, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with ExitStack() as opened:
        sockets = []
        for family, _, _, _, address in found:
            one = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                one.bind(address)
            except OSError as error:
                raise OSError(error.errno, f"{listener.host} port {listener.port}: {error.strerror}") from None
            sockets.append(one)
        opened.pop_all()
    return sockets


def check_free(listener: Listener) -> None:
    """Check that nobody else listens at an address, by listening there for a moment.

    Workers share the operations address with whoever else wishes to, such as another gateway of the same user; nobody
    would notice.

    Raises:
        OSError: it cannot be used.
    """
    for one in bind(listener):
        with one:
            one.listen()
