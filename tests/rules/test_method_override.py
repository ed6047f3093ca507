"""What would turn one call into another upstream."""

import pytest

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.method_override import refuse_form, refuse_override


@pytest.mark.parametrize(
    "query",
    ["_method=DELETE", "a=1&_method=x", "%5fmethod=x", "_metho%64=x", "_method[]=x", "a=b;_method=x", "_method"],
)
def test_a_method_in_the_query_is_refused(query: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        refuse_override(query)
    assert caught.value.code is Code.METHOD_OVERRIDE_REFUSED


@pytest.mark.parametrize("query", ["", "method=x", "a=_method", "payment_method=x", "from=2014-08-05%2015:30:00Z"])
def test_other_words_pass(query: str) -> None:
    refuse_override(query)


@pytest.mark.parametrize(
    "content_types",
    [
        ["application/x-www-form-urlencoded"],
        ["Application/X-WWW-Form-Urlencoded; charset=utf-8"],
        ["application/x-www-form-urlencoded, application/json"],
        ["application/json", "multipart/form-data; boundary=x"],
        ["multipart/form-data"],
        ["multipart/mixed"],
        [""],
        [";charset=utf-8"],
        [],
    ],
)
def test_a_body_that_rack_reads_as_a_form_is_refused(content_types: list[str]) -> None:
    """A POST without a type is one as well."""
    with pytest.raises(RequestRefused) as caught:
        refuse_form("POST", content_types)
    assert caught.value.code is Code.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    ("method", "content_types"),
    [
        ("POST", ["application/json; charset=utf-8"]),
        ("POST", ["application/octet-stream"]),
        ("DELETE", []),
        ("DELETE", ["application/json"]),
    ],
)
def test_another_body_is_cronofys_to_judge(method: str, content_types: list[str]) -> None:
    refuse_form(method, content_types)
