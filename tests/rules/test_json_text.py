"""What the JSON reader accepts, every other reader understands the same way."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.json_text import MAX_DEPTH, is_deeper_than, parse_json


def refusal(raw: bytes) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        parse_json(raw)
    return caught.value


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_what_json_writes_is_read_as_it_was(value: Any, ascii_only: bool, indent: int | None) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()

    assert parse_json(raw) == value == json.loads(raw)


TOKENS = [*list('[]{},:"\\ \n'), "null", "1", "-0", "1e400", "1.5e3", "NaN", "\\u00e9", "\\ud83d", "\\ude00", "a", "é"]


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join).map(str.encode) | st.binary(max_size=20))
def test_nothing_but_a_refusal_comes_of_noise_and_the_rest_can_be_written_again(raw: bytes) -> None:
    """A body that was changed is encoded anew; a half surrogate pair would have broken that."""
    try:
        value = parse_json(raw)
    except RequestRefused:
        return

    assert value == json.loads(raw)
    assert json.loads(msgspec.json.encode(value)) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{}{}",
        b"{} x",
        b"[1,]",
        b'{"a":1,}',
        b"{'a':1}",
        b"{a:1}",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"01",
        b"+1",
        b".5",
        b"1e400",
        b'{"a":[-1e999]}',
        pytest.param(b"1" * 5_000, id="5000-digits"),
        b'"\n"',
        b'"\\x41"',
        b'"\\ud83d"',
        b'{"a":"\\uDE00\\uD83D"}',
        b'{"\\ud800":1}',
        b"// c\n{}",
        b"{}\x00",
        b"\x00{}",
    ],
)
def test_what_another_reader_could_take_in_another_way_is_refused(raw: bytes) -> None:
    assert refusal(raw).code is Code.INVALID_JSON


@pytest.mark.parametrize(
    "raw", [b"\xff", b'{"a":"\xe9"}', b"\xff\xfe{\x00}\x00", b"\x00{\x00}\xff", b"\xef\xbb\xbf{}", b'"\xed\xa0\x80"']
)
def test_another_charset_is_refused(raw: bytes) -> None:
    """UTF-16 would show another document to a reader that guesses."""
    assert refusal(raw).code is Code.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    "raw",
    [
        b'{"scope":"a","scope":"b"}',
        b'{"scope":"a","scope":"a"}',
        b'{"scope":"a","\\u0073cope":"b"}',
        b'{"x":{"a":1,"b":2,"a":3}}',
        b'[[{"x":[{"a":1,"a":2}]}]]',
        b'{"":1,"":2}',
        b'{"a":{},"a":[]}',
    ],
)
def test_a_key_that_stands_twice_is_refused_at_any_depth(raw: bytes) -> None:
    """One reader takes the first, another the last."""
    assert refusal(raw).code is Code.DUPLICATE_KEY


@given(st.text(min_size=1, max_size=4), st.lists(st.sampled_from(["list", "object"]), max_size=MAX_DEPTH - 1))
def test_a_duplicate_is_found_however_it_is_wrapped(key: str, wrappers: list[str]) -> None:
    spelled = (json.dumps(key), '"' + "".join(f"\\u{ord(char):04x}" for char in key if ord(char) < 0x10000) + '"')
    text = f"{{{spelled[0]}:1,{spelled[0]}:2}}" if any(ord(c) > 0xFFFF for c in key) else f"{{{':1,'.join(spelled)}:2}}"
    for wrapper in wrappers:
        text = f"[0,{text}]" if wrapper == "list" else f'{{"k":{text}}}'

    assert refusal(text.encode()).code is Code.DUPLICATE_KEY


def test_the_same_key_in_two_objects_is_fine() -> None:
    assert parse_json(b'[{"a":1},{"a":{"a":2},"A":3}]') == [{"a": 1}, {"a": {"a": 2}, "A": 3}]


@pytest.mark.parametrize("opener", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("times", [MAX_DEPTH + 1, 100_000])
def test_deep_nesting_is_refused_before_the_parser_recurses(opener: str, times: int) -> None:
    """A hundred thousand brackets are 100 KB and must not become a 500."""
    assert refusal((opener * times).encode()).code is Code.INVALID_JSON


def test_the_deepest_that_is_accepted() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    assert refusal(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)).code is Code.INVALID_JSON
    assert parse_json(b"[" + b"[]," * 500 + b"[]]") == [[]] * 501


@pytest.mark.parametrize(
    ("text", "deeper"),
    [
        ("", False),
        ("[[", False),
        ("[[[", True),
        ("[{[", True),
        ("[][][]", False),
        ('"[[["', False),
        ('"\\"[[["', False),
        ('"\\\\"[[[', True),
        ('["[",{"]":1}]', False),
    ],
)
def test_brackets_inside_of_strings_do_not_count(text: str, deeper: bool) -> None:
    assert is_deeper_than(text, 2) is deeper


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


@given(VALUES, st.integers(0, 6))
def test_depth_is_what_a_parser_would_recurse(value: Any, limit: int) -> None:
    assert is_deeper_than(json.dumps(value), limit) is (depth_of(value) > limit)


def test_a_refusal_never_quotes_the_body() -> None:
    for raw in (b'{"canary', b'{"canary":1,"canary":2}', b'["canary\xff"]', b"[canary]", b'"canary\\ud800"'):
        refused = refusal(raw)
        assert "canary" not in f"{refused.public}{refused.detail}{refused.__cause__}"


def test_numbers_and_whole_pairs_are_kept() -> None:
    value = parse_json(b'[1.0,123456789012345678901234567890,1e-400,"\\ud83d\\ude00","\\\\ud800"]')

    assert value == [1.0, 123456789012345678901234567890, 0.0, "\U0001f600", "\\ud800"]
    assert math.isfinite(value[2])
