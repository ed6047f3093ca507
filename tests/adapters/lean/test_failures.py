"""A call that was not answered is told in fixed words; what happened is for the log."""

from gateway.adapters.lean.failures import told, unreachable
from gateway.rules.error_codes import Code


def test_the_public_words_hold_nothing_of_what_happened() -> None:
    error = unreachable("ConnectionRefusedError")
    assert (error.code, error.detail) == (Code.UPSTREAM_UNREACHABLE, "ConnectionRefusedError")
    assert "ConnectionRefusedError" not in str(error.public)
    assert error.headers == {"Retry-After": "5"}


def test_each_error_is_made_anew() -> None:
    make = told(Code.UPSTREAM_TIMEOUT, "stalled")
    assert make() is not make()
    assert make().public == "Cronofy did not answer in time."
