"""Which headers cross the gateway, in each direction."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.headers import HOP_BY_HOP, Pairs, to_client, to_upstream

MODE = "Cronofy-Access-Mode"


def up(
    *pairs: tuple[str, str], authorization: str | None = "Bearer ours", paged: bool = False, impersonate: bool = False
) -> Pairs:
    return to_upstream(pairs, authorization=authorization, request_id="req_1", paged=paged, impersonate=impersonate)


def down(*pairs: tuple[str, str]) -> Pairs:
    return to_client(pairs, mode_header=MODE, mode="free_busy", request_id="req_1")


def values(pairs: Pairs, name: str) -> list[str]:
    return [value for key, value in pairs if key.lower() == name.lower()]


UP_OURS: Pairs = [
    ("Accept-Encoding", "identity"),
    ("Authorization", "Bearer ours"),
    ("Via", "1.1 cronofy-gateway"),
    ("X-Request-Id", "req_1"),
]
DOWN_OURS: Pairs = [
    (MODE, "free_busy"),
    ("Via", "1.1 cronofy-gateway"),
    ("X-Request-Id", "req_1"),
    ("X-Content-Type-Options", "nosniff"),
]


def test_what_a_call_needs_goes_upstream_in_order() -> None:
    sent = [
        ("Content-Type", "application/json"),
        ("User-Agent", "Cronofy Ruby 0.41.2"),
        ("Accept", "*/*"),
        ("If-None-Match", '"1"'),
        ("Range", "bytes=0-1"),
        ("traceparent", "00-1-2-01"),
        ("X-Mine", "1"),
        ("X-Mine", "2"),
    ]

    assert up(*sent) == [*sent, *UP_OURS]


@pytest.mark.parametrize(
    "name",
    [
        *sorted(HOP_BY_HOP),
        "Authorization",
        "AUTHORIZATION",
        "Baggage",
        "Content-Length",
        "Expect",
        "Forwarded",
        "Gateway-Account",
        "Gateway-Client",
        "Host",
        "HTTP2-Settings",
        "Max-Forwards",
        "Origin",
        "Proxy-Anything",
        "Referer",
        "Sec-Fetch-Site",
        "Sec-WebSocket-Key",
        "Via",
        "X-CSRF",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Original-URL",
        "X-Real-IP",
        "X-Request-ID",
        "X-Rewrite-URL",
        "Cronofy-Impersonate",
    ],
)
def test_what_is_asked_of_us_stays_here(name: str) -> None:
    """In underscore spelling too: a CGI-style server behind Cronofy's edge reads both as one (CVE-2025-64484)."""
    assert up((name, "evil")) == UP_OURS
    assert up((name.replace("-", "_"), "evil")) == UP_OURS
    assert up((name.upper().replace("-", "_", 1), "evil")) == UP_OURS


def test_a_name_with_an_underscore_never_goes_upstream() -> None:
    assert up(("X_Mine", "1"), ("_", "1"), ("Cronofy_Impersonate", "acc_2"), impersonate=True) == UP_OURS


def test_connection_deletes_the_callers_headers_but_never_ours() -> None:
    """RFC 9110 section 7.6.1; the names are removed before ours are set (CVE-2024-45410)."""
    sent = up(
        ("Connection", "close, Authorization, x-request-id , VIA, X-Mine,,"),
        ("connection", "accept-encoding"),
        ("X-Mine", "1"),
        ("X-Other", "2"),
        ("Accept-Encoding", "gzip"),
    )

    assert sent == [("X-Other", "2"), ("Accept-Encoding", "gzip"), *UP_OURS[1:]]


def test_a_call_without_a_credential_carries_none() -> None:
    assert up(("Authorization", "Bearer None"), authorization=None) == [UP_OURS[0], *UP_OURS[2:]]


def test_a_caller_that_may_impersonate_keeps_its_header() -> None:
    assert up(("cronofy-Impersonate", "acc_2"), impersonate=True) == [("cronofy-Impersonate", "acc_2"), *UP_OURS]


def test_compression_is_negotiated_by_the_caller_alone() -> None:
    assert values(up(("Accept-Encoding", "gzip"), ("accept-encoding", "br")), "accept-encoding") == ["gzip, br"]
    assert values(up(), "accept-encoding") == ["identity"]


def test_a_page_is_asked_for_whole_and_uncompressed() -> None:
    """It is read and rewritten, so a part of it or a 304 is of no use."""
    conditional = ["Range", "If-Range", "If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since"]

    assert up(*((name, "x") for name in conditional), ("Accept-Encoding", "gzip"), paged=True) == UP_OURS


