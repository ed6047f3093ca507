"""Which requests the lane takes, and which it leaves to aiohttp untouched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.lane.blocks import Blocks
from gateway.web.lane.message import MAX_BODY_BYTES, MAX_HEAD_BYTES, Message, Not, take_message

HEAD = b"GET /v1/calendars?a=%2e HTTP/1.1\r\nHost: gw\r\nX-One: a\r\nx-one:  b \r\n\r\n"


def taken(raw: bytes) -> Message | Not:
    return take_message(bytearray(raw), Blocks())


def test_a_plain_request_is_read_whole() -> None:
    message = taken(HEAD)
    assert isinstance(message, Message)
    assert (message.method, message.raw_path, message.path) == ("GET", "/v1/calendars?a=%2e", "/v1/calendars")
    assert message.raw_headers == [("Host", "gw"), ("X-One", "a"), ("x-one", "b")]
    assert message.headers.getall("X-ONE") == ["a", "b"]
    assert (message.body, message.size, message.closes) == (b"", len(HEAD), False)


def test_a_body_belongs_to_it_and_what_follows_does_not() -> None:
    raw = b"POST /v1/batch HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\n\r\nabcGET /v1/x"
    message = taken(raw)
    assert isinstance(message, Message)
    assert (message.body, raw[message.size :]) == (b"abc", b"GET /v1/x")


@pytest.mark.parametrize("size", range(len(HEAD)))
def test_half_a_head_waits_for_the_rest(size: int) -> None:
    assert taken(HEAD[:size]) is Not.YET


def test_half_a_body_waits_for_the_rest() -> None:
    assert taken(b"POST /v1/batch HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\n\r\nab") is Not.YET


def test_a_client_that_wants_the_connection_closed_is_heard() -> None:
    message = taken(b"GET /v1/x HTTP/1.1\r\nHost: gw\r\nConnection: Close\r\n\r\n")
    assert isinstance(message, Message)
    assert message.closes


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /auth/session HTTP/1.1\r\nHost: gw\r\n\r\n",
        b"OPTIONS /v1/x HTTP/1.1\r\nHost: gw\r\n\r\n",
        b"GET http://evil/v1/x HTTP/1.1\r\nHost: gw\r\n\r\n",
        b"GET //v1/x HTTP/1.1\r\nHost: gw\r\n\r\n",
        b"get /v1/x HTTP/1.1\r\nHost: gw\r\n\r\n",
        b"\r\nGET /v1/x HTTP/1.1\r\nHost: gw\r\n\r\n",
        b"GET /v1/x HTTP/1.0\r\nHost: gw\r\n\r\n",
        b"GET /v1/x HTTP/2.0\r\nHost: gw\r\n\r\n",
        b"GET /v1/x RTSP/1.1\r\nHost: gw\r\n\r\n",
        b"GET /v1/x  HTTP/1.1\r\nHost: gw\r\n\r\n",
        b"GET /v1/x HTTP/1.1\r\n\r\n",
        b"GET /v1/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /v1/x HTTP/1.1\r\nHost: gw\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
        b"GET /v1/x HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\n\r\n",
        b"GET /v1/x HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"GET /v1/x HTTP/1.1\r\nHost: gw\r\nConnection: keep-alive, X-One\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        b"POST /v1/x HTTP/1.1\r\nHost: gw\r\nContent-Length: +1\r\n\r\na",
        b"POST /v1/x HTTP/1.1\r\nHost: gw\r\nContent-Length: 1, 1\r\n\r\na",
        b"POST /v1/x HTTP/1.1\r\nHost: gw\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
        b"GET /v1/x HTTP/1.1\r\nHost : gw\r\n\r\n",
        b"GET /v1/x HTTP/1.1\r\nHost: gw\r\nX-A: b\r\n folded\r\n\r\n",
        b"GET /v1/x HTTP/1.1\r\nHost: gw\r\nX-A: b\0c\r\n\r\n",
        b"GET /v1/x HTTP/1.1\r\nHost: gw\nX-A: b\r\n\r\n",
        b"GET /v1/x y HTTP/1.1\r\nHost: gw\r\n\r\n",
        b"GET /v1/" + b"x" * MAX_HEAD_BYTES,
        b"GET /v1/x HTTP/1.1\r\nHost: gw\r\n" + b"".join(b"X-%d: a\r\n" % one for one in range(100)) + b"\r\n",
    ],
)
def test_what_is_unusual_or_malformed_is_aiohttps(raw: bytes) -> None:
    """Its error path answers it; the lane would need a second one."""
    assert taken(raw) is Not.OURS


@given(st.binary(max_size=300))
def test_whatever_comes_is_one_of_three(raw: bytes) -> None:
    """And the buffer is left as it was, since aiohttp may have to read it."""
    for whole in (raw, b"GET /v1/" + raw, b"POST /v1/x HTTP/1.1\r\n" + raw):
        buffer = bytearray(whole)
        found = take_message(buffer, Blocks())
        assert isinstance(found, Message | Not)
        assert bytes(buffer) == whole
        if isinstance(found, Message):
            assert len(found.body) <= found.size <= len(whole)
