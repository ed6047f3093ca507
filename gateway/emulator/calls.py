"""One call to `/v1`: who makes it, what it asks, and what the emulator remembers.

Source: https://docs.cronofy.com/developers/api/authentication
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto

from aiohttp import web

from gateway.emulator import scopes
from gateway.emulator.accounts import Account
from gateway.emulator.authorizations import Authorization
from gateway.emulator.bodies import Body, UnreadableBodyError, read_body, text_of
from gateway.emulator.credentials import bearer_of, is_application, is_secret
from gateway.emulator.elements import PARAMETER, ElementToken, let_element_in
from gateway.emulator.refusals import RefusalError, insufficient_scope, invalid, unrecognized
from gateway.emulator.state import STATE, State


class Caller(Enum):
    """Whose credential an endpoint takes."""

    PERSON = auto()  # a person's or an application calendar's access token
    SERVICE = auto()  # a service account's access token
    ANY_TOKEN = auto()
    KEY = auto()  # a client secret as Bearer
    KEY_OR_BODY = auto()  # the same, or client_id and client_secret in the body
    KEY_OR_PERSON = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in; `authorization` is None for an application, and for an Element that names accounts."""

    request: web.Request
    state: State
    body: Body
    authorization: Authorization | None = None
    element: ElementToken | None = None

    @property
    def holder(self) -> Authorization:
        """The authorization behind the access token; an application has none and is not asked for it."""
        if self.authorization is None:
            raise unrecognized()
        return self.authorization

    @property
    def account(self) -> Account:
        """The account behind the access token."""
        return self.holder.account

    @property
    def origin(self) -> str:
        """Scheme and host as the request named them."""
        return f"{self.request.scheme}://{self.request.host}"

    def may_name(self, sub: str) -> bool:
        """Say whether the call may name an account: an Element only those that its token was made for."""
        return self.element is None or sub in self.element.subs

    def path_part(self, name: str) -> str:
        """A variable part of the path, decoded."""
        return self.request.match_info[name]

    def need(self, scope: str) -> None:
        """Refuse with 403 unless the token was granted this."""
        if not scopes.allow(self.holder.scope, scope):
            raise insufficient_scope(scope)


Endpoint = Callable[[Call], web.Response]


def endpoint(caller: Caller, scope: str, answer_to: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make an aiohttp handler that lets the right callers in and reads the body.

    Args:
        caller: whose credential is taken; any other is a 401.
        scope: what the token must allow, else 403; empty for nothing in particular.
        answer_to: gets the call and answers it, or raises a RefusalError.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        state = request.app[STATE]
        try:
            body = await read_body(request)
        except UnreadableBodyError as error:
            # Not a 400: those are for the token endpoints only (docs: error-codes).
            raise invalid({"body": ("errors.invalid", str(error))}) from error
        if PARAMETER in request.query:
            now = state.settings.clock()
            element, holder = let_element_in(state.element_tokens, state.grants, request, now)
            call = Call(request, state, body, holder, element)
        else:
            call = Call(request, state, body, _let_in(caller, state, request, body))
        if scope:
            call.need(scope)
        return answer_to(call)

    return handle


def _let_in(caller: Caller, state: State, request: web.Request, body: Body) -> Authorization | None:
    if caller in {Caller.KEY, Caller.KEY_OR_BODY, Caller.KEY_OR_PERSON} and _is_key(state, request, body):
        return None
    if caller is Caller.KEY_OR_BODY and is_application(state.settings, request, body):
        return None
    if caller in {Caller.KEY, Caller.KEY_OR_BODY}:
        raise unrecognized()
    authorization = state.grants.holder(bearer_of(request))
    if authorization is None:
        raise unrecognized()
    is_service = authorization.account.kind == "service_account"
    if caller is not Caller.ANY_TOKEN and is_service != (caller is Caller.SERVICE):
        # Known, so not a 401: a service account cannot read a calendar, nor a person manage an organisation.
        raise RefusalError(403, {"error": "insufficient_scope"})
    return authorization


def _is_key(state: State, request: web.Request, body: Body) -> bool:
    # Node sends the key of bookable events in the query on GET and in the body otherwise.
    offered = bearer_of(request), request.query.get("bearer_token", ""), text_of(body, "bearer_token")
    return any(is_secret(state.settings, one) for one in offered)
