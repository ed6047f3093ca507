"""`/auth/session`, `/auth/logout`, `/auth/reconnect`, `/auth/ticket` and its redemption."""

from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp_session import get_session

from gateway.flows.one_time import RECONNECT, RECONNECT_SECONDS, TICKET, TICKET_SECONDS, Identity, Reconnection
from gateway.flows.stored_connection import Stored
from gateway.observe import events
from gateway.rules.access_mode import AccessMode, header_value
from gateway.rules.authorization import basic_credentials, bearer_token
from gateway.rules.browser_calls import CSRF_HEADER, CSRF_VALUE
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.json_text import parse_json
from gateway.rules.provider_hints import provider_hint
from gateway.rules.return_targets import resolve_return_target
from gateway.web.bodies import AiohttpBody
from gateway.web.browser import SignedIn, not_signed_in
from gateway.web.keys import DOORS, FACTS, BrowserDoors
from gateway.web.session_storage import SESSION_CLIENT
from gateway.web.shielded import to_its_end

_BODY_BYTES: Final = 16 * 1024
_NO_STORE: Final = {"Cache-Control": "no-store", "Vary": "Cookie, Origin", "X-Content-Type-Options": "nosniff"}
_CSRF: Final = {"header": CSRF_HEADER, "value": CSRF_VALUE}

_log = structlog.get_logger()


async def session_info(request: web.Request) -> web.Response:
    """Say who is signed in: always 200, never a token.

    Without the CSRF header it answers too, but does not count as a use: another site could ask for it.
    """
    door = request.app[DOORS].browser
    request[FACTS].call.operation = "session"
    client = door.browsers.client_of(request)
    if client is None:
        clients = door.browsers.registry.browser_clients()
        only = door.browsers.login_url(clients[0]) if len(clients) == 1 else None
        return _json({"authenticated": False, "csrf": _CSRF, **({"login_url": only} if only else {})})
    request[FACTS].call.client = client.id
    door.browsers.check_page(request, client, csrf=False)
    slide = request.query.get("slide") != "false" and door.browsers.has_csrf(request)
    signed_in = await door.browsers.session(request, client, slide=slide)
    login_url = door.browsers.login_url(client)
    if signed_in is None:
        return _json({"authenticated": False, "client": client.id, "csrf": _CSRF, "login_url": login_url})
    return _json(
        {**await _facts(door, signed_in), "csrf": _CSRF, "login_url": login_url, "logout_url": door.logout_url}
    )


async def _facts(door: BrowserDoors, signed_in: SignedIn) -> dict[str, Any]:
    stored = await door.connections.load(signed_in.data["connection"])
    return {
        "authenticated": True,
        "client": signed_in.client.id,
        "sub": signed_in.data["account"],
        "access_mode": await _mode(door, signed_in),
        "profile": signed_in.data.get("profile"),
        "profiles": await _profiles(door, signed_in),
        "scope": stored.connection.scope if stored else "",
        "expires_in": int(signed_in.times.expires_in),
        "idle_expires_in": int(signed_in.times.idle_expires_in),
        "reconnect_required": stored is None or stored.connection.state != "active",
    }


async def _profiles(door: BrowserDoors, signed_in: SignedIn) -> list[dict[str, Any]]:
    """Return every profile of the account that is known, each with its mode and, where it broke, its relink URL."""
    application = door.browsers.registry.application_of(signed_in.client)
    known = await door.modes.known(application, signed_in.data["account"])
    return [
        {
            "profile_id": one.id,
            "profile_name": one.name,
            "access_mode": str(one.mode),
            "connected": one.connected,
            **({"relink_url": one.relink_url} if one.relink_url else {}),
        }
        for one in (known.profiles if known else ())
    ]


async def _mode(door: BrowserDoors, signed_in: SignedIn) -> str:
    """Return the mode of the profile that was connected in this session, else of the account."""
    application = door.browsers.registry.application_of(signed_in.client)
    known = await door.modes.known(application, signed_in.data["account"])
    if known is None and signed_in.data["account"].startswith(("ser_", "apc_")):
        return AccessMode.NOT_APPLICABLE
    profile_id = (signed_in.data.get("profile") or {}).get("profile_id")
    own = next((one.mode for one in known.profiles if one.id == profile_id), None) if known else None
    return own or header_value(known)


async def logout(request: web.Request) -> web.Response:
    """End the session; with `revoke` true, end the connection first.

    Raises:
        RequestRefused: not the client's page, or a refused return target.
        CronofyUnavailable: the connection could not be ended, so the session stands.
        StoreUnavailable: nothing was ended.
    """
    door = request.app[DOORS].browser
    request[FACTS].call.operation = "logout"
    client = _named(request, door)
    own = door.browsers.door_of(client)
    wish = await _wish(request)
    target = resolve_return_target(_text(wish, "return_to"), home=own.home, origins=own.origins)
    signed_in = await door.browsers.session(request, client)
    revoke = wish.get("revoke") is True
    if signed_in is not None and revoke:
        profile = signed_in.data.get("profile") or {}
        connection = signed_in.data["connection"]
        await to_its_end(door.disconnects.end(connection, profile.get("profile_id", ""), keep=False))
    session = await get_session(request)
    session.invalidate()
    session.changed()
    _log.info(events.SESSION_ENDED, client=client.id, elsewhere=False, revoked=revoke)
    return _json({"signed_out": True, "return_to": target})


