"""Addresses are bound before any worker is there, all of them or none."""

import socket

import pytest

from gateway.config import Listener
from gateway.workers.sockets import bind, check_free
from tests.ports import free_port


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_bound_address_lets_nobody_in_before_somebody_listens(host: str) -> None:
    """While the workers wait for their store, a load balancer sees at once that nobody is there."""
    (one,) = bind(Listener(host=host, port=0))
    with one:
        address = one.getsockname()
        assert address[0] == host
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address[:2], timeout=5)
        one.listen()
        socket.create_connection(address[:2], timeout=5).close()


@pytest.mark.parametrize("other_shares", [False, True])
def test_a_taken_address_is_told(other_shares: bool) -> None:
    """Even when whoever listens there would share it: that is somebody else's gateway."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(other_shares))
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for attempt in (bind, check_free):
            with pytest.raises(OSError, match=str(port)):
                attempt(Listener(host="127.0.0.1", port=port))


def test_a_free_address_stays_free() -> None:
    listener = Listener(host="127.0.0.1", port=free_port())
    check_free(listener)
    (one,) = bind(listener)
    one.close()
