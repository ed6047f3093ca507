"""The control API under `/_emulator/`: what tests, tours and benchmarks need and Cronofy does not have."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from gateway.emulator.answers import answer
from gateway.emulator.autoconsent import Choice, choice_from
from gateway.emulator.bodies import Body, UnreadableBodyError, read_body
from gateway.emulator.crowd import Crowd, crowd_from, invite
from gateway.emulator.faults import Fault, fault_from
from gateway.emulator.refusals import RefusalError, invalid
from gateway.emulator.rotation import Rotation, rotation_from
from gateway.emulator.state import STATE, State

Control = Callable[[State, Body], Mapping[str, object]]


def consent_in_advance(state: State, body: Body) -> Mapping[str, object]:
    """PUT /_emulator/autoconsent: authorize requests answer at once from now on."""
    choice = choice_from(body)
    if not isinstance(choice, Choice):
        raise invalid(choice)
    state.autoconsent = choice
    return {"autoconsent": choice.described()}


def ask_again(state: State, _body: Body) -> Mapping[str, object]:
    """DELETE /_emulator/autoconsent: the consent page is back."""
    state.autoconsent = None
    return {"autoconsent": None}


def reset(state: State, _body: Body) -> Mapping[str, object]:
    """POST /_emulator/reset: everything as at the start."""
    state.reset()
    return {"reset": True}


def list_requests(state: State, _body: Body) -> Mapping[str, object]:
    """GET /_emulator/requests: what arrived, newest last, without values."""
    return {"requests": state.requests.entries()}


def forget_requests(state: State, _body: Body) -> Mapping[str, object]:
    """DELETE /_emulator/requests."""
    state.requests.clear()
    return {"requests": []}


def list_callbacks(state: State, _body: Body) -> Mapping[str, object]:
    """GET /_emulator/callbacks: each try to deliver a callback, newest last; status 0 where nobody answered."""
    return {"callbacks": list(state.deliveries)}


def expire_tokens(state: State, _body: Body) -> Mapping[str, object]:
    """POST /_emulator/tokens/expire: every access token ends now, refresh tokens stay."""
    return {"expired": state.grants.expire_access_tokens()}


def count_token_requests(state: State, _body: Body) -> Mapping[str, object]:
    """GET /_emulator/tokens/counts: token requests carried out so far, also those whose answer is still delayed."""
    return state.token_counts.described()


def switch_rotation(state: State, body: Body) -> Mapping[str, object]:
    """POST /_emulator/tokens/rotate: how a refresh replaces the refresh token, from now on."""
    rotation = rotation_from(body)
    if not isinstance(rotation, Rotation):
        raise invalid(rotation)
    state.rotation = rotation
    return {"rotate": rotation.kind != "off", **rotation.described()}


def invite_people(state: State, body: Body) -> Mapping[str, object]:
    """POST /_emulator/people: so many new accounts that have authorized already, with their tokens."""
    crowd = crowd_from(body)
    if not isinstance(crowd, Crowd):
        raise invalid(crowd)
    return {"people": invite(state, crowd)}


def order_fault(state: State, body: Body) -> Mapping[str, object]:
    """POST /_emulator/faults: the next requests to a path are slow, or fail, before or after they are carried out."""
    fault = fault_from(body)
    if not isinstance(fault, Fault):
        raise invalid(fault)
    state.faults.order(fault)
    return {"fault": fault.described()}


CONTROLS: Final[tuple[tuple[str, str, Control], ...]] = (
    ("PUT", "/_emulator/autoconsent", consent_in_advance),
    ("DELETE", "/_emulator/autoconsent", ask_again),
    ("POST", "/_emulator/reset", reset),
    ("GET", "/_emulator/requests", list_requests),
    ("DELETE", "/_emulator/requests", forget_requests),
    ("GET", "/_emulator/callbacks", list_callbacks),
    ("POST", "/_emulator/tokens/expire", expire_tokens),
    ("POST", "/_emulator/tokens/rotate", switch_rotation),
    ("GET", "/_emulator/tokens/counts", count_token_requests),
    ("POST", "/_emulator/people", invite_people),
    ("POST", "/_emulator/faults", order_fault),
)


def controlled(control: Control) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make an aiohttp handler of a control; a body that is no JSON object is a 400."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            body = await read_body(request)
        except UnreadableBodyError as error:
            raise RefusalError(400, {"error": "invalid_json", "error_description": str(error)}) from error
        return answer(control(request.app[STATE], body))

    return handle
