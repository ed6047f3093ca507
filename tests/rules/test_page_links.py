"""`pages.next_page` leads back through the gateway, and nothing else in the body is touched."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.data_centres import API_ORIGINS
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.page_links import relink_page

GATEWAY = "https://gateway.example.com"
NEXT = "https://api.cronofy.com/v1/events/pages/08a07b"


def relink(body: bytes) -> bytes:
    return relink_page(body, public_url=GATEWAY, known_origins=API_ORIGINS)


def exact(body: bytes) -> Any:
    """Parse with every digit of every number kept, and the order of the members too."""
    return json.loads(body, object_pairs_hook=list, parse_float=lambda raw: ("float", raw), parse_int=Decimal)


def page(link: object, **others: Any) -> bytes:
    return json.dumps({"pages": {"current": 1, "total": 2, "next_page": link}, **others}).encode()


def refusal(body: bytes) -> CronofyUnavailable:
    with pytest.raises(CronofyUnavailable) as caught:
        relink(body)
    return caught.value


@pytest.mark.parametrize("origin", sorted(API_ORIGINS))
def test_the_next_page_of_each_data_centre_is_on_the_gateway(origin: str) -> None:
    body = relink(page(f"{origin}/v1/events/pages/08a07b?x=1&y=%2F"))

    assert json.loads(body)["pages"] == {
        "current": 1,
        "total": 2,
        "next_page": f"{GATEWAY}/v1/events/pages/08a07b?x=1&y=%2F",
    }


ODD = (
    rb'{"odd":[1.0,1.10,-0,-0.0,1e400,1E5,123456789012345678901234567890,0.1000000000000000055511151231257827],'
    rb'"text":"see https:\/\/api.cronofy.com\/v1\/events\/pages\/08a07b or https://api.cronofy.com/v1/x \u00e9 '
    rb'\ud83d\ude00 \u2028 \u0000",'
    b'"raw":"\xc3\xa9 \xf0\x9f\x98\x80",'
    rb'"pages":{"total":2.0,"next_page":"https:\/\/api.cronofy.com\/v1\/events\/pages\/08a07b","next_pages":"%s"},'
    rb'"next_page":"https://api.cronofy.com/v1/y","events":[{"pages":{"next_page":"https://api.cronofy.com/v1/z"}}]}'
)


def test_every_other_member_keeps_its_bytes() -> None:
    """Numbers keep their digits, an event text that quotes the URL keeps it, escapes stay escapes."""
    relinked = relink(ODD)
    found, wanted = exact(relinked), exact(ODD)
    spelled = rb'"https:\/\/api.cronofy.com\/v1\/events\/pages\/08a07b"'

    assert found[3] == (
        "pages",
        [("total", ("float", "2.0")), ("next_page", f"{GATEWAY}/v1/events/pages/08a07b"), ("next_pages", "%s")],
    )
    assert [*found[:3], *found[4:]] == [*wanted[:3], *wanted[4:]]
    assert relinked == ODD.replace(spelled, f'"{GATEWAY}/v1/events/pages/08a07b"'.encode())


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.just(NEXT),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["next_page", "pages", "x", "\u00e9"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(max_size=4), VALUES, max_size=3),
    st.dictionaries(st.text(max_size=4), VALUES, max_size=3),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_only_the_link_changes(
    others: dict[str, Any], pages: dict[str, Any], ascii_only: bool, indent: int | None
) -> None:
    document = {**others, "pages": {**pages, "next_page": NEXT}}
    body = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode()
    wanted = copy.deepcopy(document)
    wanted["pages"]["next_page"] = f"{GATEWAY}/v1/events/pages/08a07b"

    assert exact(relink(body)) == exact(json.dumps(wanted).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' { "events" : [ ] } ',
        b'{"pages":null}',
        b'{"pages":{}}',
        b'{"pages":{"current":2,"total":2}}',
        b'{"pages":{"next_page":null}}',
        b'{"pages":{"next_page":""}}',
        b'{"next_page":"https://evil.example/v1/x"}',
    ],
)
def test_a_body_without_a_next_page_is_the_very_same(body: bytes) -> None:
    assert relink(body) is body


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1/events",
        "https://api.cronofy.com.evil.example/v1/events",
        "https://api.cronofy.com@evil.example/v1/events",
        "https://api.cronofy.com:443@evil.example/v1/events",
        "https://api.cronofy.com:443/v1/events",
        "https://api.cronofy.comevil.example/v1/events",
        "https://api-xx.cronofy.com/v1/events",
        "https://app.cronofy.com/v1/events",
        "http://api.cronofy.com/v1/events",
        "https://api.cronofy.com",
        "https://api.cronofy.com/",
        "https://api.cronofy.com/v1",
        "https://api.cronofy.com/v10/events",
        "https://api.cronofy.com/oauth/token",
        "https://api.cronofy.com//v1/events",
        "https://api.cronofy.com\\/v1/events",
        "//api.cronofy.com/v1/events",
        "/v1/events/pages/1",
        " https://api.cronofy.com/v1/events",
        "HTTPS://API.CRONOFY.COM/v1/events",
        "javascript:https://api.cronofy.com/v1/",
        GATEWAY + "/v1/events",
    ],
)
def test_a_link_that_leads_elsewhere_withholds_the_page(link: str) -> None:
    """The SDK would follow it with the person's Bearer."""
    refused = refusal(page(link))

    assert refused.code is Code.UPSTREAM_PAGE_FOREIGN
    assert "evil" not in f"{refused.public}{refused.detail}"


