"""An error carries a code, a public sentence and a private detail."""

import pytest

from gateway.rules import errors
from gateway.rules.error_codes import MEANINGS, Code
from gateway.rules.errors import AuthorizeRefused, CronofyUnavailable, GatewayError, RequestRefused, StoreUnavailable


def test_the_tree_is_the_one_in_the_docstring() -> None:
    assert RequestRefused.__bases__ == (GatewayError,)
    assert AuthorizeRefused.__bases__ == (RequestRefused,)
    assert CronofyUnavailable.__bases__ == (GatewayError,)
    assert StoreUnavailable.__bases__ == (GatewayError,)
    drawn = errors.__doc__ or ""
    assert all(name in drawn for name in ("RequestRefused", "AuthorizeRefused", "CronofyUnavailable"))


def test_an_error_is_read_by_its_parts() -> None:
    error = RequestRefused(
        Code.INVALID_FIELD, "Send a string.", detail="private", fields={"scope": "s"}, headers={"Allow": "GET"}
    )

    assert (error.code, error.public, error.detail) == (Code.INVALID_FIELD, "Send a string.", "private")
    assert (error.fields, error.headers) == ({"scope": "s"}, {"Allow": "GET"})


def test_the_private_detail_is_not_in_the_text_of_an_error() -> None:
    """`str(error)` ends up in places that nobody chose."""
    error = RequestRefused(Code.INVALID_FIELD, "Send a string.", detail="private")

    assert str(error) == "invalid_field: Send a string."


def test_errors_share_nothing() -> None:
    fields = {"scope": "s"}
    one = RequestRefused(Code.INVALID_FIELD, "One.", fields=fields)
    fields["other"] = "o"

    assert one.fields == {"scope": "s"}
    assert RequestRefused(Code.INVALID_FIELD, "Two.").fields == {}


def test_a_store_that_is_away_says_when_to_come_back() -> None:
    with pytest.raises(GatewayError) as caught:
        raise StoreUnavailable("disk full")

    assert caught.value.code is Code.STORE_UNAVAILABLE
    assert MEANINGS[caught.value.code].status == 503
    assert int(caught.value.headers["Retry-After"]) > 0
    assert "disk full" not in caught.value.public
