"""Sealed bytes in a cookie: back as they were, and in one spelling only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.cookie_text import as_cookie, of_cookie


@given(st.binary(max_size=100))
def test_what_is_written_is_read_and_needs_no_quotes(sealed: bytes) -> None:
    value = as_cookie(sealed)

    assert of_cookie(value) == sealed
    assert value.replace("-", "").replace("_", "").isalnum() or not value


@pytest.mark.parametrize("value", ["YQ==", "YR", "Y Q", "YQ\n", "YQ.", "Y", "é", "\udcff", "+/8", '"YQ"'])
def test_another_spelling_is_refused(value: str) -> None:
    """Base64's readers pass over strange characters and left-over bits."""
    with pytest.raises(ValueError, match=r"spelling|characters|ascii|encode|padding|multiple"):
        of_cookie(value)


def test_the_alphabet_is_that_of_urls() -> None:
    assert of_cookie("-_8") == b"\xfb\xff"
