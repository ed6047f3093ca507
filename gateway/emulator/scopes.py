"""Which scopes exist and what each one lets a token do.

Sources: https://docs.cronofy.com/developers/api/authorization/request-authorization and
https://docs.cronofy.com/developers/authorization/permissions
"""

from typing import Final

_WRITE: Final = frozenset({"create_event", "delete_event"})
_READ: Final = frozenset({"read_events", "read_free_busy"})

_GRANTS: Final[dict[str, frozenset[str]]] = {
    "read_events": _READ,
    "read_free_busy": frozenset({"read_free_busy"}),
    "create_event": frozenset({"create_event"}),
    "delete_event": frozenset({"delete_event"}),
    "create_calendar": frozenset({"create_calendar"}),
    "change_participation_status": frozenset({"change_participation_status"}),
    "free_busy": frozenset({"read_free_busy"}),
    "free_busy_write": frozenset({"read_free_busy", "create_calendar"}) | _WRITE,
    "read_only": _READ,
    "write_only": _WRITE,
    "read_write": _READ | _WRITE | {"create_calendar", "change_participation_status"},
    "organizational_unit_scheduler": frozenset(),
    # Legacy: the SDKs still ask for the first two by default, integrations for the third; none opens anything.
    "read_account": frozenset(),
    "list_calendars": frozenset(),
    "event_reminders": frozenset(),
}

_SERVICE: Final = frozenset(
    f"service_account/{what}/{power}"
    for what in ("accounts", "resources")
    for power in ("manage", "unrestricted_access")
)


def are_known(scope: str) -> bool:
    """Say whether a scope string names at least one scope, all of them a person can grant."""
    return bool(scope.split()) and all(name in _GRANTS for name in scope.split())


def are_known_for_service(scope: str) -> bool:
    """Say the same of what an administrator can grant to a service account."""
    return bool(scope.split()) and all(name in _SERVICE for name in scope.split())


def offer_access_modes(scope: str) -> bool:
    """Say whether the person gets to choose an access mode: only `free_busy_write` brings that up."""
    return "free_busy_write" in scope.split()


def allow(scope: str, needed: str) -> bool:
    """Say whether a granted scope string covers one fine-grained scope, or names a service-account scope."""
    return needed in _expanded(scope) or needed in scope.split()


def cover(outer: str, inner: str) -> bool:
    """Say whether everything in one scope string lies within another one."""
    return _expanded(inner) <= _expanded(outer)


def _expanded(scope: str) -> frozenset[str]:
    return frozenset().union(*(_GRANTS.get(name, frozenset()) for name in scope.split()))
