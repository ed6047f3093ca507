"""`POST /auth/explain`: what a call would come to, for the caller's own session, own token or own connection.

A token that is not bound to a client of this gateway and one that does not exist are answered alike.
"""

from typing import Any, Final

from aiohttp import web

from gateway.flows.callers import Caller
from gateway.flows.explain import Question
from gateway.flows.service_door import require_door
from gateway.rules.account_header import named_account, require_account_operation
from gateway.rules.authorization import bearer_token, single_authorization
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.json_text import parse_json
from gateway.rules.request_target import read_target
from gateway.web.bodies import AiohttpBody
from gateway.web.browser import not_signed_in
from gateway.web.keys import DOORS, FACTS

_BODY_BYTES: Final = 256 * 1024
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


async def explain(request: web.Request) -> web.Response:
    """Explain a call: `{"method": …, "path": …, "body": …}` in, the verdict out; nothing goes upstream."""
    request[FACTS].call.operation = "explain"
    account = named_account(request.headers.items())
    caller, scope = await _by_account(request, account) if account else await _caller(request)
    raw = await AiohttpBody(request, _BODY_BYTES).read(_BODY_BYTES)
    if request.content_type != "application/json":
        raise RequestRefused(Code.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
    asked = parse_json(raw)
    method, path = _part(asked, "method").upper(), _part(asked, "path")
    if method not in _METHODS:
        raise RequestRefused(Code.INVALID_FIELD, "The method must be one of HTTP's.", fields={"method": "a method"})
    explainer = request.app[DOORS].explainer
    if account:
        require_account_operation(explainer.table.match(method, read_target(path)).operation)
    answer = await explainer.explain(Question(method, path, asked.get("body"), scope), caller)
    return web.json_response(answer, headers={"Cache-Control": "no-store", "Vary": "Cookie, Origin"})


def _part(asked: Any, name: str) -> str:  # noqa: ANN401  straight from JSON
    value = asked.get(name) if isinstance(asked, dict) else None
    if not isinstance(value, str):
        raise RequestRefused(Code.INVALID_FIELD, f"The field {name} must be a string.", fields={name: "a string"})
    return value


async def _by_account(request: web.Request, account: str) -> tuple[Caller, str]:
    """Return whose call it would be by the service door; nothing is refreshed for it."""
    doors = request.app[DOORS]
    token = bearer_token(single_authorization(request.headers.getall("Authorization", [])))
    client = require_door(doors.registry.client_by_secret(token) if token else None)
    stored = await doors.backends.stored(client, account)
    bearer, application = stored.connection.access_token, doors.registry.application_of(client)
    return Caller(
        application, (client,), bearer, account, is_person=True, connection=stored.id
    ), stored.connection.scope


async def _caller(request: web.Request) -> tuple[Caller, str]:
    """Return whose call it would be, and the scope that was granted."""
    doors = request.app[DOORS]
    authorization = single_authorization(request.headers.getall("Authorization", []))
    if authorization is None:
        signed_in = await doors.browser.browsers.require_session(request)
        stored = await doors.browser.connections.load(signed_in.data["connection"])
        if stored is None:
            raise not_signed_in(doors.browser.browsers.login_url(signed_in.client))
        application = doors.registry.application_of(signed_in.client)
        account, bearer = stored.connection.account, stored.connection.access_token
        caller = Caller(application, (signed_in.client,), bearer, account, is_person=True, connection=stored.id)
        return caller, stored.connection.scope
    token = bearer_token(authorization) or ""
    binding = await doors.tokens.bindings.find(token) if token else None
    bound = doors.registry.application(binding.application) if binding else None
    known = doors.registry.clients_of(bound) if bound else ()
    clients = tuple(one for one in known if binding and one.id in binding.clients)
    if binding is None or bound is None or not clients:
        raise RequestRefused(
            Code.CREDENTIALS_UNKNOWN,
            "Send an access token that came through this gateway.",
            headers={"WWW-Authenticate": 'Bearer realm="cronofy-gateway"'},
        )
    return Caller(bound, clients, token, binding.account, is_person=True), binding.scope
