"""What a request's Content-Encoding really means."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.content_coding import decode_body
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

BODY = b'{"event_id":"e1"}'
CSHARP = "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"


@pytest.mark.parametrize("coding", ["", "identity", " Identity ", CSHARP, "gzip; q=1.0, deflate ; q = 0.6"])
def test_a_plain_body_stays_as_it_is(coding: str) -> None:
    """The C# SDK writes its Accept-Encoding into Content-Encoding, on plain bodies."""
    assert decode_body(BODY, coding, limit=100) == BODY


@pytest.mark.parametrize("coding", ["gzip", "GZIP", " gzip ", "x-gzip"])
def test_gzip_is_decoded(coding: str) -> None:
    assert decode_body(gzip.compress(BODY), coding, limit=100) == BODY


def test_deflate_is_the_zlib_format() -> None:
    """RFC 9110 section 8.4.1.2: a zlib wrapper around a deflate stream."""
    assert decode_body(zlib.compress(BODY), "deflate", limit=100) == BODY


def refusal(raw: bytes, coding: str, *, limit: int = 100) -> Code:
    with pytest.raises(RequestRefused) as caught:
        decode_body(raw, coding, limit=limit)
    return caught.value.code


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip,identity", "*", "gzip;level=9"])
def test_another_coding_is_refused(coding: str) -> None:
    assert refusal(gzip.compress(BODY), coding) is Code.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        BODY,
        gzip.compress(BODY)[:-1],
        gzip.compress(BODY)[:-8],
        gzip.compress(BODY) + b"x",
        gzip.compress(BODY) + gzip.compress(b"second member"),
        gzip.compress(BODY)[:-8] + bytes(8),
        zlib.compress(BODY),
    ],
)
def test_a_damaged_body_is_refused(raw: bytes) -> None:
    """A second member, or bytes after the end, would be read by some decoders and not by others."""
    assert refusal(raw, "gzip") is Code.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(("size", "fits"), [(0, True), (99, True), (100, True), (101, False), (5_000, False)])
def test_the_limit_is_what_comes_out(size: int, fits: bool) -> None:
    packed = gzip.compress(b"a" * size)

    if fits:
        assert decode_body(packed, "gzip", limit=100) == b"a" * size
    else:
        assert refusal(packed, "gzip") is Code.BODY_TOO_LARGE


def test_a_bomb_costs_no_more_than_the_limit() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    tracemalloc.start()
    code = refusal(bomb, "deflate", limit=10_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert code is Code.BODY_TOO_LARGE
    assert peak < 2_000_000


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "x-gzip"]), st.integers(0, 300))
def test_whatever_is_packed_comes_back_or_is_too_large(plain: bytes, coding: str, limit: int) -> None:
    packed = zlib.compress(plain) if coding == "deflate" else gzip.compress(plain)

    if len(plain) <= limit:
        assert decode_body(packed, coding, limit=limit) == plain
    else:
        assert refusal(packed, coding, limit=limit) is Code.BODY_TOO_LARGE


@given(st.binary(max_size=200), st.text(max_size=20))
def test_nothing_but_a_refusal_comes_of_noise(raw: bytes, coding: str) -> None:
    try:
        outcome: bytes | Code = decode_body(raw, coding, limit=50)
    except RequestRefused as refused:
        outcome = refused.code

    assert outcome in {raw, Code.BODY_TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE}
