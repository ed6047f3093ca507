import pytest

from gateway.emulator import scopes


@pytest.mark.parametrize(
    ("scope", "is_known"),
    [
        ("read_account list_calendars read_events create_event delete_event", True),
        ("free_busy_write", True),
        ("organizational_unit_scheduler", True),
        ("", False),
        ("read_events everything", False),
        ("service_account/accounts/manage", False),
    ],
)
def test_scopes_of_people(scope: str, is_known: bool) -> None:
    """The first is what the Python SDK asks for by default."""
    assert scopes.are_known(scope) is is_known


@pytest.mark.parametrize(
    ("scope", "is_known"),
    [
        ("service_account/accounts/manage service_account/resources/unrestricted_access", True),
        ("service_account/accounts/everything", False),
        ("read_events", False),
        ("", False),
    ],
)
def test_scopes_of_service_accounts(scope: str, is_known: bool) -> None:
    assert scopes.are_known_for_service(scope) is is_known


def test_only_free_busy_write_brings_up_the_modes() -> None:
    assert scopes.offer_access_modes("read_events free_busy_write")
    assert not scopes.offer_access_modes("read_write free_busy")


@pytest.mark.parametrize(
    ("scope", "needed", "is_allowed"),
    [
        ("read_events", "read_free_busy", True),
        ("read_write", "change_participation_status", True),
        ("free_busy_write", "create_event", True),
        ("free_busy_write", "read_events", False),
        ("free_busy", "create_event", False),
        ("write_only", "read_free_busy", False),
        ("service_account/resources/manage", "service_account/resources/manage", True),
    ],
)
def test_what_a_scope_allows(scope: str, needed: str, is_allowed: bool) -> None:
    assert scopes.allow(scope, needed) is is_allowed


def test_a_narrower_scope_lies_within_a_wider_one() -> None:
    assert scopes.cover("read_write", "free_busy_write")
    assert not scopes.cover("free_busy_write", "read_events")
