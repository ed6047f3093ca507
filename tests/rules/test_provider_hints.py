"""Leading a person to an access mode."""

import pytest

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.provider_hints import provider_hint


@pytest.mark.parametrize(
    ("mode", "provider", "hint"),
    [
        ("no_access", "", "cronofy"),
        ("no_access", "google", "cronofy"),
        ("free_busy", "google", "google_free_busy"),
        ("free_busy", "microsoft", "ms_graph_free_busy"),
        ("free_busy", "", ""),
        ("", "google", "google"),
        ("read_write", "microsoft", "office365"),
        ("", "", ""),
    ],
)
def test_a_mode_and_a_provider_become_cronofys_own_name(mode: str, provider: str, hint: str) -> None:
    assert provider_hint(mode, provider) == hint


@pytest.mark.parametrize(("mode", "provider"), [("free_busy", "apple"), ("all", ""), ("", "yahoo"), ("unknown", "")])
def test_what_cannot_be_led_to_is_refused(mode: str, provider: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        provider_hint(mode, provider)
    assert caught.value.code is Code.INVALID_REQUEST