async def reconnect(request: web.Request) -> web.Response:
    """End the authorization and return a one-time login URL for another mode.

    Raises:
        RequestRefused: not signed in, not the client's page, an unknown mode, or a refused return target.
        CronofyUnavailable: the authorization could not be ended; the connection stands.
        StoreUnavailable: nothing was ended.
    """
    door = request.app[DOORS].browser
    request[FACTS].call.operation = "reconnect"
    signed_in = await door.browsers.require_session(request)
    client = signed_in.client
    own = door.browsers.door_of(client)
    wish = await _wish(request)
    hint = provider_hint(_text(wish, "mode"), _text(wish, "provider"))
    target = resolve_return_target(_text(wish, "return_to"), home=own.home, origins=own.origins)
    profile = signed_in.data.get("profile") or {}
    await to_its_end(door.disconnects.end(signed_in.data["connection"], profile.get("profile_id", ""), keep=True))
    value = Reconnection(door.sessions.name_of(client, signed_in.handle), hint, _text(wish, "mode"), target)
    ticket = await door.tickets.issue(RECONNECT, client, value, seconds=RECONNECT_SECONDS)
    enterprise = "&connect=enterprise" if signed_in.data["account"].startswith("ser_") else ""
    return _json({"login_url": f"{door.browsers.login_url(client)}{enterprise}&reconnect={ticket}"})


async def ticket(request: web.Request) -> web.Response:
    """Return a one-time ticket with which the app's backend learns who sits behind this browser."""
    door = request.app[DOORS].browser
    request[FACTS].call.operation = "ticket"
    signed_in = await door.browsers.require_session(request)
    stored: Stored | None = await door.connections.load(signed_in.data["connection"])
    if stored is None:
        raise not_signed_in(door.browsers.login_url(signed_in.client))
    identity = Identity(
        sub=signed_in.data["account"],
        profile_id=(signed_in.data.get("profile") or {}).get("profile_id", ""),
        access_mode=await _mode(door, signed_in),
        scope=stored.connection.scope,
    )
    value = await door.tickets.issue(TICKET, signed_in.client, identity, seconds=TICKET_SECONDS)
    return _json({"ticket": value, "expires_in": int(TICKET_SECONDS)})


async def redeem_ticket(request: web.Request) -> web.Response:
    """Tell a client's backend, known by its secret, who is behind a ticket; each ticket once."""
    door = request.app[DOORS].browser
    request[FACTS].call.operation = "redeem_ticket"
    wish = await _wish(request)
    client = _backend(request, wish, door)
    request[FACTS].call.client = client.id
    identity = await door.tickets.take(TICKET, client, _text(wish, "ticket"), Identity)
    return _json(
        {
            "sub": identity.sub,
            "profile_id": identity.profile_id or None,
            "access_mode": identity.access_mode,
            "scope": identity.scope,
            "client": client.id,
        }
    )


def _backend(request: web.Request, wish: dict[str, Any], door: BrowserDoors) -> Client:
    """Return the client whose secret the call shows: as Bearer, by HTTP Basic, or in the body."""
    values = request.headers.getall("Authorization", [])
    header = values[0] if len(values) == 1 else None
    basic = basic_credentials(header) or (_text(wish, "client_id"), _text(wish, "client_secret"))
    secret = bearer_token(header) or basic[1]
    client = door.browsers.registry.client_by_secret(secret) if secret else None
    if client is None or (basic[0] and basic[0] != client.id):
        raise RequestRefused(
            Code.CREDENTIALS_UNKNOWN,
            "Send the client's secret: Authorization: Bearer ….",
            headers={"WWW-Authenticate": 'Bearer realm="cronofy-gateway"'},
        )
    return client


def _named(request: web.Request, door: BrowserDoors) -> Client:
    """Return the client whose page calls, after checking that it is its page."""
    client = door.browsers.client_of(request)
    if client is None:
        raise not_signed_in("")
    request[FACTS].call.client = client.id
    door.browsers.check_page(request, client)
    request[SESSION_CLIENT] = client
    return client


async def _wish(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of the body; an empty body is an empty object."""
    raw = await AiohttpBody(request, _BODY_BYTES).read(_BODY_BYTES)
    if not raw.strip():
        return {}
    if request.content_type != "application/json":
        raise RequestRefused(Code.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
    wish = parse_json(raw)
    if not isinstance(wish, dict):
        raise RequestRefused(Code.INVALID_FIELD, "The body must be a JSON object.")
    return wish


def _text(wish: dict[str, Any], name: str) -> str:
    value = wish.get(name) or ""
    if not isinstance(value, str):
        raise RequestRefused(Code.INVALID_FIELD, f"The field {name} must be a string.", fields={name: "a string"})
    return value


def _json(body: dict[str, Any]) -> web.Response:
    return web.json_response(body, headers=_NO_STORE)
