"""`/oauth/token` and `/oauth/token/revoke`, for every encoding and habit of the SDKs.

Sources: https://docs.cronofy.com/developers/api/authorization/request-token, …/refresh-token and …/revoke
"""

from typing import Final

from aiohttp import web

from gateway.emulator.accounts import Profile, Record
from gateway.emulator.answers import answer
from gateway.emulator.authorizations import Authorization
from gateway.emulator.bodies import Body, UnreadableBodyError, is_true, read_body, text_of
from gateway.emulator.credentials import is_application
from gateway.emulator.refusals import RefusalError
from gateway.emulator.state import STATE, State

_NEVER_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def exchange(request: web.Request) -> web.StreamResponse:
    """Answer a code or a refresh token with a token set, and count what was done."""
    try:
        response = answer(_carry_out(*await _admit(request)))
    except RefusalError:
        request.app[STATE].token_counts.refused += 1
        raise
    response.headers.update(_NEVER_STORED)
    return response


async def revoke(request: web.Request) -> web.StreamResponse:
    """End an authorization by `token` (access or refresh), `refresh_token` (Node) or `sub`, in this order.

    A token that means nothing (any more) is answered with 200 too, as RFC 7009 section 2.2 asks; an expired
    access token is such a one, which is why Cronofy's docs recommend the refresh token.
    """
    state, body = await _admit(request)
    token = text_of(body, "token") or text_of(body, "refresh_token")
    sub = text_of(body, "sub")
    if not token and not sub:
        raise _bad("invalid_request", "token or sub is missing")
    authorization = state.grants.find(token) if token else state.grants.of_account(sub)
    if authorization is not None:
        state.grants.revoke(authorization)
        if is_true(body.get("request_pii_erasure")):
            state.people.accounts.pop(authorization.account.account_id, None)
    return web.Response(status=200, headers=_NEVER_STORED)


def token_set(state: State, authorization: Authorization) -> Record:
    """Hand out an access token: the fields that every token answer has, on refresh too."""
    is_service = authorization.account.kind == "service_account"
    settings = state.settings
    lifetime = settings.service_token_lifetime if is_service else settings.access_token_lifetime
    return {
        "token_type": "bearer",
        "access_token": state.grants.new_access_token(authorization, lifetime),
        "expires_in": lifetime,
        "refresh_token": authorization.refresh_token,
        "scope": authorization.scope,
    }


def linking_profile(profile: Profile) -> Record:
    """Describe the profile that was just connected; it tells the access mode."""
    return {
        "provider_name": profile.identity.provider_name,
        "provider_service": profile.identity.provider_service,
        "profile_id": profile.profile_id,
        "profile_name": profile.name,
    }


async def _admit(request: web.Request) -> tuple[State, Body]:
    state = request.app[STATE]
    try:
        body = await read_body(request)
    except UnreadableBodyError as error:
        raise _bad("invalid_request", str(error)) from error
    if not is_application(state.settings, request, body):
        raise _bad("invalid_client", "client_id or client_secret is wrong")
    return state, body


def _carry_out(state: State, body: Body) -> Record:
    match text_of(body, "grant_type"):
        case "authorization_code":
            answered = _redeem(state, body)
            state.token_counts.codes += 1
        case "refresh_token":
            answered = _refresh(state, body)
            state.token_counts.refreshes += 1
        case "":
            raise _bad("invalid_request", "grant_type is missing")
        case _:
            raise _bad("unsupported_grant_type", "grant_type is authorization_code or refresh_token")
    return answered


def _redeem(state: State, body: Body) -> Record:
    redeemed = state.grants.redeem(text_of(body, "code"), text_of(body, "redirect_uri"))
    if redeemed is None:
        raise _bad("invalid_grant", "The code is unknown or used, or was issued for another redirect_uri.")
    authorization, profile = redeemed
    account_id = authorization.account.account_id
    answered = token_set(state, authorization)
    if authorization.account.kind == "service_account":
        return answered | {"service_account_id": account_id}
    answered |= {"account_id": account_id, "sub": account_id}
    return answered | ({"linking_profile": linking_profile(profile)} if profile is not None else {})


def _refresh(state: State, body: Body) -> Record:
    token = text_of(body, "refresh_token")
    authorization = state.grants.refresh(token, state.rotation)
    if authorization is None:
        raise _bad("invalid_grant", "The refresh token is unknown, replaced or revoked.")
    return token_set(state, authorization)


def _bad(error: str, description: str) -> RefusalError:
    return RefusalError(400, {"error": error, "error_description": description}, _NEVER_STORED)
