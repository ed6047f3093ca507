"""`GET /auth/login` and `GET /auth/callback`: from the page to Cronofy, and back with a session."""

from typing import Final

import structlog
from aiohttp import web
from aiohttp_session import new_session

from gateway.flows.one_time import RECONNECT, Reconnection
from gateway.flows.sign_in import FLOW_SECONDS, MOST_FLOW_BYTES, MOST_FLOWS, Flow
from gateway.flows.stored_connection import Stored
from gateway.observe import events
from gateway.rules.authorize_request import Connect
from gateway.rules.client import Client
from gateway.rules.cookies import cookie_pairs, single_cookie
from gateway.rules.error_codes import Code
from gateway.rules.errors import AuthorizeRefused, GatewayError, RequestRefused
from gateway.rules.login_request import LoginRequest, read_login
from gateway.rules.queries import owned_parameters, parse_query
from gateway.rules.return_targets import resolve_return_target, with_query
from gateway.rules.token_reply import TokenSet
from gateway.rules.user_agent import plain_user_agent
from gateway.web.keys import DOORS, FACTS, BrowserDoors
from gateway.web.pages import POLICY, restart_page
from gateway.web.session_storage import SESSION_CLIENT
from gateway.web.shielded import to_its_end

_CALLBACK_NAMES: Final = frozenset({"code", "state", "error"})
_NO_STORE: Final = {"Cache-Control": "no-store", "Vary": "Cookie, Origin", "Referrer-Policy": "no-referrer"}

_log = structlog.get_logger()


async def login(request: web.Request) -> web.Response:
    """Begin a sign-in: a flow in a cookie, and a redirect to Cronofy.

    Raises:
        RequestRefused: an unknown client or a refused return target, told on a page.
        StoreUnavailable: a reconnection cannot be looked up now.
    """
    door = request.app[DOORS].browser
    facts = request[FACTS]
    facts.call.operation = "login"
    asked = read_login(request.raw_path.partition("?")[2])
    client = door.browsers.registry.client(asked.client)
    facts.call.client = client.id
    own = door.browsers.door_of(client)
    wish = None
    if asked.reconnect:
        wish = await door.tickets.take(RECONNECT, client, asked.reconnect, Reconnection)
        present = await door.browsers.session(request, client)
        if present is None or door.sessions.name_of(client, present.handle) != wish.carries:
            # Whoever else opens the link must not get that session's data.
            raise RequestRefused(Code.TICKET_INVALID, "This link belongs to another browser, or its session has ended.")
        hint = "" if asked.connect is Connect.ENTERPRISE else wish.provider_name
        asked = LoginRequest(client.id, wish.return_to, asked.connect, hint, asked.locale, "")
    target = resolve_return_target(asked.return_to, home=own.home, origins=own.origins)
    try:
        begun = door.sign_ins.begin(client, own, asked, target, wish)
    except AuthorizeRefused as refused:
        return _back(target, refused)
    response = web.Response(status=302, headers={"Location": begun.location, **_NO_STORE})
    _drop_oldest_flows(request, response, door, begun.cookie)
    _set_flow(response, door, begun.flow_id, begun.cookie, max_age=int(FLOW_SECONDS))
    return response


def _drop_oldest_flows(request: web.Request, response: web.Response, door: BrowserDoors, new: str) -> None:
    """Make room for a new cookie: those of logins that nobody finished would pile up until the header is too large."""
    headers, names = request.headers.getall("Cookie", []), door.browsers.names
    sizes = {name: len(value) for name, value in cookie_pairs(headers)}
    taken = sum(sizes[names.session(one)] for one in names.clients(headers))
    kept, room = 1, MOST_FLOW_BYTES - len(new) - taken
    for flow_id in reversed(names.flow_ids(headers)):
        kept, room = kept + 1, room - sizes[names.flow(flow_id)]
        if kept > MOST_FLOWS or room < 0:
            _set_flow(response, door, flow_id, "", max_age=0)


def _set_flow(response: web.Response, door: BrowserDoors, flow_id: str, value: str, *, max_age: int) -> None:
    names = door.browsers.names
    # Lax: the way back from Cronofy is a navigation from another site.
    response.set_cookie(
        names.flow(flow_id), value, path="/", httponly=True, secure=names.secure, samesite="Lax", max_age=max_age
    )


