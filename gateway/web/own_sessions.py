"""`GET /auth/sessions` and `DELETE /auth/sessions/{id}`: a person sees where they are signed in, and ends it."""

from typing import Final

import structlog
from aiohttp import web
from aiohttp_session import get_session

from gateway.flows.own_sessions import session_id
from gateway.observe import events
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.web.keys import DOORS, FACTS

_NO_STORE: Final = {"Cache-Control": "no-store", "Vary": "Cookie, Origin", "X-Content-Type-Options": "nosniff"}

_log = structlog.get_logger()


async def list_sessions(request: web.Request) -> web.Response:
    """Return the living sessions of whoever asks, with this client and their own profile.

    Raises:
        RequestRefused: not signed in, or not the client's page.
        StoreUnavailable: it cannot be known now.
    """
    door = request.app[DOORS].browser
    request[FACTS].call.operation = "list_sessions"
    signed_in = await door.browsers.require_session(request)
    request[FACTS].call.client = signed_in.client.id
    name = door.sessions.name_of(signed_in.client, signed_in.handle)
    present = session_id(name)
    found = [
        {
            "id": one.id,
            "created_at": int(one.created_at),
            "seen_at": int(one.seen_at),
            "expires_in": int(one.expires_in),
            "idle_expires_in": int(one.idle_expires_in),
            "current": one.id == present,
            "user_agent": one.user_agent,
        }
        for one in await door.own_sessions.of(signed_in.client, name, signed_in.data)
    ]
    return web.json_response({"sessions": found}, headers=_NO_STORE)


async def end_session(request: web.Request) -> web.Response:
    """End one of the sessions that the list shows; with the asking one the cookie goes as well.

    Raises:
        RequestRefused: not signed in, not the client's page, or `session_unknown`, the same for every reason.
        StoreUnavailable: nothing was ended.
    """
    door = request.app[DOORS].browser
    request[FACTS].call.operation = "end_session"
    signed_in = await door.browsers.require_session(request)
    client = signed_in.client
    request[FACTS].call.client = client.id
    name = await door.own_sessions.find(client, signed_in.data, request.match_info["id"])
    if name is None:
        raise RequestRefused(Code.SESSION_UNKNOWN, "No session of yours has this id; it may have ended already.")
    elsewhere = name != door.sessions.name_of(client, signed_in.handle)
    if elsewhere:
        await door.sessions.end_named(name)
    else:
        session = await get_session(request)
        session.invalidate()
        session.changed()
    _log.info(events.SESSION_ENDED, client=client.id, elsewhere=elsewhere, revoked=False)
    return web.Response(status=204, headers=_NO_STORE)
