"""A header block is read once; what was read of it counts for every first line."""

from multidict import CIMultiDict

from gateway.web.lane import blocks
from gateway.web.lane.blocks import Block, Blocks
from gateway.web.lane.message import Message, take_message

LINES = b"Host: gw\r\nX-One: a\r\nCookie: gateway-app=1\r\n\r\n"


def block() -> Block:
    return Block([], CIMultiDict(), closes=False)


def test_another_call_with_the_same_headers_is_read_alike() -> None:
    known = Blocks()
    first = take_message(bytearray(b"GET /v1/one HTTP/1.1\r\n" + LINES), known)
    second = take_message(bytearray(b"DELETE /v1/two?a=b HTTP/1.1\r\n" + LINES), known)
    fresh = take_message(bytearray(b"DELETE /v1/two?a=b HTTP/1.1\r\n" + LINES), Blocks())

    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert isinstance(fresh, Message)
    assert second.block is first.block is not None
    for name in ("method", "raw_path", "raw_headers", "headers", "body", "closes", "size"):
        assert getattr(second, name) == getattr(fresh, name)


def test_a_block_with_a_body_behind_it_is_not_remembered() -> None:
    """The body's end is found by llhttp each time."""
    known = Blocks()
    raw = b"POST /v1/batch HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\n\r\na"
    found = take_message(bytearray(raw), known)
    assert isinstance(found, Message)
    assert found.block is None


def test_an_odd_first_line_is_not_helped_by_a_block_that_is_known() -> None:
    known = Blocks()
    take_message(bytearray(b"GET /v1/one HTTP/1.1\r\n" + LINES), known)
    for line in (b"GET /v1/a b HTTP/1.1", b"GET /v1/\xff HTTP/1.1", b"GET /v1/a HTTP/1.0"):
        assert not isinstance(take_message(bytearray(line + b"\r\n" + LINES), known), Message)


def test_it_remembers_so_many_and_nothing_long() -> None:
    known = Blocks()
    known.remember(b"x" * (blocks.LONGEST + 1), block())
    assert known.recall(b"x" * (blocks.LONGEST + 1)) is None
    known.remember(b"many", Block([("x", "1")] * (blocks.MOST_HEADERS + 1), CIMultiDict(), closes=False))
    assert known.recall(b"many") is None
    for number in range(blocks.MOST + 1):
        known.remember(b"%d" % number, block())
    assert known.recall(b"0") is None
    assert known.recall(b"1") is not None