async def callback(request: web.Request) -> web.StreamResponse:
    """Finish a sign-in: the state first, then the code, then a new session.

    Trouble with the state is a page with a link to start again; anything later goes back to the app.
    """
    doors = request.app[DOORS]
    door = doors.browser
    request[FACTS].call.operation = "callback"
    try:
        found = owned_parameters(parse_query(request.raw_path.partition("?")[2]), _CALLBACK_NAMES)
        state = found["state"].value if "state" in found else ""
        flow_id = state.partition(".")[0]
        cookies = request.headers.getall("Cookie", [])
        flow_id, flow = door.sign_ins.recognise(state, single_cookie(cookies, door.browsers.names.flow(flow_id)))
        client = door.browsers.registry.client(flow.client)
        await door.sign_ins.consume(flow_id)
    except RequestRefused as refused:
        return _start_again(request, door, refused)
    request[FACTS].call.client = client.id
    try:
        response = await _finish(request, door, client, flow, {name: one.value for name, one in found.items()})
    except GatewayError as error:
        request[FACTS].code = str(error.code)
        doors.metrics.refusals.labels(str(error.code)).inc()
        response = _back(flow.return_to, error)
    _set_flow(response, door, flow_id, "", max_age=0)
    return response


async def _finish(
    request: web.Request, door: BrowserDoors, client: Client, flow: Flow, answer: dict[str, str]
) -> web.Response:
    if error := answer.get("error"):
        code = Code.ACCESS_DENIED if error == "access_denied" else Code.INVALID_REQUEST
        public = "The person declined." if code is Code.ACCESS_DENIED else "Cronofy did not connect the person."
        raise RequestRefused(code, public, detail="answered by Cronofy")
    if not answer.get("code"):
        raise RequestRefused(Code.INVALID_REQUEST, "Cronofy's answer holds no code.")
    # The code is used by then: the connection is stored although the browser may have left. A session is made only
    # for a browser that is still there.
    stored, tokens = await to_its_end(door.sign_ins.redeem(client, answer["code"]))
    await _new_session(request, door, client, flow, stored, tokens)
    _log.info(events.SESSION_BEGAN, client=client.id, account=tokens.account)
    chosen = str(tokens.profile.mode) if tokens.profile else ""
    other = flow.wanted_mode and chosen and flow.wanted_mode != chosen
    # The person may choose another mode than the one they were led to; the page should not believe otherwise.
    notice = {"gateway_notice": "other_mode", "access_mode": chosen} if other else {}
    return web.Response(status=303, headers={"Location": with_query(flow.return_to, notice), **_NO_STORE})


async def _new_session(
    request: web.Request, door: BrowserDoors, client: Client, flow: Flow, stored: Stored, tokens: TokenSet
) -> None:
    """End the browser's present session and make a new one; a planted handle is never adopted."""
    present = await door.browsers.session(request, client)
    carried = await door.sessions.take_over(flow.carries) if flow.carries else None
    data = {
        **(carried or {}),
        "connection": stored.id,
        "account": tokens.account,
        "profile": _profile(tokens),
        "user_agent": plain_user_agent(request.headers.get("User-Agent", "")),
    }
    await door.storage.check_fits(client, data)
    if present is not None:
        await door.sessions.end(client, present.handle)
    request[SESSION_CLIENT] = client
    session = await new_session(request)
    session.update(data)


def _profile(tokens: TokenSet) -> dict[str, str] | None:
    if tokens.profile is None:
        return None
    return {
        "profile_id": tokens.profile.id,
        "profile_name": tokens.profile_name,
        "provider_name": tokens.provider_name,
    }


def _back(target: str, error: GatewayError) -> web.Response:
    """Send the browser back to the app with what went wrong, in OAuth's words and in ours."""
    known = {
        Code.ACCESS_DENIED: "access_denied",
        Code.MODE_REFUSED: "access_denied",
        Code.INVALID_SCOPE: "invalid_scope",
        Code.INVALID_REQUEST: "invalid_request",
    }
    told = {
        "error": known.get(error.code, "server_error"),
        "error_description": error.public,
        "gateway_error": str(error.code),
    }
    return web.Response(status=303, headers={"Location": with_query(target, told), **_NO_STORE})


def _start_again(request: web.Request, door: BrowserDoors, refused: RequestRefused) -> web.Response:
    """Return the 400 page, with a link to each app's login (they are one or two; names are no secret)."""
    facts = request[FACTS]
    facts.code = str(refused.code)
    request.app[DOORS].metrics.refusals.labels(facts.code).inc()
    homes: dict[str, str] = {
        one.id: one.browser.home for one in door.browsers.registry.browser_clients() if one.browser
    }
    text = restart_page(refused.public, homes, facts.request_id)
    headers = {"Content-Security-Policy": POLICY, "Gateway-Error": facts.code, **_NO_STORE}
    return web.Response(status=400, text=text, content_type="text/html", headers=headers)
