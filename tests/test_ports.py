"""A port that a test gets is no other test's, and no outgoing connection's."""

import socket

from tests.ports import free_port


def test_no_port_is_given_twice() -> None:
    """Two listeners of one gateway got the same one, once."""
    ports = [free_port() for _ in range(300)]
    assert len({*ports}) == 300


def test_a_port_that_is_in_use_is_not_given() -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert port not in {free_port() for _ in range(100)}
