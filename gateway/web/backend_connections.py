"""`GET /auth/connections`, `GET` and `DELETE /auth/connections/{sub}`: what a client's backend has connected.

Known by the client's secret as Bearer, where the service door is open to it. No answer holds a token.
"""

from typing import Any, Final

import structlog
from aiohttp import web

from gateway.flows.backend_connections import MOST, BackendConnection
from gateway.flows.service_door import connection_unknown, require_door
from gateway.observe import events
from gateway.rules.account_header import is_sub
from gateway.rules.authorization import bearer_token, single_authorization
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.fingerprints import is_fingerprint
from gateway.web.keys import DOORS, FACTS
from gateway.web.shielded import to_its_end

_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_STATES: Final = frozenset({"", "active", "reconnect_required"})

_log = structlog.get_logger()


async def list_connections(request: web.Request) -> web.Response:
    """Return a page of the client's connections.

    Raises:
        RequestRefused: not a client's secret, the door is closed, or `invalid_field` for the query.
        StoreUnavailable: it cannot be known now.
    """
    client = _backend(request, "list_connections")
    state = request.query.get("state", "")
    if state not in _STATES:
        raise _invalid("state", "active or reconnect_required")
    cursor = request.query.get("cursor", "")
    if cursor and not is_fingerprint(cursor):
        raise _invalid("cursor", "what the page before called next")
    page = await request.app[DOORS].backends.page(client, cursor=cursor, limit=_limit(request), state=state)
    body = {"connections": [_facts(one) for one in page.connections], **({"next": page.cursor} if page.cursor else {})}
    return web.json_response(body, headers=_NO_STORE)


async def show_connection(request: web.Request) -> web.Response:
    """Return one of the client's connections.

    Raises:
        RequestRefused: not a client's secret, the door is closed, or `connection_unknown`.
        StoreUnavailable: it cannot be known now.
    """
    client = _backend(request, "show_connection")
    one = await request.app[DOORS].backends.one(client, _account(request))
    return web.json_response(_facts(one), headers=_NO_STORE)


async def end_connection(request: web.Request) -> web.Response:
    """End all that the client has of an account.

    Raises:
        RequestRefused: not a client's secret, the door is closed, or `connection_unknown`.
        CronofyUnavailable: Cronofy could not be asked; nothing was ended.
        StoreUnavailable: something may still stand; ask again.
    """
    client = _backend(request, "end_connection")
    account = _account(request)
    await to_its_end(request.app[DOORS].backends.end(client, account))
    _log.info(events.CONNECTION_ENDED, client=client.id, account=account)
    return web.Response(status=204, headers=_NO_STORE)


def _backend(request: web.Request, operation: str) -> Client:
    """Return the client whose secret the call shows, where the service door is open to it."""
    facts = request[FACTS].call
    facts.operation = operation
    token = bearer_token(single_authorization(request.headers.getall("Authorization", [])))
    client = request.app[DOORS].registry.client_by_secret(token) if token else None
    if client is None:
        raise RequestRefused(
            Code.CREDENTIALS_UNKNOWN if token else Code.CREDENTIALS_MISSING,
            "Send the client's secret: Authorization: Bearer ….",
            headers={"WWW-Authenticate": 'Bearer realm="cronofy-gateway"'},
        )
    facts.client = client.id
    return require_door(client)


def _account(request: web.Request) -> str:
    account = request.match_info["sub"]
    if not is_sub(account):
        raise connection_unknown()
    return account


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "") or str(MOST)
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(MOST)) else 0
    if not 1 <= number <= MOST:
        raise _invalid("limit", f"a number from 1 to {MOST}")
    return number


def _invalid(name: str, wanted: str) -> RequestRefused:
    return RequestRefused(Code.INVALID_FIELD, f"The parameter {name} must be {wanted}.", fields={name: wanted})


def _facts(one: BackendConnection) -> dict[str, Any]:
    """Return what is told of a connection."""
    stored = one.connection
    return {
        "sub": stored.account,
        "state": stored.state,
        "scope": stored.scope,
        "access_mode": one.access_mode,
        "profiles": [
            {
                "profile_id": profile.id,
                **({"profile_name": profile.name} if profile.name else {}),
                "access_mode": str(profile.mode),
                "connected": profile.connected,
            }
            for profile in one.profiles
        ],
        "renewed_at": int(stored.obtained_at),
        **({"lost_by": stored.lost_by} if stored.lost_by else {}),
    }