@given(st.text(max_size=30))
def test_whatever_passes_is_on_the_gateway(tail: str) -> None:
    for link in (f"https://api.cronofy.com{tail}", tail or "x"):
        try:
            relinked = relink(page(link))
        except CronofyUnavailable:
            continue
        assert json.loads(relinked)["pages"]["next_page"].startswith(f"{GATEWAY}/v1/")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"[]",
        b"null",
        b"7",
        b'{"pages":{"next_page":"https://api.cronofy.com/v1/x"}',
        b'{"pages":{"next_page":"https://api.cronofy.com/v1/x"}} x',
        b'{"pages":[]}',
        b'{"pages":"https://api.cronofy.com/v1/x"}',
        b'{"pages":{"next_page":7}}',
        b'{"pages":{"next_page":["https://evil.example/"]}}',
        b'{"pages":{"next_page":"https://api.cronofy.com/v1/\xff"}}',
        b'{"\xff":1,"pages":{"next_page":"https://api.cronofy.com/v1/x"}}',
        pytest.param(b'{"x":' + b"[" * 100_000, id="deep-lists"),
        pytest.param(b'{"pages":' * 100_000, id="deep-pages"),
    ],
)
def test_a_page_that_cannot_be_read_is_an_error_of_ours_to_report(body: bytes) -> None:
    """Passing it on unread could pass a link on."""
    assert refusal(body).code is Code.UPSTREAM_REPLY_INVALID


@given(st.binary(max_size=60))
def test_nothing_else_comes_of_noise(noise: bytes) -> None:
    for body in (noise, b'{"' + noise + b'":1,"pages":{"next_page":"' + NEXT.encode() + b'"}}'):
        try:
            relinked = relink(body)
        except CronofyUnavailable:
            continue
        assert relinked is body or b'"https://gateway.example.com/v1/' in relinked


@pytest.mark.parametrize(
    "body",
    [
        b'{"pages":{"next_page":"https://evil.example/v1/x"},"pages":{"next_page":"https://api.cronofy.com/v1/y"}}',
        b'{"pages":{"next_page":"https://evil.example/v1/x","next_page":"https://api.cronofy.com/v1/y"}}',
    ],
)
def test_a_doubled_member_leaves_one_link_and_it_is_on_the_gateway(body: bytes) -> None:
    """Two readers of the answer could follow different ones."""
    relinked = relink(body)

    assert b"evil" not in relinked
    assert relinked.count(b"next_page") == 1


@pytest.mark.parametrize(
    ("query", "kept"),
    [("?et=secret", ""), ("?a=%2e&et=secret&b=1", "?a=%2e&b=1"), ("?%65t=secret", ""), ("?a=1", "?a=1")],
)
def test_an_element_token_in_a_link_is_taken_out(query: str, kept: str) -> None:
    """Elements add their own to it, and two would be refused; nor is a body a place for a credential."""
    page = f'{{"pages":{{"next_page":"https://api.cronofy.com/v1/events/pages/x{query}"}}}}'.encode()
    body = relink_page(page, public_url="https://gw.test", known_origins=frozenset({"https://api.cronofy.com"}))
    assert json.loads(body)["pages"]["next_page"] == f"https://gw.test/v1/events/pages/x{kept}"
