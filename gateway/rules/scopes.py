"""Which scopes a person is asked for, and the one we insist on.

Strings in, tuples of scopes or a RequestRefused out. Scopes are separated by spaces (RFC 6749 section 3.3); a name with
a character that the RFC does not allow is refused, so that no second reader can split it in another way.

Source: https://docs.cronofy.com/developers/authorization/access-modes/free-busy
"""

import re
from enum import StrEnum
from typing import Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

FREE_BUSY_WRITE: Final = "free_busy_write"
ORGANIZATION: Final = "organizational_unit_scheduler"
SERVICE_ACCOUNT_PREFIX: Final = "service_account/"

_SCOPE_TOKEN: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3


class ScopePolicy(StrEnum):
    """What happens to a request that does not ask for free_busy_write."""

    REJECT = "reject"
    ADD = "add"


def parse_scopes(raw: str) -> tuple[str, ...]:
    """Split a scope parameter into its names, each once, in the order given.

    Raises:
        RequestRefused: `invalid_scope` for a name with a character outside RFC 6749 section 3.3.
    """
    names = tuple(dict.fromkeys(name for name in raw.split(" ") if name))
    if not all(_SCOPE_TOKEN.fullmatch(name) for name in names):
        raise RequestRefused(Code.INVALID_SCOPE, "A scope holds a character that scopes may not have.")
    return names


def scopes_to_ask(
    asked: str, *, policy: ScopePolicy, allowed: frozenset[str] = frozenset(), organization: bool = False
) -> tuple[str, ...]:
    """Say which scopes go to Cronofy: those asked for, with free_busy_write among them.

    Args:
        asked: the raw parameter, after decoding.
        policy: what to do when free_busy_write is missing.
        allowed: the only scopes that this client may ask for; empty means any. free_busy_write is always allowed.
        organization: this client may ask for `organizational_unit_scheduler` alone (Organization Connect), which
            connects no calendar and so has no access mode.

    Raises:
        RequestRefused: `invalid_scope`, naming what is missing or not allowed.
    """
    names = parse_scopes(asked)
    if organization and names == (ORGANIZATION,):
        return names
    if allowed and (strange := [name for name in names if name not in allowed | {FREE_BUSY_WRITE}]):
        raise RequestRefused(Code.INVALID_SCOPE, f"This client may not ask for: {' '.join(strange)}.")
    if FREE_BUSY_WRITE in names:
        return names
    if policy is ScopePolicy.ADD:
        return (*names, FREE_BUSY_WRITE)
    raise RequestRefused(Code.INVALID_SCOPE, "The scope free_busy_write is missing. Ask for free_busy_write as well.")


# What a simplified scope stands for. The expansion is not documented; where it is wrong, Cronofy's own 403 says so.
_STANDS_FOR: Final[dict[str, frozenset[str]]] = {
    "free_busy": frozenset({"read_free_busy"}),
    "free_busy_write": frozenset({"read_free_busy", "create_event", "delete_event", "create_calendar"}),
    "read_only": frozenset({"read_events", "read_free_busy"}),
    "write_only": frozenset({"create_event", "delete_event", "create_calendar"}),
    "read_write": frozenset(
        {
            "read_events",
            "read_free_busy",
            "create_event",
            "delete_event",
            "create_calendar",
            "change_participation_status",
        }
    ),
    "read_events": frozenset({"read_free_busy"}),
}


def covers(held: str, needed: tuple[str, ...]) -> bool:
    """Say whether a granted scope covers one of the scopes that an operation needs; none needed is always covered."""
    names = set(held.split())
    for name in tuple(names):
        names |= _STANDS_FOR.get(name, frozenset())
    return not needed or bool(names & set(needed))


def grants_free_busy_write(granted: str, *, account: str, organization: bool = False) -> bool:
    """Say whether what Cronofy granted is enough for this gateway.

    A service account (`ser_…`) is granted `service_account/…` scopes, an application calendar (`apc_…`) has no person
    behind it, and Organization Connect grants `organizational_unit_scheduler` alone: none of them has an access mode.

    Args:
        granted: the scope of the token reply.
        account: its `sub`.
        organization: this client may use Organization Connect.
    """
    names = granted.split()
    if FREE_BUSY_WRITE in names or account.startswith(("ser_", "apc_")):
        return True
    return organization and names == [ORGANIZATION]
