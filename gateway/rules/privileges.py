"""What a client may call and be granted: its `operations` and `allowed_scopes`, judged before Cronofy is asked.

Plain values in, sentences out: an empty one means that nothing speaks against it.

Cronofy's authorization is of an application and an account, so a client that asked for little may well hold a token
that is good for more, because another client of the application asked for it. Which scopes a simplified scope stands
for is not documented in full, so what cannot be decided is left to Cronofy.
"""

from typing import Final

from gateway.rules.client import Client
from gateway.rules.headers import IMPERSONATE, Pairs
from gateway.rules.operations import Operation
from gateway.rules.queries import parse_query, seen_names
from gateway.rules.scopes import FREE_BUSY_WRITE, ORGANIZATION, SERVICE_ACCOUNT_PREFIX, covers, grants_free_busy_write

_PAGE: Final = "_page"
_MANAGED: Final = "only_managed"
_YES: Final = frozenset({"true", "True", "1"})
# Needed by the docs' word except with `only_managed`, which stands in a body or was said on the first page.
_UNSURE: Final = frozenset({"read_events_page", "create_channel"})
_EMPTY_JSON: Final = 2  # bytes of `{}` and `[]`, which pycronofy and the PHP SDK send with every GET


def is_listed(client: Client, name: str) -> bool:
    """Say whether a client may call the operation of this name; the pages of one come with it."""
    return not client.operations or name in client.operations or name.removesuffix(_PAGE) in client.operations


def why_not_called(client: Client, operation: Operation) -> str:
    """Say why a client may not call an operation, by its list of operations; empty when it may."""
    if is_listed(client, operation.name):
        return ""
    return (
        f"This client may not call {operation.name}. The operator can allow it: "
        f"add {operation.name} to clients.{client.id}.operations."
    )


def why_beyond_scopes(client: Client, operation: Operation, *, query: str = "", body_bytes: int | None = 0) -> str:
    """Say why the scopes that a client may ask for cannot meet what an operation needs; empty when they may.

    Args:
        client: the client.
        operation: what is called with an access token.
        query: the raw query.
        body_bytes: announced length of the body; None where it is not known.
    """
    needed = operation.scopes
    if not client.allowed_scopes or not needed or operation.name in _UNSURE:
        return ""
    if all(one.startswith(SERVICE_ACCOUNT_PREFIX) for one in needed):
        return ""  # a service account's scopes are no part of allowed_scopes, which is about people's calendars
    allowed = {*client.allowed_scopes, FREE_BUSY_WRITE, *((ORGANIZATION,) if client.organization_connect else ())}
    if covers(" ".join(allowed), needed):
        return ""
    small = body_bytes is not None and body_bytes <= _EMPTY_JSON
    if operation.name == "read_events" and small and _only_managed(query):
        return ""  # the application's own events need no scope
    return (
        f"{operation.name} needs {' or '.join(needed)}, which this client may not ask for. "
        f"The operator can allow it: clients.{client.id}.allowed_scopes."
    )


def _only_managed(query: str) -> bool:
    """Say whether a query asks for the application's own events alone, in the one spelling that all readers share."""
    said = [one for one in parse_query(query) if _MANAGED in seen_names(one)]
    return len(said) == 1 and said[0].raw.partition("=")[0] == _MANAGED and said[0].value in _YES


def asks_to_impersonate(headers: Pairs) -> bool:
    """Say whether a call carries `Cronofy-Impersonate`, in any spelling that a server could take for it."""
    return any(name.lower().replace("_", "-") == IMPERSONATE for name, _ in headers)


def granted_beyond(client: Client, granted: str) -> tuple[str, ...]:
    """Return the scopes of a grant that a client may not ask for; the link to it was made past this gateway."""
    if not client.allowed_scopes:
        return ()
    allowed = client.allowed_scopes | {FREE_BUSY_WRITE}
    if client.organization_connect:
        allowed |= {ORGANIZATION}
    return tuple(one for one in granted.split() if one not in allowed and not one.startswith(SERVICE_ACCOUNT_PREFIX))


def why_ungranted(client: Client, granted: str, *, account: str) -> str:
    """Say what is wrong with a person's grant: too little, or more than the client may ask for; empty when it is right.

    Args:
        client: who redeems it.
        granted: the scope of the token reply.
        account: its `sub`.
    """
    if not grants_free_busy_write(granted, account=account, organization=client.organization_connect):
        return "The person's grant does not hold free_busy_write. Send them through this gateway's authorize URL."
    if beyond := granted_beyond(client, granted):
        return (
            f"The person's grant holds what this client may not ask for: {' '.join(beyond)}. "
            "Send them through this gateway's authorize URL."
        )
    return ""
