"""Values that several settings share."""

import pytest

from gateway.config.values import as_origin


@pytest.mark.parametrize(
    "value", ["https://a.example.com/path", "https://a.example.com?x", "https://user@a.example.com", "https://a#f", "a"]
)
def test_what_is_more_or_less_than_an_origin_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"origin|URL"):
        as_origin(value)


def test_an_origin_is_plain() -> None:
    assert as_origin("https://A.example.com:443/") == "https://a.example.com"