def test_what_cronofy_says_reaches_the_client_in_order() -> None:
    """Rack's Status too: the Ruby SDK reads its error messages from it."""
    said = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Status", "422 Unprocessable Entity"),
        ("ETag", 'W/"1"'),
        ("Cache-Control", "max-age=0, private, must-revalidate"),
        ("Retry-After", "7"),
        ("X-RateLimit-Remaining", "49"),
        ("WWW-Authenticate", "Bearer"),
        ("Vary", "Accept"),
        ("Vary", "Origin"),
    ]

    assert down(*said) == [*said, *DOWN_OURS]


@pytest.mark.parametrize(
    "name",
    [
        *sorted(HOP_BY_HOP),
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers",
        "Alt-Svc",
        "Clear-Site-Data",
        "Content-Length",
        "Cronofy-Access-Mode",
        "Gateway-Error",
        "Proxy-Anything",
        "Set-Cookie",
        "Strict-Transport-Security",
        "Via",
        "X-Content-Type-Options",
        "X-Request-Id",
    ],
)
def test_what_is_ours_to_say_to_a_browser_does_not_come_from_upstream(name: str) -> None:
    assert down((name, "evil"), (name.upper(), "evil"), (name.replace("-", "_"), "evil")) == DOWN_OURS


def test_connection_from_upstream_cannot_delete_ours() -> None:
    said = down(
        ("Connection", "cronofy-access-mode, authorization, x-request-id, status, x-content-type-options"),
        ("Status", "200 OK"),
        ("Cronofy-Access-Mode", "read_write"),
    )

    assert said == DOWN_OURS


def test_the_access_mode_header_goes_by_the_name_that_was_set() -> None:
    said = to_client([("x-mode", "evil"), (MODE, "kept")], mode_header="X-Mode", mode="no_access", request_id="r")

    assert values(said, "x-mode") == ["no_access"]
    assert values(said, MODE) == ["kept"]


def test_a_line_that_is_not_utf_8_stays_behind() -> None:
    """Its bytes reach us as lone surrogates, which cannot be written again as they came."""
    assert up(("X-Mine", "a\udcff"), ("X-Other", "\u00e9")) == [("X-Other", "\u00e9"), *UP_OURS]
    assert down(("X-Mine", "a\udcff"), ("X-Other", "\u00e9")) == [("X-Other", "\u00e9"), *DOWN_OURS]


def cased(name: str) -> st.SearchStrategy[str]:
    return st.lists(st.booleans(), min_size=len(name), max_size=len(name)).map(
        lambda upper: "".join(char.upper() if big else char for char, big in zip(name, upper, strict=True))
    )


NAMES = st.sampled_from(
    ["connection", "authorization", "cookie", "set-cookie", "x_request_id", "cronofy-access-mode", "via", "x-mine"]
).flatmap(cased)
SOME = st.lists(st.tuples(NAMES, st.sampled_from(["evil", "via, cronofy-access-mode", "authorization,x-request-id"])))


@given(SOME)
def test_ours_are_said_exactly_once_in_each_direction(pairs: Pairs) -> None:
    sent, said = up(*pairs), down(*pairs)

    for name, value in UP_OURS:
        assert values(sent, name) == [value]
    for name, value in DOWN_OURS:
        assert values(said, name) == [value]
    assert not {key.lower() for key, _ in sent} & {"connection", "x_request_id"}
    assert not {key.lower() for key, _ in said} & {"set-cookie", "connection", "x_request_id"}


def test_our_cookies_stay_here_and_others_go_on_byte_for_byte() -> None:
    """A session handle in Cronofy's access log would be a session in Cronofy's access log."""
    mixed = 'a="1 2";  __Host-gateway-app=canary; b=%20;gwflow-1=canary;c'
    assert values(up(("Cookie", mixed)), "Cookie") == ['a="1 2"; b=%20;c']
    assert values(up(("cookie", "x=1;  y=2")), "Cookie") == ["x=1;  y=2"]
    assert values(up(("Cookie", "gateway-app=canary")), "Cookie") == []


def test_names_that_somebody_invents_take_no_room() -> None:
    """What is remembered of a name is a bit; the name itself may have thousands of bytes."""
    tracemalloc.start()
    try:
        for number in range(2_000):
            up((f"X-{number}-{'x' * 8_000}", "1"), (f"X-{number}", "1"))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 1_000_000
    assert values(up(("Cookie2_x", "1"), ("X-Real-IP", "1"), ("X-Mine", "1")), "X-Mine") == ["1"]
    assert not values(up(("X-Real-IP", "1")), "X-Real-IP")
