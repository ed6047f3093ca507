"""Which accounts a body names: `sub` in members, steps and targets, `subs` of an element token.

JSON in, the names out. An API key speaks for the whole application, so whoever may use the key could ask about anybody
who ever connected to it: the names are judged by the client (`flows/ownership`). Names are looked for at any depth of
the operations of this table, not only where Cronofy documents them: a reader upstream that finds a member in an odd
place must not find one that was not judged. What is no name (`sub: 7`) is refused, since nobody knows what it would be
read as.

Source: https://docs.cronofy.com/developers/api/scheduling/availability, …/sequenced-availability,
…/real-time-scheduling, …/real-time-sequencing, and https://docs.cronofy.com/developers/ui-elements/authentication.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote_plus

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

NAMING: Final = frozenset(
    {
        "availability",
        "sequenced_availability",
        "create_real_time_scheduling",
        "create_real_time_sequencing",
        "create_element_token",
        "create_scheduling_conversation",
        "create_scheduling_request",
        "save_smart_invite",
        "create_bookable_event",
        "register_for_bookable_event",
    }
)
# Cronofy's widest documented query has 10 groups of 10 members; a name is a look-up in the store.
MOST_NAMES: Final = 256
MOST_ATTACHMENTS: Final = 50
_FIELDS: Final = frozenset({"sub", "subs"})
_SEPARATORS: Final = re.compile("[&;]")
_BRACKETS: Final = re.compile(r"[\[\]]")


def accounts_named(operation: str, body: Any) -> tuple[str, ...]:  # noqa: ANN401  straight from JSON
    """Return the accounts that a body names, each once, in the order in which they stand.

    Args:
        operation: its name.
        body: parsed.

    Raises:
        RequestRefused: `invalid_field` for a name that is no string, or for too many of them.
    """
    if operation not in NAMING:
        return ()
    return _distinct(_values(body, "", frozenset({"sub"}), frozenset({"subs"})), MOST_NAMES, "accounts")


def query_names_accounts(query: str) -> bool:
    """Say whether some reader could see the name of an account in a raw query, at any depth of its brackets."""
    if not query:
        return False
    pieces = (unquote_plus(piece.partition("=")[0]) for piece in _SEPARATORS.split(query))
    return any(part.strip() in _FIELDS for piece in pieces for part in _BRACKETS.split(piece))


def attachments_named(body: Any) -> tuple[str, ...]:  # noqa: ANN401  straight from JSON
    """Return the ids of attachments that an event, or anything with an event in it, refers to.

    Raises:
        RequestRefused: `invalid_field` for an id that is no string, or for too many of them.
    """
    names = _values(body, "", frozenset({"attachment_id"}), frozenset({"attachment_ids"}))
    return _distinct(names, MOST_ATTACHMENTS, "attachments")


def _distinct(names: Iterator[str], most: int, what: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        found[name] = None
        if len(found) > most:
            raise RequestRefused(Code.INVALID_FIELD, f"The body names more than {most} {what}.")
    return tuple(found)


def _values(body: Any, place: str, single: frozenset[str], listed: frozenset[str]) -> Iterator[str]:  # noqa: ANN401
    # The strict reader has bounded the depth.
    if isinstance(body, list):
        for index, one in enumerate(body):
            yield from _values(one, f"{place}[{index}]", single, listed)
    elif isinstance(body, dict):
        for key, value in body.items():
            field = f"{place}.{key}" if place else key
            if key in single:
                yield from _name(value, field)
            elif key in listed:
                for one in value if isinstance(value, list) else [value]:
                    yield from _name(one, field)
            else:
                yield from _values(value, field, single, listed)


def _name(value: Any, field: str) -> Iterator[str]:  # noqa: ANN401  straight from JSON
    if isinstance(value, str):
        if value:
            yield value
    elif value is not None:
        raise RequestRefused(Code.INVALID_FIELD, f"{field} must be a string.", fields={field: "It must be a string."})
