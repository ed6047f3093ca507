"""A form and a JSON object carry the same fields, and the application's credentials take the client's place."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.client import Application
from gateway.rules.data_centres import HOSTS, DataCentre
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.token_request import client_credentials, read_fields, required, text, upstream_fields

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
APPLICATION = Application("main", "cronofy-id", "CRN_secret", HOSTS[DataCentre.US])


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{quote_plus(user)}:{quote_plus(password)}".encode()).decode()


def refusal(raw: bytes, content_type: str) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        read_fields(raw, content_type)
    return caught.value


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=5), st.text(st.characters(codec="utf-8"), max_size=8)
    )
)
def test_both_encodings_carry_the_same_fields(fields: dict[str, str]) -> None:
    """Ruby sends a form, the other SDKs JSON; both spell the space of a form in their own way."""
    assert read_fields(json.dumps(fields).encode(), JSON) == fields
    assert read_fields(urlencode(fields).encode(), FORM) == fields
    assert read_fields(urlencode(fields, quote_via=quote).encode(), FORM) == fields


@pytest.mark.parametrize(
    ("raw", "content_type", "fields"),
    [
        (b"a=1&b=2", "", {"a": "1", "b": "2"}),
        (b"a=1", "Application/X-WWW-Form-Urlencoded; charset=utf-8", {"a": "1"}),
        (b"&&a=1&&b&c=", FORM, {"a": "1", "b": "", "c": ""}),
        (b"a=x=y&b=%26%3D+%2B", FORM, {"a": "x=y", "b": "&= +"}),
        (b"a=1;b=2", FORM, {"a": "1;b=2"}),
        (b"", FORM, {}),
        (b'{"a":"1"}', " application/JSON ; charset=utf-8", {"a": "1"}),
        (b'{"a":null,"b":true,"c":false,"d":""}', JSON, {"b": True, "c": False, "d": ""}),
        (b"{}", JSON, {}),
    ],
)
def test_what_the_sdks_send_is_read(raw: bytes, content_type: str, fields: dict[str, Any]) -> None:
    assert read_fields(raw, content_type) == fields


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"code=a&code=a", FORM),
        (b"code=a&c%6Fde=b", FORM),
        (b"code&code=", FORM),
        (b"a=%ff", FORM),
        (b"a=%ed%a0%80", FORM),
        (b"a=\xc3\xa9", FORM),
        (b"\xff\xfe", ""),
        (b'{"code":"a","code":"b"}', JSON),
        (b'{"code":"a","\\u0063ode":"b"}', JSON),
        (b'{"code":7}', JSON),
        (b'{"code":["a"]}', JSON),
        (b'{"code":{"a":"b"}}', JSON),
        (b'{"code":1.5}', JSON),
        (b"[]", JSON),
        (b'"code"', JSON),
        (b"null", JSON),
        (b"", JSON),
        (b"code=a", JSON),
        pytest.param(b"[" * 100_000, JSON, id="deep-lists"),
        pytest.param(b'{"a":' * 100_000, JSON, id="deep-objects"),
        (b'{"code":"\xff"}', JSON),
        (b'{"code":"\\ud800"}', JSON),
        (b'{"code":"a"}', "text/plain"),
        (b'{"code":"a"}', "application/jsonx"),
        (b'{"code":"a"}', "application/vnd.api+json"),
        (b"code=a", "multipart/form-data; boundary=x"),
    ],
)
def test_whatever_two_readers_could_differ_on_is_an_invalid_request(raw: bytes, content_type: str) -> None:
    """RFC 6749 section 5.2 has one code for all of it, and section 3.2 forbids a doubled parameter."""
    assert refusal(raw, content_type).code is Code.INVALID_REQUEST


@given(st.binary(max_size=40), st.sampled_from([FORM, JSON, "", "text/html"]))
def test_nothing_but_a_refusal_comes_of_noise(raw: bytes, content_type: str) -> None:
    try:
        fields = read_fields(raw, content_type)
    except RequestRefused:
        return

    assert all(isinstance(value, str | bool) for value in fields.values())


BODY = {"client_id": "app", "client_secret": "s1"}


@pytest.mark.parametrize(
    ("fields", "authorization", "credentials"),
    [
        (BODY, None, ("app", "s1")),
        (BODY, "Bearer None", ("app", "s1")),
        (BODY, "Bearer undefined", ("app", "s1")),
        (BODY, "Bearer an-old-access-token", ("app", "s1")),
        (BODY, basic("other", "s2"), ("app", "s1")),
        ({}, basic("app", "s1"), ("app", "s1")),
        ({}, basic("app:x", "s +%1"), ("app:x", "s +%1")),
        ({"client_id": "app"}, basic("app", "s1"), ("app", "s1")),
        ({"client_secret": "s1"}, basic("app", "s2"), ("app", "s2")),
        ({"client_id": "", "client_secret": ""}, basic("app", "s1"), ("app", "s1")),
    ],
)
def test_the_client_is_known_by_the_body_first_and_then_by_basic(
    fields: dict[str, str | bool], authorization: str | None, credentials: tuple[str, str]
) -> None:
    """The Bearer that SDKs send along here is noise."""
    assert client_credentials(fields, authorization)[0] == credentials


@pytest.mark.parametrize(
    ("fields", "authorization"),
    [
        ({}, None),
        ({}, "Bearer s1"),
        ({"client_id": "app"}, None),
        ({"client_secret": "s1"}, None),
        ({"client_id": "app", "client_secret": ""}, None),
        ({"client_id": True, "client_secret": True}, None),
        ({"client_id": "other"}, basic("app", "s1")),
        ({}, "Basic !!!"),
        ({}, "Basic \u00e9"),
    ],
)
def test_half_credentials_are_none(fields: dict[str, str | bool], authorization: str | None) -> None:
    with pytest.raises(RequestRefused) as caught:
        client_credentials(fields, authorization)

    assert caught.value.code is Code.INVALID_CLIENT


def test_a_required_field_is_named_when_it_is_missing() -> None:
    assert required({"code": "a"}, "code") == "a"
    for fields in ({}, {"code": ""}, {"code": True}):
        with pytest.raises(RequestRefused) as caught:
            required(fields, "code")
        assert caught.value.code is Code.INVALID_REQUEST
        assert "code" in caught.value.public


def test_a_flag_is_not_text() -> None:
    assert text({"request_pii_erasure": True}, "request_pii_erasure") == ""
    assert text({}, "absent") == ""


@given(
    st.dictionaries(
        st.sampled_from(["client_id", "client_secret", "code", "x", "request_pii_erasure"]),
        st.text(max_size=5) | st.booleans(),
    ),
    st.frozensets(st.sampled_from(["code", "x", "client_id"])),
)
def test_the_applications_credentials_replace_the_clients(
    fields: dict[str, str | bool], without: frozenset[str]
) -> None:
    sent = upstream_fields(fields, APPLICATION, without=without)
    others = {name: value for name, value in fields.items() if name not in {"client_id", "client_secret", *without}}

    assert sent == {"client_id": "cronofy-id", "client_secret": "CRN_secret", **others}
