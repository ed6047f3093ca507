"""The lines that cross as bytes are those that cross as words; what is unusual is left to the words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.headers import to_client
from gateway.web.lane.answer_heads import AnswerHeads

NAMES = (
    *("Content-Type", "content-type", "ETag", "Digest", "Content-MD5", "Date", "Server", "Set-Cookie", "Via", "Age"),
    *("Cache-Control", "Expires", "Pragma", "Vary", "Cronofy-Access-Mode", "cronofy_access_mode", "X-Request-Id"),
    *("Access-Control-Allow-Origin", "Proxy-Status", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Status"),
    *("Alt-Svc", "Gateway-Error", "Strict-Transport-Security", "X-Content-Type-Options", "X-RateLimit-Remaining"),
)
LINES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["a", "b c", "W/1"])), max_size=8)


def by_words(lines: list[tuple[str, str]], *, to_page: bool) -> list[tuple[str, str]]:
    ours = to_client([], mode_header="Cronofy-Access-Mode", mode="m", request_id="r", session=to_page)
    kept = to_client(lines, mode_header="Cronofy-Access-Mode", mode="m", request_id="r", session=to_page)
    return kept[: len(kept) - len(ours)]


@given(LINES, st.booleans())
def test_the_same_lines_cross(lines: list[tuple[str, str]], to_page: bool) -> None:
    heads = AnswerHeads("Cronofy-Access-Mode", to_page=to_page)
    raw = [f"{name}: {value}".encode() for name, value in lines]
    for _ in range(2):  # judged, and remembered
        kept = heads.kept(raw, changed=False)
        if kept is None:
            names = {name.lower() for name, _ in lines}
            assert "content-type" not in names or (not to_page and "vary" in names)
            continue
        expected = [f"{name}: {value}".encode() for name, value in by_words(lines, to_page=to_page)]
        assert kept[: len(expected)] == expected
        added = [one.partition(b": ")[0] for one in kept[len(expected) :]]
        present = {name.lower() for name, _ in lines}
        assert added == [name for name in (b"Date", b"Server") if name.decode().lower() not in present]


@pytest.mark.parametrize(
    "line",
    [b"Connection: x-secret", b"Connection: close, x-secret", b"X-A: caf\xe9", b"X-\xe9: a"],
)
def test_what_is_unusual_is_left_to_others(line: bytes) -> None:
    heads = AnswerHeads("Cronofy-Access-Mode", to_page=True)
    assert heads.kept([b"Content-Type: a", line], changed=False) is None


def test_what_told_of_other_bytes_does_not_cross() -> None:
    heads = AnswerHeads("Cronofy-Access-Mode", to_page=True)
    lines = [b"Content-Type: a", b"ETag: 1", b"Digest: x", b"Date: d", b"Server: s"]
    assert heads.kept(lines, changed=True) == [b"Content-Type: a", b"Date: d", b"Server: s"]


def test_what_is_remembered_is_bounded() -> None:
    heads = AnswerHeads("Cronofy-Access-Mode", to_page=True)
    for number in range(5_000):
        heads.kept([b"Content-Type: a", b"ETag: %d" % number], changed=False)
    assert len(heads._known) <= 4_096
