"""An answer's head is written in one piece, framed once, and no value can become a line of its own."""

import pytest
from multidict import CIMultiDict

from gateway.web.lane.reply import Dates, reply_head


def head(status: int = 200, *pairs: tuple[str, str], length: int | None = 2, body: bool = True) -> list[str]:
    raw = reply_head(status, CIMultiDict(pairs), length=length, has_body=body, closes=False)
    assert raw.endswith(b"\r\n\r\n")
    return raw.decode().split("\r\n")[:-2]


def test_it_says_what_was_handed_in_and_what_every_answer_says() -> None:
    line, *rest = head(200, ("X-A", "1"), ("X-A", "2"), ("Content-Type", "application/json"))
    assert line == "HTTP/1.1 200 OK"
    assert rest[:3] == ["X-A: 1", "X-A: 2", "Content-Type: application/json"]
    assert rest[3] == "Content-Length: 2"
    assert [one.split(":")[0] for one in rest[4:]] == ["Date", "Server"]


@pytest.mark.parametrize(
    ("status", "length", "body", "framing"),
    [
        (200, 0, True, ["Content-Length: 0"]),
        (200, None, True, ["Transfer-Encoding: chunked"]),
        (200, 12, False, ["Content-Length: 12"]),
        (200, None, False, []),
        (204, None, False, []),
        (304, 12, False, []),
    ],
)
def test_it_is_framed_once_or_not_at_all(status: int, length: int | None, body: bool, framing: list[str]) -> None:
    lines = head(status, length=length, body=body)
    assert [one for one in lines if one.lower().startswith(("content-length", "transfer-encoding"))] == framing


def test_cronofys_own_date_and_server_stay() -> None:
    lines = head(200, ("date", "then"), ("server", "nginx"))
    assert sum(one.lower().startswith(("date:", "server:")) for one in lines) == 2


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0"])
def test_a_line_break_in_a_value_is_no_line(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        head(200, ("X-A", value))


def test_bytes_that_are_no_utf_8_go_out_as_they_came() -> None:
    raw = reply_head(200, CIMultiDict([("X-A", "\udce9")]), length=0, has_body=True, closes=True)
    assert b"X-A: \xe9\r\n" in raw
    assert b"Connection: close\r\n" in raw


def test_the_date_is_written_as_http_writes_it() -> None:
    assert Dates().now().endswith(" GMT")
