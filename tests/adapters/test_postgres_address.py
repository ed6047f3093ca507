"""The gateway's own options leave the URL, and a URL that would show a part of its password is refused."""

import pytest

from gateway.adapters.postgres_address import read_address
from gateway.rules.errors import StoreUnavailable

_NAMED = "application_name=cronofy-gateway"


@pytest.mark.parametrize(
    ("url", "passed_on", "pool_size", "statement_cache_size"),
    [
        ("postgresql://u:p@h:5432/db", f"postgresql://u:p@h:5432/db?{_NAMED}", 10, 100),
        ("postgresql:///db", f"postgresql:///db?{_NAMED}", 10, 100),
        ("postgresql://u@h/db?pool_size=3", f"postgresql://u@h/db?{_NAMED}", 3, 100),
        ("postgresql://u@h/db?statement_cache_size=0", f"postgresql://u@h/db?{_NAMED}", 10, 0),
        (
            "postgresql://u:p%40%3A@h1,h2:5433/db?sslmode=verify-full&pool_size=7&sslrootcert=/a%20b",
            f"postgresql://u:p%40%3A@h1,h2:5433/db?sslmode=verify-full&sslrootcert=/a%20b&{_NAMED}",
            7,
            100,
        ),
        ("postgresql://u@h/db?application_name=mine", "postgresql://u@h/db?application_name=mine", 10, 100),
    ],
)
def test_options_of_the_gateway_leave_the_url(
    url: str, passed_on: str, pool_size: int, statement_cache_size: int
) -> None:
    """PostgreSQL would refuse them as settings that it does not know; everything else goes on byte for byte."""
    address = read_address(url, pool_size=10)
    assert (address.url, address.pool_size, address.statement_cache_size) == (
        passed_on,
        pool_size,
        statement_cache_size,
    )


@pytest.mark.parametrize("value", ["", "0", "-1", "ten", "1.5", "%31", "²"])
def test_a_pool_size_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        read_address(f"postgresql://u:canary@h/db?pool_size={value}", pool_size=10)
    assert caught.value.detail == "pool_size in the store's URL has to be a whole number"


@pytest.mark.parametrize("password", ["can@ry", "can/ry", "can?ry", "can#ry", "1/canary", "@canary"])
def test_a_password_that_is_not_encoded_is_refused_and_not_shown(password: str) -> None:
    """Else `can/ry` would make `can` a port, and the error would quote it."""
    with pytest.raises(StoreUnavailable) as caught:
        read_address(f"postgresql://user:{password}@host:5432/db", pool_size=10)
    assert "percent-encoded" in caught.value.detail
    assert "can" not in caught.value.detail.replace("cannot", "")


def test_an_address_does_not_show_its_password() -> None:
    assert "canary" not in repr(read_address("postgresql://u:canary@h/db", pool_size=10))
