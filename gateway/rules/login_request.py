"""Reading `/auth/login`: which client, where back to, which connect, which access mode is preferred.

A preferred mode becomes Cronofy's `provider_name`, which skips its chooser. Free/Busy is per provider; without one
Cronofy asks. For Enterprise Connect no such hint is documented, so none is sent.

Source: https://docs.cronofy.com/developers/authorization/access-modes/free-busy and /no-access.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gateway.rules.authorize_request import Connect
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.provider_hints import provider_hint
from gateway.rules.queries import owned_parameters, parse_query

_NAMES: Final = frozenset({"client", "return_to", "connect", "mode", "provider", "locale", "reconnect"})


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """What a page asks for; empty strings where it says nothing.

    Attributes:
        client: client id.
        return_to: as asked, not judged yet.
        connect: individual or enterprise.
        provider_name: Cronofy's hint, empty for none.
        locale: passed on.
        reconnect: one-time ticket of a reconnection.
    """

    client: str
    return_to: str
    connect: Connect
    provider_name: str
    locale: str
    reconnect: str


def read_login(raw_query: str) -> LoginRequest:
    """Read the query of `/auth/login`.

    Raises:
        RequestRefused: `parameter_repeated`, or `invalid_request` naming the parameter and its values.
    """
    found = {name: one.value for name, one in owned_parameters(parse_query(raw_query), _NAMES).items()}
    connect = found.get("connect") or Connect.INDIVIDUAL
    if connect not in set(Connect):
        raise RequestRefused(Code.INVALID_REQUEST, "The parameter connect must be individual or enterprise.")
    hint = provider_hint(found.get("mode", ""), found.get("provider", ""))
    return LoginRequest(
        client=found.get("client", ""),
        return_to=found.get("return_to", ""),
        connect=Connect(connect),
        provider_name="" if connect == Connect.ENTERPRISE else hint,
        locale=found.get("locale", ""),
        reconnect=found.get("reconnect", ""),
    )


def login_query(*, connect: Connect, state: str, scopes: dict[str, str], extra: dict[str, str]) -> str:
    """Write the query that a login sends to the authorize rules, which judge it like anybody's.

    Args:
        connect: individual or enterprise.
        state: ours.
        scopes: `scope`, and `delegated_scope` for enterprise.
        extra: further parameters; empty ones are left out.
    """
    fields = {"response_type": "code", **scopes, "state": state, **extra}
    if connect is Connect.ENTERPRISE:
        fields.pop("avoid_linking", None)
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items() if value)
