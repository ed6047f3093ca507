"""A target is accepted only when every reader of paths sees the same one."""

import posixpath
import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.request_target import Target, read_path, read_target

ATOMS = [
    "/",
    "/",
    "v1",
    "events",
    ".",
    "..",
    "%2e",
    "%2E",
    "%2f",
    "%5c",
    "%25",
    "%00",
    "%41",
    "%c3%a9",
    "%ff",
    "%",
    "?",
    "#",
    "%23",
    "%3f",
    ";",
    "%3b",
    "@",
    "%40",
    ":",
    "\\",
    " ",
    "%20",
    "\u00e9",
    "~",
    "+",
    "http://evil",
]


def read(raw: str) -> Target | None:
    try:
        return read_target(raw)
    except RequestRefused:
        return None


@given(st.lists(st.sampled_from(ATOMS), max_size=8).map("".join))
def test_an_accepted_target_is_the_same_for_every_reader(tail: str) -> None:
    """Rule and upstream must not differ (CVE-2021-29492, CVE-2021-43557, CVE-2026-33494)."""
    raw = f"/v1{tail}"
    target = read(raw)
    if target is None:
        return

    assert raw == target.path + ("?" + target.query if "?" in raw else "")
    split = urlsplit(raw)
    assert (split.netloc, split.path, split.query, split.fragment) == ("", target.path, target.query, "")
    for spelled in (target.path, unquote(target.path), unquote(unquote(target.path))):
        assert posixpath.normpath(spelled) == spelled.removesuffix("/")
        assert "\\" not in spelled
    url = URL("https://api.cronofy.com" + raw)
    assert url.path.removesuffix("/").split("/")[1:] == list(target.segments)
    assert url.host == "api.cronofy.com"
    assert url.fragment == ""


@given(st.text(max_size=30))
def test_any_text_is_accepted_or_refused(raw: str) -> None:
    target = read(raw)

    assert target is None or re.fullmatch(r"/[\x21-\x7e]*", target.path)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "*",
        "v1/events",
        "?x=1",
        "//evil.example/v1",
        "/v1//events",
        "/v1/events//",
        "http://evil.example/v1",
        "https://api.cronofy.com/v1/events",
        "evil.example:443",
        "/v1/..",
        "/v1/../oauth/token",
        "/v1/./events",
        "/v1/.",
        "/v1/%2e%2e/x",
        "/v1/%2E./x",
        "/v1/.%2e",
        "/v1/%2e",
        "/v1/a%2fb",
        "/v1/a%2Fb",
        "/v1/a%5cb",
        "/v1/a\\b",
        "/v1/a%5Cb",
        "/v1/%252e%252e",
        "/v1/a%2541",
        "/v1/a%25",
        "/v1/a%",
        "/v1/a%4",
        "/v1/a%zz",
        "/v1/a%u0041",
        "/v1/a;x=1",
        "/v1/a%3bx",
        "/v1/a#b",
        "/v1/a%23b",
        "/v1/a%3fb",
        "/v1/a?x=1#b",
        "/v1/a%00",
        "/v1/a%0d%0ab",
        "/v1/a%20b",
        "/v1/a b",
        "/v1/a\tb",
        "/v1/a%7f",
        "/v1/a\x7f",
        "/v1/\u00e9",
        "/v1/%ff",
        "/v1/%c0%ae%c0%ae",
        "/v1/%ed%a0%80",
        "/v1/a[b]",
        "/v1/a|b",
        '/v1/a"b',
        "/v1/a^b",
        "/v1/a?x y",
        "/v1/a?x=\u00e9",
        "/v1/a?x=\r\ny",
        "/v1/a?x=\x00",
        "/v1/a\n",
    ],
)
def test_a_spelling_that_two_readers_could_take_apart_is_refused(raw: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        read_target(raw)

    assert caught.value.code is Code.BAD_TARGET
    assert "evil" not in caught.value.public


@pytest.mark.parametrize(
    ("raw", "target"),
    [
        ("/", Target("/", "", ())),
        ("/v1/events", Target("/v1/events", "", ("v1", "events"))),
        ("/v1/available_periods/", Target("/v1/available_periods/", "", ("v1", "available_periods"))),
        ("/v1/events?", Target("/v1/events", "", ("v1", "events"))),
        ("/v1/c/cal_U9@E_f-0", Target("/v1/c/cal_U9@E_f-0", "", ("v1", "c", "cal_U9@E_f-0"))),
        ("/v1/c/cal_U9%40E", Target("/v1/c/cal_U9%40E", "", ("v1", "c", "cal_U9@E"))),
        ("/v1/%c3%a9", Target("/v1/%c3%a9", "", ("v1", "\u00e9"))),
        ("/v1/a...b", Target("/v1/a...b", "", ("v1", "a...b"))),
        ("/v1/...", Target("/v1/...", "", ("v1", "..."))),
        ("/v1/e?calendar_ids[]=a&t=15:30:00Z", Target("/v1/e", "calendar_ids[]=a&t=15:30:00Z", ("v1", "e"))),
        ("/v1/e?a=/../..//b?c", Target("/v1/e", "a=/../..//b?c", ("v1", "e"))),
        ("/v1/e?%2e%2e%2f%00", Target("/v1/e", "%2e%2e%2f%00", ("v1", "e"))),
    ],
)
def test_what_cronofys_sdks_send_is_kept_as_sent(raw: str, target: Target) -> None:
    """Calendar ids hold `@`, arrays come as `calendar_ids[]`; the raw bytes are what goes on."""
    assert read_target(raw) == target


def test_a_path_alone_is_read_by_the_same_rule() -> None:
    assert read_path("/v1/a%2Db/") == ("v1", "a-b")
    with pytest.raises(RequestRefused):
        read_path("/v1/a?x")
