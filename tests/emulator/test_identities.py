import pytest

from gateway.emulator.identities import MODES, PROVIDERS, Mode, Pinned, Provider, identity_of, is_offered, pinned_by


@pytest.mark.parametrize(
    ("provider", "mode", "expected"),
    [
        ("google", "read_write", ("google", "gsuite")),
        ("microsoft", "read_write", ("exchange", "office365")),
        ("apple", "read_write", ("apple", "icloud")),
        ("exchange", "read_write", ("exchange", "exchange")),
        ("google", "free_busy", ("google_free_busy", "google_free_busy")),
        ("microsoft", "free_busy", ("ms_graph_free_busy", "ms_graph_free_busy")),
        ("exchange", "no_access", ("cronofy", "cronofy")),
    ],
)
def test_a_connection_is_named_by_provider_and_mode(provider: Provider, mode: Mode, expected: tuple[str, str]) -> None:
    assert identity_of(provider, mode) == expected


def test_whatever_is_offered_has_a_name() -> None:
    offered = [(provider, mode) for provider in PROVIDERS for mode in MODES if is_offered(provider, mode)]

    assert len(offered) == 10
    assert all(identity_of(provider, mode) for provider, mode in offered)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("google_free_busy", Pinned("google", "free_busy")),
        ("ms_graph_free_busy", Pinned("microsoft", "free_busy")),
        ("cronofy", Pinned(None, "no_access")),
        ("office365", Pinned("microsoft")),
        ("", Pinned()),
        ("other", Pinned()),
    ],
)
def test_provider_name_settles_provider_or_mode_or_both(name: str, expected: Pinned) -> None:
    assert pinned_by(name) == expected
