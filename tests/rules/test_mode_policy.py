"""Which modes a client takes."""

import pytest

from gateway.rules.access_mode import AccessMode
from gateway.rules.error_codes import Code
from gateway.rules.mode_policy import ModePolicy, mode_refused

FB, NO, RW = AccessMode.FREE_BUSY, AccessMode.NO_ACCESS, AccessMode.READ_WRITE


@pytest.mark.parametrize("mode", AccessMode)
def test_without_a_list_every_mode_is_taken(mode: AccessMode) -> None:
    assert ModePolicy().takes(mode)


@pytest.mark.parametrize("mode", AccessMode)
def test_a_list_is_about_the_three_modes_only(mode: AccessMode) -> None:
    """What is not known cannot be refused, and a service account has no mode."""
    assert ModePolicy(frozenset({FB})).takes(mode) is (mode not in {RW, NO})


@pytest.mark.parametrize(
    ("mode", "provider", "hint"),
    [
        (None, "", ""),
        (NO, "", "cronofy"),
        (FB, "google", "google_free_busy"),
        (FB, "microsoft", "ms_graph_free_busy"),
        (FB, "", ""),
        (RW, "", ""),
        (RW, "google", "google"),
    ],
)
def test_a_preferred_mode_becomes_cronofys_provider_name(mode: AccessMode | None, provider: str, hint: str) -> None:
    assert ModePolicy(preferred=mode, preferred_provider=provider).hint == hint


def test_the_refusal_says_which_mode_came_and_which_are_taken() -> None:
    refused = mode_refused(RW, ModePolicy(frozenset({NO, FB})))
    assert refused.code is Code.MODE_REFUSED
    assert "read_write" in refused.public
    assert "free_busy, no_access" in refused.public
